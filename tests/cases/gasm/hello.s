# What a first program needs: sections, strings, addresses, a distance of labels.
# RUN: gasm -g %s -o %t/a.o
# EXIT: 0
    .include "abi.s"
    .globl main
    .text
main:
    la a0, text
    li a1, len
    addi a2, zero, text_end - text
    li a3, last - text
    ret
    .data
text: .ascii "Hello\n"
    .equ len, . - text
text_end:
    .asciz "more"
last:
