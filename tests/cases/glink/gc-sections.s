# RUN: gasm %s -o %t/a.o
# RUN: glink --gc-sections %t/a.o -lhv -o %t/a
# RUN: hvrun %t/a
# EXIT: 4
#
# Sections that nothing reaches are gone, and with them what only they use; kept are those that are asked to be.
        .globl  main
        .weak   dead, retained
main:   li      a0, 0
        ret
        .section .text.dead, "ax"
dead:   call    no_such_function
        ret
        .section .data.kept, "awR"
retained:
        .word   1
        .section .init_array, "aw", @init_array
        .word   constructor
        .section .text.constructor, "ax"
constructor:
        li      a0, 4
        tail    hv_exit
