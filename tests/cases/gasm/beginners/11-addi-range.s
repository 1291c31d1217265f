    addi a0, a0, 5000
# MISTAKE: A number too large for `addi`
# WHY: The field of the number has 12 bits.
# RUN: gasm %s -o %t/a.o
# EXIT: 1
# CURE:     li t0, 5000
# CURE:     add a0, a0, t0
