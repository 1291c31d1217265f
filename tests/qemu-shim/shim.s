# shim.s - the smallest firmware that makes QEMU's `virt` machine look like an hvkit guest
#
# QEMU starts harts in machine mode (M-mode). An hvkit guest starts in supervisor mode (S-mode) and
# asks its hypervisor for services with `ecall`. This shim stands between: it opens S-mode, jumps to
# the image and serves the SBI and HVK calls that the tests use. So one image runs on both machines
# and must print the same: QEMU is an independent judge of hvrun.
#
# It lives in the first pflash unit (0x2000_0000), so that all of RAM belongs to the image:
#   qemu-system-riscv32 -M virt -bios none -drive if=pflash,unit=0,format=raw,readonly=on,file=shim.bin
#                       -device loader,file=IMAGE -device loader,addr=MAILBOX,data=ENTRY,data-len=4
# `run.sh` beside this file builds the shim and gives these options.
#
# RAM that the shim keeps for itself: the last 4 KiB below the 2 MiB boundary above the devicetree,
# which is the last page of RAM. S-mode may not touch it (PMP). Its first word is the mailbox.
#
# Where it differs from hvrun, because QEMU cannot know better:
#   * end of input: byte 0x04 (Ctrl-D) on the serial line; no other end is visible to a UART;
#   * MARK does nothing; PANIC prints its message and powers off with code 134;
#   * YIELD does nothing: there is one guest;
#   * a guest that hvrun would stop (crash, `wfi` for ever) runs on: give QEMU a time limit.

        .equ    UART,           0x10000000
        .equ    UART_LSR,       5               # line status: bit 0 a byte waits, bit 5 may send
        .equ    FINISHER,       0x00100000
        .equ    RAM,            0x80000000

        # The scratch page
        .equ    MAILBOX,        0               # entry of the image, 0: the start of RAM
        .equ    AT_END,         4               # not 0 once the end of input was seen
        .equ    RAM_END,        8               # first address after what the guest may use: this page
        .equ    FRAME,          16              # registers of the guest while it is being served

        # The frame: x1..x31 at 4*n, then two CSRs
        .equ    F_MEPC,         128
        .equ    F_MSTATUS,      132

        .equ    MSTATUS_MPRV,   1 << 17         # loads and stores as the mode in MPP would do them
        .equ    MSTATUS_MPP_S,  1 << 11
        .equ    MSTATUS_MPP,    3 << 11

        .equ    SUCCESS,        0
        .equ    ERR_FAILED,     -1
        .equ    ERR_NOT_SUPPORTED, -2
        .equ    ERR_INVALID_PARAM, -3
        .equ    ERR_DENIED,     -4
        .equ    ERR_INVALID_ADDRESS, -5
        .equ    ERR_ALREADY_AVAILABLE, -6

        .text
        .globl  _start

# Reset: a0 = hart id, a1 = devicetree (2 MiB aligned, the highest that fits), both for the guest too.
_start:
        csrr    t0, mhartid
        bnez    t0, park
        li      t0, 0x200000 - 4096
        add     s0, a1, t0                      # s0 = the scratch page
        csrw    mscratch, s0
        sw      s0, RAM_END(s0)
        sw      zero, AT_END(s0)
        la      t0, trap
        csrw    mtvec, t0

        # PMP: entry 0 hides the scratch page (NAPOT, 4 KiB, no permission); entry 1 gives the rest.
        srli    t0, s0, 2
        ori     t0, t0, 0x1ff
        csrw    pmpaddr0, t0
        li      t0, -1
        csrw    pmpaddr1, t0
        li      t0, 0x1f18
        csrw    pmpcfg0, t0

        # Delegate what a guest's own trap handler gets: misaligned and access faults (0, 1, 4..7),
        # illegal instruction (2), breakpoint (3), ecall from U (8), page faults (12, 13, 15).
        li      t0, 0xb1ff
        csrw    medeleg, t0
        li      t0, 0x222                       # software, timer and external interrupts
        csrw    mideleg, t0
        li      t0, 7                           # cycle, time, instret readable in S-mode
        csrw    mcounteren, t0
        csrw    scounteren, zero
        li      t0, 1 << 31                     # menvcfgh.STCE: stimecmp exists
        csrw    menvcfgh, t0
        li      t0, -1
        csrw    stimecmp, t0
        csrw    stimecmph, t0

        li      t0, MSTATUS_MPP
        csrc    mstatus, t0
        li      t0, MSTATUS_MPP_S
        csrs    mstatus, t0
        lw      t0, MAILBOX(s0)
        bnez    t0, 1f
        li      t0, RAM
