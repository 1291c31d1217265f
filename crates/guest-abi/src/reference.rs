//! Reference pages, generated from the tables (markdown).

use crate::exit::{ExitReason, Status};
use crate::header::groups;
use crate::memory_map::REGIONS;
use crate::sbi::{Extension, Hvk, SbiError};
use std::fmt::Write;

/// `docs/reference/hypercalls.md`.
#[must_use]
pub fn hypercalls() -> String {
    let mut text = String::from(
        "# Hypercalls\n\nGenerated from `crates/guest-abi` by `cargo xtask generate`.\n\n`ecall` in S-mode with a7 = extension, a6 = function, a0–a5 arguments; back in a0 = error, a1 = value.\nLegacy calls answer in a0 alone and keep a1. Names are those of `abi.s`.\n\n## HVK, extension 0x0948564B\n\nPointers are guest-virtual in the caller's address space. A bad pointer returns `SBI_ERR_INVALID_ADDRESS` and nothing is done.\n\n| a6 | name | arguments | value (a1) | |\n| --- | --- | --- | --- | --- |\n",
    );
    for f in Hvk::ALL {
        let _ = writeln!(text, "| {} | `HVK_{}` | {} | {} | {} |", f.number(), f.name(), f.arguments().join(", "), f.returns(), f.summary());
    }
    text.push_str("\n## SBI extensions\n\n| a7 | name | functions (a6, from 0) | |\n| --- | --- | --- | --- |\n");
    for e in Extension::ALL.iter().filter(|&&e| e != Extension::Hvk) {
        let _ = writeln!(text, "| {:#x} | `SBI_EXT_{}` | {} | {} |", e.id(), e.name(), e.functions().join(", "), e.summary());
    }
    text.push_str("\n## Errors\n\n| a0 | name | |\n| --- | --- | --- |\n| 0 | `SBI_SUCCESS` | done |\n");
    for e in SbiError::ALL {
        let _ = writeln!(text, "| {} | `SBI_ERR_{}` | {} |", e.code(), e.name(), e.summary());
    }
    text
}

/// `docs/reference/memory-map.md`.
#[must_use]
pub fn memory_map() -> String {
    let mut text = String::from("# Guest-physical memory map\n\nGenerated from `crates/guest-abi` by `cargo xtask generate`.\n\n| first | last | name | interrupt | what |\n| --- | --- | --- | --- | --- |\n");
    for r in REGIONS {
        let irq = r.irq.map_or_else(String::new, |irq| irq.to_string());
        let _ = writeln!(text, "| {:#010x} | {:#010x} | `{}_BASE` | {irq} | {} |", r.base, r.base + (r.size - 1), r.name, r.summary);
    }
    let _ = writeln!(text, "\nAll constants of `abi.s`:\n\n```text");
    for group in groups() {
        for c in group.constants {
            let _ = writeln!(text, "{:<32}{:#x}", c.name, c.value);
        }
    }
    text.push_str("```\n");
    text
}

/// `docs/reference/exits.md`.
#[must_use]
pub fn exits() -> String {
    let mut text = String::from("# VM exits and exit status\n\nGenerated from `crates/guest-abi` by `cargo xtask generate`.\n\n## Exit reasons\n\nThe first six carry the names of the system's own description. `hvrun --stats` counts them, `--trace exits` writes a line for each.\n\n| reason | cause in the guest | what the hypervisor does |\n| --- | --- | --- |\n");
    for r in ExitReason::ALL {
        let _ = writeln!(text, "| `{}` | {} | {} |", r.name(), r.cause(), r.summary());
    }
    text.push_str("\n## Exit status of hvrun\n\n| status | meaning |\n| --- | --- |\n| 0–123 | the guest's code |\n");
    for s in Status::ALL {
        let _ = writeln!(text, "| {} | {} |", s.code(), s.summary());
    }
    text.push_str("\nWhere several apply: 125, 126, 134, 124, then the guest's.\n");
    text
}
