	.section .text.hot,"ax",@progbits
	nop
	.section .rodata.str1.4,"aMS",@progbits,1
	.string "merge me"
	.section .rodata.cst8,"aM",@progbits,8
	.dword 1
	.section .init_array,"aw",@init_array
	.word f
	.section .mynote,"",@note
	.word 1
	.section .sbss,"aw",@nobits
	.zero 4
	.section .sdata
	.word 1
	.section .data.rel.ro,"aw"
	.word f
	.section .grp,"axG",@progbits,sig,comdat
f2:	nop
	.section .grp2,"aG",@progbits,sig,comdat
	.word f2
	.text
f:	nop
	.pushsection .data
d1:	.word 1
	.pushsection .text
	nop
	.popsection
	.word 2
	.popsection
	.previous
	.previous
	.text 2
	li a0, 2
	.text 1
	li a0, 1
	.text 0
	li a0, 0
	.data
	.subsection 3
	.byte 3
	.subsection 1
	.byte 1
	.data
	.byte 0
	.section "quoted.sec","a"
	.byte 1
	.section .excl,"e"
	.byte 1
	.section .linked,"ao",@progbits,.text.hot
	.word 1
	.section custom
	.byte 9
	.section .text.startup,"ax"
	nop
	.align 4
	.byte 1
	.section .debug_foo,"",@progbits
	.4byte f
	.ident "a compiler"
	.ident "another"
	.file "name.c"
	.section .fini_array
	.word f
	.section .tbss,"awT",@nobits
	.zero 8
