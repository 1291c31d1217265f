# Compressed forms that do nothing, written in full. objdump shows them by what the mapping symbol allows.
    .text
    c.addi zero, 3
    c.addi zero, 0
    c.addi a0, 0
    c.nop 4
# A second section of the same name.
    .section .text, "axG", @progbits, other, comdat
    ret
    .section .text.late, "ax"
    .attach_to_group late
    ret
    .section .persistent.bss
    .space 4
    .section .gnu.lto_.x, ""
    .word 0
    .text
other:
    .tls_common block, 16, 8
    .comm plain, 8
    .type plain, STT_COMMON
    .globl f
    .variant_cc f
    .hidden f
f:  ret
    .section .tdata, "awT", @progbits
v:  .word 1
    .section .debug_info
    .dtprelword v + 0x800
    .dtprelword unknown
