    addi 5, a0, a0
# MISTAKE: The number first
# WHY: The destination comes first, then the sources; a number comes last.
# RUN: gasm %s -o %t/a.o
# EXIT: 1
# CURE:     addi a0, a0, 5
