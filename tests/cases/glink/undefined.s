# RUN: gasm -g %s -o %t/a.o
# RUN: glink %t/a.o -lhv -o %t/a
# EXIT: 1
        .globl  main
main:   call    one_that_is_missing     # error[E0515]
        call    hv_exti                 # error[E0515]
        call    one_that_is_missing
        ret
