# RUN: gasm %s -o %t/a.o
# RUN: gasm %d/inputs/strings.s -o %t/b.o
# RUN: glink %t/a.o %t/b.o -lhv -o %t/a
# RUN: hvrun %t/a
# EXIT: 7
#
# Equal strings of mergeable sections become one, across objects; other sections stay as they are.
        .globl  main
main:   li      a0, 0
        la      a1, here
        la      a2, there
        bne     a1, a2, 1f
        addi    a0, a0, 1
1:      la      a1, here
        la      a2, again
        bne     a1, a2, 2f
        addi    a0, a0, 2
2:      la      a1, kept
        la      a2, kept_too
        beq     a1, a2, 3f
        addi    a0, a0, 4
3:      ret
        .section .rodata.str1.1, "aMS", @progbits, 1
other:  .string "another"
here:   .string "the same"
again:  .string "the same"
        .section .rodata
kept:   .string "twice"
kept_too:
        .string "twice"
