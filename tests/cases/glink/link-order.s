# RUN: gasm %s -o %t/a.o
# RUN: glink %t/a.o -lhv -o %t/a
# RUN: hvrun %t/a
# EXIT: 123
#
# Sections that describe functions (SHF_LINK_ORDER) stand in the order of the functions, whatever their own.
        .section .text.a, "ax"
        .globl  main
main:   la      a1, __start_rows
        la      a2, __stop_rows
        li      a0, 0
        li      a4, 10
1:      lbu     a3, 0(a1)
        mul     a0, a0, a4
        add     a0, a0, a3
        addi    a1, a1, 1
        bltu    a1, a2, 1b
        ret
        .section .text.b, "ax"
b:      ret
        .section .text.c, "ax"
c:      ret
        .section rows, "ao", @progbits, .text.b
        .byte   2
        .section rows, "ao", @progbits, .text.c, unique, 1
        .byte   3
        .section rows, "ao", @progbits, .text.a, unique, 2
        .byte   1
