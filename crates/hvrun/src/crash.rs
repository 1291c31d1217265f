//! Crash reports for people: what the guest did, where in its source, how it came there.

use crate::guest::Guest;
use crate::reporter::Reporter;
use crate::symbols::SourceLine;
use crate::watch::disassemble;
use diag::{Diagnostic, Span, codes};
use guest_abi::PAGE_SIZE;
use host::Host;
use hvcore::{Cause, CrashReport, Privilege, Trap, Vm};
use std::path::Path;

/// ABI names of x0 to x31.
pub fn register_names() -> impl Iterator<Item = &'static str> {
    (0..32).filter_map(|number| rv32::Reg::new(number).map(rv32::Reg::abi_name))
}

/// An address with its name: `0x80000010 (main+0x8)`.
pub fn place(guest: &Guest, pc: u32) -> String {
    match guest.symbols.name(pc.wrapping_add(guest.loaded.link_offset)) {
        Some(name) => format!("{pc:#010x} ({name})"),
        None => format!("{pc:#010x}"),
    }
}

fn place_with_line(guest: &Guest, pc: u32) -> String {
    let place = place(guest, pc);
    match guest.symbols.line(pc.wrapping_add(guest.loaded.link_offset)) {
        Some(SourceLine { file, line }) => format!("{place} at {file}:{line}"),
        None => place,
    }
}

/// The calls that led to the crash, innermost first: where it was, then each caller's call.
pub fn backtrace(guest: &Guest, report: &CrashReport) -> Vec<String> {
    let calls = report.callers.iter().map(|caller| {
        // The address is behind the call; the call's own line is the one to show.
        place_with_line(guest, caller.0.wrapping_sub(2))
    });
    std::iter::once(place_with_line(guest, report.trap.pc.0)).chain(calls).collect()
}

/// The report of a guest that trapped for ever.
pub fn crashed(vm: &Vm, guest: &Guest, report: &CrashReport, reporter: &mut Reporter, host: &mut dyn Host) -> Diagnostic {
    let trap = &report.trap;
    let message = format!("guest `{}` crashed: {} at {}", vm.name(), describe(&report.trap), place(guest, trap.pc.0));
    let instruction = disassemble(vm.config().isa, trap.pc.0, report.instruction);
    let mut diagnostic = Diagnostic::new(&codes::E0606, message);
    diagnostic = at_line(diagnostic, guest, trap.pc.0, format!("`{instruction}`: {}", why(trap)), reporter, host);
    diagnostic = facts(diagnostic, guest, report);
    if report.repeated != report.trap {
        diagnostic = diagnostic.note(format!(
            "its trap handler could not run: {} at {}, again and again",
            describe(&report.repeated),
            place(guest, report.repeated.pc.0)
        ));
    }
    diagnostic.help(cure(guest, report))
}

/// The report of a guest that called PANIC.
pub fn panicked(vm: &Vm, guest: &Guest, message: &[u8], report: &CrashReport, reporter: &mut Reporter, host: &mut dyn Host) -> Diagnostic {
    let text: String = String::from_utf8_lossy(message).chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let diagnostic = Diagnostic::new(&codes::E0607, format!("guest `{}` panicked: {}", vm.name(), text.trim()));
    let diagnostic = at_line(diagnostic, guest, report.trap.pc.0, "the panic was called here".into(), reporter, host);
    facts(diagnostic, guest, report)
}

/// Points at the source line of an address, if there is one and its file can be read.
fn at_line(diagnostic: Diagnostic, guest: &Guest, pc: u32, label: String, reporter: &mut Reporter, host: &mut dyn Host) -> Diagnostic {
    let Some(SourceLine { file, line }) = guest.symbols.line(pc.wrapping_add(guest.loaded.link_offset)) else { return diagnostic.note(label) };
    match source_span(&file, line, reporter, host) {
        Some(span) => diagnostic.at(span, label),
        None => diagnostic.note(format!("{file}:{line}: {label}")),
    }
}

fn source_span(file: &str, line: u32, reporter: &mut Reporter, host: &mut dyn Host) -> Option<Span> {
    let id = match reporter.sources.find(file) {
        Some(id) => id,
        // Debug information may give whole paths where the command line gave a relative one.
        None => match reporter.sources.iter().find(|&id| same_file(reporter.sources.name(id), file, host)) {
            Some(id) => id,
            None => {
                let data = host.read(Path::new(file)).ok()?;
                reporter.sources.add(file, data.shared())
            }
        },
    };
    let span = reporter.sources.line_span(id, line)?;
    let text = reporter.sources.slice(span);
    // Underline the statement, not the indentation or the comment.
    let start = text.iter().position(|b| !b.is_ascii_whitespace())?;
    let code = text.iter().position(|&b| b == b'#').filter(|&at| at > start).unwrap_or(text.len());
    let end = text[..code].iter().rposition(|b| !b.is_ascii_whitespace()).map_or(code, |last| last + 1);
    Some(Span::new(id, span.start as usize + start, span.start as usize + end))
}

