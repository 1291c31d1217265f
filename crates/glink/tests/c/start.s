# Runs on bare QEMU `virt` as well as under a hypervisor: registers, then main, then power off.
        .section .text.init.enter, "ax", @progbits
        .globl  _start
        .weak   __global_pointer$
_start:
        .option push
        .option norelax
        la      gp, __global_pointer$
        .option pop
        la      sp, __stack_top
        la      tp, thread_block
        mv      t0, tp
        la      t1, __tdata_start
        la      t2, __tdata_size
        add     t2, t2, t1
5:      bgeu    t1, t2, 6f
        lw      t3, 0(t1)
        sw      t3, 0(t0)
        addi    t0, t0, 4
        addi    t1, t1, 4
        j       5b
6:
        la      s0, __init_array_start
        la      s1, __init_array_end
1:      bgeu    s0, s1, 2f
        lw      t0, 0(s0)
        jalr    t0
        addi    s0, s0, 4
        j       1b
2:      call    main
        bnez    a0, 3f
        li      t0, 0x5555
        j       4f
3:      slli    a0, a0, 16
        li      t0, 0x3333
        or      t0, t0, a0
4:      li      t1, 0x100000
        sw      t0, 0(t1)
        j       .

        .text
        .globl  put_char
        .type   put_char, @function
        .balign 16
put_char:
        li      t0, 0x10000000
        sb      a0, 0(t0)
        ret
        .size   put_char, . - put_char

        .bss
        .balign 16
thread_block:
        .zero   256
