# RUN: hvrun %s
# EXIT: 5
#
# Neither _start nor main: the first instruction of the first source is taken for main.

helper: li      a0, 5
        ret
