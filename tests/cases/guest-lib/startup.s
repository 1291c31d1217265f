# RUN: hvrun %s
# EXIT: 42
# crt0: .bss of odd size and place is zero, constructors run before main in their order, main gets the
# hart id and a devicetree (magic number d00dfeed, big-endian), sp is aligned, and what main returns is
# the exit code.

        .globl  main
main:
        mv      s0, a0
        mv      s1, a1
        andi    t0, sp, 15
        bnez    t0, bad
        bnez    s0, bad
        lw      t0, 0(s1)
        li      t1, 0xedfe0dd0
        bne     t0, t1, bad
        lw      t0, order
        li      t1, 12                          # the first wrote 1, the second made 12 of it
        bne     t0, t1, bad
        la      t0, odd
        la      t1, odd_end
1:      lbu     t2, 0(t0)
        bnez    t2, bad
        addi    t0, t0, 1
        bne     t0, t1, 1b
        li      a0, 42
        ret
bad:    li      a0, 1
        ret

first:  li      t0, 1
        sw      t0, order, t1
        ret
second: lw      t0, order
        li      t1, 10
        mul     t0, t0, t1
        addi    t0, t0, 2
        sw      t0, order, t1
        ret

        .section .init_array, "aw", @init_array
        .balign 4
        .word   first, second

        .bss
        .balign 4
order:  .space  4
odd:    .space  77
odd_end:
