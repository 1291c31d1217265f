    return
# MISTAKE: A statement of a higher language
# RUN: gasm %s -o %t/a.o
# EXIT: 1
# CURE:     ret
