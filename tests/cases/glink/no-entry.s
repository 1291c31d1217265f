# RUN: gasm %s -o %t/a.o
# RUN: glink %t/a.o -o %t/a
# RUN: hvrun %t/a
# EXIT: 1
# Neither `_start` nor `main`: a warning, and the image starts with its first code.
        .section .rodata
        .word   0
        .text
        li      a7, 0x53525354      # SRST: shut down, for reason 1
        li      a6, 0
        li      a0, 0
        li      a1, 1
        ecall
