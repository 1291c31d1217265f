# RUN: hvrun --machine classic %s %s %s %s
# EXIT: 0
#
# 20-classic: four guests of 16 KiB share a host memory of 64 KiB.
#
# The classic machine is as small as the description of this system has it: 16 KiB (four pages) for
# a guest, 64 KiB for all, four guests, 4 MiB of virtual addresses. This guest looks at its limits:
# memory ends behind the fourth page, and with paging on nothing outside 0x8000_0000 to
# 0x803f_ffff is translated, whatever the page table says. Between, it computes for some slices,
# so that the guests run interleaved.
#
# Of its four pages it touches three: code and texts; the page table; the stack, at the end.

        .include "abi.s"

        .equ    PTE_V, 1 << 0
        .equ    PTE_R, 1 << 1
        .equ    PTE_W, 1 << 2
        .equ    PTE_X, 1 << 3
        .equ    PTE_A, 1 << 6
        .equ    PTE_D, 1 << 7
        .equ    SATP_SV32, 1 << 31

        .equ    CAUSE_LOAD_ACCESS_FAULT, 5
        .equ    CAUSE_LOAD_PAGE_FAULT, 13
        .equ    ROUNDS, 12500                   # two steps each: 25,000, two slices and a half

        .text
        .globl  main
main:
        addi    sp, sp, -64
        sw      ra, 60(sp)
        la      t0, handler
        csrw    stvec, t0

        mv      a0, sp
        li      a1, HVK_INFO_SIZE
        call    hv_info
        lw      a0, HVK_INFO_VM_ID(sp)
        call    hv_print_dec
        la      a0, of_text
        call    hv_puts
        lw      a0, HVK_INFO_VM_COUNT(sp)
        call    hv_print_dec
        la      a0, with_text
        call    hv_puts
        lw      a0, HVK_INFO_RAM_SIZE(sp)
        call    hv_print_dec
        la      a0, bytes_text
        call    hv_puts

        li      t0, ROUNDS
work:   addi    t0, t0, -1
        bnez    t0, work

        # Behind the last page. The handler leaves the cause in s0 and skips the load.
        li      s0, 0
        li      t0, RAM_BASE
        lw      t1, HVK_INFO_RAM_SIZE(sp)
        add     s1, t0, t1
        call    probe
        li      t0, CAUSE_LOAD_ACCESS_FAULT
        bne     s0, t0, wrong

        # A page table with two entries, of 4 MiB each: the first maps the program to itself, the
        # second one maps the next 4 MiB to the same memory.
        la      s2, root
        li      t0, (RAM_BASE >> 12) << 10
        ori     t0, t0, PTE_V | PTE_R | PTE_W | PTE_X | PTE_A | PTE_D
        li      t1, (RAM_BASE >> 22) * 4
        add     t1, s2, t1
        sw      t0, 0(t1)
        sw      t0, 4(t1)
        srli    t0, s2, 12
        li      t1, SATP_SV32
        or      t0, t0, t1
        csrw    satp, t0
        sfence.vma

        li      s0, 0
        li      s1, RAM_BASE + 0x3ffc           # the last word that there is
        call    probe
        bnez    s0, wrong
        li      s1, RAM_BASE + 0x400000         # behind the 4 MiB
        call    probe
        li      t0, CAUSE_LOAD_PAGE_FAULT
        bne     s0, t0, wrong

        lw      a0, HVK_INFO_VM_ID(sp)
        call    hv_print_dec
        la      a0, limits_text
        call    hv_puts
        li      a0, 0
        j       done
wrong:  li      a0, 1
done:   lw      ra, 60(sp)
        addi    sp, sp, 64
        ret

# probe: s1 = address; loads from it → s0 = cause if that trapped, else as before
probe:
        .option push
        .option norvc
        lw      t0, 0(s1)
        .option pop
        ret

        .balign 4
handler:                                        # changes t0, which probe's caller does not keep
        csrr    s0, scause
        csrr    t0, sepc
        addi    t0, t0, 4
        csrw    sepc, t0
        sret

        # In the page of the code, to be few pages
of_text:
        .asciz  " of "
with_text:
        .asciz  " with "
bytes_text:
        .asciz  " bytes\n"
limits_text:
        .asciz  " found its limits\n"

        .bss
        .balign PAGE_SIZE
root:   .space  PAGE_SIZE
