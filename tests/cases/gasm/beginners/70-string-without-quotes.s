    .data
    .string hello
# MISTAKE: A string without quotes
# RUN: gasm %s -o %t/a.o
# EXIT: 1
# CURE:     .data
# CURE:     .string "hello"
