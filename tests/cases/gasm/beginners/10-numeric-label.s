1:  addi a0, a0, -1
    bnez a0, 1
# MISTAKE: `1` for `1b`
# WHY: A jump to a numeric label says where it stands: `1b` before, `1f` behind.
# RUN: gasm %s -o %t/a.o
# EXIT: 1
# CURE: 1:  addi a0, a0, -1
# CURE:     bnez a0, 1b
