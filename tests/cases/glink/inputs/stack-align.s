        .attribute stack_align, 4
        .globl  helper
helper: ret
