# RUN: gasm %s -o %t/a.o
# RUN: glink %t/a.o -lhv -o %t/a
# EXIT: 1
#
# An indirect function in a program that never resolves any.
        .globl  main
main:   call    choose
        ret
        .type   choose, %gnu_indirect_function
choose: la      a0, main
        ret
