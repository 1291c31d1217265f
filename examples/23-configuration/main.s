# RUN: hvrun --config %d/vms.toml
# EXIT: 0
#
# 23-configuration: several guests from a file.
#
# `vms.toml` says which guests there are and what each has: its image, its memory, its disks. This one program is
# started three times; it tells what it was given.

        .include "abi.s"

        .text
        .globl  main
main:
        addi    sp, sp, -16
        sw      ra, 12(sp)

        la      a0, info
        li      a1, HVK_INFO_SIZE
        call    hv_info
        lw      a0, info + HVK_INFO_RAM_SIZE
        srli    a0, a0, 10
        call    hv_print_udec
        la      a0, kibibytes
        call    hv_puts

        li      s0, 0x10001000                  # the first virtio slot
        lw      a0, 8(s0)                       # what is in it: 0 nothing, 2 a disk, 4 random bytes
        call    hv_print_udec
        call    hv_newline

        lw      ra, 12(sp)
        addi    sp, sp, 16
        li      a0, 0
        ret

        .section .rodata
kibibytes:
        .asciz  " KiB of memory; in slot 0 is a device of kind "

        .bss
        .balign 4
info:   .space  HVK_INFO_SIZE
