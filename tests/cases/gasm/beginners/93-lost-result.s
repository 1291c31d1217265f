    add zero, a0, a1
# MISTAKE: A result in register zero
# RUN: gasm %s -o %t/a.o
# CURE:     add a0, a0, a1
