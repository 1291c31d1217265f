# RUN: hvrun %s
#
# Reservations and atomic operations, one line each: number, scause, stval and sepc of a trap, or after a dash what a0 holds. After
# SC: 0 done, 1 not done. QEMU prints the same.

        .include "test.inc"

        .globl  main
main:   addi    sp, sp, -16
        sw      ra, 0(sp)
        la      t0, handler
        csrw    stvec, t0
        li      s1, 0
        la      s0, words

        test                                    # 1: a pair
        lr.w    a1, (s0)
        addi    a1, a1, 1
        sc.w    a0, a1, (s0)
        done
        test                                    # 2: it was done
        lw      a0, 0(s0)
        done
        test                                    # 3: a second SC finds no reservation
        lr.w    a1, (s0)
        sc.w    a0, a1, (s0)
        sc.w    a0, a1, (s0)
        done
        test                                    # 4: at another address
        addi    t0, s0, 4
        lr.w    a1, (s0)
        sc.w    a0, s1, (t0)
        done
        test                                    # 5: which was not written
        lw      a0, 4(s0)
        done
        test                                    # 6: and the reservation is gone
        addi    t0, s0, 4
        lr.w    a1, (s0)
        sc.w    a0, s1, (t0)
        sc.w    a0, s1, (s0)
        done
        test                                    # 7: a second LR takes the place of the first
        addi    t0, s0, 4
        lr.w    a1, (s0)
        lr.w    a2, (t0)
        sc.w    a0, s1, (s0)
        done
        test                                    # 8: a store to the word between
        lr.w    a1, (s0)
        addi    a2, a1, 5
        sw      a2, 0(s0)
        sc.w    a0, a1, (s0)
        done
        test                                    # 9: a store to one of its bytes
        lr.w    a1, (s0)
        xori    a2, a1, 0x40
        sb      a2, 0(s0)
        sc.w    a0, a1, (s0)
        done
        test                                    # 10: an AMO to the word
        lr.w    a1, (s0)
        li      a2, 3
        amoadd.w a3, a2, (s0)
        sc.w    a0, a1, (s0)
        done
        test                                    # 11: a load between does no harm
        lr.w    a1, (s0)
        lw      a2, 0(s0)
        lw      a2, 8(s0)
        sc.w    a0, a1, (s0)
        done
        test                                    # 12: a trap between: the handler goes on behind it
        lr.w    a1, (s0)
        .word   0
        done
        test                                    # 13: and the reservation is gone
        sc.w    a0, a1, (s0)
        done
        test                                    # 14: a call of the hypervisor between
        lr.w    a4, (s0)
        li      a7, 0x10
        li      a6, 0
        ecall
        sc.w    a0, a4, (s0)
        done
        test                                    # 15: sret between
        lr.w    a1, (s0)
        la      t0, 1f
        csrw    sepc, t0
        li      t0, 0x100
        csrs    sstatus, t0
        sret
1:      sc.w    a0, a1, (s0)
        done
        test                                    # 16: fences do no harm
        lr.w.aqrl a1, (s0)
        fence
        sc.w.aqrl a0, a1, (s0)
        done
        test                                    # 17: LR from an odd address
        addi    t0, s0, 1
        lr.w    a0, (t0)
        done
        .macro  amo operation, memory, register # what was in memory, and what is
        test
        li      t0, \memory
        sw      t0, 12(s0)
        li      t1, \register
        addi    t0, s0, 12
        \operation a0, t1, (t0)
        done
        test
        lw      a0, 12(s0)
        done
        .endm
        amo     amoswap.w, 5, -7                # 18, 19
        amo     amoadd.w, 0x7fffffff, 1
        amo     amoxor.w, 0x0ff0, 0x00ff
        amo     amoand.w, 0x0ff0, 0x00ff
        amo     amoor.w, 0x0ff0, 0x00ff
        amo     amomin.w, -1, 1
        amo     amomax.w, -1, 1
        amo     amominu.w, -1, 1
        amo     amomaxu.w, -1, 1                # 34, 35
        test                                    # 36: the result and the operand in one register
        li      t0, 10
        sw      t0, 12(s0)
        addi    t0, s0, 12
        li      a0, 4
        amoadd.w a0, a0, (t0)
        done
        test                                    # 37: the address and the result in one register
        addi    a0, s0, 12
        amoadd.w a0, s1, (a0)
        done
        lw      ra, 0(sp)
        addi    sp, sp, 16
        li      a0, 0
        ret

        .include "report.inc"
        .balign 4
words:  .word   100, 200, 300, 400
