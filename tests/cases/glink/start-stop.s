# RUN: gasm %s -o %t/a.o
# RUN: gasm %d/inputs/rows.s -o %t/b.o
# RUN: glink --gc-sections %t/a.o %t/b.o -lhv -o %t/a
# RUN: hvrun %t/a
# EXIT: 33
#
# __start_ and __stop_ bound a section whose name is a C name, and keep all objects' parts of it.
        .globl  main
main:   la      a1, __start_rows
        la      a2, __stop_rows
        li      a0, 0
1:      bgeu    a1, a2, 2f
        lw      a3, 0(a1)
        add     a0, a0, a3
        addi    a1, a1, 4
        j       1b
2:      ret
        .section rows, "a"
        .word   10, 20
