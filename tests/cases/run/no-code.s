# RUN: hvrun %s
# EXIT: 126
# STDERR: there is no instruction in it
        .data
        .word   1
