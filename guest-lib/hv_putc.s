# hv_putc: writes one byte to the console.
#   in        a0 = the byte (bits 7:0)
#   out       a0 = 0, or a negative SBI error
#   clobbers  a1, a2, a6, a7, t0, t1

        .section .text.hv, "ax", @progbits
        .globl  hv_putc
        .type   hv_putc, @function
hv_putc:
        addi    sp, sp, -16
        sw      ra, 12(sp)
        sb      a0, 0(sp)
        mv      a0, sp
        li      a1, 1
        call    hv_print
        lw      ra, 12(sp)
        addi    sp, sp, 16
        ret
        .size   hv_putc, . - hv_putc
