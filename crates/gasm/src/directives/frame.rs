//! Call frame information: `.cfi_*`.

use super::Directive;

pub static ROWS: &[Directive] = &[Directive {
    names: &[
        ".cfi_sections", ".cfi_startproc", ".cfi_endproc", ".cfi_def_cfa", ".cfi_def_cfa_offset", ".cfi_offset", ".cfi_restore", ".cfi_remember_state", ".cfi_restore_state",
        ".cfi_personality", ".cfi_lsda",
    ],
    syntax: ".cfi_startproc",
    summary: "Call frame information.",
    example: ".cfi_startproc\nnop\n.cfi_endproc\n",
    handler: |_, _| {},
}];
