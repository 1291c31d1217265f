# strlen: length of a string.
#   in        a0 = address of the string, which ends with a zero byte
#   out       a0 = bytes before the zero byte
#   clobbers  t0, t1

        .section .text.hv, "ax", @progbits
        .globl  strlen
        .type   strlen, @function
strlen:
        mv      t0, a0
        addi    a0, a0, -1
1:      addi    a0, a0, 1
        lbu     t1, 0(a0)
        bnez    t1, 1b
        sub     a0, a0, t0
        ret
        .size   strlen, . - strlen
