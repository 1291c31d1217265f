    .globl mian
main:
    ret
# MISTAKE: A misspelt name in `.globl`
# RUN: gasm %s -o %t/a.o
# CURE:     .globl main
# CURE: main:
# CURE:     ret
