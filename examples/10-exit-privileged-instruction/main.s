# RUN: hvrun --stats %s
# EXIT: 0
# --stats must count exactly this (see README.md):
# STDERR: PrivilegedInstruction            4
# STDERR: IoInstruction                    0
# STDERR: PageFault                        2
# STDERR: Hypercall                        2
# STDERR: Syscall                          0
# STDERR: Halt                             1
# STDERR: TimeSlice                        0
# STDERR: Idle                             0
# STDERR: Interrupt                        0
# STDERR: Crash                            0
#
# 10-exit-privileged-instruction: four instructions that a guest may not execute.
#
# A guest's kernel runs in supervisor mode. Above it is machine mode, and beside it the mode of a
# hypervisor; their instructions and control registers do not exist for a guest. Each attempt comes
# to the hypervisor, which here denies all of them: the guest gets a trap, illegal instruction.
#
# This program has its own _start: nothing runs but what stands here.

        .include "abi.s"

        .equ    CAUSE_ILLEGAL_INSTRUCTION, 2

        .text
        .globl  _start
_start:
        la      t0, handler
        csrw    stvec, t0
        li      s0, 0                           # s0 = traps so far; the handler counts

        csrr    t0, mhartid                     # 1: a control register of machine mode
        mret                                    # 2: an instruction of machine mode
        csrr    t0, hstatus                     # 3: a control register of a hypervisor
        .4byte  0xffffffff                      # 4: no instruction at all

        la      a0, text
        li      a1, len
        li      a6, HVK_PRINT
        li      a7, HVK_EID
        ecall

        addi    a0, s0, -4                      # exit code 0 if there were four
        li      a6, HVK_EXIT
        ecall

        .balign 4
handler:
        csrr    t0, scause
        li      t1, CAUSE_ILLEGAL_INSTRUCTION
        bne     t0, t1, wrong
        addi    s0, s0, 1
        csrr    t0, sepc                        # go on behind it: each of the four has 4 bytes
        addi    t0, t0, 4
        csrw    sepc, t0
        sret

wrong:  li      a0, 1
        li      a6, HVK_EXIT
        li      a7, HVK_EID
        ecall

        .section .rodata
text:   .ascii  "all four were refused\n"
        .equ    len, . - text
