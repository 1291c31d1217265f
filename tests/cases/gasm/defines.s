# Symbols and includes of the command line; truncation on request.
# RUN: gasm -DSIZE=64 --defsym LEVEL=2 -Wno-error=data-range %s -o %t/a.o
# EXIT: 0
    .if SIZE != 64 || LEVEL != 2
    .error "not defined"
    .endif
    .data
    .byte 300                    # warning[data-range]
