    addi a0, a0, 1 addi a1, a1, 1
# MISTAKE: Two instructions on one line
# WHY: A statement ends with its line, or at `;`.
# RUN: gasm %s -o %t/a.o
# EXIT: 1
# CURE:     addi a0, a0, 1; addi a1, a1, 1
