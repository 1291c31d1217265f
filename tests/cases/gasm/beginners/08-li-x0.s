    li x0, 5
# MISTAKE: A number loaded into register zero
# WHY: `x0` is always 0. The source assembles: this is a warning.
# RUN: gasm %s -o %t/a.o
# CURE:     li a0, 5
