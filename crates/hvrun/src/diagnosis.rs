//! What a crash means: from the trap and the registers to why it happened and what to do, in a beginner's words.

use crate::guest::Guest;
use guest_abi::memory_map::{RAM, REGIONS};
use hvcore::{Cause, CrashReport, Privilege, Trap};
use rv32::{Ext, Isa, Op};

/// An explanation of a crash.
pub struct Diagnosis {
    /// The address whose source line is to blame.
    pub at: u32,
    /// What is wrong there.
    pub why: String,
    /// What to do about it.
    pub cure: String,
}

/// Explains a crash of a guest with these extensions.
pub fn diagnose(guest: &Guest, isa: Isa, report: &CrashReport) -> Diagnosis {
    let trap = &report.trap;
    let here = |why: String, cure: &str| Diagnosis { at: trap.pc.0, why, cure: cure.into() };
    if ran_off_the_end(guest, report) {
        // The line of the last instruction.
        let at = trap.pc.0.wrapping_sub(2);
        return Diagnosis { at, why: "the guest ran off the end of its code: this was the last instruction".into(), cure: "end with `ret` from `main`, `j` somewhere, or `call hv_exit`".into() };
    }
    if stack_is_in_code(guest, report) {
        let why = format!("the stack has grown into the code: sp is {:#010x}", report.registers[2]);
        return here(why, "look for a function that calls itself without end, or give the guest more memory");
    }
    let handler = "to handle traps in the guest, put the address of a handler into `stvec`";
    match cause(trap) {
        Some(Cause::InstructionAccess) => nowhere(report),
        Some(Cause::IllegalInstruction) => illegal(guest, isa, report),
        Some(Cause::LoadAccess | Cause::StoreAccess) => {
            let (why, cure) = no_memory(trap.tval);
            here(why, &cure)
        }
        Some(Cause::LoadPage | Cause::StorePage | Cause::InstructionPage) => {
            here(format!("the guest's page table does not allow this at {:#010x}", trap.tval), "to handle page faults in the guest, put the address of a handler into `stvec`")
        }
        Some(Cause::LoadMisaligned | Cause::StoreMisaligned) => {
            here(format!("{:#010x} is not a multiple of 4", trap.tval), "`lr.w`, `sc.w` and `amo*.w` need an address that is a multiple of 4: `.balign 4` before the data")
        }
        Some(Cause::InstructionMisaligned) => here(format!("the target {:#010x} is no multiple of 4, and the guest has no C extension", trap.tval), "`.balign 4` before the code"),
        Some(Cause::Breakpoint) => here("a breakpoint, and no handler for it".into(), handler),
        Some(Cause::UserEcall) => here("a system call from U-mode, and no kernel that serves it".into(), "put the address of the kernel's trap handler into `stvec` before entering U-mode"),
        Some(Cause::SupervisorEcall) | None => here("an interrupt, and no handler for it".into(), handler),
    }
}

/// The exception that a trap is; `None` for an interrupt.
pub fn cause(trap: &Trap) -> Option<Cause> {
    Cause::ALL.into_iter().find(|cause| cause.number() == trap.cause)
}

/// A load or store where nothing answers.
fn no_memory(address: u32) -> (String, String) {
    let nothing = format!("nothing is at {address:#010x}");
    if address < 0x1000 {
        return (nothing, "a register that should hold an address is (nearly) 0: load it with `la`".into());
    }
    match REGIONS.iter().find(|region| region.contains(address)) {
        Some(region) if region.base != RAM.base => {
            (format!("{address:#010x} belongs to a device (the {}), which does not allow this", region.summary.split([':', ',', ';']).next().unwrap_or(region.name)), "`docs/reference/memory-map.md` has the devices".into())
        }
        Some(_) | None => (nothing, "RAM begins at 0x80000000; `hvrun --guest-memory` sets how much there is".into()),
    }
}

/// A jump to where no code can be. How the guest came there is gone, but for `ra`.
fn nowhere(report: &CrashReport) -> Diagnosis {
    let target = report.trap.pc.0;
    let return_address = report.registers[1];
    if return_address & !1 == target {
        return Diagnosis {
            at: target,
            why: format!("no code is at {target:#010x}; that is what `ra` holds, so a `ret` went there"),
            cure: "save `ra` before a call and restore it after".into(),
        };
    }
    match report.callers.first() {
        Some(caller) if caller.0 == return_address => Diagnosis {
            at: return_address.wrapping_sub(2),
            why: format!("the last call was this one; no code is at {target:#010x}"),
            cure: "if the call goes through a register, look where its value comes from".into(),
        },
        Some(_) | None => Diagnosis {
            at: target,
            why: format!("no code is at {target:#010x}"),
            cure: "a jump through a register went nowhere: look where its value comes from".into(),
        },
    }
}

