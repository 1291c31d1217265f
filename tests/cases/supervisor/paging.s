# RUN: hvrun %s
#
# Accesses under Sv32 that cross pages, one line each: number, scause, stval and sepc - or - after a dash - what a register
# holds. QEMU prints the same. A region of its own at 0x4000_0000: page 0 and 2 are there, page 1 is not, page 3 is read-only,
# page 4 is page 0 again; at 0x4040_0000 a superpage whose address is not aligned.

        .equ    WINDOW, 0x40000000
        .equ    LEAF, 0xcf                      # V R W X A D

        .include "test.inc"

        .macro  map index, page, flags
        la      t0, \page
        srli    t0, t0, 12
        slli    t0, t0, 10
        ori     t0, t0, \flags
        la      t1, table
        sw      t0, 4 * \index(t1)
        .endm

        .globl  main
main:   la      t0, stack_end - 16              # a stack inside what is mapped
        sw      ra, 0(t0)
        sw      sp, 4(t0)
        mv      sp, t0
        la      t0, handler
        csrw    stvec, t0
        li      s1, 0
        li      s0, WINDOW
        li      s5, 4096

        # The root: RAM and the devices as they are, the window, the crooked superpage.
        la      s6, root
        li      t0, (0x80000000 >> 2) | LEAF
        li      t1, 4 * 0x200
        add     t1, t1, s6
        sw      t0, 0(t1)
        la      t0, table
        srli    t0, t0, 12
        slli    t0, t0, 10
        ori     t0, t0, 1
        sw      t0, 4 * 0x100(s6)
        li      t0, (0x80001000 >> 2) | LEAF
        sw      t0, 4 * 0x101(s6)
        map     0, first, LEAF
        map     2, third, LEAF
        map     3, third, 0x43
        map     4, first, LEAF
        srli    t0, s6, 12
        li      t1, 1 << 31
        or      t0, t0, t1
        csrw    satp, t0
        sfence.vma
        add     s7, s0, s5                      # the page that is not there

        test                                    # 1: a load crosses into nothing
        lw      a0, -2(s7)
        done
        test                                    # 2: the last byte alone
        lw      a0, -1(s7)
        done
        test                                    # 3: inside
        lw      a0, -4(s7)
        done
        test                                    # 4: from nothing into a page
        add     t0, s7, s5
        lw      a0, -2(t0)
        done
        test                                    # 5: a store crosses into nothing
        li      t0, -1
        sh      t0, -1(s7)
        done
        test                                    # 6: and has written nothing
        lw      a0, -4(s7)
        done
        test                                    # 7: a store across two pages that are there
        li      t1, 0x11223344
        li      t0, 0x40003000
        sw      t1, -4(t0)
        lw      a0, -4(t0)
        done
        test                                    # 8: a store to a read-only page
        li      t0, 0x40003000
        sw      t1, 8(t0)
        done
        test                                    # 9: which shows what was stored to it elsewhere
        li      t0, 0x40003000
        lw      a0, -4(t0)
        done
        test                                    # 10: a superpage that is not aligned
        li      t0, 0x40400000
        lw      a0, 0(t0)
        done
        test                                    # 11: an instruction whose second half is not there
        li      t0, 0x40000ffe
        li      t1, 0x0513                      # addi a0, a0, ... without its upper half
        sh      t1, 0(t0)
        fence.i
        jalr    ra, (t0)
        done
        test                                    # 12: the same at page 4's end: page 5 is not there either
        li      t0, 0x40004ffe
        jalr    ra, (t0)
        done
        test                                    # 13: a page comes without sfence.vma after a fault: with it, it is there
        la      t0, third
        srli    t0, t0, 12
        slli    t0, t0, 10
        ori     t0, t0, LEAF
        la      t1, table
        sw      t0, 4(t1)
        sfence.vma s7
        li      t1, 0x00c5
        sh      t1, 0(s7)                       # the upper half: addi a0, a0, 12
        li      t1, 0x8082                      # c.ret
        sh      t1, 2(s7)
        fence.i
        li      a0, 30
        li      t0, 0x40000ffe
        jalr    ra, (t0)
        done
        test                                    # 14: the same code through its other name
        la      t0, third
        srli    t0, t0, 12
        slli    t0, t0, 10
        ori     t0, t0, LEAF
        la      t1, table
        sw      t0, 20(t1)
        sfence.vma
        li      t0, 0x40004ffe
        li      a0, 1
        jalr    ra, (t0)
        done
        test                                    # 15: a store through one name changes the code of the other
        li      t1, 0x01e5                      # addi a0, a0, 30
        sh      t1, 0(s7)
        fence.i
        li      t0, 0x40004ffe
        li      a0, 1
        jalr    ra, (t0)
        done
        test                                    # 16: an entry that is written and no longer valid
        la      t1, table
        sw      zero, 16(t1)
        sfence.vma
        li      t0, 0x40004ffe
        jalr    ra, (t0)
        done
        test                                    # 17: a page of U-mode, without SUM
        map     4, first, 0xdf
        sfence.vma
        li      t0, 0x40004000
        lw      a0, 0(t0)
        done
        test                                    # 18: with SUM
        li      t1, 1 << 18
        csrs    sstatus, t1
        li      t0, 0x40004000
        lw      a0, 0(t0)
        done
        test                                    # 19: code of U-mode, with SUM
        li      t0, 0x40004000
        jalr    ra, (t0)
        done
        test                                    # 20: an execute-only page is not read
        map     4, first, 0xc9
        sfence.vma
        li      t0, 0x40004004
        lw      a0, 0(t0)
        done
        test                                    # 21: but with MXR
        li      t1, 1 << 19
        csrs    sstatus, t1
        li      t0, 0x40004000
        lw      a0, 0(t0)
        done
        test                                    # 22: accessed and dirty are set
        map     4, first, 0x0f
        sfence.vma
        li      t0, 0x40004000
        lw      a0, 0(t0)
        la      t1, table
        lw      a0, 16(t1)
        andi    a0, a0, 0xff
        done
        test                                    # 23
        li      t0, 0x40004000
        sw      zero, 0(t0)
        la      t1, table
        lw      a0, 16(t1)
        andi    a0, a0, 0xff
        done
        csrw    satp, zero
        lw      ra, 0(sp)
        lw      sp, 4(sp)
        li      a0, 0
        ret

        .include "report.inc"

        .balign 4096
root:   .space  4096
table:  .space  4096
first:  .word   0x03020100
        .space  4088
        .word   0x0f0e0d0c
third:  .space  4096
        .space  1024
stack_end:
