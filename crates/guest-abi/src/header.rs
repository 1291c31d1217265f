//! The tables written out for guests: `abi.s` for assembly, the constants of `hv.h` for C.

use crate::memory_map::{REGIONS, VIRTIO_SLOTS, VIRTIO_STRIDE, finisher};
use crate::sbi::{Extension, Hvk, SbiError, info, srst};
use std::fmt::Write;

/// A constant that a guest can use by name.
pub struct Constant {
    /// The name, in capitals.
    pub name: String,
    /// The value, as 32 bits.
    pub value: u32,
    /// Whether the value reads better as a signed decimal.
    pub signed: bool,
    /// One line of explanation; empty for none.
    pub summary: String,
}

/// Constants under one heading.
pub struct Group {
    /// The heading.
    pub title: &'static str,
    /// Its constants.
    pub constants: Vec<Constant>,
}

/// Every constant of the platform that a guest can use by name, in groups.
#[must_use]
pub fn groups() -> Vec<Group> {
    let constant = |name: String, value: u32, summary: &str| Constant { name, value, signed: false, summary: summary.to_string() };
    let mut memory: Vec<Constant> = Vec::new();
    for region in REGIONS {
        memory.push(constant(format!("{}_BASE", region.name), region.base, region.summary));
        if let Some(irq) = region.irq {
            memory.push(constant(format!("{}_IRQ", region.name), irq, "its PLIC source"));
        }
    }
    memory.push(constant("VIRTIO_STRIDE".into(), VIRTIO_STRIDE, "bytes from one virtio slot to the next"));
    memory.push(constant("VIRTIO_SLOTS".into(), VIRTIO_SLOTS, "number of virtio slots"));
    memory.push(constant("PAGE_SIZE".into(), crate::PAGE_SIZE, "bytes of a page"));
    memory.push(constant("TIMEBASE_HZ".into(), crate::TIMEBASE_HZ, "ticks of the time CSR in a second"));
    let extensions = Extension::ALL.iter().map(|e| constant(format!("SBI_EXT_{}", e.name()), e.id(), e.summary())).collect();
    let functions = Extension::ALL
        .iter()
        .filter(|&&e| e != Extension::Hvk)
        .flat_map(|e| e.functions().iter().enumerate().map(|(number, name)| (e.name(), number as u32, *name)))
        .map(|(extension, number, name)| constant(format!("SBI_{extension}_{name}"), number, ""))
        .chain(srst::ALL.iter().map(|&(name, value)| constant(format!("SBI_SRST_{name}"), value, "")))
        .collect();
    let success = constant("SBI_SUCCESS".into(), 0, "done");
    let errors = std::iter::once(success)
        .chain(SbiError::ALL.iter().map(|e| Constant { name: format!("SBI_ERR_{}", e.name()), value: e.code() as u32, signed: true, summary: e.summary().into() }))
        .collect();
    let hvk = std::iter::once(constant("HVK_EID".into(), Extension::Hvk.id(), "extension id of all HVK calls (a7)"))
        .chain(Hvk::ALL.iter().map(|f| {
            let returns = if f.returns().is_empty() { String::new() } else { format!(" -> {}", f.returns()) };
            constant(format!("HVK_{}", f.name()), f.number(), &format!("({}){returns}: {}", f.arguments().join(", "), f.summary()))
        }))
        .collect();
    let info_fields = info::FIELDS
        .iter()
        .map(|&(name, offset)| constant(format!("HVK_INFO_{name}"), offset, ""))
        .chain(std::iter::once(constant("HVK_INFO_SIZE".into(), info::SIZE, "size of the structure")))
        .collect();
    let finisher = [("PASS", finisher::PASS, "power off with code 0"), ("FAIL", finisher::FAIL, "or-ed with code << 16: power off with that code"), ("RESET", finisher::RESET, "reboot")]
        .iter()
        .map(|&(name, value, summary)| constant(format!("FINISHER_{name}"), value, summary))
        .collect();
    vec![
        Group { title: "Guest-physical memory map", constants: memory },
        Group { title: "Values for the test finisher's register", constants: finisher },
        Group { title: "SBI extensions (a7)", constants: extensions },
        Group { title: "SBI functions (a6) and their arguments", constants: functions },
        Group { title: "SBI errors (a0)", constants: errors },
        Group { title: "HVK functions (a6), with a7 = HVK_EID", constants: hvk },
        Group { title: "Byte offsets in the structure that HVK_INFO fills", constants: info_fields },
    ]
}

/// The text of `abi.s`: the constants as `.equ`, for `.include "abi.s"`.
#[must_use]
pub fn abi_s() -> String {
    let mut text = String::from("# The platform's constants for assembly. Generated from the tables of crates/guest-abi\n# by `cargo xtask generate`; do not edit.\n");
    for group in groups() {
        let _ = write!(text, "\n# {}\n", group.title);
        for c in group.constants {
            let value = if c.signed { format!("{}", c.value as i32) } else { number(c.value) };
            let line = format!(".equ {}, {value}", c.name);
            let _ = if c.summary.is_empty() { writeln!(text, "{line}") } else { writeln!(text, "{line:<44}# {}", c.summary) };
        }
    }
    text
}

/// The constants of `hv.h`: the same as `#define`s.
#[must_use]
pub fn hv_h() -> String {
    let mut text = String::from("/* The platform's constants for C. Generated from the tables of crates/guest-abi\n   by `cargo xtask generate`; do not edit. */\n");
    for group in groups() {
        let _ = write!(text, "\n/* {} */\n", group.title);
        for c in group.constants {
            let value = if c.signed { format!("({})", c.value as i32) } else { number(c.value) };
            let line = format!("#define {} {value}", c.name);
            let _ = if c.summary.is_empty() { writeln!(text, "{line}") } else { writeln!(text, "{line:<48}/* {} */", c.summary) };
        }
    }
    text
}

fn number(value: u32) -> String {
    if value < 1000 { value.to_string() } else { format!("{value:#x}") }
}
