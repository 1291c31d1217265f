    lw t0, 4(sp
# MISTAKE: A parenthesis that is not closed
# RUN: gasm %s -o %t/a.o
# EXIT: 1
# CURE:     lw t0, 4(sp)
