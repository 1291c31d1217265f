# RUN: hvrun %s
# EXIT: 0
#
# HVK calls with a bad pointer do nothing and return SBI_ERR_INVALID_ADDRESS; the guest goes on.

        .include "abi.s"
        .globl  main
main:   li      s0, 0                           # how many answers were right
        li      a7, HVK_EID
        li      s1, SBI_ERR_INVALID_ADDRESS
        # Nowhere.
        li      a0, 0
        li      a1, 4
        li      a6, HVK_PRINT
        ecall
        bne     a0, s1, 1f
        addi    s0, s0, 1
1:      # Beyond the end of RAM, from inside it.
        lui     a0, 0x88000
        addi    a0, a0, -2
        li      a1, 4
        ecall
        bne     a0, s1, 2f
        addi    s0, s0, 1
2:      # Wraps around.
        li      a0, -2
        li      a1, -1
        ecall
        bne     a0, s1, 3f
        addi    s0, s0, 1
3:      # A device is no memory.
        li      a0, UART0_BASE
        li      a1, 1
        li      a6, HVK_INFO
        ecall
        bne     a0, s1, 4f
        addi    s0, s0, 1
4:      # Nothing to print at a bad address is nothing to do, or a bad address: never a success with bytes.
        li      a0, 0
        li      a1, 0
        li      a6, HVK_PRINT
        ecall
        bnez    a1, 5f
        addi    s0, s0, 1
5:      addi    a0, s0, -5
        ret
