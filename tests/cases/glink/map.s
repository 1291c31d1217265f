# RUN: gasm %s -o %t/a.o
# RUN: gasm %d/inputs/second.s -o %t/b.o
# RUN: glink --no-relax -e main %t/a.o %t/b.o --defsym=answer=42 -Map=- -o %t/a
        .globl  main, counter
main:   call    helper
        la      a0, answer
        ret
        .data
counter:
        .word   1
        .bss
        .zero   12
