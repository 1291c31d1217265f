# RUN: hvrun --machine classic %s
# EXIT: 0
#
# The last word of 16 KiB is there, the first one beyond it is an access fault; so is one far beyond.

        .globl  main
main:   la      t0, handler
        csrw    stvec, t0
        lui     s0, 0x80004                     # RAM base + 16 KiB
        lw      t1, -4(s0)
        li      a0, 1
        li      s1, 0
        la      s2, 1f
        lw      t1, 0(s0)
        j       failed
1:      addi    a0, a0, 1
        li      t2, 5                           # load access fault
        bne     s1, t2, failed
        bne     s3, s0, failed                  # stval
        la      s2, 2f
        sw      t1, 0(s0)
        j       failed
2:      addi    a0, a0, 1
        li      t2, 7                           # store access fault
        bne     s1, t2, failed
        la      s2, 3f
        jr      s0
3:      addi    a0, a0, 1
        li      t2, 1                           # instruction access fault
        bne     s1, t2, failed
        li      a0, 0
failed: ret

        .balign 4
handler:
        csrr    s1, scause
        csrr    s3, stval
        csrw    sepc, s2
        sret
