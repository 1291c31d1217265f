# hv_time: the clock.
#   in        nothing
#   out       a0 = bits 31:0, a1 = bits 63:32 of `time`, which counts TIMEBASE_HZ a second
#   clobbers  t0

        .section .text.hv, "ax", @progbits
        .globl  hv_time
        .type   hv_time, @function
hv_time:
1:      rdtimeh a1
        rdtime  a0
        rdtimeh t0
        bne     a1, t0, 1b                      # the low half ran over between the two readings
        ret
        .size   hv_time, . - hv_time
