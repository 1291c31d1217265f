# RUN: gasm %s -o %t/a.o
# RUN: glink %t/a.o -lhv -o %t/a --guest-memory=1M
# RUN: hvrun --machine classic %t/a
# EXIT: 126
# STDERR: error[E0604]
# STDERR: its image needs 1048576
#
# hvrun obeys the note that glink wrote: the image asks for more RAM than the classic guest has.

        .globl  main
main:   li      a0, 0
        ret
