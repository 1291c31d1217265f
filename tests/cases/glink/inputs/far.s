        .zero   0x200000
        .globl  far
far:    ret
