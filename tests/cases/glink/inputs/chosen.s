# An indirect function, and its address by way of the global offset table.
        .option pic
        .globl  choose, others_pointer
        .type   choose, %gnu_indirect_function
choose: lla     a0, chosen
        ret
chosen: li      a0, 20
        ret
others_pointer:
        la      a0, choose
        ret
