# RUN: gasm %s -o %t/a.o
# RUN: glink %t/a.o -L %t -L /no/such/folder -lmissing -o %t/a
# EXIT: 1
        .globl  main
main:   ret
