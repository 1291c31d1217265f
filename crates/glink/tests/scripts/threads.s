# No code at all, and a thread's data, some of which is placed behind its zeroes.
        .globl  _start, _entry, main
        .section .data.q, "aw"
_start:
_entry:
main:   .word   1
        .section .tdata, "awT"
        .balign 16
        .word   1
        .section .tbss, "awT", @nobits
        .balign 32
        .zero   40
        .section left_zeroed, "aw", @nobits
        .zero   7
        .section left_thread, "awT"
        .word   3
        .section .sbss.left, "aw", @nobits
        .balign 8
        .zero   9
        .comm   block, 20, 16
