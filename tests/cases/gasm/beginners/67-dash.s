    addi a0, a0, –1
# MISTAKE: A dash from a printed page
# RUN: gasm %s -o %t/a.o
# EXIT: 1
# CURE:     addi a0, a0, -1
