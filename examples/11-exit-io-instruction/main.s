# RUN: hvrun --stats %s
# EXIT: 0
# --stats must count exactly this (see README.md):
# STDERR: PrivilegedInstruction            0
# STDERR: IoInstruction                    6
# STDERR: PageFault                        2
# STDERR: Hypercall                        1
# STDERR: Syscall                          0
# STDERR: Halt                             1
# STDERR: TimeSlice                        0
# STDERR: Idle                             0
# STDERR: Interrupt                        0
# STDERR: Crash                            0
#
# 11-exit-io-instruction: each load and store in a device's window is an exit.
#
# There is no device: there is a hypervisor that gets every access to the addresses of the UART
# and answers as the chip would. Two accesses a byte here: one asks whether the chip may send,
# one sends.

        .include "abi.s"

        .equ    UART_DATA, 0
        .equ    UART_STATUS, 5
        .equ    STATUS_MAY_SEND, 1 << 5

        .text
        .globl  _start
_start:
        li      s0, UART0_BASE
        la      s1, text
        la      s2, text_end
next:
        lbu     t0, UART_STATUS(s0)             # IoInstruction
        andi    t0, t0, STATUS_MAY_SEND
        beqz    t0, next
        lbu     t0, 0(s1)                       # memory: no exit
        sb      t0, UART_DATA(s0)               # IoInstruction
        addi    s1, s1, 1
        bne     s1, s2, next

        li      a0, 0
        li      a6, HVK_EXIT
        li      a7, HVK_EID
        ecall

        .section .rodata
text:   .ascii  "io\n"
text_end:
