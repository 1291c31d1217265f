    lui a0, hi(text)
# MISTAKE: `hi` without `%`
# RUN: gasm %s -o %t/a.o
# EXIT: 1
# CURE:     lui a0, %hi(text)
