    .data
text: .asciiz "hello"
# MISTAKE: `.asciiz`
# WHY: The name of MIPS assemblers and RARS.
# RUN: gasm %s -o %t/a.o
# EXIT: 1
# CURE:     .data
# CURE: text: .asciz "hello"
