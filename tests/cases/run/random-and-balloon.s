# RUN: hvrun --mem 256K --stats %s
# EXIT: 0
# STDERR: pages touched                    11 of 64
# STDERR: host memory: 7 pages in use
# The library's functions for HVK RANDOM and BALLOON: random bytes are neither zeroes nor the same twice; pages of zeroes
# are given back, and come again as zeroes; bad pointers are refused.

        .include "abi.s"
        .globl  main
main:
        addi    sp, sp, -16
        sw      ra, 12(sp)

        li      s1, 1                           # s1 = the number of the check, the exit code if wrong
        la      a0, first
        li      a1, 16
        call    hv_random
        li      t0, 16
        bne     a0, t0, bad
        la      a0, second
        li      a1, 16
        call    hv_random
        la      a0, first
        la      a1, second
        li      a2, 16
        call    memcmp
        beqz    a0, bad

        li      s1, 2                           # nothing is written behind the 16 bytes
        lw      t0, guard
        bnez    t0, bad

        li      s1, 3
        li      a0, 0
        li      a1, 16
        call    hv_random
        li      t0, SBI_ERR_INVALID_ADDRESS
        bne     a0, t0, bad

        li      s1, 4                           # four pages are touched and cleared again
        la      s0, pages
        li      s2, 4
        li      s3, 4096
1:      sw      s0, 0(s0)
        sw      zero, 0(s0)
        add     s0, s0, s3
        addi    s2, s2, -1
        bnez    s2, 1b
        li      a0, 100
        call    hv_balloon
        li      t0, 4
        bne     a0, t0, bad

        li      s1, 5
        lw      t0, pages
        bnez    t0, bad

        li      s1, 6                           # three more are taken
        li      a0, -3
        call    hv_balloon
        li      t0, 3
        bne     a0, t0, bad

        li      a0, 0
        lw      ra, 12(sp)
        addi    sp, sp, 16
        ret
bad:    mv      a0, s1
        call    hv_exit

        .bss
        .balign 4
first:  .space  16
second: .space  16
guard:  .space  4
        .balign 4096
pages:  .space  4 * 4096
