# Compressed forms that do nothing, written in full. objdump shows them by what the mapping symbol allows.
    .text
    c.addi zero, 3
    c.addi zero, 0
    c.addi a0, 0
    c.nop 4
# A second section of the same name.
    .section .text, "axG", @progbits, other, comdat
    ret
