    .data
    .string 'hello'
# MISTAKE: A text in single quotes
# RUN: gasm %s -o %t/a.o
# EXIT: 1
# CURE:     .data
# CURE:     .string "hello"
