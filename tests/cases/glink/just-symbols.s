# RUN: gasm %d/inputs/rom.s -o %t/rom.o
# RUN: glink %t/rom.o -e reset -Ttext=0x1000 -o %t/rom
# RUN: gasm %s -o %t/a.o
# RUN: glink %t/a.o -R %t/rom -lhv -o %t/a
# RUN: hvrun %t/a
# EXIT: 42
#
# A program that knows the addresses of a ROM's functions, and has nothing else of the ROM.
        .globl  main
main:   la      a0, rom_function
        li      a1, 0x1004 - 42
        sub     a0, a0, a1
        ret
