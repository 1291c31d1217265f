# Little: most of a script's sections stay empty, and something of each kind is an orphan.
        .globl  _start, _entry, main
        .text
_start:
_entry:
main:   ret
        .section .rodata.x, "a"
        .word   1
        .section .data.x, "aw"
        .word   2
        .section .bss.x, "aw", @nobits
        .zero   20
        .section left_read_only, "a"
        .zero   5
        .section left_data, "aw"
        .zero   6
        .section left_zeroed, "aw", @nobits
        .zero   7
        .section left_code, "ax"
        nop
        .section .note.left, "a", @note
        .word   4, 4, 1, 0x41, 3
        .section .ctors, "aw"
        .word   _start
        .section left_aside, "", @progbits
        .word   9
