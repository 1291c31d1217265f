# RUN: gasm %s -o %t/kernel.o
# RUN: gasm %d/inputs/user.s -o %t/user.o
# RUN: glink --oformat binary -T %d/inputs/user.ld %t/user.o -o %t/user.bin
# RUN: glink -r -b binary %t/user.bin -o %t/blob.o
# RUN: glink --gc-sections -T %d/inputs/os.ld %t/kernel.o %t/blob.o -o %t/os
# RUN: hvrun %t/os
# EXIT: 42
#
# A small operating system: a boot section that nothing refers to, a table that the script keeps, zeroed
# memory between symbols, a stack and free RAM reserved by the location counter, and a user program that is
# a binary object. The kernel clears .bss, copies the program to a page of free RAM, runs it in user mode
# and ends with what it asks for.
        .section .text.boot, "ax"
        .globl  boot
boot:   la      sp, __stack_top
        la      t0, __bss
        la      t1, __bss_end
1:      bgeu    t0, t1, 2f
        sw      zero, 0(t0)
        addi    t0, t0, 4
        j       1b
2:      call    kernel_main

        .text
kernel_main:
        la      t0, trap
        csrw    stvec, t0
        la      a0, __free_ram
        la      a1, __free_ram_end
        sub     t0, a1, a0
        li      t1, 64 * 1024
        bltu    t0, t1, bad             # 64 KiB are free
        andi    t0, a0, 0x7ff
        bnez    t0, bad                 # from a page's start on
        la      t0, user_image
        la      t1, user_image_end
        bgeu    t0, t1, bad
        mv      t2, a0
1:      lb      t3, 0(t0)
        sb      t3, 0(t2)
        addi    t0, t0, 1
        addi    t2, t2, 1
        bltu    t0, t1, 1b
        fence.i
        lw      t0, counter             # zeroed
        bnez    t0, bad
        la      t0, drivers             # kept, and sorted by name
        lw      t1, 0(t0)
        lw      t2, 4(t0)
        bgeu    t1, t2, bad
        csrw    sepc, a0
        li      t0, 1 << 8
        csrc    sstatus, t0
        la      t0, __stack_top
        csrw    sscratch, t0
        sret
bad:    li      a0, 1
        j       end
        .balign 4
trap:   csrrw   sp, sscratch, sp
        csrr    t0, scause
        li      t1, 8                   # ecall from user mode; a0 is the code
        bne     t0, t1, bad
end:    slli    a0, a0, 16
        li      t0, 0x3333
        or      a0, a0, t0
        li      t0, 0x100000
        sw      a0, 0(t0)
        j       .

        .section .drivers.b, "a"
        .word   2
        .section .drivers.a, "a"
        .word   1
        .bss
counter:
        .zero   64
        .section .text.unused, "ax"
unused: ret