1:      csrw    mepc, t0

        # The guest's first registers: a0, a1 as they are, sp = end of free RAM, all others 0.
        mv      sp, a1
        .irp    r, ra, gp, tp, t0, t1, t2, s0, s1, a2, a3, a4, a5, a6, a7
        li      \r, 0
        .endr
        .irp    r, s2, s3, s4, s5, s6, s7, s8, s9, s10, s11, t3, t4, t5, t6
        li      \r, 0
        .endr
        mret

park:   wfi
        j       park

# A trap from S-mode. Only `ecall` is not delegated; anything else that comes here is a fault of
# the shim's set-up and stops the machine with code 125.
        .balign 4
trap:
        csrrw   sp, mscratch, sp
        addi    sp, sp, FRAME
        .irp    n, 1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19
        sw      x\n, 4 * \n (sp)
        .endr
        .irp    n, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
        sw      x\n, 4 * \n (sp)
        .endr
        csrr    t0, mepc
        sw      t0, F_MEPC(sp)
        csrr    t0, mstatus
        sw      t0, F_MSTATUS(sp)
        csrr    t0, mcause
        li      t1, 9
        bne     t0, t1, broken

        addi    s0, sp, -FRAME                  # s0 = the scratch page
        mv      s1, sp                          # s1 = the frame
        call    serve                           # a0..a7 of the guest; → a0 error, a1 value
        sw      a0, 4 * 10 (s1)
        sw      a1, 4 * 11 (s1)

        mv      sp, s1
        lw      t0, F_MSTATUS(sp)
        csrw    mstatus, t0
        lw      t0, F_MEPC(sp)
        addi    t0, t0, 4
        csrw    mepc, t0
        .irp    n, 1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19
        lw      x\n, 4 * \n (sp)
        .endr
        .irp    n, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
        lw      x\n, 4 * \n (sp)
        .endr
        addi    sp, sp, -FRAME
        csrrw   sp, mscratch, sp
        mret

broken: li      a0, 125
        j       power_off

# Dispatch by extension. In every service below: s0 = scratch page, s1 = frame, s2..s11 and t0..t6
# free, ra = the way out of `serve`.
serve:
        la      t0, extensions
1:      lw      t1, 0(t0)
        lw      t2, 4(t0)
        beqz    t2, not_supported
        addi    t0, t0, 8
        bne     t1, a7, 1b
        jr      t2

not_supported:
        li      a0, ERR_NOT_SUPPORTED
        li      a1, 0
        ret

invalid_param:
        li      a0, ERR_INVALID_PARAM
        li      a1, 0
        ret

success:                                        # value 0
        li      a1, 0
success_value:                                  # value in a1
        li      a0, SUCCESS
        ret

        .balign 4
extensions:
        .word   0x0948564b, hvk
        .word   0x10, base
        .word   0x54494d45, time
        .word   0x735049, ipi
        .word   0x52464e43, rfence
        .word   0x48534d, hsm
        .word   0x53525354, srst
        .word   0x4442434e, dbcn
        .word   0, legacy_set_timer
        .word   1, legacy_putchar
        .word   2, legacy_getchar
        .word   3, legacy_clear_ipi
        .word   4, legacy_send_ipi
        .word   5, legacy_fence_i
        .word   6, legacy_sfence
        .word   7, legacy_sfence
        .word   8, legacy_shutdown
        .word   0, 0

# --- SBI BASE
base:
        li      t0, 3
        beq     a6, t0, base_probe
        bgtu    a6, t0, 1f
        la      t0, base_values
        sh2add  t0, a6, t0
        lw      a1, 0(t0)
        j       success_value
1:      li      t0, 6
        bgtu    a6, t0, not_supported
        li      a1, 0
        li      t0, 4
        bne     a6, t0, success_value
        li      a1, 0x48564b                    # mvendorid; marchid and mimpid are 0
        j       success_value

base_probe:
        la      t0, extensions
        li      a1, 0
1:      lw      t1, 0(t0)
        lw      t2, 4(t0)
        beqz    t2, success_value
        addi    t0, t0, 8
        bne     t1, a0, 1b
        li      a1, 1
        j       success_value

        .balign 4
base_values:
        .word   2 << 24, 0x48564b, 1            # specification 2.0; implementation; its version

# --- Time
time:
        bnez    a6, not_supported
        li      t0, -1                          # never an early interrupt between the two halves
        csrw    stimecmp, t0
        csrw    stimecmph, a1
        csrw    stimecmp, a0
        j       success

# --- One hart: interrupts to oneself, fences of one's own, a hart that is always started
ipi:
        bnez    a6, not_supported
        li      t0, -1
        beq     a1, t0, 1f
        bnez    a1, invalid_param
        andi    t0, a0, -2
        bnez    t0, invalid_param
        beqz    a0, success
