# RUN: hvrun %s
# STDIN: wake up\n
# EXIT: 0
#
# 21-console-interrupt: the guest sleeps until the console has something for it.
#
# 08-uart asked the UART again and again whether a byte had come. Here the UART says so itself, by an
# interrupt. Between it and the processor stands the PLIC, which collects the interrupts of all
# devices. Five switches must be on:
#
#       UART, register 1, bit 0         "interrupt me when a byte has come"
#       PLIC, priority of source 10     above the threshold; 0 means never
#       PLIC, enable bit of source 10   for context 1: supervisor mode
#       sie, bit 9 (SEIE)               external interrupts
#       sstatus, bit 1 (SIE)            interrupts at all
#
# The handler asks the PLIC which device it is ("claim"), serves it, and says that it has ("complete").

        .include "abi.s"

        .equ    UART_DATA, 0
        .equ    UART_INTERRUPTS, 1
        .equ    UART_STATUS, 5
        .equ    STATUS_RECEIVED, 1 << 0

        .equ    PLIC_PRIORITY, PLIC_BASE        # a word for each source
        .equ    PLIC_ENABLE, PLIC_BASE + 0x2080 # of context 1: a bit for each source
        .equ    PLIC_THRESHOLD, PLIC_BASE + 0x201000
        .equ    PLIC_CLAIM, PLIC_BASE + 0x201004

        .equ    SIZE, 80                        # of the line, with its zero byte

        .equ    SEIE, 1 << 9
        .equ    SIE, 1 << 1
        .equ    CAUSE_EXTERNAL, 9               # with the top bit set, as all interrupts

        .text
        .globl  main
main:
        addi    sp, sp, -16
        sw      ra, 12(sp)

        la      t0, handler
        csrw    stvec, t0

        li      t0, PLIC_PRIORITY + 4 * UART0_IRQ
        li      t1, 1
        sw      t1, 0(t0)
        li      t0, PLIC_ENABLE
        li      t1, 1 << UART0_IRQ
        sw      t1, 0(t0)
        li      t0, PLIC_THRESHOLD
        sw      zero, 0(t0)
        li      t0, UART0_BASE
        li      t1, 1
        sb      t1, UART_INTERRUPTS(t0)
        li      t0, SEIE
        csrw    sie, t0

        # Sleep until a whole line is there. Looking and sleeping happen with interrupts off, so
        # that none slips in between; see 07-timer.
sleep:  lw      t0, line_done
        bnez    t0, done
        wfi
        csrsi   sstatus, SIE                    # the interrupt that woke us is taken here
        csrci   sstatus, SIE
        j       sleep

done:   la      a0, got_text
        call    hv_puts
        la      a0, line
        call    hv_puts
        call    hv_newline
        li      a0, 0
        lw      ra, 12(sp)
        addi    sp, sp, 16
        ret

        .balign 4
handler:
        addi    sp, sp, -32
        sw      t0, 0(sp)
        sw      t1, 4(sp)
        sw      t2, 8(sp)
        sw      t3, 12(sp)
        sw      t4, 16(sp)
        sw      t5, 20(sp)

        csrr    t0, scause
        bgez    t0, wrong                       # not an interrupt
        slli    t0, t0, 1
        li      t1, CAUSE_EXTERNAL << 1
        bne     t0, t1, wrong

        li      t0, PLIC_CLAIM
        lw      t1, 0(t0)                       # claim: the number of the source
        beqz    t1, return                      # 0: nobody, after all
        li      t2, UART0_IRQ
        bne     t1, t2, wrong

        # All bytes that wait; the UART interrupts as long as there are any
        li      t2, UART0_BASE
        lw      t3, fill                        # t3 = bytes in the line so far
more:   lbu     t4, UART_STATUS(t2)
        andi    t4, t4, STATUS_RECEIVED
        beqz    t4, served
        lbu     t4, UART_DATA(t2)
        li      t5, '\n'
        beq     t4, t5, end_of_line
        li      t5, SIZE - 1
        bgeu    t3, t5, more                    # the line is full: drop the byte
        la      t5, line
        add     t5, t5, t3
        sb      t4, 0(t5)
        addi    t3, t3, 1
        j       more
end_of_line:
        li      t4, 1
        sw      t4, line_done, t5
served: sw      t3, fill, t5
        sw      t1, 0(t0)                       # complete: the same number back

return: lw      t0, 0(sp)
        lw      t1, 4(sp)
        lw      t2, 8(sp)
        lw      t3, 12(sp)
        lw      t4, 16(sp)
        lw      t5, 20(sp)
        addi    sp, sp, 32
        sret

wrong:  li      a0, 1
        call    hv_exit

        .section .rodata
got_text:
        .asciz  "the console woke me up with: "

        .bss
line:   .space  SIZE                            # zeroes: the string always ends
        .balign 4
fill:   .space  4
line_done:
        .space  4
