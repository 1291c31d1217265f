    addi, a0, a0, 1
# MISTAKE: A comma after the instruction
# WHY: Only the operands are separated by commas.
# RUN: gasm %s -o %t/a.o
# EXIT: 1
# CURE:     addi a0, a0, 1
