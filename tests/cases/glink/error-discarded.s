# RUN: gasm -g %s -o %t/a.o
# RUN: glink -T %d/inputs/discard.ld %t/a.o -o %t/a
# EXIT: 1
        .globl  _start
_start: la      a0, table
        j       _start
        .section .table, "a"
table:  .word   1
