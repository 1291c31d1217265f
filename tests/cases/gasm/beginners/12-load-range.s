    lw a0, 4096(sp)
# MISTAKE: An offset too large for a load
# WHY: The field of the offset has 12 bits, too.
# RUN: gasm %s -o %t/a.o
# EXIT: 1
# CURE:     li t0, 4096
# CURE:     add t0, t0, sp
# CURE:     lw a0, 0(t0)
