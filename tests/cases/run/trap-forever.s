# RUN: hvrun --max-instructions 100000 %s
# EXIT: 124
# STDERR: error[E0608]
#
# A guest that traps for ever in its own handler is its own affair, until a limit.

        .globl  main
main:   la      t0, handler
        csrw    stvec, t0
        unimp

        .balign 4
handler:
        addi    t1, t1, 1
        sret
