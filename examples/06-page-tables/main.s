# RUN: hvrun %s
# EXIT: 0
#
# 06-page-tables: a guest that turns paging on, and a page fault that it handles itself.
#
# With paging, an address in the program (virtual) is looked up in a table to find the address in
# memory (physical). Sv32, the scheme of 32-bit RISC-V, has two levels:
#
#       virtual address    | index 1: 10 bits | index 0: 10 bits | offset: 12 bits |
#
#       satp ──▶ root table [index 1] ──▶ table [index 0] ──▶ page of 4 KiB + offset
#
# Both tables have 1024 entries of 4 bytes, one page each. An entry (PTE) is the page's number
# shifted left by 10, and flags in the low bits. If a root entry has R, W or X set it is no pointer
# to a table: it maps all its 4 MiB at once.
#
# What this guest maps:
#
#       0x8000_0000  4 MiB  to itself, so that code, data and stack stay where they are
#       0x4000_0000  4 KiB  to `frame_a`, readable and writable
#       0x4000_1000  4 KiB  nothing: the first access faults, and the handler puts `frame_b` there
#       0x4000_2000  4 KiB  to `frame_a` again, but only readable

        .equ    PTE_V, 1 << 0                   # valid
        .equ    PTE_R, 1 << 1                   # readable
        .equ    PTE_W, 1 << 2                   # writable
        .equ    PTE_X, 1 << 3                   # executable
        .equ    PTE_A, 1 << 6                   # was accessed
        .equ    PTE_D, 1 << 7                   # was written ("dirty")
        .equ    SATP_SV32, 1 << 31              # satp: the scheme, and the root table's page number

        .equ    CAUSE_LOAD_PAGE_FAULT, 13
        .equ    CAUSE_STORE_PAGE_FAULT, 15

        .equ    WINDOW, 0x40000000              # where the pages of our own are mapped

        .text
        .globl  main
main:
        # The stack that we were given is at the end of RAM, outside the 4 MiB that we map.
        la      sp, stack_top

        la      t0, trap_entry
        csrw    stvec, t0

        # root[0x80000000 >> 22] = the 4 MiB at 0x80000000. A and D are set at once, for machines
        # that leave setting them to the kernel.
        la      s0, root
        li      t0, 0x80000000 >> 2             # page number << 10 = (address >> 12) << 10
        ori     t0, t0, PTE_V | PTE_R | PTE_W | PTE_X | PTE_A | PTE_D
        li      t1, (0x80000000 >> 22) * 4
        add     t1, s0, t1
        sw      t0, 0(t1)

        # root[WINDOW >> 22] = the second table: V alone makes it a pointer
        la      s1, table
        srli    t0, s1, 12
        slli    t0, t0, 10
        ori     t0, t0, PTE_V
        li      t1, (WINDOW >> 22) * 4
        add     t1, s0, t1
        sw      t0, 0(t1)

        # table[0] and table[2] = frame_a
        la      t0, frame_a
        srli    t0, t0, 12
        slli    t0, t0, 10
        ori     t1, t0, PTE_V | PTE_R | PTE_W | PTE_A | PTE_D
        sw      t1, 0(s1)
        ori     t1, t0, PTE_V | PTE_R | PTE_A
        sw      t1, 8(s1)

        # On: the next instruction is already fetched through the table
        srli    t0, s0, 12
        li      t1, SATP_SV32
        or      t0, t0, t1
        sfence.vma                              # forget older translations (none here)
        csrw    satp, t0
        la      a0, on_text
        call    hv_puts

        # One frame, two addresses
        li      s2, WINDOW
        li      t0, 1234
        sw      t0, 0(s2)
        li      t0, 0x2000
        add     s3, s2, t0
        la      a0, same_text
        call    hv_puts
        lw      a0, 0(s3)
        call    hv_print_dec
        call    hv_newline

        # A page that is not there yet. The handler maps it, and the store is tried again.
        li      t0, 0x1000
        add     s4, s2, t0
        li      t0, 5678
        sw      t0, 4(s4)
        la      a0, new_text
        call    hv_puts
        lw      a0, 4(s4)
        call    hv_print_dec
        call    hv_newline

        # A store that is not allowed. The handler says so and skips it.
        li      t0, 9999
        .option push
        .option norvc                           # the handler skips 4 bytes
        sw      t0, 0(s3)
        .option pop
        la      a0, same_text
        call    hv_puts
        lw      a0, 0(s2)
        call    hv_print_dec
        call    hv_newline

        li      a0, 0
        call    hv_exit

# A trap. Only page faults are expected. stval is the virtual address that was refused.
        .balign 4
trap_entry:
        addi    sp, sp, -80
        sw      ra, 0(sp)
        sw      t0, 4(sp)
        sw      t1, 8(sp)
        sw      t2, 12(sp)
        sw      a0, 16(sp)
        sw      a1, 20(sp)
        sw      a2, 24(sp)
        sw      a6, 28(sp)
        sw      a7, 32(sp)

        la      a0, fault_text
        call    hv_puts
        csrr    a0, scause
        call    hv_print_dec
        la      a0, address_text
        call    hv_puts
        csrr    a0, stval
        call    hv_print_hex
        call    hv_newline

        csrr    t0, scause
        li      t1, CAUSE_STORE_PAGE_FAULT
        bne     t0, t1, unexpected
        csrr    t0, stval
        li      t1, 0x2000 + WINDOW
        beq     t0, t1, skip
        li      t1, 0xfffff000
        and     t0, t0, t1
        li      t1, 0x1000 + WINDOW
        bne     t0, t1, unexpected

        # table[1] = frame_b; then sret tries the store again
        la      t0, frame_b
        srli    t0, t0, 12
        slli    t0, t0, 10
        ori     t0, t0, PTE_V | PTE_R | PTE_W | PTE_A | PTE_D
        la      t1, table
        sw      t0, 4(t1)
        sfence.vma                              # the table changed
        j       return

skip:   csrr    t0, sepc
        addi    t0, t0, 4
        csrw    sepc, t0

return: lw      ra, 0(sp)
        lw      t0, 4(sp)
        lw      t1, 8(sp)
        lw      t2, 12(sp)
        lw      a0, 16(sp)
        lw      a1, 20(sp)
        lw      a2, 24(sp)
        lw      a6, 28(sp)
        lw      a7, 32(sp)
        addi    sp, sp, 80
        sret

unexpected:
        li      a0, 1
        call    hv_exit

        .section .rodata
on_text:
        .asciz  "paging is on\n"
same_text:
        .asciz  "the frame holds "
new_text:
        .asciz  "the new page holds "
fault_text:
        .asciz  "page fault: cause "
address_text:
        .asciz  ", address "

        .bss                                    # zeroes: entries that are not valid
        .balign 4096                            # tables and frames are whole pages
root:   .space  4096
table:  .space  4096
frame_a:
        .space  4096
frame_b:
        .space  4096
        .space  1024
stack_top:
