# hv_print_udec: writes an unsigned number in decimal, as 0 to 4294967295.
#   in        a0 = the number
#   out       a0 = 0, or a negative SBI error
#   clobbers  a1, a2, a6, a7, t0, t1, t2

        .section .text.hv, "ax", @progbits
        .globl  hv_print_udec
        .type   hv_print_udec, @function
hv_print_udec:
        addi    sp, sp, -32
        sw      ra, 28(sp)
        addi    t0, sp, 16                      # at most 10 digits, written from the last backwards
        li      t1, 10
1:      remu    t2, a0, t1
        divu    a0, a0, t1
        addi    t2, t2, '0'
        addi    t0, t0, -1
        sb      t2, 0(t0)
        bnez    a0, 1b
        mv      a0, t0
        addi    a1, sp, 16
        sub     a1, a1, t0
        call    hv_print
        lw      ra, 28(sp)
        addi    sp, sp, 32
        ret
        .size   hv_print_udec, . - hv_print_udec
