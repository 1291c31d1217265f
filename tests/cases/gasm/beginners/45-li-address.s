    .data
x:  .word 5
    .text
    li a0, x
# MISTAKE: The address of a label with `li`
# WHY: `li` loads numbers; where a label stands is decided when linking.
# RUN: gasm %s -o %t/a.o
# EXIT: 1
# CURE:     .data
# CURE: x:  .word 5
# CURE:     .text
# CURE:     la a0, x
