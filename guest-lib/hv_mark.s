# hv_mark: leaves a line in hvrun's trace and a point on the timeline.
#   in        a0 = tag, a1 = value; any numbers that say something to you
#   out       a0 = 0; SBI_ERR_NOT_SUPPORTED on a machine without HVK, where nothing happens
#   clobbers  a1, a6, a7

        .include "abi.s"
        .weak   __hvk_uses_calls                # makes the linker say so in the image's note
        .set    __hvk_uses_calls, 1

        .section .text.hv, "ax", @progbits
        .globl  hv_mark
        .type   hv_mark, @function
hv_mark:
        li      a7, HVK_EID
        li      a6, HVK_MARK
        ecall
        ret
        .size   hv_mark, . - hv_mark
