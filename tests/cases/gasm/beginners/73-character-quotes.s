    li a0, "a"
# MISTAKE: A character in double quotes
# RUN: gasm %s -o %t/a.o
# EXIT: 1
# CURE:     li a0, 'a'
