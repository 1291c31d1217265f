# RUN: hvrun %s
# EXIT: 0
# memmove, memcpy, memcmp, memset, strlen and strcmp against byte-by-byte loops: every pair of offsets
# and every length from 0 to 12, overlapping or not. The exit code names the function that is wrong.

        .equ    SIZE, 40
        .equ    N, 12

        .globl  main
main:
        addi    sp, sp, -16
        sw      ra, 12(sp)
        la      s0, buffer
        la      s6, original
        la      s7, other
        li      s1, 0                           # s1 = offset to
next_to:
        li      s2, 0                           # s2 = offset from
next_from:
        li      s3, 0                           # s3 = length
next_length:
        li      t0, 0                           # buffer = original = 0, 7, 14, ...; other = 0xee
1:      slli    t1, t0, 3
        sub     t1, t1, t0
        add     t2, s0, t0
        sb      t1, 0(t2)
        add     t2, s6, t0
        sb      t1, 0(t2)
        add     t2, s7, t0
        li      t1, 0xee
        sb      t1, 0(t2)
        addi    t0, t0, 1
        li      t1, SIZE
        bne     t0, t1, 1b

        add     a0, s0, s1                      # memmove inside buffer
        add     a1, s0, s2
        mv      a2, s3
        call    memmove
        li      s5, 1
        add     t0, s0, s1
        bne     a0, t0, bad
        mv      a0, s0
        call    check

        add     a0, s7, s1                      # memcpy into other, whose rest stays 0xee
        add     a1, s6, s2
        mv      a2, s3
        call    memcpy
        li      s5, 2
        add     t0, s7, s1
        bne     a0, t0, bad
        li      t0, 0
2:      add     t1, s7, t0
        lbu     t2, 0(t1)
        sub     t3, t0, s1                      # is byte t0 in the copy?
        bgeu    t3, s3, 3f
        add     t3, t3, s2
        add     t3, s6, t3
        lbu     t4, 0(t3)
        j       4f
3:      li      t4, 0xee
4:      bne     t2, t4, bad
        addi    t0, t0, 1
        li      t1, SIZE
        bne     t0, t1, 2b

        add     a0, s7, s1                      # memcmp: equal, then the first byte made larger
        add     a1, s6, s2
        mv      a2, s3
        call    memcmp
        li      s5, 3
        bnez    a0, bad
        beqz    s3, 5f
        add     t0, s7, s1
        li      t1, 0xff
        sb      t1, 0(t0)
        mv      a0, t0
        add     a1, s6, s2
        mv      a2, s3
        call    memcmp
        li      s5, 4
        blez    a0, bad

5:      add     a0, s7, s1                      # memset: the low byte only
        li      a1, 0x1a5
        mv      a2, s3
        call    memset
        li      s5, 5
        add     t0, s7, s1
        bne     a0, t0, bad
        li      t0, 0
6:      add     t1, s7, t0
        lbu     t2, 0(t1)
        sub     t3, t0, s1
        li      t4, 0xa5
        bltu    t3, s3, 7f
        li      t4, 0xee
7:      bne     t2, t4, bad
        addi    t0, t0, 1
        li      t1, SIZE
        bne     t0, t1, 6b

        add     t0, s7, s1                      # strlen of what memset wrote
        add     t0, t0, s3
        sb      zero, 0(t0)
        add     a0, s7, s1
        call    strlen
        li      s5, 6
        bne     a0, s3, bad

        addi    s3, s3, 1
        li      t0, N + 1
        bne     s3, t0, next_length
        addi    s2, s2, 1
        li      t0, N + 1
        bne     s2, t0, next_from
        addi    s1, s1, 1
        li      t0, N + 1
        bne     s1, t0, next_to

        li      s5, 7
        la      a0, abc
        la      a1, abd
        call    strcmp
        bgez    a0, bad
        la      a0, abd
        la      a1, abc
        call    strcmp
        blez    a0, bad
        la      a0, abc
        la      a1, ab
        call    strcmp
        blez    a0, bad
        la      a0, abc
        la      a1, abc_again
        call    strcmp
        bnez    a0, bad
        la      a0, high                        # bytes compare without sign
        la      a1, abc
        call    strcmp
        blez    a0, bad

        li      a0, 0
        lw      ra, 12(sp)
        addi    sp, sp, 16
        ret
bad:    mv      a0, s5
        call    hv_exit

# check: a0 = the buffer after memmove: bytes s1 .. s1+s3 as original from s2, the others unchanged
check:  li      t0, 0
1:      add     t1, a0, t0
        lbu     t2, 0(t1)
        mv      t3, t0
        sub     t4, t0, s1
        bgeu    t4, s3, 2f
        add     t3, t4, s2
2:      add     t3, s6, t3
        lbu     t4, 0(t3)
        bne     t2, t4, bad
        addi    t0, t0, 1
        li      t1, SIZE
        bne     t0, t1, 1b
        ret

        .section .rodata
abc:    .asciz  "abc"
abc_again:
        .asciz  "abc"
abd:    .asciz  "abd"
ab:     .asciz  "ab"
high:   .asciz  "\377"

        .bss
        .balign 4
buffer: .space  SIZE
original:
        .space  SIZE
other:  .space  SIZE
