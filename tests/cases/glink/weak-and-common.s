# RUN: gasm %s -o %t/a.o
# RUN: gasm %d/inputs/weak.s -o %t/b.o
# RUN: glink %t/b.o %t/a.o -lhv -o %t/a
# RUN: hvrun %t/a
# EXIT: 37
#
# A strong definition replaces a weak one, also an earlier one; a weak reference to nothing is 0; common blocks are one
# block, with the largest size and the strictest alignment.
        .globl  main, chosen
        .weak   nowhere
        .comm   block, 4, 4
main:   addi    sp, sp, -16
        sw      ra, 12(sp)
        sw      s0, 8(sp)
        call    chosen
        mv      s0, a0
        call    only_here
        add     s0, s0, a0
        la      a1, nowhere
        beqz    a1, 1f
        addi    s0, s0, 50
1:      la      a1, block
        andi    a2, a1, 15
        add     s0, s0, a2
        lw      a2, 60(a1)
        add     s0, s0, a2
        mv      a0, s0
        lw      ra, 12(sp)
        lw      s0, 8(sp)
        addi    sp, sp, 16
        ret
chosen: li      a0, 17
        ret
