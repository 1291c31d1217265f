    ldr a0, [a1, #4]
# MISTAKE: `ldr`
# RUN: gasm %s -o %t/a.o
# EXIT: 1
# CURE:     lw a0, 4(a1)
