# Distances in code as numbers: said where the linker may change them.
# RUN: gasm %s -o %t/a.o
# EXIT: 0
    .text
a:  call f
b:  .if b - a != 8               # warning[relaxed-difference]
    .error "eight bytes before linking"
    .endif
    .space d - c                 # warning[relaxed-difference]
c:  call f
d:  .word d - c
    .option norelax
e:  call f
g:  .if g - e != 8
    .error "eight bytes"
    .endif
f:  ret
