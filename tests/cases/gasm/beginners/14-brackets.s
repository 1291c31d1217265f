    lw t0, [sp+4]
# MISTAKE: A memory operand in brackets
# WHY: Brackets are the notation of x86 and ARM.
# RUN: gasm %s -o %t/a.o
# EXIT: 1
# CURE:     lw t0, 4(sp)
