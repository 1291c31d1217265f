# RUN: gasm %s -o %t/a.o
# RUN: glink %t/a.o -lhv -o %t/a
# RUN: hvrun %t/a
# EXIT: 42
#
# Position-independent code reads addresses from the global offset table, which a static image has too.
        .option pic
        .globl  main, variable
        .weak   nowhere
main:   la      a1, variable
        lw      a0, 0(a1)
        la      a1, nowhere
        add     a0, a0, a1
        ret
        .data
variable:
        .word   42
