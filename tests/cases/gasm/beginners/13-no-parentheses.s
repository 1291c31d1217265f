    lw t0, 4 sp
# MISTAKE: A memory operand without parentheses
# WHY: The register that holds the address stands in parentheses.
# RUN: gasm %s -o %t/a.o
# EXIT: 1
# CURE:     lw t0, 4(sp)
