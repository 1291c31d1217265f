# RUN: gasm %s -o %t/a.o
# RUN: glink -T %d/inputs/kernel.ld %t/a.o -o %t/a
# RUN: hvrun %t/a
# EXIT: 77
#
# A script of its own: a boot section first, symbols around bss, a stack and data that the script writes.
        .section .boot, "ax"
        .globl  boot
boot:   la      sp, stack_end
        la      a0, zeroed
        la      a1, zeroed_end
        sub     a0, a1, a0
        li      a1, 64
        bne     a0, a1, 1f
        la      a0, magic
        lw      a0, 0(a0)
        li      a1, 0x600d
        bne     a0, a1, 1f
        la      a0, boot
        li      a1, 0x80001000
        bne     a0, a1, 1f
        li      a0, 77 << 16 | 0x3333
        j       2f
1:      li      a0, 1 << 16 | 0x3333
2:      li      a1, 0x100000            # the test finisher
        sw      a0, 0(a1)
        j       .
        .bss
        .zero   64
