    .include <abi.s>
# MISTAKE: `#include` brackets
# RUN: gasm %s -o %t/a.o
# EXIT: 1
# CURE:     .include "abi.s"
