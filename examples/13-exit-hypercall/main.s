# RUN: hvrun --stats %s
# EXIT: 0
# --stats must count exactly this (see README.md):
# STDERR: PrivilegedInstruction            0
# STDERR: IoInstruction                    0
# STDERR: PageFault                        2
# STDERR: Hypercall                        6
# STDERR: Syscall                          0
# STDERR: Halt                             1
# STDERR: TimeSlice                        0
# STDERR: Idle                             0
# STDERR: Interrupt                        0
# STDERR: Crash                            0
#
# 13-exit-hypercall: `ecall` in the guest's kernel is a question to the hypervisor.
#
# a7 = extension, a6 = function; back come a0 = error (0: none) and a1 = value. One extension is
# our own (HVK); the others are SBI, the standard between RISC-V kernels and what runs below them.

        .include "abi.s"

        .text
        .globl  _start
_start:
        la      a0, text                        # 1: print
        li      a1, len
        li      a6, HVK_PRINT
        li      a7, HVK_EID
        ecall
        bnez    a0, wrong
        li      t0, len                         # the value: bytes written
        bne     a1, t0, wrong

        li      a7, SBI_EXT_BASE                # 2: which version of SBI is this?
        li      a6, SBI_BASE_GET_SPEC_VERSION
        ecall
        bnez    a0, wrong
        li      t0, 0x02000000                  # 2.0
        bne     a1, t0, wrong

        li      a7, SBI_EXT_BASE                # 3: is there an extension HVK?
        li      a6, SBI_BASE_PROBE_EXTENSION
        li      a0, HVK_EID
        ecall
        bnez    a0, wrong
        beqz    a1, wrong

        li      a7, 0x0a000000                  # 4: nobody's extension: an error, no harm
        li      a6, 0
        ecall
        li      t0, SBI_ERR_NOT_SUPPORTED
        bne     a0, t0, wrong

        li      a0, -4                          # 5: print from an address where nothing is
        li      a1, 4
        li      a6, HVK_PRINT
        li      a7, HVK_EID
        ecall
        li      t0, SBI_ERR_INVALID_ADDRESS
        bne     a0, t0, wrong

        li      a0, 0
        j       exit
wrong:  li      a0, 1
exit:   li      a6, HVK_EXIT
        li      a7, HVK_EID
        ecall

        .section .rodata
text:   .ascii  "five questions\n"
        .equ    len, . - text
