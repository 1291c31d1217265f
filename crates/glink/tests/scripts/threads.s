# No code at all, and a thread's data. (Were some of it behind its zeroes, GNU ld would let the two share room.)
        .globl  _start, _entry, main
        .section .data.q, "aw"
_start:
_entry:
main:   .word   1
        .section .tdata, "awT"
        .balign 16
        .word   1
        .section left_thread, "awT"
        .word   3
        .section .tbss, "awT", @nobits
        .balign 4
        .zero   40
        .section left_zeroed, "aw", @nobits
        .zero   7
        .section .sbss.left, "aw", @nobits
        .balign 8
        .zero   9
        .comm   block, 20, 16
