# RUN: gasm %s -o %t/a.s
# RUN: hvrun %t/a.s
# EXIT: 3
# What a file holds counts, not its name.
        .globl  main
main:   li      a0, 3
        ret
