loop:
    addi a0, a0, -1
    bnez a0, lop
    ret
# MISTAKE: A misspelt label
# WHY: The linker might find the name in another file, so this is a warning; without such a file, linking fails.
# RUN: gasm %s -o %t/a.o
# CURE: loop:
# CURE:     addi a0, a0, -1
# CURE:     bnez a0, loop
# CURE:     ret
