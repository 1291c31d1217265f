    .equ BUFFER_SIZE, 64
    li a0, BUFER_SIZE
# MISTAKE: A constant that nothing defines
# RUN: gasm %s -o %t/a.o
# EXIT: 1
# CURE:     .equ BUFFER_SIZE, 64
# CURE:     li a0, BUFFER_SIZE
