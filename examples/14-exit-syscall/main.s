# RUN: hvrun --stats %s
# EXIT: 0
# --stats must count exactly this (see README.md):
# STDERR: PrivilegedInstruction            0
# STDERR: IoInstruction                    0
# STDERR: PageFault                        2
# STDERR: Hypercall                        2
# STDERR: Syscall                         10
# STDERR: Halt                             1
# STDERR: TimeSlice                        0
# STDERR: Idle                             0
# STDERR: Interrupt                        0
# STDERR: Crash                            0
#
# 14-exit-syscall: `ecall` in a user program is a question to the guest's kernel.
#
# The hypervisor gets it first, sees that the program and not the kernel asks, and forwards it: a
# trap to the kernel's stvec. (05-user-mode is a whole small kernel.)

        .include "abi.s"

        .equ    CAUSE_ECALL_FROM_U, 8
        .equ    CALLS, 10

        .text
        .globl  _start
_start:
        la      t0, handler
        csrw    stvec, t0
        la      t0, program
        csrw    sepc, t0
        sret                                    # sstatus.SPP is 0 at the start: to user mode

        .balign 4
handler:
        csrr    t0, scause
        li      t1, CAUSE_ECALL_FROM_U
        bne     t0, t1, wrong
        addi    a0, a0, 1                       # the service: add one to a0
        li      t0, CALLS
        beq     a0, t0, done
        csrr    t0, sepc
        addi    t0, t0, 4
        csrw    sepc, t0
        sret

done:   la      a0, text
        li      a1, len
        li      a6, HVK_PRINT
        li      a7, HVK_EID
        ecall                                   # the same instruction, but the kernel's: Hypercall
        li      a0, 0
        j       exit
wrong:  li      a0, 1
exit:   li      a6, HVK_EXIT
        li      a7, HVK_EID
        ecall

program:                                        # in user mode
        li      a0, 0
again:  ecall                                   # Syscall
        j       again

        .section .rodata
text:   .ascii  "ten system calls\n"
        .equ    len, . - text
