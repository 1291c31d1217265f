#define SIZE 5
    li a0, SIZE
# MISTAKE: `#define`
# WHY: `#` begins a comment. The missing name is reported, with the line that was meant to define it.
# RUN: gasm %s -o %t/a.o
# EXIT: 1
# CURE:     .equ SIZE, 5
# CURE:     li a0, SIZE
