# Executes instructions of every row of the tables with random operands, and prints one signature a row: a hash of all
# registers, scause, sepc and stval after every trial, and of the memory that it may have written.
#
# A trial is two instructions in user mode, in a page full of c.ebreak: whatever they do, it ends in a trap. User mode can
# touch nothing but that page and its neighbours (readable and executable) and the window (readable and writable); half
# of the registers point into the window, the others hold values at the edges or random ones.
#
# `rows.inc` has the rows: bits, mask, size in bytes, name, whether it is an atomic; the last has the size 0. TRIALS is the number for each row.

        .include "rows.inc"

        .equ    CODE, 0x40000000                # three pages; trials begin in the middle of the second
        .equ    START, CODE + 0x1800
        .equ    WINDOW, 0x40010000              # two pages
        .equ    S, 0xcf                         # of leaves: D A X W R V
        .equ    U_CODE, 0xdb                    # D A U X R V
        .equ    U_DATA, 0xd7                    # D A U W R V

# rd = the next random word of xorshift32. The state is in s0.
        .macro  random rd
        slli    \rd, s0, 13
        xor     s0, s0, \rd
        srli    \rd, s0, 17
        xor     s0, s0, \rd
        slli    \rd, s0, 5
        xor     s0, s0, \rd
        mv      \rd, s0
        .endm

# Folds the word `value` into the hash in s2 (FNV-1a, by words).
        .macro  fold value
        xor     s2, s2, \value
        mul     s2, s2, s11
        .endm

        .globl  main
main:   addi    sp, sp, -16
        sw      ra, 0(sp)
        call    map
        la      t0, caught
        csrw    stvec, t0
        csrw    scounteren, zero                # time is not the same everywhere
        la      t0, code                        # c.ebreak everywhere
        li      t1, 0x90029002
        la      t2, window
1:      sw      t1, (t0)
        addi    t0, t0, 4
        bltu    t0, t2, 1b
        li      s0, 0x2545f491
        li      s11, 16777619
        la      s1, rows
next_row:
        lw      t0, 8(s1)
        beqz    t0, end
        lw      a0, 12(s1)
        call    hv_puts
        la      a0, blank
        call    hv_puts
        li      s2, 0x811c9dc5
        li      s3, TRIALS
next_trial:
        call    place
        call    fill
        fence.i
        li      t0, START
        csrw    sepc, t0
        csrwi   sstatus, 0                      # to user mode, interrupts off
        la      t6, kernel
        sw      sp, (t6)
        la      t6, registers
        .irp    n, 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
        lw      x\n, \n * 4(t6)
        .endr
        sret

        .balign 4
caught: csrw    sscratch, t6
        .option push
        .option norelax                         # gp is the trial's
        la      t6, registers
        .option pop
        .irp    n, 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30
        sw      x\n, \n * 4(t6)
        .endr
        csrr    t0, sscratch
        sw      t0, 31 * 4(t6)
        .option push
        .option norelax
        la      gp, __global_pointer$
        .option pop
        sc.w    zero, zero, (t6)                # no reservation outlives a trial
        lw      sp, kernel
        la      t0, driver
        lw      s0, 0(t0)
        lw      s1, 4(t0)
        lw      s2, 8(t0)
        lw      s3, 12(t0)
        lw      s4, 16(t0)
        li      s11, 16777619
        addi    t1, t6, 4
        addi    t2, t6, 32 * 4
1:      lw      t0, (t1)
        fold    t0
        addi    t1, t1, 4
        bltu    t1, t2, 1b
        csrr    t0, scause
        lw      t1, 16(s1)
        beqz    t1, 1f
        ori     t0, t0, 2                       # QEMU calls some faults of atomics those of loads
1:      fold    t0
        csrr    t1, sepc
        fold    t1
        addi    t0, t0, -3                      # of a breakpoint it may be the address or 0
        beqz    t0, 1f
        csrr    t0, stval
1:      fold    t0
        addi    s3, s3, -1
        bnez    s3, next_trial
        la      t1, window
        li      t2, 0x2000
        add     t2, t1, t2
