    li a0, 0FFh
# MISTAKE: A hexadecimal number with `h`
# RUN: gasm %s -o %t/a.o
# EXIT: 1
# CURE:     li a0, 0xff
