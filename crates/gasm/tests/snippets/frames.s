	.cfi_sections .eh_frame, .debug_frame
f:	.cfi_startproc
	addi sp, sp, -16
	.cfi_def_cfa_offset 16
	sw ra, 12(sp)
	.cfi_offset ra, -4
	.cfi_offset 8, -8
	call g
	.cfi_remember_state
	lw ra, 12(sp)
	.cfi_restore ra
	.cfi_def_cfa sp, 0
	ret
	.cfi_restore_state
	.cfi_def_cfa_register s0
	nop
	.cfi_adjust_cfa_offset 16
	.cfi_rel_offset s1, 4
	.cfi_register s2, t0
	.cfi_undefined t1
	.cfi_same_value t2
	.cfi_escape 0x2e, 0x10
	.cfi_val_offset s3, -8
	.cfi_window_save
	beqz a0, f
	.cfi_def_cfa_offset 64
	.space 300
	.cfi_def_cfa_offset 128
	.cfi_endproc
g:	.cfi_startproc simple
	nop
	.cfi_signal_frame
	.cfi_return_column 5
	.cfi_endproc
h:	.cfi_startproc
	.cfi_personality 0x9b, DW.ref.personality
	.cfi_lsda 0x1b, .Llsda
	nop
	.cfi_endproc
i:	.cfi_startproc
	.cfi_def_cfa_offset 32
	nop
	.cfi_endproc
	.section .text.other,"ax"
j:	.cfi_startproc
	nop
	.cfi_offset 40, -16
	.cfi_offset 100, -16
	.cfi_endproc
	.section .gcc_except_table,"a"
.Llsda:	.byte 1
