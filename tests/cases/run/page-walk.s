# RUN: hvrun %s
# EXIT: 134
# STDERR: page walk of 0x40001004
# STDERR: level 1: entry 256 at 0x
# STDERR: level 0: entry 1 at 0x
# STDERR: (DA--X-RV)
# STDERR: refused by the entry at level 0: W is 0: nothing may be stored
#
# A crash under paging says which entry at which level refuses the address, and why.

        .globl  main
main:   la      s0, root
        li      t0, (0x80000000 >> 2) | 0xcf
        li      t1, 4 * 0x200
        add     t1, t1, s0
        sw      t0, 0(t1)
        la      t0, table
        srli    t0, t0, 2
        ori     t0, t0, 1
        sw      t0, 4 * 0x100(s0)
        la      t0, table
        li      t1, (0x80000000 >> 2) | 0xcb
        sw      t1, 4(t0)
        srli    t0, s0, 12
        li      t1, 1 << 31
        or      t0, t0, t1
        csrw    satp, t0
        li      t0, 0x40001000
        sw      zero, 4(t0)

        .bss
        .balign 4096
root:   .space  4096
table:  .space  4096
