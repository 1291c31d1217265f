    .glbl main
main: ret
# MISTAKE: A misspelt directive
# RUN: gasm %s -o %t/a.o
# EXIT: 1
# CURE:     .globl main
# CURE: main: ret
