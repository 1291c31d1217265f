# hv_balloon: gives memory back to the host, or takes it again.
#   in        a0 = pages to give; negative: to take
#   out       a0 = pages that were given or taken, or a negative SBI error
#   clobbers  a1, a6, a7
#   errors    SBI_ERR_NOT_SUPPORTED on a machine without HVK
#
# Pages that hold nothing but zeroes are given, so a program sees no difference: clear what is no longer needed, then call
# this. A page that is given comes again, as zeroes, when it is touched.

        .include "abi.s"
        .weak   __hvk_uses_calls                # makes the linker say so in the image's note
        .set    __hvk_uses_calls, 1

        .section .text.hv, "ax", @progbits
        .globl  hv_balloon
        .type   hv_balloon, @function
hv_balloon:
        li      a7, HVK_EID
        li      a6, HVK_BALLOON
        ecall
        bnez    a0, 1f
        mv      a0, a1
1:      ret
        .size   hv_balloon, . - hv_balloon
