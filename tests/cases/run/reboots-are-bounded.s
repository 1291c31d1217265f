# A guest that reboots starts again from its image, so often as it may.
# RUN: hvrun --max-reboots 3 --stats %s
# STDERR: rebooted 3 times
# STDERR: --max-reboots
        .include "abi.s"
        .globl  main
main:   la      a0, text
        li      a1, 3
        li      a6, HVK_PRINT
        li      a7, HVK_EID
        ecall
        la      t0, text
        sb      zero, 0(t0)             # memory is as at the start after a reboot
        li      t0, 0x100000
        li      t1, 0x7777
        sw      t1, 0(t0)
1:      j       1b

        .data
text:   .ascii  "up\n"
