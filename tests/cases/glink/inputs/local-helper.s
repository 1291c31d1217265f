        .text
helper: ret
