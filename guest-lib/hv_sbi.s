# hv_sbi: any hypercall, by its numbers.
#   in        a0 .. a5 = arguments, a6 = function, a7 = extension: where a C function of eight
#             arguments has them
#   out       a0 = error (0: none), a1 = value
#   clobbers  nothing else

        .section .text.hv, "ax", @progbits
        .globl  hv_sbi
        .type   hv_sbi, @function
hv_sbi:
        ecall
        ret
        .size   hv_sbi, . - hv_sbi
