# RUN: gasm -g %s -o %t/a.o
# RUN: gasm -g %d/inputs/second.s -o %t/b.o
# RUN: glink %t/b.o %t/a.o -lhv -o %t/a
# EXIT: 1
        .globl  main, helper
main:   ret
helper: ret
