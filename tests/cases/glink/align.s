# RUN: gasm %s -o %t/a.o
# RUN: glink %t/a.o -lhv -o %t/a
# RUN: hvrun %t/a
# EXIT: 0
#
# Code stays aligned although what stands before it shrinks.
        .globl  main
main:   mv      s1, ra
        call    one
        .balign 64
two:    call    one
        .balign 16
three:  call    one
        la      a0, two
        andi    a0, a0, 63
        la      a1, three
        andi    a1, a1, 15
        or      a0, a0, a1
        la      a1, one
        andi    a1, a1, 31
        or      a0, a0, a1
        jr      s1
        .p2align 5
one:    ret
