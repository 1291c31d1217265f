        .globl  helper
helper: ret
