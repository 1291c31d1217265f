	.data
a:	.byte 1, 0xff, -1, 'a', '\n, -128, 255, 1+1
	.half 1, 0xffff, -32768
	.2byte 5
	.short 6
	.hword 7
	.word 1, a, b, b-a, a+4, 0xffffffff, -1
	.4byte b - a + 1
	.long 5
	.int 6
	.dword 1, 0x123456789abcdef0, a
	.8byte -1
	.quad 7
	.octa 0x0123456789abcdef0123456789abcdef
	.ascii "a\tb\n\\\"\001\x41\377", "second"
	.asciz "one", "two" "three"
	.string "x"
	.string16 "ab"
	.string32 "cd"
	.zero 5
	.skip 3, 0xaa
	.space 4
	.fill 3, 2, 0x1234
	.fill 2, 8, 0x123456789
	.fill 4
	.balign 8
	.p2align 4, 0x11
	.byte 1
	.p2align 3,,2
	.byte 2
	.balignw 8, 0x1234
	.word 3
	.balignl 16, 0x12345678
	.uleb128 0
	.uleb128 1
	.uleb128 127
	.uleb128 128
	.uleb128 300
	.uleb128 0xffffffff
	.sleb128 0
	.sleb128 -1
	.sleb128 63
	.sleb128 64
	.sleb128 -64
	.sleb128 -65
	.sleb128 1000
	.float 1.5, -2.25, 1e10
	.double 3.141592653589793, 0.1
	.org 400
b:	.word .
	.word . - b, . - a
	.half (b - a) * 2, (b - a) / 4, -(a - b)
	.byte (b - a) > 3, a == a, 5 == 5, 5 != 5, 3 < 4, 4 <= 4, 1 && 2, 0 || 3, !0, !5, ~0, 7 & 3 | 8, 6 ^ 3, 1 << 3, 256 >> 4, 17 % 5, 7 ! 8
	.word 2 + 3 * 4, (2 + 3) * 4, 1 << 2 + 1, 10 - 2 - 3, 0x10 | 1 << 4, -5 / 2, -5 % 3, - - 5, ~5 + 1
	.section .rodata
	.word a, b + 4, .Lc - a, ext, ext + 8, ext - .
	.half b - a
.Lc:	.byte .Ld - .Lc, 1
.Ld:
	.bss
	.zero 100
buf:	.space 12
	.align 4
buf2:	.skip 1
	.comm common1, 16, 8
	.comm common2, 7
	.local localcommon
	.comm localcommon, 12, 4
	.lcomm lc, 20
	.weak weakdef
weakdef: .zero 4
	.section .note.GNU-stack,"",@progbits
