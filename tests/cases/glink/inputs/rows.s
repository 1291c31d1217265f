        .section rows, "a"
        .word   3
