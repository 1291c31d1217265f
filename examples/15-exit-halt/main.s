# RUN: hvrun --stats %s
# EXIT: 0
# --stats must count exactly this (see README.md):
# STDERR: PrivilegedInstruction            0
# STDERR: IoInstruction                    0
# STDERR: PageFault                        2
# STDERR: Hypercall                        1
# STDERR: Syscall                          0
# STDERR: Halt                             1
# STDERR: TimeSlice                        0
# STDERR: Idle                             0
# STDERR: Interrupt                        0
# STDERR: Crash                            0
#
# 15-exit-halt: the guest waits for an interrupt that can never come.
#
# `wfi` waits for an interrupt. Every interrupt of this guest is switched off (sie is 0 at the start),
# so nothing can ever wake it: hvrun stops it, says so, and ends with 0. The other ways to the
# same exit are the EXIT call and the shutdown calls of SBI.

        .include "abi.s"

        .text
        .globl  _start
_start:
        la      a0, text
        li      a1, len
        li      a6, HVK_PRINT
        li      a7, HVK_EID
        ecall
        wfi                                     # Halt
        li      a0, 1                           # never executed
        li      a6, HVK_EXIT
        ecall

        .section .rodata
text:   .ascii  "good night\n"
        .equ    len, . - text
