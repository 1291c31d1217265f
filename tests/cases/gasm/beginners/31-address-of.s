    .data
x:  .word 5
    .text
    lw a0, =x
# MISTAKE: `=x`
# RUN: gasm %s -o %t/a.o
# EXIT: 1
# CURE:     .data
# CURE: x:  .word 5
# CURE:     .text
# CURE:     la a0, x
