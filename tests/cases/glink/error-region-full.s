# RUN: gasm -g %s -o %t/a.o
# RUN: glink -T %d/inputs/small-region.ld %t/a.o -o %t/a
# EXIT: 1
        .globl  _start
_start: j       _start
        .data
        .zero   5000
        .bss
        .zero   3000
