# strcmp: compares strings byte by byte.
#   in        a0, a1 = the two strings, each ending with a zero byte
#   out       a0 = 0: equal; else the difference, first minus second, of the first bytes that differ
#   clobbers  a1, t0, t1

        .section .text.hv, "ax", @progbits
        .globl  strcmp
        .type   strcmp, @function
strcmp:
1:      lbu     t0, 0(a0)
        lbu     t1, 0(a1)
        addi    a0, a0, 1
        addi    a1, a1, 1
        bne     t0, t1, 2f
        bnez    t0, 1b
2:      sub     a0, t0, t1
        ret
        .size   strcmp, . - strcmp
