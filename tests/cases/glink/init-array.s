# RUN: gasm %s -o %t/a.o
# RUN: glink %t/a.o -lhv -o %t/a
# RUN: hvrun %t/a
# EXIT: 123
#
# Constructors run by their numbers, those without one last.
        .globl  main
main:   la      a1, order
        lw      a0, 0(a1)
        ret
        .macro  constructor digit
        la      a1, order
        lw      a2, 0(a1)
        li      a3, 10
        mul     a2, a2, a3
        addi    a2, a2, \digit
        sw      a2, 0(a1)
        ret
        .endm
third:  constructor 3
second: constructor 2
first:  constructor 1
        .section .init_array, "aw", @init_array
        .word   third
        .section .init_array.00300, "aw", @init_array
        .word   second
        .section .init_array.00200, "aw", @init_array
        .word   first
        .data
order:  .word   0
