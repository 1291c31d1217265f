        .section .rodata.str1.1, "aMS", @progbits, 1
        .globl  there
there:  .string "the same"
