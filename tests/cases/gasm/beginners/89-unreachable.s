main:
    ret
    li a0, 1
# MISTAKE: Code behind a jump
# RUN: gasm %s -o %t/a.o
# CURE: main:
# CURE:     li a0, 1
# CURE:     ret
