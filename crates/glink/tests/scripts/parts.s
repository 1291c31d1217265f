# Something for every line of the scripts beside this file.
        .section .text.boot, "ax"
        .globl  _start, _entry, main, handler, counter, table
_start:
_entry: la      sp, __stack_top
        call    main
        j       .
        .section .init, "ax"
        nop
        .text
main:   la      a0, counter
        lw      a0, 0(a0)
        la      a1, message
        la      a2, zeroed
        la      a3, small
        ret
        .section .text.handler, "ax"
        .balign 16
handler:
        csrr    t0, scause
        ret
        .section .text.unlikely, "ax"
        ret
        .section .trampoline, "ax"
        .balign 64
        nop
        ret
        .section .init.text, "ax"
        ret
        .section .vectors, "ax"
        .balign 64
        j       handler
        .section .rodata, "a"
message:
        .asciz  "a message"
        .section .rodata.cst4, "aM", @progbits, 4
        .word   1, 2, 1
        .section .srodata, "a"
        .word   7
        .section .data, "aw"
        .balign 8
counter:
        .word   5, 6, 7
        .section .data.page_aligned, "aw"
        .balign 128
        .word   1
        .section .sdata, "aw"
small:  .word   3
        .section .ramfunc, "ax"
        nop
        .section .init.data, "aw"
        .word   9
        .section .initcall.2, "aw"
        .word   2
        .section .initcall.1, "aw"
        .word   1
        .section .init_array.00200, "aw", @init_array
        .word   main
        .section .init_array.00100, "aw", @init_array
        .word   handler
        .section .init_array, "aw", @init_array
        .word   handler
        .section .tdata, "awT", @progbits
        .word   4
        .section .tbss, "awT", @nobits
        .zero   12
        .section .bss, "aw", @nobits
        .balign 16
zeroed: .zero   40
        .section .sbss, "aw", @nobits
        .zero   8
        .section .noinit, "aw", @nobits
        .zero   24
        .section .stack_space, "aw", @nobits
        .zero   32
        .section .driver.b, "a"
        .word   2
        .section .driver.a, "a"
        .word   1
        .section .orphan_code, "ax"
        nop
        .section .orphan_data, "aw"
        .byte   1
        .section .orphan_constants, "a"
        .byte   2
        .section .orphan_zeros, "aw", @nobits
        .zero   5
        .comm   common, 20, 8
