    .equ DEBUG, 1
    .if DEBUG
    nop
# MISTAKE: An `.if` that is not closed
# RUN: gasm %s -o %t/a.o
# EXIT: 1
# CURE:     .equ DEBUG, 1
# CURE:     .if DEBUG
# CURE:     nop
# CURE:     .endif
