    .data
    .string “hello”
# MISTAKE: Curly quotes
# RUN: gasm %s -o %t/a.o
# EXIT: 1
# CURE:     .data
# CURE:     .string "hello"
