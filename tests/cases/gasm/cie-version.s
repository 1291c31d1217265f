# RUN: gasm --gdwarf-cie-version=1 %s -o %t/x.o
# EXIT: 1
    .cfi_startproc                      # error[E0419]
    .cfi_return_column 4929
    ret
    .cfi_endproc
