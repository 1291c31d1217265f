# RUN: hvrun --machine classic -N %s
# EXIT: 0
#
# With paging on, the classic machine translates 0x80000000-0x803fffff alone, whatever the page table says.

        .globl  main
main:   la      t0, handler
        csrw    stvec, t0
        # One megapage of the root table maps RAM to itself, a second one maps 0x80400000 to RAM as well.
        la      t0, root
        lui     t1, 0x80000 >> 2                # PPN of RAM << 10: 0x80000 << 10
        ori     t1, t1, 0xcf                    # D A X W R V
        li      t2, 0x200 * 4
        add     t2, t0, t2
        sw      t1, 0(t2)
        sw      t1, 4(t2)
        srli    t0, t0, 12
        li      t1, 1 << 31
        or      t0, t0, t1
        li      a0, 1
        csrw    satp, t0
        sfence.vma
        la      s0, word                        # the mapping in the space works
        lw      t1, 0(s0)
        li      t2, 1234
        bne     t1, t2, failed
        li      a0, 2
        li      t1, 0x400000
        add     s0, s0, t1                      # the same through the mapping outside
        la      s2, 1f
        lw      t1, 0(s0)
        j       failed
1:      li      a0, 3
        li      t2, 13                          # load page fault
        bne     s1, t2, failed
        bne     s3, s0, failed
        csrw    satp, zero
        li      a0, 0
failed: csrw    satp, zero
        ret

        .balign 4
handler:
        csrr    s1, scause
        csrr    s3, stval
        csrw    sepc, s2
        sret

        .data
word:   .word   1234
        .bss
        .balign 4096
root:   .space  4096
