    .macro load reg, value
    li \reg, value
    .endm
    load a0, 5
# MISTAKE: A parameter without its backslash
# RUN: gasm %s -o %t/a.o
# EXIT: 1
# CURE:     .macro load reg, value
# CURE:     li \reg, \value
# CURE:     .endm
# CURE:     load a0, 5
