    .data
    .string "hello
# MISTAKE: A string that is not closed
# RUN: gasm %s -o %t/a.o
# EXIT: 1
# CURE:     .data
# CURE:     .string "hello"
