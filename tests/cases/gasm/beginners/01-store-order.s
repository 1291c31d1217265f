    sw 4(sp), t0
# MISTAKE: A store with its operands the wrong way round
# WHY: The register comes first, the place in memory second, in loads and stores alike.
# RUN: gasm %s -o %t/a.o
# EXIT: 1
# CURE:     sw t0, 4(sp)
