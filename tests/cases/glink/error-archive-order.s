# RUN: gasm -g %s -o %t/a.o
# RUN: glink -lhv %t/a.o -e main -o %t/a
# EXIT: 1
#
# The archive that defines the symbol was searched before anybody wanted it.
        .globl  main
main:   call    hv_puts
        ret
