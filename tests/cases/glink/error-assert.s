# RUN: gasm -g %s -o %t/a.o
# RUN: glink -T %d/inputs/assert.ld %t/a.o -o %t/a
# EXIT: 1
        .globl  _start
_start: j       _start
