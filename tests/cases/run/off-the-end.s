# RUN: hvrun %s
# EXIT: 134
# STDERR: ran off the end
        .section .text.zz_last, "ax"
        .globl  main
main:   li      a0, 0
        nop
