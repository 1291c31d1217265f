# RUN: gasm %s -o %t/a.o
# RUN: glink %t/a.o -lhv -o %t/a
# RUN: hvrun %t/a
# EXIT: 15
#
# Data near gp is reached from it, data far away is not; parts of one variable share one upper half.
        .globl  main
main:   lui     a5, %hi(pair)
        lw      a0, %lo(pair)(a5)
        lw      a1, %lo(pair+4)(a5)
        add     a0, a0, a1
        la      a1, distant
        lw      a1, 0(a1)
        add     a0, a0, a1
        lw      a1, small
        add     a0, a0, a1
        ret
        .data
distant:
        .word   8
        .zero   8192
        .section .sdata, "aw"
        .balign 8
pair:   .word   1, 2
small:  .word   4
