# RUN: hvrun %s
#
# Interrupts through a vector table (stvec mode 1), one line each: number, and after a dash what a0 holds. A handler leaves the
# causes it sees in s5, the last one in the low digit, as hexadecimal digits. QEMU prints the same.

        .equ    SSIP, 1 << 1
        .equ    STIP, 1 << 5
        .equ    TICKS, 2000                     # of the timer: 0.2 ms
        .equ    LONG, 500000                    # 50 ms: longer than QEMU takes for some instructions

        .include "test.inc"

        .macro  soon ticks=TICKS                # the timer is due in a moment, by stimecmp
        csrr    t0, time
        li      t1, \ticks
        add     t0, t0, t1
        csrw    stimecmph, zero
        csrw    stimecmp, t0
        .endm

        .macro  never
        li      t0, -1
        csrw    stimecmph, t0
        csrw    stimecmp, t0
        .endm

        .globl  main
main:   addi    sp, sp, -16
        sw      ra, 0(sp)
        la      t0, vectors + 1
        csrw    stvec, t0
        li      s1, 0
        li      s5, 0
        never

        test                                    # 1: stvec keeps its mode
        csrr    a0, stvec
        andi    a0, a0, 3
        done
        test                                    # 2: an exception goes to the base of the table
        ebreak
        done
        test                                    # 3: a software interrupt, enabled by sie and then by sstatus.SIE
        li      s5, 0
        csrsi   sip, SSIP
        csrsi   sie, SSIP
        csrsi   sstatus, 2
        mv      a0, s5
        csrci   sstatus, 2
        done
        test                                    # 4: enabled by sstatus.SIE and then by sie
        li      s5, 0
        csrw    sie, zero
        csrsi   sstatus, 2
        csrsi   sip, SSIP
        csrsi   sie, SSIP
        mv      a0, s5
        csrci   sstatus, 2
        done
        test                                    # 5: and last by sip
        li      s5, 0
        csrsi   sstatus, 2
        csrsi   sie, SSIP
        csrsi   sip, SSIP
        mv      a0, s5
        csrci   sstatus, 2
        done
        test                                    # 6: enabled by sret's SPIE
        li      s5, 0
        csrsi   sip, SSIP
        la      t0, 1f
        csrw    sepc, t0
        li      t0, 0x120                       # SPP, SPIE
        csrs    sstatus, t0
        sret
1:      mv      a0, s5
        csrci   sstatus, 2
        done
        test                                    # 7: not without SPIE
        li      s5, 0
        csrsi   sip, SSIP
        la      t0, 1f
        csrw    sepc, t0
        li      t0, 0x20
        csrc    sstatus, t0
        li      t0, 0x100
        csrs    sstatus, t0
        sret
1:      mv      a0, s5
        csrci   sip, SSIP
        done
        test                                    # 8: the timer, by stimecmp
        li      s5, 0
        li      t0, STIP
        csrw    sie, t0
        soon
        csrsi   sstatus, 2
1:      beqz    s5, 1b
        mv      a0, s5
        csrci   sstatus, 2
        done
        test                                    # 9: the timer, by SBI TIME
        li      s5, 0
        csrr    a0, time
        addi    a0, a0, TICKS
        li      a1, 0
        li      a7, 0x54494d45
        li      a6, 0
        ecall
        csrsi   sstatus, 2
1:      beqz    s5, 1b
        mv      a0, s5
        csrci   sstatus, 2
        done
        test                                    # 10: a timer in the past is due at once; setting it to never takes that back
        csrw    stimecmph, zero
        csrw    stimecmp, zero
        csrr    a0, sip
        andi    a0, a0, STIP
        done
        test                                    # 11
        never
        csrr    a0, sip
        andi    a0, a0, STIP
        done
        test                                    # 12: both are pending: software before timer
        li      s5, 0
        li      t0, SSIP | STIP
        csrw    sie, t0
        csrw    stimecmph, zero
        csrw    stimecmp, zero
        csrsi   sip, SSIP
        csrsi   sstatus, 2
        mv      a0, s5
        csrci   sstatus, 2
        done
        test                                    # 13: wfi ends with a timer that sie enables, though sstatus.SIE is 0
        li      s5, 0
        li      t0, STIP
        csrw    sie, t0
        soon
        wfi
        csrr    a0, sip
        andi    a0, a0, STIP
        add     a0, a0, s5                      # no handler ran
        done
        test                                    # 14: something that sie does not enable is pending: wfi waits for the timer
        li      t0, STIP
        csrw    sie, t0
        csrsi   sip, SSIP
        soon
        wfi
        csrr    a0, sip
        done
        test                                    # 15: pending and enabled already: wfi does not wait
        never
        csrsi   sie, SSIP
        wfi
        csrr    a0, sip
        csrci   sip, SSIP
        done
        test                                    # 16: the interrupt is taken behind the wfi that it ends
        li      s5, 0
        la      s6, 1f
        li      t0, STIP
        csrw    sie, t0
        soon    LONG
        csrsi   sstatus, 2
        wfi
1:      csrci   sstatus, 2
        sub     a0, s7, s6
        done
        test                                    # 17: in a handler SIE is 0 and SPIE what SIE was
        mv      a0, s8
        done
        test                                    # 18: software interrupts by SBI IPI to oneself
        li      s5, 0
        csrsi   sie, SSIP
        li      a0, 1
        li      a1, 0
        li      a7, 0x735049
        li      a6, 0
        ecall
        csrsi   sstatus, 2
        nop
        mv      a0, s5
        csrci   sstatus, 2
        done
        csrw    sie, zero
        la      t0, handler
        csrw    stvec, t0
        lw      ra, 0(sp)
        addi    sp, sp, 16
        li      a0, 0
        ret

        .balign 256
vectors:                                        # four bytes for each cause
        .option push
        .option norvc
        j       handler                         # exceptions
        j       software
        j       wrong
        j       wrong
        j       wrong
        j       timer
        j       wrong
        j       wrong
        j       wrong
        j       wrong
        .option pop

software:
        csrci   sip, SSIP
        j       note
timer:  li      t5, -1
        csrw    stimecmph, t5
        csrw    stimecmp, t5
note:   csrr    t5, scause
        slli    s5, s5, 4
        andi    t5, t5, 0xf
        or      s5, s5, t5
        csrr    s7, sepc
        csrr    s8, sstatus
        andi    s8, s8, 0x22
        sret
wrong:  li      s5, 0xdead
        sret

        .include "report.inc"
