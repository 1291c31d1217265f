# RUN: gasm -g %s -o %t/a.o
# RUN: gasm %d/inputs/far.s -o %t/b.o
# RUN: glink %t/a.o %t/b.o -lhv -o %t/a
# EXIT: 1
        .globl  main
main:   jal     far
        la      a0, far
        ret
