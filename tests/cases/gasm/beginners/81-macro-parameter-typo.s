    .macro double reg
    add \rge, \reg, \reg
    .endm
    double a0
# MISTAKE: A misspelt parameter
# WHY: The way through the macro is shown.
# RUN: gasm %s -o %t/a.o
# EXIT: 1
# CURE:     .macro double reg
# CURE:     add \reg, \reg, \reg
# CURE:     .endm
# CURE:     double a0
