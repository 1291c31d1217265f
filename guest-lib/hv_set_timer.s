# hv_set_timer: asks for a timer interrupt at a time; one that was asked for before is forgotten.
#   in        a0 = bits 31:0, a1 = bits 63:32 of the value of `time` at which it shall come;
#             all ones: never
#   out       a0 = 0; SBI_ERR_NOT_SUPPORTED if the machine has no timer call
#   clobbers  a1, a6, a7, t0, t1
#
# The interrupt is taken when bit 5 of sie (STIE) and bit 1 of sstatus (SIE) are set. Setting the
# timer to a later time is what takes a pending timer interrupt away.
# Uses SBI TIME. On a machine without it: the legacy call.

        .include "abi.s"
        .section .text.hv, "ax", @progbits
        .globl  hv_set_timer
        .type   hv_set_timer, @function
hv_set_timer:
        mv      t0, a0
        mv      t1, a1
        li      a7, SBI_EXT_TIME
        li      a6, SBI_TIME_SET_TIMER
        ecall
        li      a1, SBI_ERR_NOT_SUPPORTED
        bne     a0, a1, 1f
        mv      a0, t0
        mv      a1, t1
        li      a7, SBI_EXT_LEGACY_SET_TIMER
        ecall
1:      ret
        .size   hv_set_timer, . - hv_set_timer
