# hv_info: tells what this machine is.
#   in        a0 = address for the structure, a1 = its size (HVK_INFO_SIZE; fewer bytes: its start)
#   out       a0 = bytes filled in, or a negative SBI error. The fields are at offsets HVK_INFO_VM_ID,
#             HVK_INFO_VM_COUNT, HVK_INFO_RAM_SIZE, HVK_INFO_SLICE, HVK_INFO_FEATURES: a word each.
#   clobbers  a1, a6, a7
#   errors    SBI_ERR_INVALID_ADDRESS; SBI_ERR_NOT_SUPPORTED on a machine without HVK

        .include "abi.s"
        .weak   __hvk_uses_calls                # makes the linker say so in the image's note
        .set    __hvk_uses_calls, 1

        .section .text.hv, "ax", @progbits
        .globl  hv_info
        .type   hv_info, @function
hv_info:
        li      a7, HVK_EID
        li      a6, HVK_INFO
        ecall
        bnez    a0, 1f
        mv      a0, a1
1:      ret
        .size   hv_info, . - hv_info
