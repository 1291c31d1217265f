    li a0, #4
# MISTAKE: `#4`
# WHY: ARM marks numbers with `#`, which begins a comment here.
# RUN: gasm %s -o %t/a.o
# EXIT: 1
# CURE:     li a0, 4
