    j a0
# MISTAKE: A jump to the address in a register
# RUN: gasm %s -o %t/a.o
# CURE:     jr a0
