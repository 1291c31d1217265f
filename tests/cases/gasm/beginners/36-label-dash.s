    j not-yet
not-yet:
    ret
# MISTAKE: A label with a dash
# RUN: gasm %s -o %t/a.o
# EXIT: 1
# CURE:     j not_yet
# CURE: not_yet:
# CURE:     ret
