# memset: fills memory with a byte.
#   in        a0 = address, a1 = the byte (bits 7:0), a2 = how many bytes
#   out       a0 = the address, unchanged
#   clobbers  a1, a2, t0, t1

        .section .text.hv, "ax", @progbits
        .globl  memset
        .type   memset, @function
memset:
        mv      t0, a0                          # t0 = next byte
        add     a2, a0, a2                      # a2 = the end
        andi    a1, a1, 0xff
        slli    t1, a1, 8
        or      a1, a1, t1
        slli    t1, a1, 16
        or      a1, a1, t1                      # the byte four times
1:      sub     t1, a2, t0
        beqz    t1, 5f
        sltiu   t1, t1, 4
        bnez    t1, 2f
        andi    t1, t0, 3
        beqz    t1, 3f
2:      sb      a1, 0(t0)
        addi    t0, t0, 1
        j       1b
3:      andi    t1, a2, -4                      # whole words up to here
4:      sw      a1, 0(t0)
        addi    t0, t0, 4
        bltu    t0, t1, 4b
        j       1b
5:      ret
        .size   memset, . - memset
