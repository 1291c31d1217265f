    sub a0, a1
# MISTAKE: Two operands where three are needed
# RUN: gasm %s -o %t/a.o
# EXIT: 1
# CURE:     sub a0, a0, a1
