# RUN: hvrun %s
# EXIT: 0
#
# 07-timer: interrupts from the timer, counted by a handler while the guest sleeps.
#
# An interrupt is a trap that no instruction asked for. The timer's comes when the clock (`time`,
# 10 million ticks a second) reaches the time that was set, if two switches are on:
#
#       sie, bit 5 (STIE)       this kind of interrupt
#       sstatus, bit 1 (SIE)    interrupts at all; the processor turns it off while a handler runs
#
# Its scause is 5 with the top bit set: the top bit says "interrupt".
# `wfi`, wait for interrupt, lets the machine sleep until then. Its clock goes on, and it takes no
# time from other guests.

        .equ    SIE_STIE, 1 << 5
        .equ    SSTATUS_SIE, 1 << 1
        .equ    CAUSE_TIMER, 5                  # with the top bit: see below

        .equ    PERIOD, 10000                   # ticks between interrupts: a millisecond
        .equ    TICKS, 5                        # how many interrupts to wait for

        .text
        .globl  main
main:
        addi    sp, sp, -16
        sw      ra, 12(sp)

        la      t0, handler
        csrw    stvec, t0
        call    set_next
        li      t0, SIE_STIE
        csrs    sie, t0
        csrsi   sstatus, SSTATUS_SIE

        # Sleep until the handler has counted enough. Between the look at the counter and the wfi
        # an interrupt must not slip in unseen, so both happen with interrupts off; wfi wakes up for
        # a pending interrupt all the same, and it is taken when they are on again.
sleep:  csrci   sstatus, SSTATUS_SIE
        lw      t0, ticks
        li      t1, TICKS
        bge     t0, t1, done
        wfi
        csrsi   sstatus, SSTATUS_SIE
        j       sleep

done:   la      a0, done_text
        call    hv_puts
        li      a0, 0
        lw      ra, 12(sp)
        addi    sp, sp, 16
        ret

# set_next: the next interrupt comes PERIOD ticks from now. The clock and the alarm have 64 bits.
set_next:
        addi    sp, sp, -16
        sw      ra, 12(sp)
        call    hv_time                         # a0 = low half, a1 = high half
        li      t0, PERIOD
        add     a0, a0, t0
        sltu    t0, a0, t0                      # 1 if the low half ran over
        add     a1, a1, t0
        call    hv_set_timer
        lw      ra, 12(sp)
        addi    sp, sp, 16
        ret

# The handler can come between any two instructions: it keeps every register.
        .balign 4
handler:
        addi    sp, sp, -48
        sw      ra, 0(sp)
        sw      t0, 4(sp)
        sw      t1, 8(sp)
        sw      t2, 12(sp)
        sw      a0, 16(sp)
        sw      a1, 20(sp)
        sw      a2, 24(sp)
        sw      a6, 28(sp)
        sw      a7, 32(sp)

        csrr    t0, scause
        bgez    t0, wrong                       # top bit clear: not an interrupt
        slli    t0, t0, 1                       # shift the top bit out
        li      t1, CAUSE_TIMER << 1
        bne     t0, t1, wrong

        lw      t0, ticks
        addi    t0, t0, 1
        sw      t0, ticks, t1
        la      a0, tick_text
        call    hv_puts
        lw      a0, ticks
        call    hv_print_dec
        call    hv_newline

        call    set_next                        # this also takes the pending interrupt away

        lw      ra, 0(sp)
        lw      t0, 4(sp)
        lw      t1, 8(sp)
        lw      t2, 12(sp)
        lw      a0, 16(sp)
        lw      a1, 20(sp)
        lw      a2, 24(sp)
        lw      a6, 28(sp)
        lw      a7, 32(sp)
        addi    sp, sp, 48
        sret                                    # back, with interrupts on as before

wrong:  li      a0, 1
        call    hv_exit

        .section .rodata
tick_text:
        .asciz  "tick "
done_text:
        .asciz  "done\n"

        .data
ticks:  .word   0
