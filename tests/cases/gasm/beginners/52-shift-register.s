    slli a0, a0, t1
# MISTAKE: A shift by a register
# RUN: gasm %s -o %t/a.o
# EXIT: 1
# CURE:     sll a0, a0, t1
