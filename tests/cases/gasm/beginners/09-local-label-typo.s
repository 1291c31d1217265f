.Lloop:
    addi a0, a0, -1
    bnez a0, .Llop
# MISTAKE: A misspelt local label
# WHY: Names that begin with `.L` belong to this file, so a missing one is certainly a mistake.
# RUN: gasm %s -o %t/a.o
# EXIT: 1
# CURE: .Lloop:
# CURE:     addi a0, a0, -1
# CURE:     bnez a0, .Lloop
