# RUN: gasm -g %s -o %t/a.o
# RUN: glink %t/a.o -lhv -o %t/a
# EXIT: 1
# STDERR: did you mean `hv_exit`?
# STDERR: used here
        .globl  main
main:   call    hv_exti
        ret
