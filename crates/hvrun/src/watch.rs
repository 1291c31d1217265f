//! The watcher: `--trace`.

use crate::cli::Trace;
use crate::world::World;
use guest_abi::ExitReason;
use hvcore::{Observer, Vm, VmExit};
use serde::Serialize;
use std::fmt::Write;

/// Writes a line for each exit, and for each instruction if that is wanted.
pub struct Watcher<'a> {
    world: &'a World<'a>,
    trace: Option<Trace>,
    json: bool,
    /// Lines that were not written yet.
    pending: String,
}

#[derive(Serialize)]
struct ExitRecord<'a> {
    r#type: &'a str,
    vm: usize,
    name: &'a str,
    exit: &'a str,
    steps: u64,
    pc: u32,
}

#[derive(Serialize)]
struct InstructionRecord<'a> {
    r#type: &'a str,
    vm: usize,
    name: &'a str,
    steps: u64,
    pc: u32,
    bits: Option<u32>,
    text: &'a str,
}

#[derive(Serialize)]
struct MarkRecord<'a> {
    r#type: &'a str,
    vm: usize,
    name: &'a str,
    steps: u64,
    tag: u32,
    value: u32,
}

/// Trace lines are written when this much waits.
const MOST_PENDING: usize = 64 * 1024;

impl<'a> Watcher<'a> {
    /// A watcher that writes what `--trace` asks for.
    #[must_use]
    pub fn new(world: &'a World<'a>, trace: Option<Trace>) -> Watcher<'a> {
        let json = world.reporter.borrow().is_json();
        Watcher { world, trace, json, pending: String::new() }
    }

    /// Writes what is left.
    pub fn finish(mut self) {
        self.flush();
    }

    fn flush(&mut self) {
        if !self.pending.is_empty() {
            let mut host = self.world.host.borrow_mut();
            let written = self.world.reporter.borrow_mut().trace(&mut **host, &self.pending);
            self.world.trace_broken.replace(written.err());
            self.pending.clear();
        }
    }

    fn line(&mut self, text: std::fmt::Arguments<'_>, record: &impl Serialize) {
        // Writing into a string cannot fail; strings and numbers always serialise.
        if self.json {
            self.pending.push_str(&serde_json::to_string(record).unwrap_or_default());
        } else {
            let _ = self.pending.write_fmt(text);
        }
        self.pending.push('\n');
        if self.pending.len() > MOST_PENDING {
            self.flush();
        }
    }
}

/// The instruction as people write it; `jal` and branches with their target's address.
pub fn disassemble(isa: rv32::Isa, pc: u32, bits: Option<u32>) -> String {
    match bits {
        None => "(not readable)".into(),
        Some(bits) => match rv32::decode_on_hart(isa, bits) {
            Some(decoded) => rv32::print(&decoded, pc, rv32::Style::Aliases, &|_| None).replace('\t', " "),
            None if bits & 3 == 3 => format!(".4byte {bits:#010x}"),
            None => format!(".2byte {:#06x}", bits & 0xffff),
        },
    }
}

impl Observer for Watcher<'_> {
    fn wants_steps(&mut self) -> bool {
        self.trace == Some(Trace::Instructions)
    }

    fn exit(&mut self, vm: &Vm, exit: &VmExit) {
        if self.trace.is_some() {
            let reason: ExitReason = exit.reason();
            let (number, steps, pc) = (vm.id().0, vm.steps(), vm.vcpu().pc);
            let record = ExitRecord { r#type: "exit", vm: number, name: vm.name(), exit: reason.name(), steps, pc };
            self.line(format_args!("vm={number} exit={} steps={steps} pc={pc:#010x}", reason.name()), &record);
        }
    }

    fn step(&mut self, vm: &Vm, pc: u32, bits: Option<u32>) {
        let (number, steps) = (vm.id().0, vm.steps());
        let text = disassemble(vm.config().isa, pc, bits);
        let record = InstructionRecord { r#type: "instruction", vm: number, name: vm.name(), steps, pc, bits, text: &text };
        self.line(format_args!("vm={number} steps={steps} pc={pc:#010x} {text}"), &record);
    }

    fn mark(&mut self, vm: &Vm, tag: u32, value: u32) {
        if self.trace.is_some() {
            let (number, steps) = (vm.id().0, vm.steps());
            let record = MarkRecord { r#type: "mark", vm: number, name: vm.name(), steps, tag, value };
            self.line(format_args!("vm={number} mark={tag} value={value} steps={steps}"), &record);
        }
    }

    fn stopped(&mut self, _vm: &Vm) {}
}
