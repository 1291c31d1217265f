# RUN: glink %s -lhv -o %t/a
# EXIT: 1
        .globl  main
main:   ret
