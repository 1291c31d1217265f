    li a0, 1        ; the result
    ret             ; back to the caller
# MISTAKE: A comment after `;`
# WHY: The first such comment is reported, with what was read; others are not.
# RUN: gasm %s -o %t/a.o
# EXIT: 1
# CURE:     li a0, 1        # the result
# CURE:     ret             # back to the caller
