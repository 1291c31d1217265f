# What GNU as refuses too, on the same lines.
# RUN: gasm -march=rv32imac_zicsr %s -o %t/x.o
# EXIT: 1
    lla a2, foo@plt                     # error[E0202]
    jump foo@plt, t1                    # error[E0202]
    c.nop 0                             # error[E0102]
    add a5, a5, tp, 0                   # error[E0202]
first:
    lui t0, %hi(second - first)         # error[E0307]
second:
    lui t0, %hi(first - second)         # error[E0307]
    la a0, 0x100000000                  # error[E0102]
    .option arch, +zba, rv32i, +c       # error[E0417]
    .option arch, +zfoo                 # error[E0417]
    .option arch, +zba2p                # error[E0417]
    .option arch, -i                    # error[E0417]
    .attribute arch, "rv32i_zvl128b"    # error[E0417]
    .attribute arch, "rv32iy"           # error[E0417]
    .reloc 0, R_RISCV_FOO, 1            # error[E0401]
    .reloc 1000, R_RISCV_32, 1          # error[E0307]
    lw a0, a1                           # warning[register-as-symbol]
    .option rcv                         # warning[unknown-option]
    .struct 0
field:
    .space 4
    nop                                 # error[E0415]
    .word 1                             # error[E0415]
