# hv_print_dec: writes a signed number in decimal, as -2147483648 to 2147483647.
#   in        a0 = the number
#   out       a0 = 0, or a negative SBI error
#   clobbers  a1, a2, a6, a7, t0, t1, t2

        .section .text.hv, "ax", @progbits
        .globl  hv_print_dec
        .type   hv_print_dec, @function
hv_print_dec:
        bgez    a0, 1f
        addi    sp, sp, -16
        sw      ra, 12(sp)
        sw      a0, 8(sp)
        li      a0, '-'
        call    hv_putc
        lw      a0, 8(sp)
        lw      ra, 12(sp)
        addi    sp, sp, 16
        neg     a0, a0                          # right for -2147483648 too, read as unsigned
1:      tail    hv_print_udec
        .size   hv_print_dec, . - hv_print_dec