fn same_file(name: &str, path: &str, host: &dyn Host) -> bool {
    host.current_dir().join(name) == Path::new(path)
}

fn facts(diagnostic: Diagnostic, guest: &Guest, report: &CrashReport) -> Diagnostic {
    let calls = backtrace(guest, report);
    let mut text = String::from("backtrace (callers are guessed from `ra` and the stack)");
    for (depth, call) in calls.iter().enumerate() {
        text.push_str(&format!("\n  {depth}: {call}"));
    }
    diagnostic.note(text).note(registers(report))
}

fn registers(report: &CrashReport) -> String {
    let names: Vec<&str> = register_names().collect();
    let mode = match report.privilege {
        Privilege::User => 'U',
        Privilege::Supervisor => 'S',
    };
    let mut text = format!("registers, in {mode}-mode");
    for (row, values) in report.registers.chunks(4).enumerate() {
        text.push_str("\n ");
        for (column, value) in values.iter().enumerate() {
            text.push_str(&format!(" {:>4} {value:08x}", names[4 * row + column]));
        }
    }
    text
}

/// The exception that a trap is; `None` for an interrupt.
fn cause(trap: &Trap) -> Option<Cause> {
    Cause::ALL.into_iter().find(|cause| cause.number() == trap.cause)
}

/// `load access fault (address 0x00000040)`.
fn describe(trap: &Trap) -> String {
    match cause(trap) {
        Some(
            Cause::LoadAccess
            | Cause::StoreAccess
            | Cause::InstructionAccess
            | Cause::LoadPage
            | Cause::StorePage
            | Cause::InstructionPage
            | Cause::LoadMisaligned
            | Cause::StoreMisaligned,
        ) => format!("{} (address {:#010x})", trap.name(), trap.tval),
        Some(Cause::InstructionMisaligned | Cause::IllegalInstruction | Cause::Breakpoint | Cause::UserEcall | Cause::SupervisorEcall) | None => trap.name().to_string(),
    }
}

fn why(trap: &Trap) -> String {
    let tval = trap.tval;
    match cause(trap) {
        Some(Cause::LoadAccess | Cause::StoreAccess) => format!("nothing is at {tval:#010x}"),
        Some(Cause::InstructionAccess) => format!("no code is at {tval:#010x}"),
        Some(Cause::LoadPage | Cause::StorePage | Cause::InstructionPage) => format!("the guest's page table does not allow this at {tval:#010x}"),
        Some(Cause::LoadMisaligned | Cause::StoreMisaligned) => format!("{tval:#010x} is not a multiple of 4"),
        Some(Cause::IllegalInstruction) => "this cannot be executed here".into(),
        Some(Cause::InstructionMisaligned) => "the target is no multiple of 4".into(),
        Some(Cause::Breakpoint) => "a breakpoint, and no handler for it".into(),
        Some(Cause::UserEcall | Cause::SupervisorEcall) => "a system call, and no kernel that serves it".into(),
        None => "an interrupt, and no handler for it".into(),
    }
}

fn cure(guest: &Guest, report: &CrashReport) -> &'static str {
    let trap = &report.trap;
    if ran_off_the_end(guest, report) {
        return "the guest ran off the end of its code: end with `ret` from `main`, `j` somewhere, or `call hv_exit`";
    }
    match cause(trap) {
        Some(Cause::InstructionAccess) => "a `ret` or jump went nowhere: save `ra` before a call and restore it after",
        Some(Cause::LoadAccess | Cause::StoreAccess) if trap.tval < 0x1000 => "a register that should hold an address is (nearly) 0: load it with `la`",
        Some(Cause::LoadAccess | Cause::StoreAccess) => "RAM begins at 0x80000000; `hvrun --guest-memory` sets how much there is",
        Some(Cause::UserEcall | Cause::SupervisorEcall | Cause::Breakpoint | Cause::IllegalInstruction | Cause::InstructionMisaligned) | None => "to handle traps in the guest, put the address of a handler into `stvec`",
        Some(Cause::LoadPage | Cause::StorePage | Cause::InstructionPage) => "to handle page faults in the guest, put the address of a handler into `stvec`",
        Some(Cause::LoadMisaligned | Cause::StoreMisaligned) => "`lr.w`, `sc.w` and `amo*.w` need an address that is a multiple of 4: `.balign 4` before the data",
    }
}

/// Whether the guest went past its last instruction: to the illegal one that ends the code, or behind the code.
fn ran_off_the_end(guest: &Guest, report: &CrashReport) -> bool {
    let pc = report.trap.pc.0.wrapping_add(guest.loaded.link_offset);
    let code = &guest.loaded.code;
    let at_guard = report.instruction == Some(0) && code.iter().any(|range| pc.wrapping_add(2) == range.end);
    let behind = !code.iter().any(|range| range.contains(&pc)) && code.iter().any(|range| pc >= range.end && pc - range.end < PAGE_SIZE);
    at_guard || behind
}
