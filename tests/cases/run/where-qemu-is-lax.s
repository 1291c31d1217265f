# RUN: hvrun %s
# EXIT: 31
#
# What the specification says and QEMU 7.2 does not do: csrrc with a register that holds 0 writes (here a read-only CSR),
# sepc has no bit 0, and an atomic that meets nothing is a store; one that is not
# aligned is a store too, and so is an SC that is not, with or without a reservation.

        .globl  main
main:   la      t0, handler
        csrw    stvec, t0
        li      a0, 0
        li      a1, 0
        csrrc   zero, instret, a1               # cause 2
        csrr    t0, scause
        addi    t0, t0, -2
        seqz    t0, t0
        or      a0, a0, t0
        li      t0, -1
        csrw    sepc, t0
        csrr    t0, sepc
        addi    t0, t0, 2
        seqz    t0, t0
        slli    t0, t0, 1
        or      a0, a0, t0
        amoadd.w t1, t1, (zero)                 # cause 7
        csrr    t0, scause
        addi    t0, t0, -7
        seqz    t0, t0
        slli    t0, t0, 2
        or      a0, a0, t0
        addi    t2, sp, -14
        amoadd.w t1, t1, (t2)                   # cause 6
        csrr    t0, scause
        addi    t0, t0, -6
        seqz    t0, t0
        slli    t0, t0, 3
        or      a0, a0, t0
        csrw    scause, zero
        sc.w    t1, t1, (t2)                    # cause 6
        csrr    t0, scause
        addi    t0, t0, -6
        seqz    t0, t0
        slli    t0, t0, 4
        or      a0, a0, t0
        ret

        .balign 4
handler:
        csrr    t1, sepc
        addi    t1, t1, 4
        csrw    sepc, t1
        sret
