# RUN: gasm %s -o %t/a.o
# RUN: gasm %d/inputs/group.s -o %t/b.o
# RUN: glink %t/a.o %t/b.o -lhv -o %t/a
# RUN: hvrun %t/a
# EXIT: 12
#
# Of a group that several objects have, the first object's copy is used by all.
        .section .text.shared, "axG", @progbits, shared, comdat
        .weak   shared
shared: addi    a0, a0, 5
        ret
        .text
        .globl  main
main:   addi    sp, sp, -16
        sw      ra, 12(sp)
        li      a0, 2
        call    shared
        call    through
        lw      ra, 12(sp)
        addi    sp, sp, 16
        ret
