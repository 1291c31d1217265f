# RUN: gasm -g %s -o %t/a.o
# RUN: gasm -g %d/inputs/local-helper.s -o %t/b.o
# RUN: glink %t/a.o %t/b.o -lhv -o %t/a
# EXIT: 1
#
# Every undefined symbol, each once, with the lines that use it; a near name, and one that another file
# keeps to itself.
        .globl  main
main:   call    hv_put
        call    helper
        call    hv_put
        la      a0, nowhere
        ret
