# Names of registers where only a symbol can stand, as C may have them.
    .text
    .globl a0
a0: call a1
    tail ra
    j a0
    jal t0, a0
    beqz a0, a0
    bne a0, a1, a0
    la a0, a2
    lla a0, sp
    la.tls.ie a0, a3
    la.tls.gd a0, a4
    lw a0, a1
    sw a0, a5, t0
    lui a0, %hi(a6)
    call foo@plt
    tail foo@plt
    jump foo, t1
    .option nonsense
# Sections are told apart by flags, groups and what they belong to.
    .section entries, "awo", @progbits, a0
    .word 1
    .section entries, "awo", @progbits, other
    .word 2
    .section entries, "aGwo", @progbits, other, key, comdat
    .word 3
    .section .data.kept, "aw", "progbits"
    .word 4
    .section .data.kept, "awR", @progbits
    .word 5
    .section .numbers, "0x200003"
    .word 6
    .section .more, "a0x100000x", %0x60000011
    .word 7
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
