	.globl f, g
	.type f, @function
	.type obj, %object
	.type tls, "tls_object"
	.weak w1, w2
	.hidden h
	.protected p
	.internal i
	.local l
f:	nop
	.size f, . - f
g:	call w1
	la a0, obj
	j 1f
	nop
1:	j 1b
	j 2f
1:	nop
2:	beqz a0, 1b
	bnez a0, 1f
1:
	.equ k, 5
	.set k, k + 1
	li a0, k
	.set k, 10
	li a1, k
	later = 7
	addi a0, a0, later
	.equiv once, 3
	addi a0, a0, once
	once2 == 4
	li a0, once2
	.set alias, f
	.globl alias
	call alias
	.set alias2, f + 4
	.word alias2
	.weakref unusedweak, other
h:	nop
p:	nop
i:	nop
l:	nop
	call undefined_function
	tail h
	lui a0, %hi(obj)
	addi a0, a0, %lo(obj)
	lw a1, %lo(obj+4)(a0)
	sw a1, %lo(obj+8)(a0)
.Lpc:	auipc a0, %pcrel_hi(obj)
	addi a0, a0, %pcrel_lo(.Lpc)
	lw a0, %pcrel_lo(.Lpc)(a0)
	sw a0, %pcrel_lo(.Lpc)(a0)
1:	auipc a0, %got_pcrel_hi(ext)
	lw a0, %pcrel_lo(1b)(a0)
	lui a0, %tprel_hi(tls)
	add a0, a0, tp, %tprel_add(tls)
	lw a0, %tprel_lo(tls)(a0)
	sw a0, %tprel_lo(tls)(a0)
	la.tls.ie a0, tls
	la.tls.gd a0, tls
	lw a0, obj
	lb a0, obj + 1
	lhu a0, obj
	sw a0, obj, t0
	sb a0, obj + 2, t1
	call ext@plt
	jump f, t2
	call t0, f
	"quoted name":
	j "quoted name"
	.data
obj:	.word 1, 2, 3
	.size obj, 12
	.section .tdata,"awT",@progbits
tls:	.word 5
	.size tls, 4
