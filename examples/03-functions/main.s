# RUN: hvrun %s
# EXIT: 0
#
# 03-functions: loops, functions, and the stack that lets a function call itself.
#
# The calling convention, which every function here and in the library keeps:
#
#       a0 .. a7    arguments; a0 (and a1) the result
#       t0 .. t6    free for any use; a function that is called may change them
#       s0 .. s11   kept: a function that uses one saves it first and restores it at its end
#       ra          where to return to; `call` overwrites it
#       sp          the stack: grows downwards, in steps of 16 bytes

        .text
        .globl  main

# main: prints the squares of 1 to 5, their sum, and 10 factorial.
main:
        addi    sp, sp, -16                     # a frame: 16 bytes of the stack for this call
        sw      ra, 12(sp)
        sw      s0, 8(sp)
        sw      s1, 4(sp)

        li      s0, 1                           # s0 counts; s registers survive the calls below
        li      s1, 0                           # s1 = the sum so far
next:
        mv      a0, s0
        call    square
        add     s1, s1, a0
        call    print_line
        addi    s0, s0, 1
        li      t0, 5
        ble     s0, t0, next                    # again while s0 <= 5

        la      a0, sum_text
        call    hv_puts
        mv      a0, s1
        call    print_line

        la      a0, factorial_text
        call    hv_puts
        li      a0, 10
        call    factorial
        call    print_line

        li      a0, 0
        lw      ra, 12(sp)                      # take the frame down again
        lw      s0, 8(sp)
        lw      s1, 4(sp)
        addi    sp, sp, 16
        ret

# square: a0 = number → a0 = number * number
# It calls nothing and uses no s register: no frame needed.
square:
        mul     a0, a0, a0
        ret

# print_line: a0 = number; prints it on a line of its own
print_line:
        addi    sp, sp, -16
        sw      ra, 12(sp)
        call    hv_print_dec
        call    hv_newline
        lw      ra, 12(sp)
        addi    sp, sp, 16
        ret

# factorial: a0 = n → a0 = 1 * 2 * ... * n
# It calls itself. Each call has its own frame, with its own n in it.
factorial:
        li      t0, 1
        ble     a0, t0, one                     # n <= 1: the answer is 1
        addi    sp, sp, -16
        sw      ra, 12(sp)
        sw      a0, 8(sp)                       # n, needed after the call
        addi    a0, a0, -1
        call    factorial                       # a0 = factorial of n - 1
        lw      t0, 8(sp)
        mul     a0, a0, t0
        lw      ra, 12(sp)
        addi    sp, sp, 16
        ret
one:
        li      a0, 1
        ret

        .section .rodata
sum_text:
        .asciz  "sum: "                         # .asciz ends the text with a zero byte
factorial_text:
        .asciz  "10 factorial: "
