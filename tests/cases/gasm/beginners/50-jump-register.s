    j a0
# MISTAKE: A jump to the address in a register
# RUN: gasm %s -o %t/a.o
# EXIT: 1
# CURE:     jr a0
