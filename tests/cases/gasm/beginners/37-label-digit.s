2nd:
    addi a0, a0, -1
    bnez a0, 2nd
# MISTAKE: A label that begins with a digit
# RUN: gasm %s -o %t/a.o
# EXIT: 1
# CURE: _2nd:
# CURE:     addi a0, a0, -1
# CURE:     bnez a0, _2nd
