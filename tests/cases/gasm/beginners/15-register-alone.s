    lw a0, a1
# MISTAKE: An address in a register, without parentheses
# WHY: A load goes through the address in a register: the register stands in parentheses.
# RUN: gasm %s -o %t/a.o
# CURE:     lw a0, 0(a1)
