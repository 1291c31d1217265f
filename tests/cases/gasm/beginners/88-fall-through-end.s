    .globl main
main:
    li a0, 1
    .data
x:  .word 5
# MISTAKE: Code that runs past its end
# RUN: gasm %s -o %t/a.o
# CURE:     .globl main
# CURE: main:
# CURE:     li a0, 1
# CURE:     ret
# CURE:     .data
# CURE: x:  .word 5
