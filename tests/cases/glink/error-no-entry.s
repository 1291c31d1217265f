# RUN: gasm -g %s -o %t/a.o
# RUN: glink %t/a.o -lhv -o %t/a
# EXIT: 1
#
# `main` is there, but only for its own file.
main:   ret
