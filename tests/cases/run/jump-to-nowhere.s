# RUN: hvrun %s
# EXIT: 134
# STDERR: error[E0606]
# STDERR: instruction access fault
# STDERR: no code is at 0x00000100
# STDERR: ra
        .globl  main
main:   li      t0, 0x100
        jr      t0
