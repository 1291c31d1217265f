    add r5, a0, a1
# MISTAKE: A register of another machine
# RUN: gasm %s -o %t/a.o
# EXIT: 1
# CURE:     add t0, a0, a1
