    lw a0, a1 + 4
# MISTAKE: A sum with a register
# RUN: gasm %s -o %t/a.o
# CURE:     lw a0, 4(a1)
