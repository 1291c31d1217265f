    mul a0, a0, a1
# MISTAKE: `mul` on a machine without it
# WHY: `-march=rv32i` has no multiplication.
# RUN: gasm -march=rv32i %s -o %t/a.o
# EXIT: 1
# CURE:     # args: -march=rv32im
# CURE:     mul a0, a0, a1
