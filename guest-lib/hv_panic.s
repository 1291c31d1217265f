# hv_panic: stops the machine because the program cannot go on; hvrun prints the message and a report.
#   in        a0 = address of the message, a1 = its length
#   out       does not return
#
# Uses HVK PANIC. On a machine without it: the message on the console, then exit code 1.

        .include "abi.s"
        .weak   __hvk_uses_calls                # makes the linker say so in the image's note
        .set    __hvk_uses_calls, 1

        .section .text.hv, "ax", @progbits
        .globl  hv_panic
        .type   hv_panic, @function
hv_panic:
        mv      s0, a0
        mv      s1, a1
        li      a7, HVK_EID
        li      a6, HVK_PANIC
        ecall
        mv      a0, s0
        mv      a1, s1
        call    hv_print
        call    hv_newline
        li      a0, 1
        call    hv_exit
        .size   hv_panic, . - hv_panic
