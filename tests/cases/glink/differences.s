# RUN: gasm %s -o %t/a.o
# RUN: glink %t/a.o -lhv -o %t/a
# RUN: hvrun %t/a
# EXIT: 24
#
# Distances between labels in code follow what relaxation deletes.
        .globl  main
main:   la      a5, table
        lw      a0, 0(a5)
        lhu     a1, 4(a5)
        sub     a0, a0, a1              # 0: both are the same distance
        lbu     a1, 6(a5)
        lw      a2, 0(a5)
        sub     a1, a1, a2
        add     a0, a0, a1              # 0 again
        la      a1, start
        la      a2, finish
        sub     a1, a2, a1
        lw      a2, 0(a5)
        sub     a1, a1, a2
        add     a0, a0, a1              # and again
        addi    a0, a0, 24
        ret
start:  call    finish
        call    finish
        call    main
finish: ret
        .data
table:  .word   finish - start
        .half   finish - start
        .byte   finish - start
