main:
    lw a0, main
    ret
# MISTAKE: The bytes of a function for its address
# RUN: gasm %s -o %t/a.o
# CURE: main:
# CURE:     la a0, main
# CURE:     ret
