    li a0, 0x123456789
# MISTAKE: A number of more than 32 bits
# RUN: gasm %s -o %t/a.o
# CURE:     li a0, 0x23456789
