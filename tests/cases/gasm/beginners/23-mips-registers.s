	addi	$t0,	$t1,	5
# MISTAKE: Registers of MIPS, with `$`
# WHY: Columns are counted in bytes, so tabs do not move the mark.
# RUN: gasm %s -o %t/a.o
# EXIT: 1
# CURE:     addi t0, t1, 5
