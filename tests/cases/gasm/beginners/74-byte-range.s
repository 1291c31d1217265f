    .data
    .byte 256
# MISTAKE: A number too large for its bytes
# WHY: GNU as cuts it; `-Wno-error=data-range` makes a warning of it.
# RUN: gasm %s -o %t/a.o
# EXIT: 1
# CURE:     .data
# CURE:     .half 256
