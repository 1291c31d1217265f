    .globl main
main
    ret
# MISTAKE: A label without its colon
# WHY: The label is taken as defined, so its uses are no further mistakes.
# RUN: gasm %s -o %t/a.o
# EXIT: 1
# CURE:     .globl main
# CURE: main:
# CURE:     ret
