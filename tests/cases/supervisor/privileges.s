# RUN: hvrun %s
#
# User mode, and pages of users, under each setting of SUM and MXR: one line each: number, scause, stval and sepc of the trap that came
# back from user mode, or after a dash what a0 holds. QEMU prints the same.

        .equ    USER, 0x40000000                # user code
        .equ    PAGES, 0x40001000               # a page for each set of permissions
        .equ    SUM, 1 << 18
        .equ    MXR, 1 << 19

        .include "test.inc"

        .macro  user routine                    # runs a routine of the user's page until it traps
        la      t0, \routine
        la      t1, user_code
        sub     t0, t0, t1
        li      t1, USER
        add     t0, t0, t1
        csrw    sepc, t0
        li      t0, 0x100
        csrc    sstatus, t0
        sret
        .endm

        .globl  main
main:   la      t0, stack_end - 16
        sw      ra, 0(t0)
        sw      sp, 4(t0)
        mv      sp, t0
        la      t0, from_user
        csrw    stvec, t0
        csrw    scounteren, zero
        li      s1, 0

        la      s6, root
        li      t0, (0x80000000 >> 2) | 0xcf
        li      t1, 4 * 0x200
        add     t1, t1, s6
        sw      t0, 0(t1)
        la      s7, table
        srli    t0, s7, 12
        slli    t0, t0, 10
        ori     t0, t0, 1
        sw      t0, 4 * 0x100(s6)
        la      t0, user_code
        srli    t0, t0, 12
        slli    t0, t0, 10
        ori     t0, t0, 0xdb                    # V R X U A D
        sw      t0, 0(s7)
        # Page 1 + n: permissions R W X U from the bits of n, all of one frame.
        la      t2, data
        srli    t2, t2, 12
        slli    t2, t2, 10
        li      t3, 0
1:      slli    t0, t3, 1
        or      t0, t0, t2
        ori     t0, t0, 0xc1
        slli    t1, t3, 2
        add     t1, t1, s7
        sw      t0, 4(t1)
        addi    t3, t3, 1
        li      t0, 16
        bne     t3, t0, 1b
        srli    t0, s6, 12
        li      t1, 1 << 31
        or      t0, t0, t1
        csrw    satp, t0
        sfence.vma

        test                                    # 1: a system call
        user    u_ecall
        done
        test                                    # 2: came from user mode: SPP is 0
        lw      a0, status
        andi    a0, a0, 0x100
        done
        test                                    # 3: its registers
        li      a0, 41
        user    u_add
        done
        test                                    # 4
        lw      a0, result
        done
        test                                    # 5: a CSR of the supervisor
        user    u_csr
        done
        test                                    # 6
        user    u_sret
        done
        test                                    # 7
        user    u_wfi
        done
        test                                    # 8
        user    u_sfence
        done
        test                                    # 9: counters are closed
        user    u_time
        done
        test                                    # 10: and open
        csrwi   scounteren, 2
        user    u_time
        done
        test                                    # 11: only the one that was opened
        user    u_instret
        done
        test                                    # 12: memory of the supervisor
        la      a1, data
        user    u_load
        done
        test                                    # 13
        la      a1, data
        user    u_store
        done
        test                                    # 14
        la      a1, main
        user    u_jump
        done

        # Every set of permissions, loaded from, stored to and fetched from, by the user and by the supervisor, which has SUM and MXR
        # in their four settings. A line for each: 0x scause for the user's load, store, fetch and the supervisor's.
        li      s8, 0
next:   li      t0, SUM | MXR
        csrc    sstatus, t0
        andi    t1, s8, 1
        beqz    t1, 1f
        li      t0, SUM
        csrs    sstatus, t0
1:      andi    t1, s8, 2
        beqz    t1, 2f
        li      t0, MXR
        csrs    sstatus, t0
2:      srli    t0, s8, 2
        slli    t0, t0, 12
        li      s9, PAGES
        add     s9, s9, t0                      # the page
        li      s10, 0                          # the causes, four bits each; 0: no trap, 8: back by a call
        .irp    routine, u_load, u_store, u_jump
        mv      a1, s9
        la      s3, 3f
        user    \routine
3:      call    collect
        .endr
        li      s4, 0
        la      s3, 4f
        lw      t0, 0(s9)
4:      call    collect
        li      s4, 0
        la      s3, 5f
        sw      zero, 64(s9)
5:      call    collect
        li      s4, 0
        la      s3, 6f
        sfence.vma                              # QEMU 7.2 would take the permission from the load's translation
        jalr    ra, (s9)
6:      call    collect
        mv      a0, s8
        call    hv_print_dec
        call    blank
        mv      a0, s10
        call    hv_print_hex
        call    hv_newline
        addi    s8, s8, 1
        li      t0, 64
        bne     s8, t0, next

        csrw    satp, zero
        sfence.vma
        lw      ra, 0(sp)
        lw      sp, 4(sp)
        li      a0, 0
        ret

collect:                                        # adds the cause of the trap, if one was, to s10
        slli    s10, s10, 4
        beqz    s4, 1f
        lw      t0, cause
        or      s10, s10, t0
1:      ret

        .balign 4
from_user:                                      # what report.inc does, and always back to the supervisor
        csrw    sscratch, t0
        csrr    t0, sstatus
        sw      t0, status, t1
        sw      a0, result, t1
        li      t0, 0x100
        csrs    sstatus, t0
        csrr    t0, sscratch
        j       handler

        .include "report.inc"
        .balign 4
status: .word   0
result: .word   0

        .text
        .balign 4096
user_code:
        .option push
        .option norvc
u_ecall: ecall
u_add:  addi    a0, a0, 1
        ecall
u_csr:  csrr    a0, sstatus
u_sret: sret
u_wfi:  wfi
u_sfence: sfence.vma
u_time: rdtime  a0
        ecall
u_instret: rdinstret a0
        ecall
u_load: lw      a0, 0(a1)
        ecall
u_store: sw     zero, 64(a1)
        ecall
u_jump: jr      8(a1)
        .option pop
        .balign 4096
        .option push
        .option norvc
data:   ret                                     # what the supervisor fetches
        nop
        ecall                                   # and the user
        .option pop
        .balign 4096
        .bss
        .balign 4096
root:   .space  4096
table:  .space  4096
        .space  4096
stack_end:
