# RUN: gasm %s -o %t/a.o
# RUN: gasm %d/inputs/chosen.s -o %t/b.o
# RUN: glink %t/a.o %t/b.o -lhv -o %t/a
# RUN: hvrun %t/a
# EXIT: 42
#
# Indirect functions: the program calls the resolvers in the table and stores what they give. Calls, the
# global offset table and data of both files then reach the chosen function by one address.
        .globl  main, pointer
main:   addi    sp, sp, -16
        sw      ra, 12(sp)
        sw      s0, 8(sp)
        sw      s1, 4(sp)
        la      s0, __rela_iplt_start
        la      s1, __rela_iplt_end
1:      bgeu    s0, s1, 2f
        lw      t0, 8(s0)
        jalr    t0
        lw      t1, 0(s0)
        sw      a0, 0(t1)
        addi    s0, s0, 12
        j       1b
2:      lla     a0, choose
        lw      a1, pointer
        bne     a0, a1, 3f
        call    others_pointer
        lla     a1, choose
        bne     a0, a1, 3f
        jalr    a1                      # 20
        mv      s0, a0
        call    choose                  # 20
        add     s0, s0, a0
        call    own                     # 2
        add     a0, a0, s0
        j       4f
3:      li      a0, 1
4:      lw      ra, 12(sp)
        lw      s0, 8(sp)
        lw      s1, 4(sp)
        addi    sp, sp, 16
        ret

        .type   own, %gnu_indirect_function
own:    la      a0, two                 # a resolver: gives the function that is meant
        ret
two:    li      a0, 2
        ret

        .data
pointer:
        .word   choose