1:      csrsi   mip, 2
        j       success

rfence:
        li      t0, 2
        bgtu    a6, t0, not_supported
        li      t0, -1
        beq     a1, t0, 1f
        bnez    a1, invalid_param
        andi    t0, a0, -2
        bnez    t0, invalid_param
1:      fence.i
        sfence.vma
        j       success

hsm:
        li      t0, 3
        bgtu    a6, t0, not_supported
        bnez    a6, 1f
        bnez    a0, invalid_param               # start: this hart is started, there is no other
        li      a0, ERR_ALREADY_AVAILABLE
        li      a1, 0
        ret
1:      li      t0, 2
        bne     a6, t0, not_supported
        bnez    a0, invalid_param               # status: STARTED = 0
        j       success

# --- System reset
srst:
        bnez    a6, not_supported
        bgtu    a1, zero, 1f
2:      beqz    a0, power_off_reason
        li      t0, 2
        bgtu    a0, t0, invalid_param
        li      t1, FINISHER
        li      t0, 0x7777
        sw      t0, 0(t1)
        j       park
1:      li      t0, 1
        bgtu    a1, t0, invalid_param
        j       2b

power_off_reason:
        mv      a0, a1                          # reason 0: code 0; reason 1: code 1
power_off:                                      # a0 = exit code
        li      t1, FINISHER
        li      t0, 0x5555
        beqz    a0, 1f
        slli    t0, a0, 16
        li      t2, 0x3333
        or      t0, t0, t2
1:      sw      t0, 0(t1)
        j       park

# --- Debug console: pointers are physical
dbcn:
        li      t0, 2
        bgtu    a6, t0, not_supported
        mv      s4, a0
        mv      s3, a1
        beq     a6, t0, dbcn_write_byte
        bnez    a2, invalid_param               # above 4 GiB
        li      t0, RAM                         # RAM <= address, address + length <= end of RAM
        bltu    s3, t0, invalid_param
        lw      t1, RAM_END(s0)
        sub     t2, t1, s3
        bltu    t1, s3, invalid_param
        bltu    t2, s4, invalid_param
        mv      s11, ra
        li      s5, 0
        bnez    a6, dbcn_read
1:      beq     s5, s4, 2f
        add     t0, s3, s5
        lbu     a0, 0(t0)
        call    send
        addi    s5, s5, 1
        j       1b
dbcn_read:
        beq     s5, s4, 2f
        call    receive
        bltz    a0, 2f
        add     t0, s3, s5
        sb      a0, 0(t0)
        addi    s5, s5, 1
        j       dbcn_read
2:      mv      a1, s5
        mv      ra, s11
        j       success_value

dbcn_write_byte:
        mv      s11, ra
        call    send
        mv      ra, s11
        j       success

# --- Legacy calls: the answer is a0 alone, a1 stays
legacy_set_timer:
        li      t0, -1
        csrw    stimecmp, t0
        csrw    stimecmph, a1
        csrw    stimecmp, a0
        j       legacy_done
legacy_putchar:
        mv      s11, ra
        call    send
        mv      ra, s11
legacy_done:
        li      a0, 0
legacy_answer:
        lw      a1, 4 * 11 (s1)
        ret
legacy_getchar:
        mv      s11, ra
        call    receive
        mv      ra, s11
        j       legacy_answer
legacy_clear_ipi:
        csrci   mip, 2
        j       legacy_done
legacy_send_ipi:
        csrsi   mip, 2
        j       legacy_done
legacy_fence_i:
        fence.i
        j       legacy_done
legacy_sfence:
        sfence.vma
        j       legacy_done
legacy_shutdown:
        li      a0, 0
        j       power_off

# --- HVK, the vendor extension: pointers are virtual, in the guest's own address space
hvk:
        li      t0, 14                          # entries of the table
        bgeu    a6, t0, not_supported
        la      t0, hvk_functions
        sh2add  t0, a6, t0
        lw      t0, 0(t0)
        jr      t0

        .balign 4
hvk_functions:
        .word   hvk_print, power_off, hvk_read, success, hvk_info
        .word   not_supported, not_supported, not_supported, not_supported, not_supported
        .word   not_supported, not_supported, hvk_panic, success

hvk_panic:
        mv      s11, ra
        call    print
        li      a0, '\n'
        call    send
        li      a0, 134
        j       power_off

hvk_print:
        mv      s11, ra
        call    print
        mv      ra, s11
        beqz    a0, success_value
invalid_address:
        li      a0, ERR_INVALID_ADDRESS
        li      a1, 0
        ret

# print: a0 = buffer, a1 = length → a0 = 0 and a1 = length, or a0 < 0 and nothing printed
print:
        mv      s10, ra
        mv      s3, a0
        mv      s4, a1
        li      s5, 0
