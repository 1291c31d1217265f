# RUN: hvrun %s
# EXIT: 126
# STDERR: .globl main
main:   li      a0, 5
        ret
