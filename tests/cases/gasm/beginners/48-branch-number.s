loop:
    addi a0, a0, 1
    blt a0, 10, loop
# MISTAKE: A branch that compares with a number
# WHY: Branches compare two registers.
# RUN: gasm %s -o %t/a.o
# EXIT: 1
# CURE: loop:
# CURE:     addi a0, a0, 1
# CURE:     li t0, 10
# CURE:     blt a0, t0, loop
