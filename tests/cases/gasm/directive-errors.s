# Mistakes in directives, one message each.
# RUN: gasm %s -o %t/a.o
# EXIT: 1
    .data
    .asciiz "x"                  # error[E0105]
    .ascii hello                 # error[E0401]
    .ascii "a\qb"                # error[E0107]
    .byte 300                    # error[data-range]
    .byte 1 2                    # error[E0112]
    .word 0 : 10                 # error[E0106]
    .balign 12                   # error[E0420]
    .align 64                    # error[E0420]
    .org 1000
    .org 4                       # error[E0414]
    .endif                       # error[E0403]
    .endm                        # error[E0403]
    .popsection                  # error[E0412]
    .option rcv                  # warning[unknown-option]
    .option pop                  # error[E0412]
    .attribute arch, "rv32x"     # error[E0417]
    .section .foo, "axq"         # error[E0401]
    .type x, @fnction            # error[E0401]
    .error "SIZE is not set"     # error[E0413]
    .warning "slow"              # warning[user-warning]
    .cfi_endproc                 # error[E0419]
    .loc 7 1                     # error[E0421]
    .if SIZE > 4                 # error[E0303]
    .endif
    .set a, b
    .set b, a
    .word a                      # error[E0306]
    .bss
    .word 5                      # error[E0415]
    .text
    .macro push reg:req
    sw \reg, 0(sp)
    .endm
    push                         # error[E0408]
    push a0, a1                  # error[E0408]
    push rge=a0                  # error[E0408]
    .macro push                  # error[E0418]
    .endm
    .insn q 0x33, 0              # error[E0401]
    .comm area, -1               # error[E0401]
    .rept -1                     # warning[repeat-negative]
    .endr
    .size                        # error[E0401]
    .globl                       # error[E0401]
    .include "nothing.s"         # error[E0405]
