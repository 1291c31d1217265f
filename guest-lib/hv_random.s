# hv_random: fills memory with random bytes.
#   in        a0 = address for the bytes, a1 = how many
#   out       a0 = how many were written; fewer than asked for if a1 is above 1 MiB; or a negative SBI error
#   clobbers  a1, a6, a7
#   errors    SBI_ERR_INVALID_ADDRESS: the bytes cannot be stored there, nothing was written
#             SBI_ERR_NOT_SUPPORTED on a machine without HVK
#
# The bytes are the guest's own stream: the same in each run, unless `hvrun --seed` says otherwise.

        .include "abi.s"
        .weak   __hvk_uses_calls                # makes the linker say so in the image's note
        .set    __hvk_uses_calls, 1

        .section .text.hv, "ax", @progbits
        .globl  hv_random
        .type   hv_random, @function
hv_random:
        li      a7, HVK_EID
        li      a6, HVK_RANDOM
        ecall
        bnez    a0, 1f
        mv      a0, a1
1:      ret
        .size   hv_random, . - hv_random
