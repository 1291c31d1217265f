//! Crash reports for people: what the guest did, where in its source, how it came there.

use crate::diagnosis::{Diagnosis, cause, diagnose, outside_code};
use crate::guest::Guest;
use crate::reporter::Reporter;
use crate::symbols::SourceLine;
use crate::watch::disassemble;
use diag::{Diagnostic, Span, codes};
use host::Host;
use hvcore::{Cause, CrashReport, Hypervisor, Privilege, Trap, Vm};
use std::ops::Range;
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

/// An address with its name and source line: `0x80000010 (main+0x8) at main.s:7`.
pub fn place_with_line(guest: &Guest, pc: u32) -> String {
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
    let isa = vm.config().isa;
    let Diagnosis { at, why, cure } = diagnose(guest, isa, report);
    let label = match report.instruction {
        Some(_) if at == trap.pc.0 => format!("`{}`: {why}", disassemble(isa, trap.pc.0, report.instruction)),
        Some(_) | None => why,
    };
    let diagnostic = at_line(Diagnostic::new(&codes::E0606, message), guest, at, label, reporter, host);
    let diagnostic = facts(diagnostic, guest, report).help(cure);
    let diagnostic = if outside_code(guest, report) { diagnostic.note("the instruction is outside the image's code: was there a jump into data?") } else { diagnostic };
    let no_handler = report.csrs.contains(&("stvec", 0));
    if no_handler {
        diagnostic.note("it has no trap handler: `stvec` is 0")
    } else if report.repeated == *trap {
        diagnostic.note("its trap handler could not run: it traps at its first instruction")
    } else {
        diagnostic.note(format!("its trap handler could not run: {} at {}, again and again", describe(&report.repeated), place(guest, report.repeated.pc.0)))
    }
}

/// What a guest that was stopped from outside was doing, if that is a mistake that is often made.
pub fn stuck(vm: &Vm, guest: &Guest, hypervisor: &Hypervisor) -> Option<&'static str> {
    let vcpu = vm.vcpu();
    let mut bytes = [0; 2];
    // `ret`, of either length, begins so.
    let is_ret = hypervisor.peek(vm.id(), vcpu.pc(), &mut bytes) && matches!(u16::from_le_bytes(bytes), 0x8082 | 0x8067);
    if is_ret && vcpu.get(1) == vcpu.pc {
        return Some("`ret` returns to itself: a call overwrote `ra`; save `ra` before a call and restore it after");
    }
    let sp = vcpu.get(2).wrapping_add(guest.loaded.link_offset);
    guest.loaded.code.iter().any(|range| range.contains(&sp)).then_some("the stack has grown into the code: look for a function that calls itself without end")
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
    let statement = statement(text)?;
    Some(Span::new(id, span.start as usize + statement.start, span.start as usize + statement.end))
}

/// What to underline of a line: the statement, without label, indentation and comment.
fn statement(line: &[u8]) -> Option<Range<usize>> {
    let is_word = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'$');
    let text_from = |at: usize| line[at..].iter().position(|b| !b.is_ascii_whitespace()).map(|length| at + length);
    let mut start = text_from(0)?;
    let word_end = line[start..].iter().position(|&b| !is_word(b)).map_or(line.len(), |length| start + length);
    if line.get(word_end) == Some(&b':') {
        start = text_from(word_end + 1).filter(|&at| line[at] != b'#').unwrap_or(start);
    }
    let code = line.iter().position(|&b| b == b'#').filter(|&at| at > start).unwrap_or(line.len());
    let end = line[..code].iter().rposition(|b| !b.is_ascii_whitespace()).map_or(code, |last| last + 1);
    Some(start..end)
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
    let diagnostic = if report.walk.is_empty() { diagnostic } else { diagnostic.note(format!("page walk of {:#010x}\n  {}", report.trap.tval, report.walk.join("\n  "))) };
    diagnostic.note(text).note(registers(report))
}

fn registers(report: &CrashReport) -> String {
    let names: Vec<&str> = register_names().collect();
    let mode = match report.trap.privilege {
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
        ) if trap.tval != trap.pc.0 => format!("{} (address {:#010x})", trap.name(), trap.tval),
        Some(_) | None => trap.name().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::statement;

    #[test]
    fn the_statement_is_underlined_alone() {
        let shown = |line: &str| statement(line.as_bytes()).map(|range| line[range].to_string());
        assert_eq!(shown("  lw a0, 0(t0)  # load").as_deref(), Some("lw a0, 0(t0)"));
        assert_eq!(shown("main:   lw a0, 0(t0)").as_deref(), Some("lw a0, 0(t0)"));
        assert_eq!(shown("1: # here").as_deref(), Some("1:"));
        assert_eq!(shown("   "), None);
    }
}
