# RUN: gasm -g %s -o %t/a.o
# RUN: glink %t/a.o %d/inputs/elf64.o -lhv -o %t/a
# EXIT: 1
#
# An object for another machine: which, and how to compile for this one.
        .globl  main
main:   ret
