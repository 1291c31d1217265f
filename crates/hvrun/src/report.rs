//! What is said when the guests have stopped: diagnostics, statistics, the JSON report, the exit status.

use crate::cli::{ExitCodeOf, Options};
use crate::console::{Cut, End};
use crate::crash;
use crate::guest::Guest;
use crate::reporter::Reporter;
use diag::{Diagnostic, codes};
use guest_abi::exit::MAX_GUEST_CODE;
use guest_abi::sbi::SbiError;
use guest_abi::{ExitReason, PAGE_SIZE, Status};
use host::{Host, Signal};
use hvcore::memory::Access;
use hvcore::{GuestVirt, Hypervisor, PowerOff, Stop, Vm};
use serde::Serialize;
use std::collections::BTreeMap;

/// Says how it went, and gives the exit status.
pub fn conclude(options: &Options, guests: &[Guest], hypervisor: &Hypervisor, end: &End, reporter: &mut Reporter, host: &mut dyn Host) -> u8 {
    let cut = end.cut.as_ref();
    let mut diagnostics = Vec::new();
    for (vm, guest) in hypervisor.vms().iter().zip(guests) {
        diagnostics.extend(about_stop(vm, guest, hypervisor, options, reporter, host));
    }
    for (guest, problem) in &end.disk_problems {
        let message = format!("guest `{}`: {problem}; the guest was told of an I/O error", guests[*guest].name);
        diagnostics.push(Diagnostic::new(&codes::DISK_ERROR, message));
    }
    for (terminal, bytes) in &end.lost {
        let message = format!("{bytes} bytes of console output were not taken at {terminal}");
        diagnostics.push(Diagnostic::new(&codes::LOST_OUTPUT, message).help("`--console file:PATH` keeps everything"));
    }
    diagnostics.extend(cut.and_then(|cut| about_cut(cut, hypervisor, guests)));
    let status = status(options, hypervisor, cut);
    if status == Status::CodeOutOfRange.code() {
        diagnostics.extend(hypervisor.vms().iter().filter_map(code_out_of_range).take(1));
    }
    reporter.show(host, &diagnostics);
    if options.stats {
        for vm in hypervisor.vms() {
            reporter.say(host, &statistics(vm, hypervisor));
        }
        let (pool, events) = (hypervisor.host_memory(), hypervisor.host_memory().events());
        let limit = if pool.frames_limit() == u32::MAX { String::new() } else { format!(" of {}", pool.frames_limit()) };
        let line = format!("host memory: {} pages in use{limit}, {} in swap; {} evicted, {} loaded again", pool.frames_in_use(), pool.swap_slots_in_use(), events.evictions, events.reloads);
        reporter.say(host, &line);
    }
    if let Some(address) = options.explain_address {
        for vm in hypervisor.vms() {
            reporter.say(host, &walks(vm, hypervisor, GuestVirt(address)));
        }
    }
    let report = Report { r#type: "report", status, guests: hypervisor.vms().iter().zip(guests).map(|(vm, guest)| record(vm, guest, hypervisor)).collect() };
    reporter.record(host, &report);
    match reporter.finish(host) {
        Ok(()) => status,
        Err(problem) => {
            reporter.say(host, diag::render_text(&reporter.sources, &[problem], false).trim_end());
            Status::Failure.code()
        }
    }
}

/// Of several that apply: 125, 126, 134, 124, then the guest's.
fn status(options: &Options, hypervisor: &Hypervisor, cut: Option<&Cut>) -> u8 {
    let stops = || hypervisor.vms().iter().filter_map(Vm::stop);
    let crashed = |stop: &Stop| match stop {
        Stop::Crash(_) | Stop::Panic { .. } => true,
        Stop::Halt => options.strict_halt,
        Stop::Exit { .. } | Stop::PowerOff { .. } | Stop::StepLimit { .. } | Stop::HostMemoryExhausted { .. } | Stop::SwapLost { .. } => false,
    };
    match cut {
        Some(Cut::Signal(Signal::Interrupt)) => return Status::Interrupted.code(),
        Some(Cut::Signal(Signal::Terminate)) => return Status::Terminated.code(),
        Some(Cut::ConsoleBroken(_) | Cut::ReaderGone | Cut::TraceBroken(_)) => return Status::Failure.code(),
        Some(Cut::Timeout(_) | Cut::MaxOutput(_)) | None => {}
    }
    if stops().any(|stop| matches!(stop, Stop::HostMemoryExhausted { .. } | Stop::SwapLost { .. })) {
        Status::Failure.code()
    } else if stops().any(crashed) {
        Status::Crashed.code()
    } else if cut.is_some() || stops().any(|stop| matches!(stop, Stop::StepLimit { .. })) {
        Status::Limit.code()
    } else {
        let mut guests_codes = stops().map(|stop| stop.code().unwrap_or(0));
        let code = match options.exit_code {
            ExitCodeOf::First => guests_codes.next(),
            ExitCodeOf::Any => guests_codes.find(|&code| code != 0),
        };
        match code.unwrap_or(0) {
            code if code <= MAX_GUEST_CODE => code as u8,
            _ => Status::CodeOutOfRange.code(),
        }
    }
}

fn code_out_of_range(vm: &Vm) -> Option<Diagnostic> {
    let code = vm.stop()?.code().filter(|&code| code > MAX_GUEST_CODE)?;
    let as_signed = if (code as i32) < 0 { format!(" ({})", code as i32) } else { String::new() };
    let error = SbiError::ALL.iter().find(|error| error.code() != 0 && error.code() == code as i32);
    let note = |diagnostic: Diagnostic| match error {
        Some(error) => diagnostic.note(format!("{} is {}, the error of a hypercall: {}", error.code(), error.name(), error.summary())),
        None => diagnostic,
    };
    Some(note(
        Diagnostic::new(&codes::EXIT_CODE_RANGE, format!("guest `{}` ended with code {code}{as_signed}, which is above {MAX_GUEST_CODE} and reported as {}", vm.name(), Status::CodeOutOfRange.code()))
            .help("`--json` reports all 32 bits"),
    ))
}

fn about_stop(vm: &Vm, guest: &Guest, hypervisor: &Hypervisor, options: &Options, reporter: &mut Reporter, host: &mut dyn Host) -> Option<Diagnostic> {
    let name = vm.name();
    match vm.stop()? {
        Stop::PowerOff { by: PowerOff::RebootLimit, .. } if options.max_reboots > 0 => Some(
            Diagnostic::new(&codes::REBOOT_LIMIT, format!("guest `{name}` rebooted {} times and was powered off when it wanted to once more", vm.reboots()))
                .help("`--max-reboots` sets how often it may; 0 takes a reboot for a shutdown"),
        ),
        Stop::Exit { .. } | Stop::PowerOff { .. } => None,
        Stop::Halt => {
            let pc = vm.vcpu().pc;
            let code = if options.strict_halt { &codes::E0612 } else { &codes::GUEST_HALTED };
            let message = format!("guest `{name}` waits at {} for an interrupt that cannot come", crash::place(guest, pc));
            Some(Diagnostic::new(code, message).help("end with `hv_exit`, or return from `main`"))
        }
        Stop::Crash(report) => Some(crash::crashed(vm, guest, report, reporter, host)),
        Stop::Panic { message, report } => Some(crash::panicked(vm, guest, message, report, reporter, host)),
        Stop::StepLimit { steps } => {
            let message = format!("guest `{name}` was stopped after {steps} steps (--max-instructions), at {}", crash::place_with_line(guest, vm.vcpu().pc));
            Some(with_advice(Diagnostic::new(&codes::E0608, message), vm, guest, hypervisor))
        }
        Stop::SwapLost { gpa } => Some(
            Diagnostic::new(&codes::E0614, format!("guest `{name}` needs its page of {gpa}, and the swap file does not hold it any more"))
                .note(format!("at {}", crash::place(guest, vm.vcpu().pc)))
                .help("look at the disk of the folder for temporary files; `--swap FOLDER` takes another"),
        ),
        Stop::HostMemoryExhausted { gpa, frames } => Some(
            Diagnostic::new(&codes::E0609, format!("guest `{name}` needs a page for {gpa}, and the host memory is used up ({frames} pages)"))
                .note(format!("at {}", crash::place(guest, vm.vcpu().pc)))
                .help(if hypervisor.host_memory().events().failures > 0 { "the swap file could not be written: free some space, or name another folder with `--swap FOLDER`" } else { "raise `--host-mem`" }),
        ),
    }
}

fn about_cut(cut: &Cut, hypervisor: &Hypervisor, guests: &[Guest]) -> Option<Diagnostic> {
    let message = match cut {
        Cut::Timeout(time) => format!("stopped after {time:?} (--timeout)"),
        Cut::MaxOutput(bytes) => format!("stopped after {bytes} bytes of console output (--max-output)"),
        Cut::ConsoleBroken(reason) => return Some(Diagnostic::new(&codes::E0610, format!("cannot write the console: {reason}"))),
        Cut::TraceBroken(reason) => return Some(Diagnostic::new(&codes::E0611, format!("cannot write the trace to standard error: {reason}"))),
        // Whoever does that wants to hear no more.
        Cut::ReaderGone | Cut::Signal(_) => return None,
    };
    let mut diagnostic = Diagnostic::new(&codes::E0608, message);
    for (vm, guest) in hypervisor.vms().iter().zip(guests).filter(|(vm, _)| vm.stop().is_none()) {
        diagnostic = diagnostic.note(format!("guest `{}` was at {} after {} steps", vm.name(), crash::place_with_line(guest, vm.vcpu().pc), vm.steps()));
        diagnostic = with_advice(diagnostic, vm, guest, hypervisor);
    }
    Some(diagnostic)
}

fn with_advice(diagnostic: Diagnostic, vm: &Vm, guest: &Guest, hypervisor: &Hypervisor) -> Diagnostic {
    match crash::stuck(vm, guest, hypervisor) {
        Some(advice) => diagnostic.help(advice),
        None => diagnostic,
    }
}

fn state_hash(vm: &Vm, hypervisor: &Hypervisor) -> String {
    hypervisor.state_hash(vm.id()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The text of `--stats` for a guest.
fn statistics(vm: &Vm, hypervisor: &Hypervisor) -> String {
    let how = vm.stop().map_or_else(|| "stopped from outside".into(), ToString::to_string);
    let mut text = format!("stats of guest `{}` (vm {}): {how}\n", vm.name(), vm.id().0);
    for (name, value) in [("steps", vm.steps()), ("instructions", vm.instret()), ("virtual time", vm.vt())] {
        text.push_str(&format!("  {name:<22} {value:>12}\n"));
    }
    text.push_str("  VM exits\n");
    for (reason, count) in vm.counts().iter() {
        text.push_str(&format!("    {:<22}{count:>12}\n", reason.name()));
    }
    text.push_str(&format!("  {:<22} {:>12} of {}\n", "pages touched", vm.counts().get(ExitReason::PageFault), vm.config().ram_bytes / PAGE_SIZE));
    let host = vm.host_events();
    text.push_str(&format!("  {:<22} {:>12}\n  {:<22} {:>12}\n", "pages copied", host.copies, "pages back from swap", host.reloads));
    text.push_str(&format!("  state hash   {}", state_hash(vm, hypervisor)));
    text
}

/// The text of `--explain-address` for a guest: each kind of access, from the privilege that the guest was in.
fn walks(vm: &Vm, hypervisor: &Hypervisor, gva: GuestVirt) -> String {
    let privilege = vm.vcpu().privilege;
    let mut text = format!("page walk of {gva} in guest `{}` (vm {}), {privilege:?} mode", vm.name(), vm.id().0);
    for (access, name) in [(Access::Load, "load"), (Access::Store, "store"), (Access::Fetch, "fetch")] {
        text.push_str(&format!("\n  {name}\n    {}", hypervisor.explain(vm.id(), gva, access, privilege).join("\n    ")));
    }
    text
}

#[derive(Serialize)]
struct Report<'a> {
    r#type: &'a str,
    status: u8,
    guests: Vec<GuestRecord>,
}

#[derive(Serialize)]
struct GuestRecord {
    name: String,
    stop: &'static str,
    code: Option<u32>,
    message: String,
    steps: u64,
    instret: u64,
    vt: u64,
    exits: BTreeMap<&'static str, u64>,
    pages: u64,
    pages_copied: u64,
    pages_reloaded: u64,
    state_hash: String,
    crash: Option<CrashRecord>,
}

#[derive(Serialize)]
struct CrashRecord {
    cause: u32,
    cause_text: String,
    pc: u32,
    tval: u32,
    file: Option<String>,
    line: Option<u32>,
    registers: BTreeMap<&'static str, u32>,
    backtrace: Vec<String>,
}

fn record(vm: &Vm, guest: &Guest, hypervisor: &Hypervisor) -> GuestRecord {
    let (stop, report) = match vm.stop() {
        None => ("stopped", None),
        Some(Stop::Exit { .. }) => ("exit", None),
        Some(Stop::PowerOff { .. }) => ("power-off", None),
        Some(Stop::Halt) => ("halt", None),
        Some(Stop::Crash(report)) => ("crash", Some(report)),
        Some(Stop::Panic { report, .. }) => ("panic", Some(report)),
        Some(Stop::StepLimit { .. }) => ("step-limit", None),
        Some(Stop::HostMemoryExhausted { .. }) => ("out-of-host-memory", None),
        Some(Stop::SwapLost { .. }) => ("swap-lost", None),
    };
    let exits = vm.counts().iter().map(|(reason, count): (ExitReason, u64)| (reason.name(), count)).collect();
    let crash = report.map(|report| {
        let line = guest.symbols.line(report.trap.pc.0.wrapping_add(guest.loaded.link_offset));
        CrashRecord {
            cause: report.trap.cause,
            cause_text: report.trap.name().into(),
            pc: report.trap.pc.0,
            tval: report.trap.tval,
            file: line.as_ref().map(|line| line.file.clone()),
            line: line.map(|line| line.line),
            registers: crash::register_names().zip(report.registers).collect(),
            backtrace: crash::backtrace(guest, report),
        }
    });
    GuestRecord {
        name: vm.name().into(),
        stop,
        code: vm.stop().and_then(Stop::code),
        message: vm.stop().map_or_else(String::new, ToString::to_string),
        steps: vm.steps(),
        instret: vm.instret(),
        vt: vm.vt(),
        exits,
        pages: vm.counts().get(ExitReason::PageFault),
        pages_copied: vm.host_events().copies,
        pages_reloaded: vm.host_events().reloads,
        state_hash: state_hash(vm, hypervisor),
        crash,
    }
}
