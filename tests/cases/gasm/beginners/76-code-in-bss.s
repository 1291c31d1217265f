    .bss
x:  .word 5
# MISTAKE: Values in `.bss`
# RUN: gasm %s -o %t/a.o
# EXIT: 1
# CURE:     .data
# CURE: x:  .word 5
