# RUN: gasm %s -o %t/a.o
# RUN: glink -T %d/inputs/headers.ld %t/a.o -o %t/a
# RUN: hvrun %t/a
# EXIT: 32
#
# An image that reads its own headers, which its script makes room for: the magic, and the size of a program header.
        .globl  start
start:  la      t0, headers
        lw      t1, 0(t0)
        li      t2, 0x464c457f
        bne     t1, t2, bad
        lw      t1, 24(t0)              # where it starts
        la      t2, start
        bne     t1, t2, bad
        lhu     a0, 42(t0)
        j       done
bad:    li      a0, 1
done:   lw      t0, finisher
        slli    a0, a0, 16
        li      t1, 0x3333
        or      a0, a0, t1
        sw      a0, 0(t0)
        j       .
        .section .rodata
finisher:
        .word   0x100000
