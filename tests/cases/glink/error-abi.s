# RUN: gasm -g %s -o %t/a.o
# RUN: gasm -g %d/inputs/stack-align.s -o %t/b.o
# RUN: glink %t/a.o %t/b.o -lhv -o %t/a
# EXIT: 1
        .attribute stack_align, 16
        .globl  main
main:   ret
