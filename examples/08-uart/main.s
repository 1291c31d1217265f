# RUN: hvrun %s
# STDIN: Hello, UART!\n
# EXIT: 0
#
# 08-uart: talking to a device without any hypercall.
#
# The console is a UART, the chip 16550A. Its registers are at addresses, like memory, but a load
# or store there does something in the device ("memory-mapped I/O"). Each register is a byte:
#
#       +0  write: send this byte           read: the byte that was received
#       +1  interrupts on and off
#       +2  write: control of its queues; not used here (a change empties them)
#       +3  line control: how many bits a byte has on the line
#       +5  line status: bit 0: a byte was received and waits; bit 5: ready to send
#
# This program reads a line and sends it back in capitals.

        .include "abi.s"

        .equ    UART_DATA, 0
        .equ    UART_INTERRUPTS, 1
        .equ    UART_LINE, 3
        .equ    UART_STATUS, 5
        .equ    STATUS_RECEIVED, 1 << 0
        .equ    STATUS_MAY_SEND, 1 << 5

        .text
        .globl  main
main:
        addi    sp, sp, -16
        sw      ra, 12(sp)
        sw      s0, 8(sp)

        li      s0, UART0_BASE
        sb      zero, UART_INTERRUPTS(s0)       # we ask, it does not interrupt
        li      t0, 3
        sb      t0, UART_LINE(s0)               # 8 bits, no parity, 1 stop bit

next:   call    receive
        li      t0, 'a'                         # only a to z change
        bltu    a0, t0, echo
        li      t0, 'z'
        bgtu    a0, t0, echo
        addi    a0, a0, 'A' - 'a'
echo:   call    send
        li      t0, '\n'
        bne     a0, t0, next

        li      a0, 0
        lw      ra, 12(sp)
        lw      s0, 8(sp)
        addi    sp, sp, 16
        ret

# receive: s0 = the UART → a0 = the next byte; asks the device until there is one
receive:
        lbu     t0, UART_STATUS(s0)
        andi    t0, t0, STATUS_RECEIVED
        beqz    t0, receive
        lbu     a0, UART_DATA(s0)
        ret

# send: s0 = the UART, a0 = a byte; a0 stays
send:   lbu     t0, UART_STATUS(s0)
        andi    t0, t0, STATUS_MAY_SEND
        beqz    t0, send
        sb      a0, UART_DATA(s0)
        ret
