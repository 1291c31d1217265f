# RUN: gasm %s -o %t/a.o
# RUN: glink --sort-common %t/a.o -lhv -o %t/a
# RUN: hvrun %t/a
# EXIT: 3
#
# Common blocks in the order of their alignment, the strictest first: no gaps between them.
        .comm   one, 1, 1
        .comm   eight, 8, 8
        .comm   two, 2, 2
        .globl  main
main:   la      a1, eight
        la      a2, two
        la      a3, one
        sub     a0, a2, a1              # 8
        addi    a0, a0, -7
        sub     a3, a3, a2              # 2
        add     a0, a0, a3
        ret
