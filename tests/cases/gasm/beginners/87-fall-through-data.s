main:
    li a0, 1
text: .asciz "hello"
# MISTAKE: Code that runs into data
# WHY: The processor takes the text for instructions.
# RUN: gasm %s -o %t/a.o
# CURE: main:
# CURE:     li a0, 1
# CURE:     ret
# CURE: text: .asciz "hello"
