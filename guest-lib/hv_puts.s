# hv_puts: writes a string to the console. Unlike C's puts, it adds no newline.
#   in        a0 = address of the string, which ends with a zero byte (.asciz)
#   out       a0 = 0, or a negative SBI error
#   clobbers  a1, a2, a6, a7, t0, t1

        .section .text.hv, "ax", @progbits
        .globl  hv_puts
        .type   hv_puts, @function
hv_puts:
        addi    a1, a0, -1
1:      addi    a1, a1, 1
        lbu     t0, 0(a1)
        bnez    t0, 1b
        sub     a1, a1, a0
        tail    hv_print
        .size   hv_puts, . - hv_puts
