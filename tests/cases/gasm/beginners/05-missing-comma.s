    addi a0 a0, 1
# MISTAKE: A missing comma
# WHY: Operands are separated by commas.
# RUN: gasm %s -o %t/a.o
# EXIT: 1
# CURE:     addi a0, a0, 1
