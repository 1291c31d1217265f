	.attribute arch, "rv32i2p1_m2p0_a2p1_c2p0_zicsr2p0"
	.attribute stack_align, 16
	.attribute unaligned_access, 0
	.attribute 6, 1
	.option nopic
	la a0, sym
	.option pic
	la a0, sym
	lla a0, sym
	.option push
	.option norvc
	nop
	.option norelax
	call sym
	.option pop
	nop
	call sym
	.option arch, +zba
	sh1add a0, a0, a1
	.option arch, -c
	nop
	.option rvc
	nop
	.insn r 0x33, 0, 0, a0, a1, a2
	.insn r OP, 0, 0x20, a0, a1, a2
	.insn r4 MADD, 0, 0, a0, a1, a2, a3
	.insn i OP_IMM, 0, a0, a1, 5
	.insn i 0x03, 2, a0, 4(a1)
	.insn s 0x23, 2, a0, 8(a1)
	.insn sb BRANCH, 0, a0, a1, sym2
	.insn b 0x63, 1, a0, a1, sym2
	.insn u LUI, a0, 0x12345
	.insn uj JAL, a0, sym2
	.insn cr C2, 8, a0, a1
	.insn ci C1, 0, a0, 4
	.insn ciw C0, 0, a0, 4
	.insn css C2, 6, a0, 4
	.insn cl C0, 2, a0, 4(a1)
	.insn cs C0, 6, a0, 4(a1)
	.insn ca 1, 35, 0, a0, a1
	.insn cb C1, 6, a0, sym2
	.insn cj C1, 5, sym2
	.insn 0x00000013
	.insn 4, 0x13
	.insn 2, 0x1
	.insn 0x0001
sym2:	csrr a0, mstatus
