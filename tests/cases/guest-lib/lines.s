# RUN: hvrun %s
# STDIN: ab\na line that is too long\n\n1234567\nlast
# EXIT: 0
# hv_read_line: a short line, one that is cut, an empty one, one that just fits, one without newline, the end.

        .globl  main
main:
        addi    sp, sp, -32
        sw      ra, 28(sp)
1:      mv      a0, sp
        li      a1, 8
        call    hv_read_line
        mv      s0, a0
        call    hv_print_dec
        li      a0, ':'
        call    hv_putc
        mv      a0, sp
        call    hv_puts
        call    hv_newline
        bgez    s0, 1b
        li      a0, 0
        lw      ra, 28(sp)
        addi    sp, sp, 32
        ret
