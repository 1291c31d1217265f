# RUN: hvrun %s
# EXIT: 0
#
# Without paging all of RAM can be written, the text of the guest too.

        .globl  main
main:   la      t0, main
        sw      zero, 0(t0)
        lw      a0, 0(t0)
        ret
