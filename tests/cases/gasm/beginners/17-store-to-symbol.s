    .data
count: .word 0
    .text
    sw a0, count
# MISTAKE: A store to a symbol without a spare register
# WHY: The address of a symbol takes an instruction of its own, and a register for it.
# RUN: gasm %s -o %t/a.o
# EXIT: 1
# CURE:     .data
# CURE: count: .word 0
# CURE:     .text
# CURE:     sw a0, count, t0
