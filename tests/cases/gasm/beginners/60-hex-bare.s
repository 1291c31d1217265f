    li a0, FF
# MISTAKE: A hexadecimal number without `0x`
# RUN: gasm %s -o %t/a.o
# EXIT: 1
# CURE:     li a0, 0xff
