    .equ SIZE 5
# MISTAKE: `.equ` without its comma
# RUN: gasm %s -o %t/a.o
# EXIT: 1
# CURE:     .equ SIZE, 5
