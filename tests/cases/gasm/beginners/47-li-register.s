    li a0, a1
# MISTAKE: `li` of a register
# RUN: gasm %s -o %t/a.o
# EXIT: 1
# CURE:     mv a0, a1
