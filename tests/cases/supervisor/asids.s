# RUN: hvrun %s
#
# Address spaces: ASIDs, global pages, sfence.vma in all its forms. One line each: number, and after a dash what a0 holds. The window at
# 0x4000_0000 is another page in each of two spaces; the one at 0x4000_1000 is global. QEMU prints the same.

        .equ    WINDOW, 0x40000000
        .equ    LEAF, 0xcf
        .equ    GLOBAL, 0x20

        .include "test.inc"

        .macro  map table, index, page, flags
        la      t0, \page
        srli    t0, t0, 12
        slli    t0, t0, 10
        ori     t0, t0, \flags
        la      t1, \table
        sw      t0, 4 * \index(t1)
        .endm

        .macro  space root, asid                # satp for a space; no fence
        la      t0, \root
        srli    t0, t0, 12
        li      t1, 1 << 31 | \asid << 22
        or      t0, t0, t1
        csrw    satp, t0
        .endm

        .globl  main
main:   la      t0, stack_end - 16
        sw      ra, 0(t0)
        sw      sp, 4(t0)
        mv      sp, t0
        la      t0, handler
        csrw    stvec, t0
        li      s1, 0
        li      s0, WINDOW
        li      s5, 4096
        add     s5, s5, s0

        .irp    number, 1, 2
        la      s6, root_\number
        li      t0, (0x80000000 >> 2) | LEAF
        li      t1, 4 * 0x200
        add     t1, t1, s6
        sw      t0, 0(t1)
        la      t0, table_\number
        srli    t0, t0, 12
        slli    t0, t0, 10
        ori     t0, t0, 1
        sw      t0, 4 * 0x100(s6)
        .endr
        map     table_1, 0, page_a, LEAF
        map     table_2, 0, page_b, LEAF
        map     table_1, 1, page_c, LEAF | GLOBAL
        map     table_2, 1, page_c, LEAF | GLOBAL

        test                                    # 1: satp keeps the mode, 9 bits of ASID and 22 of the page
        li      t0, 0xffffffff
        space   root_1, 0x1ff
        csrr    a0, satp
        srli    a0, a0, 22
        done
        space   root_1, 1
        sfence.vma
        test                                    # 2
        lw      a0, 0(s0)
        done
        test                                    # 3: the other space, without a fence
        space   root_2, 2
        lw      a0, 0(s0)
        done
        test                                    # 4: and back
        space   root_1, 1
        lw      a0, 0(s0)
        done
        test                                    # 5: the global page
        lw      a0, 0(s5)
        done
        test                                    # 6
        space   root_2, 2
        lw      a0, 0(s5)
        done
        # The entry changes; each form of the fence makes it seen.
        test                                    # 7: one address, all spaces
        map     table_2, 0, page_c, LEAF
        sfence.vma s0
        lw      a0, 0(s0)
        done
        test                                    # 8: one address, one space
        map     table_2, 0, page_b, LEAF
        li      t2, 2
        sfence.vma s0, t2
        lw      a0, 0(s0)
        done
        test                                    # 9: all addresses, one space
        map     table_2, 0, page_a, LEAF
        li      t2, 2
        sfence.vma zero, t2
        lw      a0, 0(s0)
        done
        test                                    # 10: all of everything
        map     table_2, 0, page_b, LEAF
        sfence.vma
        lw      a0, 0(s0)
        done
        test                                    # 11: the entry of a space that is not in use
        map     table_1, 0, page_b, LEAF
        li      t2, 1
        sfence.vma s0, t2
        space   root_1, 1
        lw      a0, 0(s0)
        done
        test                                    # 12: a global page changes, by its address
        map     table_1, 1, page_a, LEAF | GLOBAL
        map     table_2, 1, page_a, LEAF | GLOBAL
        sfence.vma s5
        lw      a0, 0(s5)
        done
        test                                    # 13: and is changed in the other space too
        space   root_2, 2
        lw      a0, 0(s5)
        done
        test                                    # 14: a global page changes, by all addresses
        map     table_1, 1, page_b, LEAF | GLOBAL
        map     table_2, 1, page_b, LEAF | GLOBAL
        sfence.vma
        lw      a0, 0(s5)
        done
        test                                    # 15: an address inside the page names the page
        map     table_2, 0, page_c, LEAF
        addi    t2, s0, 0x123
        sfence.vma t2
        lw      a0, 0(s0)
        done
        test                                    # 16: an entry becomes invalid
        la      t1, table_2
        sw      zero, 0(t1)
        sfence.vma s0
        lw      a0, 0(s0)
        done
        test                                    # 17: a pointer to a table becomes a superpage
        la      t1, root_2
        li      t0, (0x80000000 >> 2) | LEAF
        sw      t0, 4 * 0x100(t1)
        sfence.vma s0
        la      t0, page_a
        slli    t0, t0, 10
        srli    t0, t0, 10
        add     t0, t0, s0
        lw      a0, 0(t0)
        done
        test                                    # 18: a space that takes the ASID of another one, with a fence
        space   root_1, 2
        li      t2, 2
        sfence.vma zero, t2
        lw      a0, 0(s0)
        done
        test                                    # 19: no paging
        csrw    satp, zero
        la      t0, page_c
        lw      a0, 0(t0)
        done
        test                                    # 20: fences do nothing then
        sfence.vma s0, s1
        la      t0, page_b
        lw      a0, 0(t0)
        done
        test                                    # 21: a mode that RV32 does not have is none: satp keeps what it can
        csrw    satp, zero
        csrr    a0, satp
        done
        lw      ra, 0(sp)
        lw      sp, 4(sp)
        li      a0, 0
        ret

        .include "report.inc"
        .data
        .balign 4096
page_a: .word   0xaaaa
        .balign 4096
page_b: .word   0xbbbb
        .balign 4096
page_c: .word   0xcccc
        .balign 4096
        .bss
        .balign 4096
root_1: .space  4096
root_2: .space  4096
table_1: .space 4096
table_2: .space 4096
        .space  4096
stack_end:
