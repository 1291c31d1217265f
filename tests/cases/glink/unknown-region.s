# RUN: gasm %s -o %t/a.o
# RUN: glink -T %d/inputs/unknown-region.ld %t/a.o -o %t/a
# EXIT: 1
# STDERR: memory region `rom` not declared
        .globl  _start
_start: j       _start
