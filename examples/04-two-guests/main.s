# RUN: hvrun %s %s
# EXIT: 0
#
# 04-two-guests: one program, started as two guests that take turns.
#
# Each guest has a machine to itself: its own registers, its own memory. `turns` below lies at the
# same address in both and counts separately in each. Neither can see or change the other.
#
# The hypervisor gives each guest the processor for a slice of 10,000 steps. A guest that gives up
# the rest of its slice with hv_yield lets the next one run at once.

        .include "abi.s"

        .text
        .globl  main
main:
        addi    sp, sp, -16
        sw      ra, 12(sp)

        la      a0, info                        # ask the hypervisor who we are
        li      a1, HVK_INFO_SIZE
        call    hv_info
turn:
        lw      t0, turns
        addi    t0, t0, 1
        sw      t0, turns, t1                   # a store to a name needs a register for the address

        la      a0, guest_text
        call    hv_puts
        lw      a0, info + HVK_INFO_VM_ID       # guests are numbered from 0
        call    hv_print_dec
        la      a0, turn_text
        call    hv_puts
        lw      a0, turns
        call    hv_print_dec
        call    hv_newline

        call    hv_yield                        # the other guest's turn

        lw      t0, turns
        li      t1, 3
        blt     t0, t1, turn

        li      a0, 0
        lw      ra, 12(sp)
        addi    sp, sp, 16
        ret

        .section .rodata
guest_text:
        .asciz  "guest "
turn_text:
        .asciz  ", turn "

        .data
turns:  .word   0

        .bss
        .balign 4
info:   .space  HVK_INFO_SIZE
