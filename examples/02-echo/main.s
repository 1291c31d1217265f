# RUN: hvrun %s
# STDIN: one\ntwo\nno newline at the end
# EXIT: 0
#
# 02-echo: reads what comes in on the console and prints it again, until the input ends.
#
# The library wraps each hypercall in a function:
#
#       hv_read(buffer, size)    a0 = bytes read; 0: nothing waits just now; below 0: an error,
#                                and SBI_ERR_DENIED is how the end of the input looks
#       hv_print(buffer, length) a0 = 0, or an error
#       hv_yield()               nothing to do for now: let other guests run
#
# Reading never waits. Waiting is up to the guest, and a polite guest yields while it waits.

        .include "abi.s"

        .equ    SIZE, 64                        # bytes that one read can take

        .text
        .globl  main
main:
        addi    sp, sp, -16                     # `call` overwrites ra, which main needs to return:
        sw      ra, 12(sp)                      # keep it on the stack
again:
        la      a0, buffer
        li      a1, SIZE
        call    hv_read
        bgtz    a0, got_some                    # a0 > 0: that many bytes
        bltz    a0, ended                       # a0 < 0: an error, or the end
        call    hv_yield
        j       again
got_some:
        mv      a1, a0                          # as many as were read
        la      a0, buffer
        call    hv_print
        beqz    a0, again
        j       done                            # could not print: a0 is the error

ended:
        li      t0, SBI_ERR_DENIED
        bne     a0, t0, done                    # a real error: end with it, so that it is seen
        li      a0, 0                           # the end of the input is no error here
done:
        lw      ra, 12(sp)
        addi    sp, sp, 16
        ret

        .bss                                    # memory that starts as zeroes and is not in the file
buffer: .space  SIZE
