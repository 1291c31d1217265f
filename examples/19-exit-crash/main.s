# RUN: hvrun --stats %s
# EXIT: 134
# --stats must count exactly this (see README.md):
# STDERR: PrivilegedInstruction            0
# STDERR: IoInstruction                    0
# STDERR: PageFault                        2
# STDERR: Hypercall                        1
# STDERR: Syscall                          0
# STDERR: Halt                             0
# STDERR: TimeSlice                        0
# STDERR: Idle                             0
# STDERR: Interrupt                        0
# STDERR: Crash                            1
#
# 19-exit-crash: a guest that cannot go on.
#
# It loads through a null pointer: nothing is at address 0, so the load traps. But nobody has set
# stvec; it is 0, and the handler's first instruction is to be fetched from address 0. Nothing is
# there either: that traps too, to address 0, and again, the same trap at the same place without
# an instruction executed between. Nothing can change any more. The hypervisor stops the guest and
# prints a report.

        .include "abi.s"

        .text
        .globl  _start
_start:
        la      a0, text
        li      a1, len
        li      a6, HVK_PRINT
        li      a7, HVK_EID
        ecall

        li      a0, 0
        call    first_word                      # the report's backtrace names it

        li      a6, HVK_EXIT                    # never executed
        li      a7, HVK_EID
        ecall

# first_word: a0 = address → a0 = the word there
first_word:
        lw      a0, 0(a0)
        ret

        .section .rodata
text:   .ascii  "about to load from address 0\n"
        .equ    len, . - text
