    csrw t0, mstatus
# MISTAKE: A CSR written with its operands the wrong way round
# WHY: `csrr` reads into a register, which comes first; `csrw` writes a CSR, which comes first.
# RUN: gasm %s -o %t/a.o
# EXIT: 1
# CURE:     csrw mstatus, t0
