loop:
    addi a0, a0, -1
    bnez a0, loop
loop:
    addi a1, a1, -1
    bnez a1, loop
# MISTAKE: A label that is defined twice
# RUN: gasm %s -o %t/a.o
# EXIT: 1
# CURE: 1:
# CURE:     addi a0, a0, -1
# CURE:     bnez a0, 1b
# CURE: 1:
# CURE:     addi a1, a1, -1
# CURE:     bnez a1, 1b
