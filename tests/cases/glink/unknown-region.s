# RUN: gasm %s -o %t/a.o
# RUN: glink -T %d/inputs/unknown-region.ld %t/a.o -o %t/a
# EXIT: 1
# STDERR: MEMORY has no region `rom`
        .globl  _start
_start: j       _start
