	.data
	.if 1
	.byte 1
	.else
	.byte 2
	.endif
	.if 0
	.byte 3
	.elseif 1
	.byte 4
	.elseif 1
	.byte 5
	.else
	.byte 6
	.endif
	.ifdef undefined
	.byte 7
	.else
	.byte 8
	.endif
	sym = 1
	.ifdef sym
	.byte 9
	.endif
	.ifndef sym
	.byte 10
	.endif
	.if 0
	.if 1
	.byte 11
	.else
	.byte 12
	.endif
	.endif
	.ifeq 0
	.byte 13
	.endif
	.ifgt 1
	.byte 14
	.endif
	.iflt 1
	.byte 15
	.endif
	.ifge 0
	.byte 16
	.endif
	.ifle -1
	.byte 17
	.endif
	.ifeqs "a", "a"
	.byte 18
	.endif
	.ifnes "a", "b"
	.byte 19
	.endif
	.ifc a b, a  b
	.byte 20
	.endif
	.ifnotdef sym2
	.byte 21
	.endif
start:	.word 1
end:
	.if end - start == 4
	.byte 22
	.endif
	.IF 1
	.BYTE 23
	.ENDIF
