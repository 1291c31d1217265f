# What a beginner reads who takes machine mode for his own.
# RUN: hvrun %s
# EXIT: 134
# STDERR: `mstatus` belongs to machine mode
# STDERR: use `sstatus`
# STDERR: machine-csr.s:9
        .globl  main

main:   csrr    a0, mstatus
        ret
