# RUN: hvrun %s
#
# Traps in S-mode, one line each: number, scause, stval and sepc - or - after a dash - what a register holds. Offsets
# are from the instruction under test. QEMU prints the same.

        .include "test.inc"

        .globl  main
main:   addi    sp, sp, -16
        sw      ra, 0(sp)
        la      t0, handler
        csrw    stvec, t0
        li      s1, 0
        la      s0, buffer

        test                                    # 1: illegal, all zeroes of 32 bits
        .word   0
        done
        test                                    # 2: illegal, reserved funct3 of a load
        .word   0x00007003
        done
        test                                    # 3: a CSR of M-mode
        csrr    a0, mstatus
        done
        test                                    # 4: writing a read-only CSR
        csrw    cycle, zero
        done
        test                                    # 5: reading it with csrrs and x0 is no write
        csrrs   zero, instret, zero
        done
        test                                    # 6: mret
        mret
        done
        test                                    # 7: breakpoint
        ebreak
        done
        test                                    # 8: 16 bits
        .option rvc
        c.ebreak
        c.nop
        done
        test                                    # 9: load from nothing
        lw      a0, 16(zero)
        done
        test                                    # 10: store to nothing
        sw      a0, 24(zero)
        done
        test                                    # 11: fetch from nothing
        jalr    ra, 32(zero)
        done
        test                                    # 12: misaligned loads work
        lw      a0, 1(s0)
        done
        test                                    # 13
        lh      a0, 3(s0)
        done
        test                                    # 14: misaligned stores work
        sw      s1, 5(s0)
        done
        test                                    # 15: fence with reserved fields is a fence
        .word   0xf330828f
        done
        test                                    # 16: fence.i with reserved fields
        .word   0x0012928f
        done
        test                                    # 17: sfence.vma in all forms
        sfence.vma
        sfence.vma a0
        sfence.vma zero, a0
        sfence.vma a0, a1
        done
        test                                    # 18: jump to an odd address: bit 0 goes
        jalr    zero, 1(s3)
        done
        test                                    # 19: a reserved CSR
        csrr    a0, 0x123
        done
        test                                    # 20: a CSR of a hypervisor
        csrr    a0, 0x600
        done
        test                                    # 21: 64-bit load
        .word   0x00003003
        done
        test                                    # 22: shift by 32
        .word   0x02051513
        done
        test                                    # 23: mulw of RV64
        .word   0x02b5053b
        done
        test                                    # 24: amoadd.d of RV64
        .word   0x00a5352f
        done
        test                                    # 25: floating point
        .word   0x00a57553
        done
        test                                    # 26: stvec keeps its mode and base
        la      t0, handler
        csrw    stvec, t0
        csrr    a0, stvec
        sub     a0, a0, t0
        done
        test                                    # 27: lr.w on nothing is a load access fault
        lr.w    a0, (zero)
        done
        test                                    # 28: the interrupts that can be enabled
        csrr    a1, sie
        li      a0, -1
        csrw    sie, a0
        csrr    a0, sie
        csrw    sie, a1
        done
        test                                    # 29: SSIP can be set and cleared, the others cannot
        csrw    sip, zero
        li      a0, -1
        csrw    sip, a0
        csrr    a0, sip
        andi    a0, a0, 2
        csrw    sip, zero
        done
        test                                    # 30: wfi with an interrupt that is pending goes on, though SIE is 0
        csrsi   sie, 2
        csrsi   sip, 2
        wfi
        csrci   sip, 2
        csrci   sie, 2
        done
        lw      ra, 0(sp)
        addi    sp, sp, 16
        li      a0, 0
        ret

        .include "report.inc"
buffer: .word   0x04030201, 0x08070605, 0x0c0b0a09, 0x100f0e0d
