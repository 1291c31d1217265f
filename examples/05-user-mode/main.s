# RUN: hvrun %s
# EXIT: 0
#
# 05-user-mode: a guest that is an operating system, if a small one.
#
# A machine has two modes for programs. A guest starts in supervisor mode (S-mode), where a kernel
# lives. The kernel starts a program in user mode (U-mode), where the instructions that control the
# machine are forbidden. An `ecall` in U-mode is a *system call*: the processor traps into the kernel:
#
#       sepc   = address of the ecall
#       scause = 8, "ecall from U-mode"
#       mode   = S; the old one is kept in sstatus.SPP
#       pc     = stvec
#
# The kernel serves the call and returns with `sret`. What the kernel itself needs it asks the
# hypervisor for, with `ecall` in S-mode: the same instruction, one level up.

        .include "abi.s"

        .equ    SSTATUS_SPP, 1 << 8             # the mode that sret goes to: 0 is U-mode
        .equ    CAUSE_ILLEGAL_INSTRUCTION, 2
        .equ    CAUSE_ECALL_FROM_U, 8

        # Our system calls: number in a7, arguments in a0, a1, result in a0
        .equ    SYS_WRITE, 1                    # address, length → bytes written
        .equ    SYS_COUNT, 2                    # → how many system calls there were, this one too
        .equ    SYS_EXIT, 3                     # code → does not return
        .equ    ERR_NO_SUCH_CALL, -1

        # Where trap_entry keeps each register of the program, on the kernel's stack
        .equ    F_RA, 0
        .equ    F_SP, 4
        .equ    F_A0, 8                         # a0 to a7: 8 to 36
        .equ    F_A1, 12
        .equ    F_A7, 36
        .equ    F_T0, 40                        # t0 to t6: 40 to 64
        .equ    F_SIZE, 80

        .text
        .globl  main

# ---------------------------------------------------------------- the kernel

main:
        la      t0, trap_entry                  # traps go there from now on
        csrw    stvec, t0
        la      t0, kernel_stack_top            # sscratch: a CSR for the kernel's own use. It holds
        csrw    sscratch, t0                    # the kernel's sp while a program runs

        la      t0, program                     # sret goes to sepc,
        csrw    sepc, t0
        li      t0, SSTATUS_SPP                 # in the mode of SPP: U
        csrc    sstatus, t0
        la      sp, program_stack_top
        sret

# Every trap comes here, with the program's registers. They must all be as they were when it goes
# on, so what the kernel may change is saved. (s0 to s11 need no saving: the functions called
# below keep them.)
        .balign 4                               # stvec has room for addresses divisible by 4
trap_entry:
        csrrw   sp, sscratch, sp                # sp = kernel's stack, sscratch = program's sp
        addi    sp, sp, -F_SIZE
        sw      ra, F_RA(sp)
        sw      a0, F_A0(sp)
        sw      a1, F_A0 + 4(sp)
        sw      a2, F_A0 + 8(sp)
        sw      a3, F_A0 + 12(sp)
        sw      a4, F_A0 + 16(sp)
        sw      a5, F_A0 + 20(sp)
        sw      a6, F_A0 + 24(sp)
        sw      a7, F_A0 + 28(sp)
        sw      t0, F_T0(sp)
        sw      t1, F_T0 + 4(sp)
        sw      t2, F_T0 + 8(sp)
        sw      t3, F_T0 + 12(sp)
        sw      t4, F_T0 + 16(sp)
        sw      t5, F_T0 + 20(sp)
        sw      t6, F_T0 + 24(sp)

        csrr    t0, scause
        li      t1, CAUSE_ECALL_FROM_U
        bne     t0, t1, fault

        csrr    t0, sepc                        # go on behind the ecall, which has 4 bytes
        addi    t0, t0, 4
        csrw    sepc, t0

        lw      t0, calls                       # count it
        addi    t0, t0, 1
        sw      t0, calls, t1

        mv      a0, sp                          # serve it: a0 = address of the saved registers
        call    system_call

        lw      ra, F_RA(sp)
        lw      a0, F_A0(sp)                    # the result, if the call has one
        lw      a1, F_A0 + 4(sp)
        lw      a2, F_A0 + 8(sp)
        lw      a3, F_A0 + 12(sp)
        lw      a4, F_A0 + 16(sp)
        lw      a5, F_A0 + 20(sp)
        lw      a6, F_A0 + 24(sp)
        lw      a7, F_A0 + 28(sp)
        lw      t0, F_T0(sp)
        lw      t1, F_T0 + 4(sp)
        lw      t2, F_T0 + 8(sp)
        lw      t3, F_T0 + 12(sp)
        lw      t4, F_T0 + 16(sp)
        lw      t5, F_T0 + 20(sp)
        lw      t6, F_T0 + 24(sp)
        addi    sp, sp, F_SIZE
        csrrw   sp, sscratch, sp
        sret

# system_call: a0 = the saved registers; serves the call that they ask for
system_call:
        addi    sp, sp, -16
        sw      ra, 12(sp)
        sw      s0, 8(sp)
        mv      s0, a0

        lw      t0, F_A7(s0)
        li      t1, SYS_WRITE
        beq     t0, t1, sys_write
        li      t1, SYS_COUNT
        beq     t0, t1, sys_count
        li      t1, SYS_EXIT
        beq     t0, t1, sys_exit
        li      a0, ERR_NO_SUCH_CALL
        j       answer

sys_write:
        lw      a0, F_A0(s0)
        lw      a1, F_A1(s0)
        call    hv_print
        bltz    a0, answer                      # an error, such as a bad address
        lw      a0, F_A1(s0)
        j       answer

sys_count:
        lw      a0, calls

answer:
        sw      a0, F_A0(s0)                    # becomes the program's a0
        lw      ra, 12(sp)
        lw      s0, 8(sp)
        addi    sp, sp, 16
        ret

sys_exit:
        la      a0, ended_text
        call    hv_puts
        lw      a0, F_A0(s0)
        call    hv_print_dec
        call    hv_newline
        li      a0, 0
        call    hv_exit                         # the only program ended: power off

# Anything but a system call: the program did something wrong. It ends here, the kernel does not.
fault:
        la      a0, fault_text
        call    hv_puts
        csrr    a0, scause
        call    hv_print_dec
        call    hv_newline
        li      a0, 1
        call    hv_exit

        .section .rodata
ended_text:
        .asciz  "kernel: the program ended with code "
fault_text:
        .asciz  "kernel: the program was stopped, cause "

        .data
calls:  .word   0

        .bss
        .balign 16
        .space  1024
kernel_stack_top:

# ---------------------------------------------------------------- the program, in U-mode

        .text
program:
        la      a0, hello                       # write(hello, hello_length)
        li      a1, hello_length
        li      a7, SYS_WRITE
        ecall

        li      a7, 99                          # there is no call 99
        ecall
        li      t0, ERR_NO_SUCH_CALL
        bne     a0, t0, give_up
        la      a0, refused
        li      a1, refused_length
        li      a7, SYS_WRITE
        ecall

        li      a7, SYS_COUNT                   # the fourth call
        ecall
give_up:
        li      a7, SYS_EXIT                    # exit(what count answered)
        ecall

        .section .rodata
hello:  .ascii  "program: hello from user mode\n"
        .equ    hello_length, . - hello
refused:
        .ascii  "program: call 99 was refused\n"
        .equ    refused_length, . - refused

        .bss
        .balign 16
        .space  1024
program_stack_top:
