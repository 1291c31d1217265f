    .data
text .asciz "hello"
# MISTAKE: Data whose label has no colon
# RUN: gasm %s -o %t/a.o
# EXIT: 1
# CURE:     .data
# CURE: text: .asciz "hello"
