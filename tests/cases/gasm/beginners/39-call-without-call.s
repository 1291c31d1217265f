double:
    add a0, a0, a0
    ret
main:
    double
# MISTAKE: The name of a function as an instruction
# RUN: gasm %s -o %t/a.o
# EXIT: 1
# CURE: double:
# CURE:     add a0, a0, a0
# CURE:     ret
# CURE: main:
# CURE:     call double
