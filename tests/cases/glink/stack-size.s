# RUN: gasm %s -o %t/a.o
# RUN: glink --defsym=__stack_size=8192 --defsym sixteen=0x10 %t/a.o -lhv -o %t/a
# RUN: hvrun %t/a
# EXIT: 18
#
# --defsym sets what the layout reserves for the stack, and symbols of the program's own.
        .globl  main
main:   la      a0, __stack_top
        la      a1, __bss_end
        sub     a0, a0, a1
        srli    a0, a0, 12              # 2 pages
        la      a1, sixteen
        add     a0, a0, a1
        ret
