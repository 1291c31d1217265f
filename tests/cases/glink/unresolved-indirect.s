# RUN: gasm %s -o %t/a.o
# RUN: glink %t/a.o -lhv -o %t/a
# STDERR: warning[indirect-function]: `choose` is an indirect function, and nothing in the program calls its resolver
#
# An indirect function in a program that never resolves any.
        .globl  main
main:   call    choose
        ret
        .type   choose, %gnu_indirect_function
choose: la      a0, main
        ret
