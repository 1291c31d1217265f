# RUN: hvrun %s
# EXIT: 42
#
# A store to code affects the next fetch, without fence.i.

        .option norvc
        .globl  main
main:   la      t0, patched
        lw      t1, replacement
        li      t2, 2
        li      a0, 0
again:  addi    t2, t2, -1
patched:
        addi    a0, a0, 1
        sw      t1, 0(t0)
        bnez    t2, again
        ret
replacement:
        addi    a0, a0, 41
