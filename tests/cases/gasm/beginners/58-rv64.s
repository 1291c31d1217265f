    ld a0, 0(sp)
# MISTAKE: An instruction of RV64
# RUN: gasm %s -o %t/a.o
# EXIT: 1
# CURE:     lw a0, 0(sp)
