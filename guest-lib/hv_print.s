# hv_print: writes bytes to the console.
#   in        a0 = address of the bytes, a1 = how many
#   out       a0 = 0, or a negative SBI error (then not everything was written)
#   clobbers  a1, a2, a6, a7, t0, t1
#   errors    SBI_ERR_INVALID_ADDRESS: the bytes are not in readable memory
#
# Uses HVK PRINT. On a machine without it: SBI DBCN, and without that the legacy console call.
# DBCN takes physical addresses, so with paging on the fallback is right only for pages that are
# mapped to themselves.

        .include "abi.s"
        .weak   __hvk_uses_calls                # makes the linker say so in the image's note
        .set    __hvk_uses_calls, 1

        .section .text.hv, "ax", @progbits
        .globl  hv_print
        .type   hv_print, @function
hv_print:
        mv      t0, a0                          # t0 = next byte, t1 = bytes left
        mv      t1, a1
        li      a7, HVK_EID
        li      a6, HVK_PRINT
1:      beqz    t1, 5f
        mv      a0, t0
        mv      a1, t1
        ecall
2:      bnez    a0, 3f
        add     t0, t0, a1                      # a call may write only part
        sub     t1, t1, a1
        li      a0, HVK_EID
        beq     a7, a0, 1b
        j       4f

3:      li      a1, SBI_ERR_NOT_SUPPORTED
        bne     a0, a1, 7f
        li      a0, HVK_EID
        bne     a7, a0, 6f                      # DBCN neither
        li      a7, SBI_EXT_DBCN
        li      a6, SBI_DBCN_CONSOLE_WRITE
4:      beqz    t1, 5f
        mv      a0, t1
        mv      a1, t0
        li      a2, 0                           # bits 63:32 of the address
        ecall
        j       2b

6:      li      a7, SBI_EXT_LEGACY_CONSOLE_PUTCHAR
        lbu     a0, 0(t0)
        ecall
        addi    t0, t0, 1
        addi    t1, t1, -1
        bnez    t1, 6b

5:      li      a0, 0
7:      ret
        .size   hv_print, . - hv_print
