# RUN: gasm %s -o %t/a.o
# RUN: glink -T %d/inputs/overlays.ld %t/a.o -o %t/a
# RUN: glink --oformat binary -T %d/inputs/overlays.ld %t/a.o -o %t/a.bin
# RUN: hvrun --load-at 0x80000000 %t/a.bin
# EXIT: 42
#
# Overlays without OVERLAY: a flat image whose resident code copies each phase to where both run.
        .globl  start
start:  la      s0, phase1_load
        addi    s1, zero, %lo(phase1_size)
        jal     run
        mv      s2, a0
        la      s0, phase2_load
        addi    s1, zero, %lo(phase2_size)
        jal     run
        add     a0, a0, s2
        slli    a0, a0, 16
        li      t1, 0x3333
        or      a0, a0, t1
        li      t0, 0x100000
        sw      a0, 0(t0)
        j       .
run:    li      t0, 0x80010000
        mv      t1, t0
1:      beqz    s1, 2f
        lw      t2, 0(s0)
        sw      t2, 0(t1)
        addi    s0, s0, 4
        addi    t1, t1, 4
        addi    s1, s1, -4
        j       1b
2:      fence.i
        jr      t0
        .section .phase1, "ax"
        li      a0, 40
        ret
        .balign 4
        .section .phase2, "ax"
        li      a0, 2
        ret
        .balign 4
