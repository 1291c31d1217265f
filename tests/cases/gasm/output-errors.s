# An object that cannot be written.
# RUN: gasm %s -o %t/no/such/folder/a.o
# EXIT: 1
# STDERR: cannot write
    nop
