# hv_exit: stops the machine.
#   in        a0 = exit code; hvrun ends with it if it is 0 to 123
#   out       does not return
#
# Uses HVK EXIT. On a machine without it: SBI SRST, which knows only success and failure, and
# without that the legacy shutdown.

        .include "abi.s"
        .weak   __hvk_uses_calls                # makes the linker say so in the image's note
        .set    __hvk_uses_calls, 1

        .section .text.hv, "ax", @progbits
        .globl  hv_exit
        .type   hv_exit, @function
hv_exit:
        mv      t0, a0
        li      a7, HVK_EID
        li      a6, HVK_EXIT
        ecall

        li      a0, SBI_SRST_TYPE_SHUTDOWN
        snez    a1, t0                          # reason: none or system failure
        li      a7, SBI_EXT_SRST
        li      a6, SBI_SRST_SYSTEM_RESET
        ecall

        li      a7, SBI_EXT_LEGACY_SHUTDOWN
        ecall
1:      wfi
        j       1b
        .size   hv_exit, . - hv_exit
