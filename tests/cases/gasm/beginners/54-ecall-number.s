    ecall 4
# MISTAKE: `ecall` with a number
# RUN: gasm %s -o %t/a.o
# EXIT: 1
# CURE:     li a7, 4
# CURE:     ecall
