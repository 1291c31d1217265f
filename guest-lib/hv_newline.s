# hv_newline: ends the line on the console.
#   in        nothing
#   out       a0 = 0, or a negative SBI error
#   clobbers  a1, a2, a6, a7, t0, t1

        .section .text.hv, "ax", @progbits
        .globl  hv_newline
        .type   hv_newline, @function
hv_newline:
        li      a0, '\n'
        tail    hv_putc
        .size   hv_newline, . - hv_newline