1:      lw      t0, (t1)
        fold    t0
        addi    t1, t1, 4
        bltu    t1, t2, 1b
        mv      a0, s2
        call    hv_print_hex
        call    hv_newline
        addi    s1, s1, 20
        j       next_row
end:    csrw    satp, zero
        sfence.vma
        li      a0, 0
        lw      ra, 0(sp)
        addi    sp, sp, 16
        ret

# Writes two instructions of the row, and what was written over before.
place:  la      t0, code + 0x1800
        li      t1, 0x90029002
        sw      t1, 0(t0)
        sw      t1, 4(t0)
        lw      t2, 0(s1)                       # bits
        lw      t3, 4(s1)                       # mask
        lw      t4, 8(s1)                       # size
        not     t3, t3
        li      t5, 2
1:      random  t1
        and     t1, t1, t3
        or      t1, t1, t2
        sh      t1, (t0)
        srli    t1, t1, 16
        li      t6, 2
        beq     t4, t6, 2f
        sh      t1, 2(t0)
2:      add     t0, t0, t4
        addi    t5, t5, -1
        bnez    t5, 1b
        ret

# Fills the registers of the trial and keeps those of the driver.
fill:   la      t0, registers
        addi    t1, t0, 32 * 4
        la      t4, edges
        li      t5, WINDOW + 0xff0
1:      addi    t0, t0, 4
        beq     t0, t1, 2f
        random  t2
        srli    t3, t2, 28
        sltiu   t6, t3, 4
        bnez    t6, 3f                          # 4 of 16: random
        sltiu   t6, t3, 8
        bnez    t6, 4f                          # 4 of 16: an edge
        srli    t2, t2, 8                       # 8 of 16: in the window
        andi    t2, t2, 31
        andi    t3, t3, 1
        beqz    t3, 5f
        andi    t2, t2, -4                      # half of them aligned
5:      add     t2, t2, t5
        j       3f
4:      srli    t2, t2, 8
        andi    t2, t2, 15 << 2
        add     t2, t2, t4
        lw      t2, (t2)
3:      sw      t2, (t0)
        j       1b
2:      la      t0, driver
        sw      s0, 0(t0)
        sw      s1, 4(t0)
        sw      s2, 8(t0)
        sw      s3, 12(t0)
        sw      s4, 16(t0)
        ret

# The page tables: this program and its library in megapages, and the pages of user mode.
map:    la      t0, root
        li      t1, 0x80000000 >> 2 | S
        li      t2, 128 >> 2                    # all of 128 MiB: the stack is at their end
        li      t3, (0x80000000 >> 22) * 4
        add     t3, t0, t3
1:      sw      t1, (t3)
        li      t4, 1 << 20
        add     t1, t1, t4
        addi    t3, t3, 4
        addi    t2, t2, -1
        bnez    t2, 1b
        la      t1, leaves
        srli    t2, t1, 12
        slli    t2, t2, 10
        ori     t2, t2, 1
        sw      t2, (CODE >> 22) * 4(t0)
        .irp    page, 0,1,2
        la      t2, code + \page * 0x1000
        srli    t2, t2, 12
        slli    t2, t2, 10
        ori     t2, t2, U_CODE
        sw      t2, \page * 4(t1)
        .endr
        .irp    page, 0,1
        la      t2, window + \page * 0x1000
        srli    t2, t2, 12
        slli    t2, t2, 10
        ori     t2, t2, U_DATA
        sw      t2, (16 + \page) * 4(t1)
        .endr
        srli    t0, t0, 12
        li      t1, 1 << 31
        or      t0, t0, t1
        csrw    satp, t0
        sfence.vma
        ret

        .section .rodata
blank:  .asciz  " "
        .balign 4
edges:  .word   0, 1, 2, 3, 31, 32, -1, -2, -32, 0x7f, 0x80, 0xffff, 0x7fff8000, 0x7fffffff, 0x80000000, 0xaaaaaaaa

        .bss
        .balign 4
kernel: .space  4
driver: .space  20
registers:
        .space  32 * 4
        .balign 4096
root:   .space  4096
leaves: .space  4096
code:   .space  3 * 4096
window: .space  2 * 4096
