# RUN: gasm %s -o %t/a.o
# RUN: glink -z max-page-size=65536 %t/a.o -o %t/a
# EXIT: 2
# STDERR: -z max-page-size=65536 is not supported
        .globl  _start
_start: j       _start
