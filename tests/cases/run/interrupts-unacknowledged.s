# RUN: hvrun --max-instructions 100000 %s
#
# A UART driver as small systems have it: the handler looks at the line status, never at what the interrupt was for. The
# empty transmitter must not interrupt it for ever. Each interrupt sends the next byte of the text.

        .include "abi.s"
        .equ    UART, 0x10000000
        .equ    PLIC, 0x0c000000
        .equ    PLIC_ENABLE, PLIC + 0x2080
        .equ    PLIC_CLAIM, PLIC + 0x201004

        .globl  main
main:   la      t0, handler
        csrw    stvec, t0
        la      s0, text
        li      s1, UART
        li      s2, PLIC
        li      s3, 0                           # interrupts
        li      t0, 1
        sw      t0, 40(s2)                      # priority of source 10
        li      t1, PLIC_ENABLE
        li      t0, 1 << 10
        sw      t0, 0(t1)
        li      t0, 7
        sb      t0, 2(s1)                       # FIFOs on and empty
        li      t0, 3
        sb      t0, 1(s1)                       # interrupts for received bytes and the empty transmitter
        li      t0, 1 << 9
        csrw    sie, t0
        csrsi   sstatus, 2
1:      lbu     t0, 0(s0)                       # until all is sent
        bnez    t0, 1b
        li      t0, 1000                        # and a while longer
2:      addi    t0, t0, -1
        bnez    t0, 2b
        li      a0, 8                           # one for enabling it, one for each of the seven bytes
        sub     a0, s3, a0                      # exit code: 0
        li      a7, HVK_EID
        li      a6, HVK_EXIT
        ecall

        .balign 4
handler:
        csrw    sscratch, t0
        addi    s3, s3, 1
        li      s4, PLIC_CLAIM
        lw      s5, 0(s4)
        lbu     s6, 5(s1)                       # line status
        andi    s6, s6, 0x20
        lbu     s7, 0(s0)
        beqz    s7, 1f
        beqz    s6, 1f
        sb      s7, 0(s1)
        addi    s0, s0, 1
1:      sw      s5, 0(s4)
        csrr    t0, sscratch
        sret

        .data
text:   .asciz  "driven\n"
