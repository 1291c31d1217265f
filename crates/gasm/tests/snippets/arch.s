# The instruction set is a list of extensions with versions, of which this assembler supports some.
    .attribute arch, "rv32i2p0_m9p9_f_xvendor1p2_zve32x_zvl256b"
    add a0, a0, a1
    .option push
    .option arch, +c2p1, -m, +zba, +xother3
    mul a0, a1, a2                  # a part of m that stays without it
    sh1add a0, a1, a2
    add a0, a0, a1
    .option arch, rv32ic
    addi a0, a0, 1
    .option norvc
    .option pop
    div a0, a1, a2
    add a0, a0, a1
# What older specifications had.
    uret
    hret
    sfence.vm
    sfence.vm a1
