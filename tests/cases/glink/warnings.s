# RUN: gasm -g %s -o %t/a.o
# RUN: glink %t/a.o -lhv -o %t/a
# STDERR: `old`: use new instead
#
# A library warns of one of its functions: told once, where it is first used, and the link goes on.
        .globl  main, old
main:   addi    sp, sp, -16
        sw      ra, 12(sp)
        call    old                     # warning[link-warning]
        call    old
        lw      ra, 12(sp)
        addi    sp, sp, 16
        ret
old:    li      a0, 0
        ret
        .section .gnu.warning.old
        .asciz  "use new instead"
