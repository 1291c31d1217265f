# hv_print_hex: writes a number in hexadecimal: 0x and always eight digits.
#   in        a0 = the number
#   out       a0 = 0, or a negative SBI error
#   clobbers  a1, a2, a6, a7, t0, t1, t2

        .section .text.hv, "ax", @progbits
        .globl  hv_print_hex
        .type   hv_print_hex, @function
hv_print_hex:
        addi    sp, sp, -32
        sw      ra, 28(sp)
        li      t0, '0'
        sb      t0, 0(sp)
        li      t0, 'x'
        sb      t0, 1(sp)
        addi    t0, sp, 10                      # the digits, from the last backwards
        addi    t1, sp, 2
1:      andi    t2, a0, 15
        srli    a0, a0, 4
        sltiu   a1, t2, 10
        addi    t2, t2, '0'
        bnez    a1, 2f
        addi    t2, t2, 'a' - '0' - 10
2:      addi    t0, t0, -1
        sb      t2, 0(t0)
        bne     t0, t1, 1b
        mv      a0, sp
        li      a1, 10
        call    hv_print
        lw      ra, 28(sp)
        addi    sp, sp, 32
        ret
        .size   hv_print_hex, . - hv_print_hex
