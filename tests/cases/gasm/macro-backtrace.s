# A mistake inside macros: the line of the body, the line as it reads, and the way there.
# RUN: gasm %s -o %t/a.o
# EXIT: 1
# STDERR: the macro's line reads, expanded: `sw a9, 0(sp)`
# STDERR: in this use of macro `push`
# STDERR: in this use of macro `twice`
# STDERR: the registers of this family are a0 to a7
    .macro push reg, off=0
    addi sp, sp, -4
    sw \reg, \off(sp)            # error[E0203]
    .endm
    .macro twice r
    push \r
    push \r
    .endm
    .text
    twice a9
