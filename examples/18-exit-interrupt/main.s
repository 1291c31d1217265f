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
# STDERR: Idle                             0
# STDERR: Interrupt                        3
# STDERR: Crash                            0
#
# 18-exit-interrupt: the timer interrupts a loop three times.
#
# The hypervisor watches for the instant at which an interrupt is pending and enabled, and lets the
# guest trap to its handler before the next instruction. (07-timer does the same with its console.)

        .include "abi.s"

        .equ    STIE, 1 << 5
        .equ    SIE, 1 << 1
        .equ    TICKS, 10                       # between two interrupts

        .text
        .globl  _start
_start:
        la      t0, handler
        csrw    stvec, t0
        li      s0, 0                           # s0 = interrupts so far
        rdtime  t0
        addi    t0, t0, TICKS
        csrw    stimecmp, t0
        csrw    stimecmph, zero
        li      t0, STIE
        csrw    sie, t0
        csrsi   sstatus, SIE                    # from here on an interrupt may come anywhere

        li      s1, 3
loop:   bne     s0, s1, loop                    # nothing in this loop changes s0

        la      a0, text
        li      a1, len
        li      a6, HVK_PRINT
        li      a7, HVK_EID
        ecall
        li      a0, 0
        li      a6, HVK_EXIT
        ecall

        .balign 4
handler:                                        # uses t0 and s0, which the loop does not need kept
        addi    s0, s0, 1
        rdtime  t0
        addi    t0, t0, TICKS
        csrw    stimecmp, t0                    # a later time: no longer pending
        li      t0, 3
        bne     s0, t0, back
        li      t0, -1
        csrw    stimecmp, t0                    # after the third: never
        csrw    stimecmph, t0
back:   sret

        .section .rodata
text:   .ascii  "three interrupts\n"
        .equ    len, . - text
