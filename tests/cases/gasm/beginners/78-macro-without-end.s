    .macro double reg
    add \reg, \reg, \reg
    double a0
# MISTAKE: A macro without end
# RUN: gasm %s -o %t/a.o
# EXIT: 1
# CURE:     .macro double reg
# CURE:     add \reg, \reg, \reg
# CURE:     .endm
# CURE:     double a0
