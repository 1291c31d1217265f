    li a0, 089
# MISTAKE: A decimal number that begins with 0
# WHY: A number that begins with 0 is octal, as in C.
# RUN: gasm %s -o %t/a.o
# EXIT: 1
# CURE:     li a0, 89
