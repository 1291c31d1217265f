# RUN: gasm -g %s -o %t/a.o
# RUN: glink -T %d/inputs/assert.ld --orphan-handling=error %t/a.o -o %t/a
# EXIT: 1
        .globl  _start
_start: .zero   200
        .section .elsewhere, "a"
        .word   1
