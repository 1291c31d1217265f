# memcpy: copies memory; the two places must not overlap (memmove allows it).
#   in        a0 = to, a1 = from, a2 = how many bytes
#   out       a0 = to, unchanged
#   clobbers  a1, a2, t0, t1, t2

        .section .text.hv, "ax", @progbits
        .globl  memcpy
        .type   memcpy, @function
memcpy:
        mv      t0, a0                          # t0 = next byte to write
        add     a2, a0, a2                      # a2 = the end
        xor     t1, a0, a1
        andi    t1, t1, 3
        bnez    t1, 4f                          # never aligned both: bytes
1:      andi    t1, t0, 3
        beqz    t1, 2f
        bgeu    t0, a2, 5f
        lbu     t2, 0(a1)
        sb      t2, 0(t0)
        addi    a1, a1, 1
        addi    t0, t0, 1
        j       1b
2:      andi    t1, a2, -4                      # whole words up to here
        bgeu    t0, t1, 4f
3:      lw      t2, 0(a1)
        addi    a1, a1, 4
        sw      t2, 0(t0)
        addi    t0, t0, 4
        bltu    t0, t1, 3b
4:      bgeu    t0, a2, 5f
        lbu     t2, 0(a1)
        addi    a1, a1, 1
        sb      t2, 0(t0)
        addi    t0, t0, 1
        j       4b
5:      ret
        .size   memcpy, . - memcpy
