    addi a0， a0, 1
# MISTAKE: A full-width comma
# RUN: gasm %s -o %t/a.o
# EXIT: 1
# CURE:     addi a0, a0, 1
