# Unwind tables for debuggers: three CIEs, because return columns and signal frames differ.
        .cfi_sections .debug_frame, .eh_frame
        .text
f:      .cfi_startproc
        nop
        .cfi_def_cfa_offset 16
        ret
        .cfi_endproc
g:      .cfi_startproc
        .cfi_return_column t0
        addi sp, sp, -32
        .cfi_def_cfa_offset 32
        .cfi_offset ra, -4
        jr t0
        .cfi_endproc
h:      .cfi_startproc
        .cfi_signal_frame
        nop
        .cfi_remember_state
        .cfi_def_cfa s0, 16
        nop
        .cfi_restore_state
        ret
        .cfi_endproc
i:      .cfi_startproc simple
        .cfi_def_cfa sp, 0
        ret
        .cfi_endproc
