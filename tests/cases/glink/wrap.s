# RUN: gasm %s -o %t/a.o
# RUN: gasm %d/inputs/wrapped.s -o %t/b.o
# RUN: glink --wrap work %t/a.o %t/b.o -lhv -o %t/a
# RUN: hvrun %t/a
# EXIT: 31
#
# Uses of a wrapped symbol mean __wrap_; __real_ means the symbol.
        .globl  main, __wrap_work
main:   tail    work
__wrap_work:
        addi    sp, sp, -16
        sw      ra, 12(sp)
        call    __real_work
        addi    a0, a0, 1
        lw      ra, 12(sp)
        addi    sp, sp, 16
        ret
