loop:
    addi a0, a0, -1
    bne a0, loop
# MISTAKE: A comparison with nothing
# RUN: gasm %s -o %t/a.o
# EXIT: 1
# CURE: loop:
# CURE:     addi a0, a0, -1
# CURE:     bnez a0, loop
