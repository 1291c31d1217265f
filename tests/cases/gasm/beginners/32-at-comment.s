    nop             @ wait a little
# MISTAKE: A comment after `@`
# RUN: gasm %s -o %t/a.o
# EXIT: 1
# CURE:     nop             # wait a little
