    sub sp, sp, 16
# MISTAKE: `sub` of a number
# RUN: gasm %s -o %t/a.o
# EXIT: 1
# CURE:     addi sp, sp, -16
