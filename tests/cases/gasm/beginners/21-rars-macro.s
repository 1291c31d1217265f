    .macro push %reg
    addi sp, sp, -4
    sw %reg, 0(sp)
    .end_macro
    push ra
# MISTAKE: A macro of RARS
# WHY: RARS writes `%name` and `.end_macro`. What follows from it, as the use of the macro, is not reported again.
# RUN: gasm %s -o %t/a.o
# EXIT: 1
# CURE:     .macro push reg
# CURE:     addi sp, sp, -4
# CURE:     sw \reg, 0(sp)
# CURE:     .endm
# CURE:     push ra
