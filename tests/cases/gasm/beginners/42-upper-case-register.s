    add A0, a0, a1
# MISTAKE: A register in capitals
# RUN: gasm %s -o %t/a.o
# EXIT: 1
# CURE:     add a0, a0, a1
