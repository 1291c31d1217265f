# every form of the base instructions, pseudo-instructions and automatic compression
	.text
	.globl start
start:
	add a0, a1, a2
	add a0, a0, a2
	add a0, a1, 5
	sub s0, s0, s1
	sub a0, a1, a2
	and s0, s0, a5
	and a0, a1, -1
	or s0, s0, a5
	or a0, a1, 7
	xor s0, s0, a5
	xor a0, a1, 7
	sll a0, a1, a2
	sll a0, a1, 3
	srl a0, a1, a2
	srl a0, a0, 3
	sra a0, a1, a2
	sra a0, a0, 31
	slt a0, a1, a2
	slt a0, a1, 5
	sltu a0, a1, a2
	sltu a0, a1, 5
	addi a0, a0, 1
	addi a0, a1, 0
	addi sp, sp, -16
	addi sp, sp, 496
	addi sp, sp, 512
	addi a0, sp, 4
	addi a0, sp, 1020
	addi a0, sp, 1024
	addi zero, zero, 0
	addi zero, a0, 1
	addi a0, zero, 31
	addi a0, zero, 32
	addi a0, a0, -32
	addi a0, a0, 0
	andi s1, s1, 31
	andi s1, s1, 32
	andi t0, t0, 1
	ori a0, a1, 0xff
	xori a0, a1, -1
	slti a0, a1, 5
	sltiu a0, a1, 5
	slli a0, a0, 1
	slli a0, a1, 1
	slli zero, zero, 1
	srli s0, s0, 1
	srli t0, t0, 1
	srai s0, s0, 1
	lui a0, 1
	lui a0, 31
	lui a0, 32
	lui sp, 1
	lui zero, 1
	lui a0, 0xfffff
	lui a0, 0xfffe0
	lui a0, 0x12345
	auipc a0, 0
	auipc a0, 0xfffff
	lb a0, 0(a1)
	lbu a0, -1(a1)
	lh a0, 2(a1)
	lhu a0, 2(a1)
	lw a0, 0(a1)
	lw a0, 124(a1)
	lw a0, 128(a1)
	lw a0, 4(sp)
	lw t0, 252(sp)
	lw t0, 256(sp)
	lw zero, 0(sp)
	lw a0, (a1)
	sb a0, 0(a1)
	sh a0, 2(a1)
	sw a0, 0(a1)
	sw a0, 124(a1)
	sw t0, 252(sp)
	sw zero, 0(sp)
	sw a0, 4(t0)
	jal start
	jal ra, start
	jal zero, start
	jalr a0
	jalr ra, a0
	jalr zero, 0(a0)
	jalr ra, 0(a0)
	jalr a1, 4(a0)
	jalr 8(a0)
	jalr a1, a0, 12
	jr a0
	jr 4(a0)
	ret
	j start
	beq a0, a1, start
	bne a0, a1, start
	blt a0, a1, start
	bge a0, a1, start
	bltu a0, a1, start
	bgeu a0, a1, start
	bgt a0, a1, start
	ble a0, a1, start
	bgtu a0, a1, start
	bleu a0, a1, start
	beqz a0, start
	bnez a0, start
	beqz t0, start
	bltz a0, start
	bgez a0, start
	blez a0, start
	bgtz a0, start
	mul a0, a1, a2
	mulh a0, a1, a2
	mulhsu a0, a1, a2
	mulhu a0, a1, a2
	div a0, a1, a2
	divu a0, a1, a2
	rem a0, a1, a2
	remu a0, a1, a2
	lr.w a0, (a1)
	lr.w.aq a0, (a1)
	lr.w.aqrl a0, 0(a1)
	sc.w a0, a2, (a1)
	sc.w.rl a0, a2, (a1)
	amoswap.w a0, a2, (a1)
	amoadd.w.aq a0, a2, (a1)
	amoand.w.rl a0, a2, (a1)
	amoor.w.aqrl a0, a2, (a1)
	amoxor.w a0, a2, (a1)
	amomin.w a0, a2, (a1)
	amomax.w a0, a2, (a1)
	amominu.w a0, a2, (a1)
	amomaxu.w a0, a2, (a1)
	fence
	fence rw, w
	fence iorw, iorw
	fence r, rw
	fence.i
	fence.tso
	ecall
	ebreak
	scall
	sbreak
	csrrw a0, mstatus, a1
	csrrs a0, 0x300, a1
	csrrc a0, sepc, a1
	csrrwi a0, sscratch, 5
	csrrsi a0, sie, 31
	csrrci a0, sip, 0
	csrr a0, scause
	csrw stvec, a0
	csrw stvec, 3
	csrs sstatus, a0
	csrs sstatus, 2
	csrc sstatus, a0
	csrwi satp, 0
	csrsi sstatus, 2
	csrci sstatus, 2
	csrrw a0, sstatus, 4
	rdcycle a0
	rdtime a1
	rdinstret a2
	rdcycleh a0
	rdtimeh a0
	rdinstreth a0
	sret
	mret
	wfi
	sfence.vma
	sfence.vma a0
	sfence.vma a0, a1
	nop
	mv a0, a1
	move a0, a1
	mv zero, a1
	mv a0, zero
	not a0, a1
	neg a0, a1
	seqz a0, a1
	snez a0, a1
	sltz a0, a1
	sgtz a0, a1
	sgt a0, a1, a2
	sgtu a0, a1, a2
	zext.b a0, a1
	sext.b a0, a1
	sext.h a0, a1
	zext.h a0, a1
	unimp
	sh1add a0, a1, a2
	sh2add a0, a1, a2
	sh3add a0, a1, a2
	andn a0, a1, a2
	orn a0, a1, a2
	xnor a0, a1, a2
	clz a0, a1
	ctz a0, a1
	cpop a0, a1
	max a0, a1, a2
	maxu a0, a1, a2
	min a0, a1, a2
	minu a0, a1, a2
	rol a0, a1, a2
	ror a0, a1, a2
	rori a0, a1, 5
	ror a0, a1, 5
	orc.b a0, a1
	rev8 a0, a1
	bclr a0, a1, a2
	bclr a0, a1, 5
	bclri a0, a1, 5
	bext a0, a1, a2
	bexti a0, a1, 5
	binv a0, a1, a2
	binvi a0, a1, 5
	bset a0, a1, a2
	bseti a0, a1, 31
	li a0, 0
	li a0, -1
	li a0, 31
	li a0, 2047
	li a0, 2048
	li a0, -2048
	li a0, -2049
	li a0, 4096
	li a0, 0x12345678
	li a0, 0x80000000
	li a0, 0xffffffff
	li a0, 0xfffff800
	li a0, 0x7ffff800
	li a0, 0x1f000
	li a0, 0x20000
	li sp, 0x1000
	li a0, 'a'
	li a0, (1 << 4) | 3
	la a0, 0x1000
	lla a0, 5
	c.addi a0, 1
	c.nop
	c.li a0, 5
	c.lui a0, 5
	c.lui a0, 0xfffe1
	c.addi16sp sp, 32
	c.addi4spn a0, sp, 16
	c.lw a0, 4(a1)
	c.sw a0, 4(a1)
	c.lwsp a0, 4(sp)
	c.swsp a0, 4(sp)
	c.mv a0, a1
	c.add a0, a1
	c.sub s0, s1
	c.and s0, s1
	c.or s0, s1
	c.xor s0, s1
	c.andi s0, 5
	c.slli a0, 4
	c.srli s0, 4
	c.srai s0, 4
	c.jr a0
	c.jalr a0
	c.ebreak
	c.j start
	c.beqz a0, .Lnear
	c.bnez a0, .Lnear
.Lnear:
	c.jal start
	c.unimp
	.option norvc
	addi a0, a0, 1
	ret
	jr a0
	beqz a0, start
	j start
	unimp
	li a0, 4
	nop
