# What older sources and other assemblers' dialects have, and GNU as takes.
    .struct 4
first:  .space 2
second: .word 0
    .balign 8
third:
    .org 20
last = .
    .previous
    .text
    lw a0, second(a1)
    li a2, third
    li a3, last + first
    .offset 0x10
fourth: .short 0
fifth:
    .text
    li a4, fifth
    .nop
    .data
    .dc 1, 2
    .dc.a 3, elsewhere
    .ds 3
    .ds.w 3
    .ds.l 1
    .ds.d 1
    .ds.s 1
    .dcb 2, 5
    .dcb.b 3, 5
    .dcb.w 1
    .dcb.l 2, 7
spot: .word 0
    .reloc spot, R_RISCV_32, elsewhere + 4
    .reloc spot + 4, r_riscv_none, spot
    .word 0
    .reloc 0, BFD_RELOC_32, elsewhere
    .reloc 2, R_RISCV_SET8, 5
    .irep x, 1, 2
    .byte \x
    .endr
    .irepc x, 34
    .byte \x
    .endr
# Names of macros are the same in both cases; &x is an argument too.
    .macro Twice x, y
    .byte \x, &x, &y&1
    .ifeq \x
    .mexit
    .endc
    .ascii "&x&y"
    .endm
    TWICE 1, 2
    twice 0, 3
    .purgem tWice
    .title "listing"
    .page