1:      bgeu    s5, s4, 2f                      # first look at every page
        add     t0, s3, s5
        call    guest_load
        bltz    a0, 4f
        call    next_page
        j       1b
2:      li      s5, 0
3:      beq     s5, s4, 4f                      # then send them
        add     t0, s3, s5
        call    guest_load
        call    send
        addi    s5, s5, 1
        j       3b
4:      mv      a1, s4
        slti    t0, a0, 0
        neg     a0, t0
        bnez    s4, 5f
        li      a0, 0
5:      mv      ra, s10
        ret

# next_page: s3 = buffer, s5 = offset → s5 = offset of the next page's first byte
next_page:
        add     t0, s3, s5
        li      t1, 0xfff
        or      t0, t0, t1
        addi    t0, t0, 1
        sub     s5, t0, s3
        ret

hvk_read:
        mv      s11, ra
        mv      s3, a0
        mv      s4, a1
        li      s5, 0
1:      bgeu    s5, s4, 2f                      # is every page writable?
        add     t0, s3, s5
        call    guest_load
        bltz    a0, 6f
        add     t0, s3, s5
        call    guest_store
        bltz    a0, 6f
        call    next_page
        j       1b
2:      li      s5, 0
        beqz    s4, 5f
3:      beq     s5, s4, 5f
        lw      t0, AT_END(s0)
        bnez    t0, 4f
        call    receive
        bltz    a0, 4f
        li      t0, 0x04
        beq     a0, t0, 7f
        add     t0, s3, s5
        call    guest_store
        addi    s5, s5, 1
        j       3b
7:      sw      t0, AT_END(s0)
4:      bnez    s5, 5f                          # something was read: that first
        lw      t0, AT_END(s0)
        beqz    t0, 5f
        li      a0, ERR_DENIED
        li      a1, 0
        mv      ra, s11
        ret
5:      mv      a1, s5
        mv      ra, s11
        j       success_value
6:      mv      ra, s11
        j       invalid_address

# INFO: VM id 0, VM count 1, RAM size, slice, features; as many bytes as the caller has room for
hvk_info:
        mv      s11, ra
        li      t0, 4096                        # RAM ends behind the scratch page
        add     s6, s0, t0
        li      t0, RAM
        sub     s6, s6, t0
        addi    sp, sp, 160                     # behind the frame
        sw      zero, 0(sp)
        li      t0, 1
        sw      t0, 4(sp)
        sw      s6, 8(sp)
        li      t0, 10000
        sw      t0, 12(sp)
        li      t0, 0x301f                      # bit n: function n is there
        sw      t0, 16(sp)
        mv      s3, a0
        mv      s4, a1
        li      t0, 20
        minu    s4, s4, t0
        li      s5, 0
1:      beq     s5, s4, 2f
        add     t1, sp, s5
        lbu     a0, 0(t1)
        add     t0, s3, s5
        call    guest_store
        bltz    a0, 3f
        addi    s5, s5, 1
        j       1b
2:      mv      a1, s5
        mv      ra, s11
        j       success_value
3:      mv      ra, s11
        j       invalid_address

# guest_load: t0 = virtual address → a0 = byte, or -1 if the guest may not read it
# guest_store: the same, a0 = byte → a0 = 0 or -1
# With MPRV set, loads and stores go through the guest's page table with its privilege; a fault
# comes to guest_fault, which returns -1 to the caller of these two.
guest_load:
        la      t1, guest_fault
        csrw    mtvec, t1
        li      t1, MSTATUS_MPRV
        csrs    mstatus, t1
        lbu     a0, 0(t0)
        csrc    mstatus, t1
        j       guest_done
guest_store:
        la      t1, guest_fault
        csrw    mtvec, t1
        li      t1, MSTATUS_MPRV
        csrs    mstatus, t1
        sb      a0, 0(t0)
        csrc    mstatus, t1
        li      a0, 0
guest_done:
        la      t1, trap
        csrw    mtvec, t1
        ret

        .balign 4
guest_fault:
        lw      t1, F_MSTATUS(s1)               # MPP = S again, MPRV off
        csrw    mstatus, t1
        li      a0, -1
        j       guest_done

# send: a0 = byte, waits until the UART takes it.  receive: → a0 = byte, or -1 if none waits.
send:
        li      t1, UART
1:      lbu     t2, UART_LSR(t1)
        andi    t2, t2, 0x20
        beqz    t2, 1b
        sb      a0, 0(t1)
        ret

receive:
        li      t1, UART
        lbu     t2, UART_LSR(t1)
        andi    t2, t2, 1
        li      a0, -1
        beqz    t2, 1f
        lbu     a0, 0(t1)
1:      ret
