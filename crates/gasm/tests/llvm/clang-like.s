# What clang writes and GNU as refuses, with branches at the edge of their reach.
        .text
        .attribute 4, 16
        .attribute 5, "rv32i2p0_m2p0_a2p0_c2p0"
        .globl  first
        .p2align 1
        .type   first,@function
first:                                  # @first
        .cfi_startproc
# %bb.0:
        beqz    a0, .LBB0_2
        bnez    a1, .LBB0_3
        j       .LBB0_3
        .rept 124
        addi    a0, a0, 1
        .endr
        beqz    a0, .LBB0_2
        call    outside
.LBB0_2:
        addi    sp, sp, -16
        .cfi_def_cfa_offset 16
        sw      ra, 12(sp)
        .cfi_offset ra, -4
        beq     a0, a1, .LBB0_3
        lui     a0, %hi(value)
        lw      a0, %lo(value)(a0)
        .rept 900
        add     a0, a0, a1
        .endr
        j       .LBB0_2
.LBB0_3:
        lw      ra, 12(sp)
        addi    sp, sp, 16
        .cfi_def_cfa_offset 0
        ret
.Lfunc_end0:
        .size   first, .Lfunc_end0-first
        .cfi_endproc

        .globl  second
        .type   second,@function
second:
        .cfi_startproc
        tail    first
.Lfunc_end1:
        .size   second, .Lfunc_end1-second
        .cfi_endproc

        .type   value,@object
        .section .sdata,"aw",@progbits
        .globl  value
        .p2align 2
value:  .word   first
        .size   value, 4

        .ident  "a compiler"
        .section ".note.GNU-stack","",@progbits
        .addrsig
        .addrsig_sym first
        .addrsig_sym never_called
        .addrsig_sym value
