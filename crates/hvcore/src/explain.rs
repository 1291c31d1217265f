//! The page-walk explainer: which entry at which level refuses an address, and why; without any effect.

use crate::addr::{GuestPhys, GuestVirt};
use crate::cpu::Privilege;
use crate::device;
use crate::memory::Access;
use crate::memory::host::HostMemory;
use crate::memory::sv32::{Regime, WalkFault, pte, walk};
use crate::vm::Vm;
use guest_abi::memory_map::{BOOT_ROM, RAM};

/// The walk for an access of a privilege, as the tables are now: a line for each entry that is looked at, then one for where
/// it leads or why it does not.
pub(crate) fn explain(vm: &Vm, host: &HostMemory, gva: GuestVirt, access: Access, privilege: Privilege) -> Vec<String> {
    let regime = Regime { privilege, ..vm.hart.regime(vm.config.isa, vm.config.virtual_space) };
    if regime.is_bare() {
        return vec![format!("`satp` has translation off: {gva} is {}", region(vm, GuestPhys(gva.0)))];
    }
    let mut lines = Vec::new();
    let mut last = None;
    let result = walk(&regime, gva, access, |at| {
        let level = if last.is_none() { 1 } else { 0 };
        let mut word = [0; 4];
        if vm.memory.peek(host, at, &mut word) != 4 {
            return Err(());
        }
        let entry = u32::from_le_bytes(word);
        lines.push(format!("level {level}: entry {} at {at} is {entry:#010x} ({})", gva.0 >> (12 + 10 * level) & 0x3ff, letters(entry)));
        last = Some((level, entry));
        Ok(entry)
    });
    lines.push(match (result, last) {
        (Ok(leaf), _) => format!("{gva} is {}, {}", leaf.gpa, region(vm, leaf.gpa)),
        (Err(WalkFault::Page), Some((level, entry))) => refusal(&regime, level, entry, access),
        (Err(WalkFault::Page), None) => format!("{gva} is outside the virtual space that this machine translates"),
        (Err(WalkFault::Access), _) => "that is an address of more than 32 bits: nothing is there".into(),
        (Err(WalkFault::Entry(at, ())), _) => format!("the next entry would be at {at}, which is {}", region(vm, at)),
    });
    lines
}

/// The flags of an entry as they are written: `dagu-xwrv` with dashes.
fn letters(entry: u32) -> String {
    let flags = [(pte::D, 'D'), (pte::A, 'A'), (pte::G, 'G'), (pte::U, 'U'), (pte::X, 'X'), (pte::W, 'W'), (pte::R, 'R'), (pte::V, 'V')];
    flags.into_iter().map(|(bit, letter)| if entry & bit != 0 { letter } else { '-' }).collect()
}

/// Why an entry refuses an access; the first reason in the order of the specification (§10.3.2).
fn refusal(regime: &Regime, level: u32, entry: u32, access: Access) -> String {
    let has = |bit: u32| entry & bit != 0;
    let user = regime.privilege == Privilege::User;
    let reason = if !has(pte::V) {
        "it is not valid: V is 0"
    } else if has(pte::W) && !has(pte::R) {
        "W without R is reserved"
    } else if !has(pte::R) && !has(pte::X) {
        if level == 0 { "it points to a further table (R, W and X are 0), but there is no further level" } else { "it points to a table, where D, A and U must be 0" }
    } else if user && !has(pte::U) {
        "U is 0: U-mode may not use the page"
    } else if !user && has(pte::U) && access == Access::Fetch {
        "U is 1: S-mode never executes pages of U-mode"
    } else if !user && has(pte::U) && !regime.sum {
        "U is 1: S-mode uses pages of U-mode only while `sstatus.SUM` is 1"
    } else if access == Access::Fetch && !has(pte::X) {
        "X is 0: no instruction may be fetched"
    } else if access == Access::Store && !has(pte::W) {
        "W is 0: nothing may be stored"
    } else if access == Access::Load && !has(pte::R) && !regime.mxr {
        "R is 0: loads use executable pages only while `sstatus.MXR` is 1"
    } else if level == 1 && entry >> 10 & 0x3ff != 0 {
        "a superpage must lie at a multiple of 4 MiB: the low ten bits of its page number are not 0"
    } else {
        "A (or for a store D) is 0, and this hart has no Svadu to set it"
    };
    format!("refused by the entry at level {level}: {reason}")
}

/// What lies at a guest-physical address.
fn region(vm: &Vm, gpa: GuestPhys) -> String {
    if vm.memory.is_ram(gpa) {
        return "in RAM".into();
    }
    if BOOT_ROM.contains(gpa.0) {
        return "in the boot ROM".into();
    }
    if let Some((device, offset)) = device::at(gpa) {
        return format!("in the window of a device ({device:?}, offset {offset:#x})");
    }
    let end = u64::from(RAM.base) + u64::from(vm.memory.ram_bytes());
    if gpa.0 >= RAM.base {
        return format!("beyond RAM, which ends at {end:#010x}");
    }
    "neither memory nor a device".into()
}
