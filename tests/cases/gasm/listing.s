# Addresses, bytes, source, expansion.
# RUN: gasm -al %s -o %t/a.o
# EXIT: 0
    .macro nops n
    .rept \n
    nop
    .endr
    .endm
    .text
start:
    li a0, 5
    nops 2
    call start
    .data
    .asciz "Hello, listing"
    .word start, 0x12345678
