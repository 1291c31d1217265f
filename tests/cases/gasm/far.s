# Branches that reach, and jumps that do not.
# RUN: gasm -mno-relax %s -o %t/a.o
# EXIT: 1
    beqz a0, near
    beq a0, a1, far              # error[E0309]
    j far                        # error[E0309]
near:
    .space 0x180000
far:
    tail near
    bnez a1, near                # error[E0309]
