# crt0.s - what runs before `main`
#
# _start: the entry of a program.
#   in      a0 = hart id, a1 = address of the devicetree, sp = end of free RAM or nothing useful;
#           paging and interrupts off
#   does    sets gp and sp, clears .bss, runs the constructors in .init_array, calls
#           `main` with a0 and a1 as they came, and stops the machine with what main returns
#   out     does not return
#
# The stack: the sp that the machine gives is kept if it lies above the program (hvrun gives the
# end of RAM). Otherwise, as on machines that give 0 or leave their firmware's sp, it is __stack_top,
# the end of the space that glink reserves behind .bss.

        .section .text.hv, "ax", @progbits
        .globl  _start
        .type   _start, @function
        .weak   __global_pointer$
        .weak   __stack_top
        .weak   __bss_end
        .weak   __init_array_start
        .weak   __init_array_end
_start:
        .option push
        .option norelax                         # relaxed, this would read the gp it is to set
        la      gp, __global_pointer$
        .option pop

        mv      s0, a0
        mv      s1, a1
        la      t1, __bss_end                   # layouts that do not name it have nothing but
        bnez    t1, 0f                          # .bss before _end
        la      t1, _end
0:      bgtu    sp, t1, 1f
        la      sp, __stack_top
1:      andi    sp, sp, -16

        # Clear [__bss_start, t1): bytes up to a word boundary, words, bytes.
        la      t0, __bss_start
2:      bgeu    t0, t1, 5f
        andi    t2, t0, 3
        beqz    t2, 4f
3:      sb      zero, 0(t0)
        addi    t0, t0, 1
        j       2b
4:      sub     t2, t1, t0
        sltiu   t2, t2, 4
        bnez    t2, 3b
        sw      zero, 0(t0)
        addi    t0, t0, 4
        bltu    t0, t1, 4b

5:      la      s2, __init_array_start
        la      s3, __init_array_end
6:      bgeu    s2, s3, 7f
        lw      t0, 0(s2)
        addi    s2, s2, 4
        jalr    t0
        j       6b

7:      mv      a0, s0
        mv      a1, s1
        call    main
        call    hv_exit                         # a call, not a jump: a backtrace ends in _start
        .size   _start, . - _start
