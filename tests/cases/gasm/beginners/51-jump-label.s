loop:
    jr loop
# MISTAKE: `jr` to a label
# RUN: gasm %s -o %t/a.o
# EXIT: 1
# CURE: loop:
# CURE:     j loop
