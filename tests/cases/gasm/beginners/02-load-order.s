    lw 0(a0), t1
# MISTAKE: A load with its operands the wrong way round
# WHY: The register that receives the value comes first.
# RUN: gasm %s -o %t/a.o
# EXIT: 1
# CURE:     lw t1, 0(a0)
