    .include "consatnts.s"
    li a0, SIZE
    frobnicate a0
# MISTAKE: A file that is not found
# WHY: Nothing is said of the names that it would have defined.
# RUN: gasm %s -o %t/a.o
# EXIT: 1
# CURE:     .equ SIZE, 5
# CURE:     li a0, SIZE
