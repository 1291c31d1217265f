# RUN: hvrun --stats %s
# EXIT: 0
# --stats must count exactly this (see README.md):
# STDERR: PrivilegedInstruction            0
# STDERR: IoInstruction                    0
# STDERR: PageFault                        4
# STDERR: Hypercall                        2
# STDERR: Syscall                          0
# STDERR: Halt                             1
# STDERR: TimeSlice                        0
# STDERR: Idle                             0
# STDERR: Interrupt                        0
# STDERR: Crash                            0
#
# 12-exit-page-fault: memory that is not there until it is touched.
#
# The guest has 128 MiB, it believes. In truth the hypervisor gives it a page of host memory when it
# first touches an address in it: a page of the image is loaded then, a page of .bss is a page of
# zeroes. The guest sees nothing of it.

        .include "abi.s"

        .text
        .globl  _start
_start:
        la      s0, pages
        li      s1, PAGE_SIZE
        add     s1, s0, s1                      # s1 = the second page

        lw      t0, 0(s0)                       # PageFault: a load is a touch as well
        bnez    t0, wrong                       # new pages are zero
        li      t0, 1
        sw      t0, 0(s1)                       # PageFault
        sw      t0, 4(s0)                       # not again: both pages are there now
        lw      t0, 0(s1)
        lw      t0, 4(s1)
        # The third page is never touched.

        la      a0, text
        li      a1, len
        li      a6, HVK_PRINT
        li      a7, HVK_EID
        ecall                                   # PageFault: the page with the text

        li      a0, 0
        li      a6, HVK_EXIT
        ecall
wrong:  li      a0, 1
        li      a6, HVK_EXIT
        li      a7, HVK_EID
        ecall

        .section .rodata
text:   .ascii  "two pages touched\n"
        .equ    len, . - text

        .bss
        .balign PAGE_SIZE
pages:  .space  3 * PAGE_SIZE
