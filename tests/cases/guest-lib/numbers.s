# RUN: hvrun %s
# EXIT: 0
# Numbers out and in, at the ends of their ranges.

        .globl  main
main:
        addi    sp, sp, -16
        sw      ra, 12(sp)
        sw      s0, 8(sp)
        sw      s1, 4(sp)
        sw      s2, 0(sp)

        la      s0, numbers
        la      s1, numbers_end
1:      lw      a0, 0(s0)
        call    hv_print_dec
        li      a0, ' '
        call    hv_putc
        lw      a0, 0(s0)
        call    hv_print_udec
        li      a0, ' '
        call    hv_putc
        lw      a0, 0(s0)
        call    hv_print_hex
        call    hv_newline
        addi    s0, s0, 4
        bne     s0, s1, 1b

        la      s0, strings                     # each: text> value, bytes used
2:      lw      s1, 0(s0)
        beqz    s1, 3f
        mv      a0, s1
        call    hv_puts
        li      a0, '>'
        call    hv_putc
        mv      a0, s1
        call    hv_parse_int
        sub     s2, a1, s1
        call    hv_print_dec
        li      a0, ','
        call    hv_putc
        mv      a0, s2
        call    hv_print_dec
        call    hv_newline
        addi    s0, s0, 4
        j       2b

3:      li      a0, 0
        lw      ra, 12(sp)
        lw      s0, 8(sp)
        lw      s1, 4(sp)
        lw      s2, 0(sp)
        addi    sp, sp, 16
        ret

        .section .rodata
        .balign 4
numbers:
        .word   0, 1, 9, 10, 0x7fffffff, 0x80000000, 0x80abcdef, 0xffffffff
numbers_end:
strings:
        .word   d1, d2, d3, d4, d5, d6, d7, h1, h2, h3, h4, n1, n2, n3, n4, n5, z1, 0
d1:     .asciz  "12"
d2:     .asciz  " -12x"
d3:     .asciz  "4294967295"
d4:     .asciz  "4294967296"
d5:     .asciz  "-2147483648"
d6:     .asciz  "-2147483649"
d7:     .asciz  "42949672950"
h1:     .asciz  "0x7fFf "
h2:     .asciz  "\t+0xFFFFFFFFg"
h3:     .asciz  "0x100000000"
h4:     .asciz  "-0x80000000"
n1:     .asciz  ""
n2:     .asciz  "-"
n3:     .asciz  "abc"
n4:     .asciz  "0x"
n5:     .asciz  "+-1"
z1:     .asciz  "007"
