    .macro twice reg
    adddi a0, a0, 1
    .endm
# MISTAKE: A macro that cannot be right
# WHY: Nothing uses it yet; the line is wrong whatever its argument is.
# RUN: gasm %s -o %t/a.o
# CURE:     .macro twice reg
# CURE:     addi a0, a0, 1
# CURE:     .endm
