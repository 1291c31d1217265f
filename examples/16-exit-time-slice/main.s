# RUN: hvrun --stats %s
# EXIT: 0
# --stats must count exactly this (see README.md):
# STDERR: PrivilegedInstruction            0
# STDERR: IoInstruction                    0
# STDERR: PageFault                        2
# STDERR: Hypercall                        2
# STDERR: Syscall                          0
# STDERR: Halt                             1
# STDERR: TimeSlice                        2
# STDERR: Idle                             0
# STDERR: Interrupt                        0
# STDERR: Crash                            0
#
# 16-exit-time-slice: a guest that computes for longer than its slice.
#
# After 10,000 steps (instructions executed, more or less) the hypervisor takes the processor away, so
# that other guests get their turn; with no other guest it gives the next slice at once. The guest
# notices nothing.

        .include "abi.s"

        .equ    ROUNDS, 12000

        .text
        .globl  _start
_start:
        li      t0, ROUNDS
loop:   addi    t0, t0, -1                      # two steps a round: 24,000
        bnez    t0, loop

        la      a0, text
        li      a1, len
        li      a6, HVK_PRINT
        li      a7, HVK_EID
        ecall
        li      a0, 0
        li      a6, HVK_EXIT
        ecall

        .section .rodata
text:   .ascii  "24,000 steps done\n"
        .equ    len, . - text
