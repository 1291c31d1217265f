    slli a0, a0, 32
# MISTAKE: A shift by 32
# WHY: Registers have 32 bits.
# RUN: gasm %s -o %t/a.o
# EXIT: 1
# CURE:     li a0, 0
