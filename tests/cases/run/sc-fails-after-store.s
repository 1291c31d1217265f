# A reservation is cleared by any store to its word, also the guest's own, and by SC itself.
# RUN: hvrun %s
        .globl  main
main:   la      t0, word
        lr.w    t1, (t0)
        sb      zero, 3(t0)
        sc.w    a0, t1, (t0)            # fails: 1
        lr.w    t1, (t0)
        sc.w    t2, t1, (t0)            # succeeds: 0
        sc.w    t3, t1, (t0)            # fails: 1
        add     a0, a0, t2
        add     a0, a0, t3
        addi    a0, a0, -2
        ret

        .data
        .balign 4
word:   .word   7
