# RUN: gasm %s -o %t/a.o
# RUN: glink %t/a.o -lhv -o %t/a
# RUN: hvrun %t/a
# EXIT: 25
#
# Thread-local data at offsets from tp: short ones lose their lui and add, far ones keep them.
        .globl  main
main:   la      tp, __tls_base
        lui     a1, %tprel_hi(near)
        add     a1, a1, tp, %tprel_add(near)
        lw      a0, %tprel_lo(near)(a1)
        lui     a1, %tprel_hi(far)
        add     a1, a1, tp, %tprel_add(far)
        lw      a2, %tprel_lo(far)(a1)
        add     a0, a0, a2
        ret
        .section .tdata, "awT", @progbits
near:   .word   5
        .zero   8192
far:    .word   20
