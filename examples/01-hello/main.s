# RUN: hvrun %s
# EXIT: 0
#
# 01-hello: a guest prints a line and ends.
#
# A guest is a program that has a (virtual) machine to itself. It has no operating system below it
# that could print. It asks the hypervisor, with the instruction `ecall`: a "hypercall". Which
# service it wants stands in registers:
#
#       a7, a6      which service: the group, and the function in it
#       a0, a1, ..  its arguments
#       a0          comes back: 0, or an error below 0
#       a1          comes back: a value
#
# "abi.s" gives names to the numbers, such as HVK_PRINT.

        .include "abi.s"

        .text                                   # what follows is code
        .globl  main                            # the library's start-up code calls main
main:
        la      a0, text                        # a0 = address of the text
        li      a1, len                         # a1 = how many bytes
        li      a6, HVK_PRINT
        li      a7, HVK_EID
        ecall                                   # the hypervisor prints

        li      a0, 0                           # main returns 0: the exit code of the guest
        ret

        .section .rodata                        # what follows is data that nobody changes
text:   .ascii  "Hello from a guest!\n"
        .equ    len, . - text                   # `.` is "here": here minus text = the length
