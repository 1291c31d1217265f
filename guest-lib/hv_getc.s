# hv_getc: reads one byte from the console and waits for it, giving up its slice while nothing waits.
#   in        nothing
#   out       a0 = the byte, 0 to 255, or a negative SBI error
#   clobbers  a1, a2, a6, a7, t0, t1
#   errors    SBI_ERR_DENIED: the input has ended

        .section .text.hv, "ax", @progbits
        .globl  hv_getc
        .type   hv_getc, @function
hv_getc:
        addi    sp, sp, -16
        sw      ra, 12(sp)
1:      mv      a0, sp
        li      a1, 1
        call    hv_read
        bltz    a0, 3f
        bnez    a0, 2f
        call    hv_yield
        j       1b
2:      lbu     a0, 0(sp)
3:      lw      ra, 12(sp)
        addi    sp, sp, 16
        ret
        .size   hv_getc, . - hv_getc
