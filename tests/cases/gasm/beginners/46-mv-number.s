    mv a0, 5
# MISTAKE: `mv` of a number
# RUN: gasm %s -o %t/a.o
# EXIT: 1
# CURE:     li a0, 5
