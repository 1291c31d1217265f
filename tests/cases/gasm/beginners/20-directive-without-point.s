    .data
x:  word 5
# MISTAKE: A directive without its point
# RUN: gasm %s -o %t/a.o
# EXIT: 1
# CURE:     .data
# CURE: x:  .word 5