/// An instruction that this guest cannot execute, or not now.
fn illegal(guest: &Guest, isa: Isa, report: &CrashReport) -> Diagnosis {
    let trap = &report.trap;
    let here = |why: String, cure: String| Diagnosis { at: trap.pc.0, why, cure };
    let bits = report.instruction.unwrap_or(trap.tval);
    if let Some(decoded) = rv32::decode_on_hart(isa, bits) {
        // It exists: it needs another privilege.
        let (op, user) = (decoded.insn.op, trap.privilege == Privilege::User);
        return if matches!(op, Op::Mret | Op::Dret) {
            here("machine mode is the hypervisor's".into(), "guests run in S-mode: return from traps with `sret`".into())
        } else if op.row().ext == Ext::Zicsr {
            csr(decoded.insn.imm as u16, user, trap)
        } else {
            here("this needs S-mode, and the guest is in U-mode".into(), "let the guest's kernel do it, in a system call".into())
        };
    }
    if rv32::decode_on_hart(Isa::PLATFORM, bits).is_some() {
        return here("the guest does not have the extension that this needs".into(), "leave `--isa` out; libhv.a needs extension C".into());
    }
    if outside_code(guest, report) {
        return here("this is not code".into(), "the guest jumped into its data, or ran into it from the code before".into());
    }
    match bits {
        0 => here("zeroes are no instruction".into(), "the guest jumped to memory that holds nothing, or its code was overwritten".into()),
        _ if is_floating_point(bits) => here("there is no floating point on this machine".into(), "compile with `-march=rv32imac -mabi=ilp32`".into()),
        _ => here("no instruction has this encoding".into(), "the guest jumped into data, or its code was overwritten".into()),
    }
}

/// A CSR that the guest cannot use.
fn csr(number: u16, user: bool, trap: &Trap) -> Diagnosis {
    let here = |why: String, cure: String| Diagnosis { at: trap.pc.0, why, cure };
    let handler = || "`docs/reference/platform.md` lists what guests have".to_string();
    let Some(row) = rv32::csr::by_number(number) else { return here(format!("there is no CSR {number:#x}"), handler()) };
    let name = row.name;
    // `mstatus` has its counterpart `sstatus`.
    let counterpart = || name.strip_prefix('m').map(|rest| format!("s{rest}")).filter(|name| rv32::csr::by_name(name.as_bytes()).is_some());
    match row.privilege() {
        rv32::csr::Privilege::Machine if name == "mhartid" => here(format!("`{name}` belongs to machine mode, which is the hypervisor's"), "the number of the hart is in a0 when the guest begins".into()),
        rv32::csr::Privilege::Machine | rv32::csr::Privilege::Hypervisor => here(
            format!("`{name}` belongs to machine mode or a hypervisor, and the guest runs in S-mode"),
            counterpart().map_or_else(handler, |other| format!("use `{other}`")),
        ),
        rv32::csr::Privilege::Supervisor if user => here(format!("`{name}` needs S-mode, and the guest is in U-mode"), "let the guest's kernel do it, in a system call".into()),
        rv32::csr::Privilege::User if user && row.is_read_only() => here(format!("`{name}` cannot be used in U-mode now"), "the guest's kernel allows it in `scounteren`; nobody can write it".into()),
        rv32::csr::Privilege::User | rv32::csr::Privilege::Supervisor if row.is_read_only() => here(format!("`{name}` can only be read"), handler()),
        rv32::csr::Privilege::User | rv32::csr::Privilege::Supervisor => here(format!("this machine has no `{name}`"), handler()),
    }
}

/// Whether the bits look like an instruction of the extensions F and D.
fn is_floating_point(bits: u32) -> bool {
    matches!(bits & 0x7f, 0x07 | 0x27 | 0x43 | 0x47 | 0x4b | 0x4f | 0x53)
}

/// Whether the guest went past its last instruction: to the illegal one that ends the code, or what follows.
fn ran_off_the_end(guest: &Guest, report: &CrashReport) -> bool {
    let pc = report.trap.pc.0.wrapping_add(guest.loaded.link_offset);
    let code = &guest.loaded.code;
    let at_guard = report.instruction == Some(0) && code.iter().any(|range| pc.wrapping_add(2) == range.end);
    let behind = !code.iter().any(|range| range.contains(&pc)) && code.iter().any(|range| pc >= range.end && pc - range.end < 4);
    at_guard || behind
}

/// Whether something was executed that the image does not have as code.
pub fn outside_code(guest: &Guest, report: &CrashReport) -> bool {
    let pc = report.trap.pc.0.wrapping_add(guest.loaded.link_offset);
    let code = &guest.loaded.code;
    report.instruction.is_some() && !code.is_empty() && !code.iter().any(|range| range.contains(&pc))
}

/// Whether the stack pointer has come down to the code.
fn stack_is_in_code(guest: &Guest, report: &CrashReport) -> bool {
    let sp = report.registers[2].wrapping_add(guest.loaded.link_offset);
    guest.loaded.code.iter().any(|range| range.contains(&sp))
}
