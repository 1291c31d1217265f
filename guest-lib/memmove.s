# memmove: copies memory, also when the two places overlap.
#   in        a0 = to, a1 = from, a2 = how many bytes
#   out       a0 = to, unchanged
#   clobbers  a1, a2, t0, t1, t2

        .section .text.hv, "ax", @progbits
        .globl  memmove
        .type   memmove, @function
memmove:
        sub     t0, a0, a1                      # as unsigned numbers: to - from < length only if
        bltu    t0, a2, 1f                      # `to` lies inside the source
        sub     t0, a1, a0
        bltu    t0, a2, 3f                      # and this only if `from` lies inside the target
        tail    memcpy

1:      add     a1, a1, a2                      # from the last byte down
        add     t0, a0, a2
2:      addi    a1, a1, -1
        lbu     t1, 0(a1)
        addi    t0, t0, -1
        sb      t1, 0(t0)
        bne     t0, a0, 2b
        ret

3:      mv      t0, a0                          # from the first byte up
        add     a2, a0, a2
4:      lbu     t1, 0(a1)
        addi    a1, a1, 1
        sb      t1, 0(t0)
        addi    t0, t0, 1
        bne     t0, a2, 4b
        ret
        .size   memmove, . - memmove
