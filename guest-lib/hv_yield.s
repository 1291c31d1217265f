# hv_yield: gives up the rest of the time slice; other guests run.
#   in        nothing
#   out       a0 = 0; SBI_ERR_NOT_SUPPORTED on a machine without HVK, where nothing happens
#   clobbers  a1, a6, a7

        .include "abi.s"
        .weak   __hvk_uses_calls                # makes the linker say so in the image's note
        .set    __hvk_uses_calls, 1

        .section .text.hv, "ax", @progbits
        .globl  hv_yield
        .type   hv_yield, @function
hv_yield:
        li      a7, HVK_EID
        li      a6, HVK_YIELD
        ecall
        ret
        .size   hv_yield, . - hv_yield
