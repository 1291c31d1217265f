    add a8, a0, a1
# MISTAKE: A register that there is not
# RUN: gasm %s -o %t/a.o
# EXIT: 1
# CURE:     add t0, a0, a1
