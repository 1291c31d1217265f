    csrr a0, mstatsu
# MISTAKE: A misspelt CSR
# RUN: gasm %s -o %t/a.o
# EXIT: 1
# CURE:     csrr a0, mstatus
