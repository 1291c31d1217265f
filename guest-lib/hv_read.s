# hv_read: takes bytes that wait on the console; never waits itself.
#   in        a0 = address for the bytes, a1 = how many at most
#   out       a0 = how many were read; 0: nothing waits now; or a negative SBI error
#   clobbers  a1, a2, a6, a7, t0, t1
#   errors    SBI_ERR_DENIED: the input has ended
#             SBI_ERR_INVALID_ADDRESS: the bytes cannot be stored there, nothing was read
#
# Uses HVK READ. On a machine without it: SBI DBCN (physical addresses, see hv_print), and without
# that the legacy console call; neither of these knows an end of input.

        .include "abi.s"
        .weak   __hvk_uses_calls                # makes the linker say so in the image's note
        .set    __hvk_uses_calls, 1

        .section .text.hv, "ax", @progbits
        .globl  hv_read
        .type   hv_read, @function
hv_read:
        mv      t0, a0
        mv      t1, a1
        li      a7, HVK_EID
        li      a6, HVK_READ
        ecall
        beqz    a0, 2f
        li      a2, SBI_ERR_NOT_SUPPORTED
        bne     a0, a2, 3f

        mv      a0, t1
        mv      a1, t0
        li      a2, 0                           # bits 63:32 of the address
        li      a7, SBI_EXT_DBCN
        li      a6, SBI_DBCN_CONSOLE_READ
        ecall
        beqz    a0, 2f
        li      a2, SBI_ERR_NOT_SUPPORTED
        bne     a0, a2, 3f

        li      a0, 0
        beqz    t1, 3f
        li      a7, SBI_EXT_LEGACY_CONSOLE_GETCHAR
        ecall
        mv      t1, a0                          # a byte, or -1
        li      a0, 0
        bltz    t1, 3f
        sb      t1, 0(t0)
        li      a0, 1
        ret

2:      mv      a0, a1
3:      ret
        .size   hv_read, . - hv_read
