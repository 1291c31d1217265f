    fadd.s fa0, fa1, fa2
# MISTAKE: Floating point
# WHY: The extensions F and D are not supported.
# RUN: gasm %s -o %t/a.o
# EXIT: 1
# CURE:     add a0, a1, a2
