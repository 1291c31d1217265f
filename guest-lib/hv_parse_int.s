# hv_parse_int: the number at the start of a string.
#   in        a0 = address of the string: blanks and tabs, then + or -, then decimal digits or 0x
#             and hexadecimal digits
#   out       a0 = the number, a1 = address of the first byte after it
#             If no number is there, or it is not in -2147483648 .. 4294967295: a0 = 0, and a1 is
#             the address that was given.
#   clobbers  a2, a3, a4, t0, t1, t2
#   errors    none beside a1

        .section .text.hv, "ax", @progbits
        .globl  hv_parse_int
        .type   hv_parse_int, @function
hv_parse_int:
        mv      a4, a0                          # a4 = the string, for "no number"
        li      t2, ' '
        li      t1, '\t'
        j       2f
1:      addi    a0, a0, 1
2:      lbu     t0, 0(a0)
        beq     t0, t2, 1b
        beq     t0, t1, 1b

        li      a3, 0                           # a3 = 1: negative
        li      t1, '+'
        beq     t0, t1, 3f
        li      t1, '-'
        bne     t0, t1, 4f
        li      a3, 1
3:      addi    a0, a0, 1
4:      mv      a1, a0                          # a1 = next byte
        li      a2, 10                          # a2 = base
        lbu     t0, 0(a1)
        li      t1, '0'
        bne     t0, t1, 5f
        lbu     t0, 1(a1)
        ori     t0, t0, 0x20
        li      t1, 'x'
        bne     t0, t1, 5f
        addi    a1, a1, 2
        li      a2, 16
        mv      a0, a1

5:      li      t2, 0                           # t2 = the number so far; a0 = its first digit
6:      lbu     t0, 0(a1)
        addi    t1, t0, -'0'
        sltiu   t0, t1, 10
        bnez    t0, 7f
        lbu     t0, 0(a1)
        ori     t0, t0, 0x20                    # A-F as a-f
        addi    t1, t0, -'a'
        li      t0, 6
        bgeu    t1, t0, 8f
        addi    t1, t1, 10
7:      bgeu    t1, a2, 8f                      # not a digit in this base
        mulhu   t0, t2, a2
        bnez    t0, 9f                          # more than 32 bits
        mul     t2, t2, a2
        add     t2, t2, t1
        bltu    t2, t1, 9f
        addi    a1, a1, 1
        j       6b

8:      beq     a1, a0, 9f                      # not one digit
        mv      a0, t2
        beqz    a3, 10f
        li      t0, 0x80000000
        bgtu    t2, t0, 9f
        neg     a0, t2
10:     ret

9:      li      a0, 0
        mv      a1, a4
        ret
        .size   hv_parse_int, . - hv_parse_int
