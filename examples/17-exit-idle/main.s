# RUN: hvrun --stats %s
# EXIT: 0
# --stats must count exactly this (see README.md):
# STDERR: PrivilegedInstruction            0
# STDERR: IoInstruction                    0
# STDERR: PageFault                        2
# STDERR: Hypercall                        2
# STDERR: Syscall                          0
# STDERR: Halt                             1
# STDERR: TimeSlice                        0
# STDERR: Idle                             3
# STDERR: Interrupt                        0
# STDERR: Crash                            0
#
# 17-exit-idle: the guest sleeps, three times, until its timer wakes it.
#
# `wfi` with a timer set: the hypervisor lets other guests run, or, when all sleep, moves the clock to
# the earliest timer. The interrupt is enabled in sie but not taken: sstatus.SIE is 0 at the start.
# It wakes the processor all the same.

        .include "abi.s"

        .equ    STIE, 1 << 5                    # the timer's bit in sie and sip
        .equ    TICKS, 1000                     # a tenth of a millisecond

        .text
        .globl  _start
_start:
        li      t0, STIE
        csrw    sie, t0
        li      s0, 3
again:
        rdtime  t0
        li      t1, TICKS
        add     t0, t0, t1
        csrw    stimecmp, t0                    # the timer's time, low half,
        csrw    stimecmph, zero                 # and high half: time has not come that far
sleep:  wfi                                     # Idle
        csrr    t0, sip
        andi    t0, t0, STIE
        beqz    t0, sleep                       # wfi may wake for no reason; look, and sleep again
        addi    s0, s0, -1
        bnez    s0, again

        la      a0, text
        li      a1, len
        li      a6, HVK_PRINT
        li      a7, HVK_EID
        ecall
        li      a0, 0
        li      a6, HVK_EXIT
        ecall

        .section .rodata
text:   .ascii  "slept three times\n"
        .equ    len, . - text
