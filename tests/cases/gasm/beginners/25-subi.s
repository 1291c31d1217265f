    subi sp, sp, 16
# MISTAKE: `subi`
# WHY: There is no such instruction: a negative number does it.
# RUN: gasm %s -o %t/a.o
# EXIT: 1
# CURE:     addi sp, sp, -16
