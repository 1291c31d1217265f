# RUN: gasm %s -o %t/a.o
# RUN: glink -N %t/a.o -lhv -o %t/a
# RUN: hvrun --machine classic %t/a
# EXIT: 9
#
# One segment: code may write to itself, and the whole is a few hundred bytes.
        .globl  main
main:   la      a0, word
        li      a1, 9
        sw      a1, 0(a0)
        lw      a0, 0(a0)
        la      a1, _edata
        la      a2, main
        sub     a1, a1, a2
        li      a2, 2048
        bltu    a1, a2, 1f
        li      a0, 1
1:      ret
        .balign 4
word:   .word   0
