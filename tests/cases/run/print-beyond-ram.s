# A buffer that begins in RAM and ends outside: nothing is printed, however long the good part is.
# RUN: hvrun --guest-memory 4M %s
        .include "abi.s"
        .globl  main
main:   la      a0, text
        li      a1, 8 * 1024 * 1024
        li      a6, HVK_PRINT
        li      a7, HVK_EID
        ecall
        addi    a0, a0, -SBI_ERR_INVALID_ADDRESS        # 0 if that was the answer
        ret

        .data
text:   .ascii  "not to be seen\n"
