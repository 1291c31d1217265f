	.text
f:	.cfi_startproc
	beq a0, a1, far
	beqz a0, far
	bnez s0, near
	j far
	j near
	.rept 100
	nop
	.endr
near:	.rept 3000
	addi a0, a0, 100
	.endr
far:	bltu a0, a1, f
	beqz a0, f
	blt a0, a1, undefined
	beqz a0, undefined
	j undefined
	.align 3
	nop
	.balign 16
	.byte 1
	.balign 4
	.p2align 4, 0
	.p2align 5,,4
	ret
	.cfi_endproc
	.option norelax
	.align 3
	nop
	.balign 16
	call f
	lui a0, %hi(f)
	.word far - f, f - .
	.option norvc
	.align 4
	nop
	.align 2
	j near
