# RUN: gasm %s -o %t/a.o
# RUN: glink %t/a.o -lhv -o %t/a
# RUN: hvrun %t/a
# EXIT: 63
#
# Calls just within and just beyond the reach of c.jal and jal, forward and backward: each function adds its bit.
        .globl  main
back_far:
        ori     a0, a0, 1
        ret
        .zero   0x100000 - 64
back_near:
        ori     a0, a0, 2
        ret
        .zero   2040
main:   mv      s1, ra
        li      a0, 0
        call    back_near
        call    back_far
        call    ahead_near
        call    ahead_middle
        call    ahead_far
        call    edge
        jr      s1
        .zero   2020
ahead_near:
        ori     a0, a0, 4
        ret
ahead_middle:
        ori     a0, a0, 8
        ret
        .zero   0x100000 - 2080
edge:   ori     a0, a0, 32
        ret
ahead_far:
        ori     a0, a0, 16
        ret
