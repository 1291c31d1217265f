# hv_read_line: reads a line from the console and waits for it.
#   in        a0 = buffer, a1 = its size in bytes, at least 1
#   out       the line without its newline, then a zero byte, in the buffer
#             a0 = length of the line, or a negative SBI error
#             A line that does not fit is read to its end, cut in the buffer, and a0 >= size says so.
#             The last line of the input may lack its newline.
#   clobbers  a1, a2, a6, a7, t0, t1
#   errors    SBI_ERR_DENIED: the input ended before a first byte; the buffer holds an empty string

        .section .text.hv, "ax", @progbits
        .globl  hv_read_line
        .type   hv_read_line, @function
hv_read_line:
        addi    sp, sp, -32
        sw      ra, 28(sp)
        sw      s0, 24(sp)
        sw      s1, 20(sp)
        sw      s2, 16(sp)
        mv      s0, a0                          # s0 = where the next byte goes
        addi    s1, a1, -1                      # s1 = room left, without the zero byte
        li      s2, 0                           # s2 = length of the line

1:      call    hv_getc
        bltz    a0, 3f
        li      t0, '\n'
        beq     a0, t0, 4f
        addi    s2, s2, 1
        blez    s1, 1b
        sb      a0, 0(s0)
        addi    s0, s0, 1
        addi    s1, s1, -1
        j       1b

3:      beqz    s2, 5f                          # an error, unless some of a line came before it
4:      mv      a0, s2
5:      sb      zero, 0(s0)
        lw      ra, 28(sp)
        lw      s0, 24(sp)
        lw      s1, 20(sp)
        lw      s2, 16(sp)
        addi    sp, sp, 32
        ret
        .size   hv_read_line, . - hv_read_line
