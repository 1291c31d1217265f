	.macro push reg:req, off=0
	addi sp, sp, -4
	sw \reg, \off(sp)
	.endm
	push ra
	push s0, 4
	push reg=s1, off=8
	push off=12, reg=a0
	.macro many args:vararg
	.irp r, \args
	li \r, 0
	.endr
	.endm
	many a0, a1, a2
	.macro unique
.Lu\@:	j .Lu\@
	.endm
	unique
	unique
	.macro concat a, b
lab_\a\()_\b:	.word \a\b
	.endm
	.data
	concat 1, 2
	concat 3 4
	.text
	.macro rec n
	.if \n
	nop
	rec "(\n - 1)"
	.endif
	.endm
	rec 3
	.macro outer x
	.macro inner_\x y
	li \y, \x
	.endm
	inner_\x a0
	.endm
	outer 5
	inner_5 a1
	.macro defaults a=1, b="two words", c
	.ascii "\a|\b|\c\n"
	.endm
	.data
	defaults
	defaults 5
	defaults ,x
	defaults 1, 2, 3
	defaults b=9
	.rept 3
	.byte 1
	.endr
	.irp x, 1, 2, 3
	.byte \x
	.endr
	.irp x
	.byte 7
	.endr
	.irpc c, 0123
	.byte \c
	.endr
	.rept 2
	.rept 2
	.half 5
	.endr
	.endr
	.macro early a
	.byte \a
	.exitm
	.byte 99
	.endm
	early 4
	.purgem early
	.macro early
	.byte 8
	.endm
	early
	.altmacro
	.macro alt x, y
	LOCAL here
here:	.byte x, y
	.word here
	.endm
	alt 1, 2
	alt 3, %(2+2)
	alt <5>, <6>
	.noaltmacro
	.macro oneline; .byte 1; .endm
	oneline; oneline
	.macro str s
	.asciz "\s"
	.endm
	str hello
	str "hello world"
	.macro expr v
	.word \v + 1
	.endm
	expr 2 + 3
	expr (4 * 5)
	.macro flag a, b
	.ifb \b
	.byte \a
	.else
	.byte \a, \b
	.endif
	.ifc \a, 1
	.byte 0x11
	.endif
	.ifnc \a,1
	.byte 0x22
	.endif
	.endm
	flag 1
	flag 2, 3
