    .macro double reg
    add \reg, \reg, \reg
    .endm
    double a0, a1
# MISTAKE: A macro with too many arguments
# RUN: gasm %s -o %t/a.o
# EXIT: 1
# CURE:     .macro double reg
# CURE:     add \reg, \reg, \reg
# CURE:     .endm
# CURE:     double a0
