    push ra
# MISTAKE: `push`
# RUN: gasm %s -o %t/a.o
# EXIT: 1
# CURE:     addi sp, sp, -4
# CURE:     sw ra, 0(sp)
