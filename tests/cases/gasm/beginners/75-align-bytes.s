    .data
    .align 64
# MISTAKE: An alignment in bytes
# WHY: `.align` takes the power of two.
# RUN: gasm %s -o %t/a.o
# EXIT: 1
# CURE:     .data
# CURE:     .balign 64
