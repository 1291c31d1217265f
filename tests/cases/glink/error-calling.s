# RUN: gasm -g %s -o %t/a.o
# RUN: glink %t/a.o %d/inputs/float.o %d/inputs/embedded.o -lhv -o %t/a
# EXIT: 1
#
# Objects that call in another way: one passes numbers in floating-point registers, one has 16 registers.
        .globl  main
main:   call    f
        tail    g
