# RUN: gasm %s -o %t/a.o
# RUN: glink -z max-page-size=3000 %t/a.o -o %t/a
# EXIT: 2
# STDERR: a page has a power of two of bytes
        .globl  _start
_start: j       _start
