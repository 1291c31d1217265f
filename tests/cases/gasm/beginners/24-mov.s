    mov a0, a1
# MISTAKE: `mov`
# WHY: The instructions of other machines have other names here.
# RUN: gasm %s -o %t/a.o
# EXIT: 1
# CURE:     mv a0, a1
