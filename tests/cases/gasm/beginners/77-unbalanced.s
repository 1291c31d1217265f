    li a0, 4 * (1 + 2
# MISTAKE: An expression with a parenthesis too few
# RUN: gasm %s -o %t/a.o
# EXIT: 1
# CURE:     li a0, 4 * (1 + 2)
