        .globl  start
start:  auipc   t0, %pcrel_hi(number)
        lw      a0, %pcrel_lo(start)(t0)
        ecall
        .data
number: .word   42
