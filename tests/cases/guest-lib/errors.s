# RUN: hvrun %s
# EXIT: 0
# Bad pointers come back as SBI_ERR_INVALID_ADDRESS, and nothing is printed or read; INFO fills as much as
# there is room for; unknown calls are refused.

        .include "abi.s"
        .globl  main
main:
        addi    sp, sp, -48
        sw      ra, 44(sp)

        li      s0, SBI_ERR_INVALID_ADDRESS
        li      s1, 1                           # s1 = the number of the check, the exit code if wrong
        li      a0, 0
        li      a1, 5
        call    hv_print
        bne     a0, s0, bad

        li      s1, 2
        li      a0, 0
        li      a1, 5
        call    hv_read
        bne     a0, s0, bad

        li      s1, 3                           # begins in the last bytes of RAM, ends behind them
        mv      a0, sp
        li      a1, HVK_INFO_SIZE
        call    hv_info
        lw      t0, HVK_INFO_RAM_SIZE(sp)
        li      a0, RAM_BASE - 16
        add     a0, a0, t0
        li      a1, 32
        call    hv_print
        bne     a0, s0, bad

        li      s1, 4
        li      a0, 0
        li      a1, HVK_INFO_SIZE
        call    hv_info
        bne     a0, s0, bad

        li      s1, 5
        li      t0, -1
        sw      t0, 8(sp)
        mv      a0, sp
        li      a1, 8
        call    hv_info
        li      t0, 8
        bne     a0, t0, bad
        lw      t0, 8(sp)
        addi    t0, t0, 1
        bnez    t0, bad                         # behind the 8 bytes nothing was written

        li      s1, 6
        mv      a0, sp
        li      a1, 40
        call    hv_info
        li      t0, HVK_INFO_SIZE
        bne     a0, t0, bad
        lw      t0, HVK_INFO_SLICE(sp)
        li      t1, 10000
        bne     t0, t1, bad

        li      s1, 7                           # nothing to print, wherever it is
        li      a0, 0
        li      a1, 0
        call    hv_print
        bnez    a0, bad

        li      s1, 8
        li      a7, HVK_EID
        li      a6, 1000
        call    hv_sbi
        li      t0, SBI_ERR_NOT_SUPPORTED
        bne     a0, t0, bad

        li      a0, 0
        lw      ra, 44(sp)
        addi    sp, sp, 48
        ret
bad:    mv      a0, s1
        call    hv_exit
