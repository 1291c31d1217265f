    lui a0, text
# MISTAKE: An address in `lui`
# RUN: gasm %s -o %t/a.o
# EXIT: 1
# CURE:     lui a0, %hi(text)
