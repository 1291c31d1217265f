# memcmp: compares memory byte by byte.
#   in        a0, a1 = the two places, a2 = how many bytes
#   out       a0 = 0: equal; else the difference, first minus second, of the first bytes that differ
#   clobbers  a1, a2, t0, t1

        .section .text.hv, "ax", @progbits
        .globl  memcmp
        .type   memcmp, @function
memcmp:
        add     a2, a0, a2                      # a2 = the end
1:      beq     a0, a2, 2f
        lbu     t0, 0(a0)
        lbu     t1, 0(a1)
        addi    a0, a0, 1
        addi    a1, a1, 1
        beq     t0, t1, 1b
        sub     a0, t0, t1
        ret
2:      li      a0, 0
        ret
        .size   memcmp, . - memcmp
