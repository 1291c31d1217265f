    .macro double reg:req
    add \reg, \reg, \reg
    .endm
    double
# MISTAKE: A macro without the argument that it needs
# RUN: gasm %s -o %t/a.o
# EXIT: 1
# CURE:     .macro double reg:req
# CURE:     add \reg, \reg, \reg
# CURE:     .endm
# CURE:     double a0
