    li a0, 1,000
# MISTAKE: A number with commas
# RUN: gasm %s -o %t/a.o
# EXIT: 1
# CURE:     li a0, 1000
