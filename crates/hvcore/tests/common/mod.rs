//! What the tests share: a small assembler over `rv32::encode`, a door with scripted input, an observer that notes.
#![allow(dead_code, reason = "each test program uses a part of it")]

use hvcore::{ConsoleInput, DiskError, Door, ExitReason, GuestPhys, GuestVirt, Hypervisor, HypervisorConfig, Idle, Image, Observer, RunEnd, Segment, Stop, Vm, VmConfig, VmExit, VmId};
use rv32::{Insn, Op};
use std::collections::BTreeMap;
use std::sync::Arc;

pub const RAM: u32 = 0x8000_0000;
pub const UART: u32 = 0x1000_0000;
pub const PLIC: u32 = 0x0c00_0000;
pub const FINISHER: u32 = 0x0010_0000;

pub const ZERO: u8 = 0;
pub const RA: u8 = 1;
pub const SP: u8 = 2;
pub const T0: u8 = 5;
pub const T1: u8 = 6;
pub const T2: u8 = 7;
pub const S0: u8 = 8;
pub const S1: u8 = 9;
pub const A0: u8 = 10;
pub const A1: u8 = 11;
pub const A2: u8 = 12;
pub const A3: u8 = 13;
pub const A6: u8 = 16;
pub const A7: u8 = 17;
pub const S2: u8 = 18;
pub const S3: u8 = 19;

pub mod csr {
    pub const SSTATUS: i32 = 0x100;
    pub const SIE: i32 = 0x104;
    pub const STVEC: i32 = 0x105;
    pub const SCOUNTEREN: i32 = 0x106;
    pub const SSCRATCH: i32 = 0x140;
    pub const SEPC: i32 = 0x141;
    pub const SCAUSE: i32 = 0x142;
    pub const STVAL: i32 = 0x143;
    pub const SIP: i32 = 0x144;
    pub const STIMECMP: i32 = 0x14d;
    pub const STIMECMPH: i32 = 0x15d;
    pub const SATP: i32 = 0x180;
    pub const CYCLE: i32 = 0xc00;
    pub const TIME: i32 = 0xc01;
    pub const INSTRET: i32 = 0xc02;
}

/// A program under construction at `RAM`. Labels are resolved by running the construction twice.
pub struct Code {
    pub bytes: Vec<u8>,
    labels: BTreeMap<&'static str, u32>,
    known: BTreeMap<&'static str, u32>,
}

/// Builds a program that begins at `RAM`.
pub fn code(build: impl Fn(&mut Code)) -> Vec<u8> {
    let mut first = Code { bytes: Vec::new(), labels: BTreeMap::new(), known: BTreeMap::new() };
    build(&mut first);
    let mut second = Code { bytes: Vec::new(), labels: BTreeMap::new(), known: first.labels };
    build(&mut second);
    assert_eq!(second.known, second.labels, "labels are stable");
    second.bytes
}

impl Code {
    pub fn here(&self) -> u32 {
        RAM + self.bytes.len() as u32
    }
    pub fn label(&mut self, name: &'static str) {
        assert!(self.labels.insert(name, self.here()).is_none(), "label {name} twice");
    }
    /// Returns from a trap to what follows, which is called `name`, with these bits of `sstatus`.
    pub fn enter(&mut self, name: &'static str, sstatus: u32) {
        self.la(T0, name);
        self.csrw(csr::SEPC, T0);
        self.li(T0, sstatus);
        self.csrw(csr::SSTATUS, T0);
        self.op(Op::Sret);
        self.label(name);
    }
    pub fn at(&self, name: &'static str) -> u32 {
        if self.known.is_empty() { self.here() } else { self.known[name] }
    }
    pub fn insn(&mut self, insn: Insn) {
        self.word(rv32::encode(&insn));
    }
    pub fn word(&mut self, word: u32) {
        self.bytes.extend(word.to_le_bytes());
    }
    pub fn half(&mut self, half: u16) {
        self.bytes.extend(half.to_le_bytes());
    }
    pub fn text(&mut self, text: &[u8]) {
        self.bytes.extend(text);
        self.align(4);
    }
    pub fn align(&mut self, to: usize) {
        while !self.bytes.len().is_multiple_of(to) {
            self.bytes.push(0);
        }
    }
    pub fn org(&mut self, offset: usize) {
        assert!(self.bytes.len() <= offset);
        self.bytes.resize(offset, 0);
    }
    pub fn r(&mut self, op: Op, rd: u8, rs1: u8, rs2: u8) {
        self.insn(Insn { rd, rs1, rs2, ..Insn::new(op) });
    }
    pub fn i(&mut self, op: Op, rd: u8, rs1: u8, imm: i32) {
        self.insn(Insn { rd, rs1, imm, ..Insn::new(op) });
    }
    pub fn s(&mut self, op: Op, value: u8, base: u8, imm: i32) {
        self.insn(Insn { rs1: base, rs2: value, imm, ..Insn::new(op) });
    }
    pub fn op(&mut self, op: Op) {
        self.insn(Insn::new(op));
    }
    /// Two instructions, whatever the value.
    pub fn li(&mut self, rd: u8, value: u32) {
        let (high, low) = (value.wrapping_add(0x800) & 0xffff_f000, (value << 20) as i32 >> 20);
        self.insn(Insn { rd, imm: high as i32, ..Insn::new(Op::Lui) });
        self.i(Op::Addi, rd, rd, low);
    }
    pub fn la(&mut self, rd: u8, label: &'static str) {
        self.li(rd, self.at(label));
    }
    pub fn branch(&mut self, op: Op, rs1: u8, rs2: u8, label: &'static str) {
        let imm = self.at(label).wrapping_sub(self.here()) as i32;
        self.insn(Insn { rs1, rs2, imm, ..Insn::new(op) });
    }
    pub fn j(&mut self, label: &'static str) {
        self.jal(ZERO, label);
    }
    pub fn jal(&mut self, rd: u8, label: &'static str) {
        let imm = self.at(label).wrapping_sub(self.here()) as i32;
        self.insn(Insn { rd, imm, ..Insn::new(Op::Jal) });
    }
    pub fn csrw(&mut self, csr: i32, rs1: u8) {
        self.i(Op::Csrrw, ZERO, rs1, csr);
    }
    pub fn csrr(&mut self, rd: u8, csr: i32) {
        self.i(Op::Csrrs, rd, ZERO, csr);
    }
    pub fn csrs(&mut self, csr: i32, rs1: u8) {
        self.i(Op::Csrrs, ZERO, rs1, csr);
    }
    pub fn csrwi(&mut self, csr: i32, value: u8) {
        self.i(Op::Csrrwi, ZERO, value, csr);
    }
    /// `stvec` = label.
    pub fn vector(&mut self, label: &'static str) {
        self.la(T0, label);
        self.csrw(csr::STVEC, T0);
    }
    pub fn hypercall(&mut self, extension: u32, function: u32) {
        self.li(A7, extension);
        self.li(A6, function);
        self.op(Op::Ecall);
    }
    pub fn hvk(&mut self, function: u32) {
        self.hypercall(HVK, function);
    }
    pub fn exit(&mut self, code: u32) {
        self.li(A0, code);
        self.hvk(1);
    }
    /// HVK EXIT with the code in a0.
    pub fn exit_a0(&mut self) {
        self.hvk(1);
    }
}

pub const HVK: u32 = 0x0948_564B;

/// An image of one segment at `RAM`.
pub fn image(bytes: &[u8]) -> Arc<Image> {
    image_with_bss(bytes, 0)
}

pub fn image_with_bss(bytes: &[u8], bss: u32) -> Arc<Image> {
    let length = bytes.len() as u32;
    let segment = Segment { name: ".text".into(), gpa: GuestPhys(RAM), file_offset: 0, file_bytes: length, memory_bytes: length + bss };
    Arc::new(Image::new(bytes.into(), GuestPhys(RAM), vec![segment], 0).expect("a good image"))
}

/// A door with a virtual clock; input visible from vt 0, or live.
#[derive(Default)]
pub struct TestDoor {
    pub output: BTreeMap<usize, Vec<u8>>,
    pub input: Vec<u8>,
    pub taken: usize,
    /// Input is live: bytes come one by one, when the guest sleeps for them.
    pub live: bool,
    pub arrived: usize,
    pub idles: Vec<(u64, Option<u64>)>,
    pub pauses: Vec<(u64, u64, bool)>,
    pub sleeps: usize,
    pub stop_after: Option<usize>,
    pub asked: usize,
    /// Every guest's disks: they all have this one.
    pub disk: Vec<u8>,
    /// The disk fails from this offset on.
    pub broken_from: Option<u64>,
    pub flushes: usize,
}

impl TestDoor {
    fn disk_range(&self, offset: u64, bytes: u64) -> Result<std::ops::Range<usize>, DiskError> {
        assert!(offset + bytes <= self.disk.len() as u64, "the core checks ranges: {offset} + {bytes}");
        match self.broken_from {
            Some(from) if offset + bytes > from => Err(DiskError),
            _ => Ok(offset as usize..(offset + bytes) as usize),
        }
    }
}

impl Door for TestDoor {
    fn console_write(&mut self, vm: VmId, _vt: u64, bytes: &[u8]) {
        self.output.entry(vm.0).or_default().extend(bytes);
    }
    fn console_read(&mut self, vm: VmId, _vt: u64, buffer: &mut [u8]) -> ConsoleInput {
        if vm.0 != 0 {
            return ConsoleInput::End;
        }
        let visible = if self.live { self.arrived.min(self.input.len()) } else { self.input.len() };
        let count = buffer.len().min(visible - self.taken);
        buffer[..count].copy_from_slice(&self.input[self.taken..self.taken + count]);
        self.taken += count;
        match count {
            0 if self.live && self.arrived <= self.input.len() => ConsoleInput::Nothing,
            0 => ConsoleInput::End,
            count => ConsoleInput::Bytes(count),
        }
    }
    fn idle(&mut self, _vm: VmId, now: u64, until: Option<u64>) -> Idle {
        self.idles.push((now, until));
        until.map_or(Idle::Wait, Idle::Until)
    }
    fn pause(&mut self, _vm: VmId, now: u64, until: u64, polls: bool) -> Idle {
        self.pauses.push((now, until, polls));
        Idle::Until(now)
    }
    fn sleep(&mut self) {
        self.sleeps += 1;
        self.arrived += 1;
        assert!(self.sleeps < 1000, "sleeps for ever");
    }
    fn should_stop(&mut self) -> bool {
        self.asked += 1;
        self.stop_after.is_some_and(|rounds| self.asked > rounds)
    }
    fn disk_read(&mut self, _vm: VmId, _disk: usize, offset: u64, buffer: &mut [u8]) -> Result<(), DiskError> {
        let range = self.disk_range(offset, buffer.len() as u64)?;
        buffer.copy_from_slice(&self.disk[range]);
        Ok(())
    }
    fn disk_write(&mut self, _vm: VmId, _disk: usize, offset: u64, bytes: &[u8]) -> Result<(), DiskError> {
        let range = self.disk_range(offset, bytes.len() as u64)?;
        self.disk[range].copy_from_slice(bytes);
        Ok(())
    }
    fn disk_flush(&mut self, _vm: VmId, _disk: usize) -> Result<(), DiskError> {
        self.flushes += 1;
        if self.broken_from.is_some() { Err(DiskError) } else { Ok(()) }
    }
    fn disk_zero(&mut self, _vm: VmId, _disk: usize, offset: u64, bytes: u64, _keep: bool) -> Result<(), DiskError> {
        let range = self.disk_range(offset, bytes)?;
        self.disk[range].fill(0);
        Ok(())
    }
}

/// An exit as it was seen.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Seen {
    pub vm: usize,
    pub reason: ExitReason,
    pub steps: u64,
    pub pc: u32,
    pub exit: VmExit,
}

#[derive(Default)]
pub struct Notes {
    pub exits: Vec<Seen>,
    pub steps: Option<Vec<(u32, Option<u32>)>>,
    pub marks: Vec<(u32, u32)>,
    pub stopped: Vec<usize>,
}

impl Observer for Notes {
    fn wants_steps(&mut self) -> bool {
        self.steps.is_some()
    }
    fn exit(&mut self, vm: &Vm, exit: &VmExit) {
        self.exits.push(Seen { vm: vm.id().0, reason: exit.reason(), steps: vm.steps(), pc: vm.vcpu().pc, exit: *exit });
    }
    fn step(&mut self, _vm: &Vm, pc: u32, bits: Option<u32>) {
        if let Some(steps) = &mut self.steps {
            steps.push((pc, bits));
        }
    }
    fn mark(&mut self, _vm: &Vm, tag: u32, value: u32) {
        self.marks.push((tag, value));
    }
    fn stopped(&mut self, vm: &Vm) {
        self.stopped.push(vm.id().0);
    }
}

impl Notes {
    pub fn of(&self, reason: ExitReason) -> Vec<Seen> {
        self.exits.iter().copied().filter(|seen| seen.reason == reason).collect()
    }
}

/// A finished run.
pub struct Ran {
    pub hypervisor: Hypervisor,
    pub door: TestDoor,
    pub notes: Notes,
    pub end: RunEnd,
}

impl Ran {
    pub fn vm(&self) -> &Vm {
        &self.hypervisor.vms()[0]
    }
    pub fn stop(&self) -> &Stop {
        self.vm().stop().expect("stopped")
    }
    /// The exit code of the first guest.
    pub fn code(&self) -> u32 {
        let Stop::Exit { code } = self.stop() else { panic!("no exit: {}", self.stop()) };
        *code
    }
    pub fn output(&self) -> &[u8] {
        self.door.output.get(&0).map_or(&[], Vec::as_slice)
    }
    pub fn count(&self, reason: ExitReason) -> u64 {
        self.vm().counts().get(reason)
    }
    pub fn x(&self, register: u8) -> u32 {
        self.vm().vcpu().x[usize::from(register)]
    }
    pub fn word(&self, at: u32) -> u32 {
        let mut bytes = [0; 4];
        assert!(self.hypervisor.peek_physical(VmId(0), GuestPhys(at), &mut bytes));
        u32::from_le_bytes(bytes)
    }
    pub fn word_virtual(&self, at: u32) -> Option<u32> {
        let mut bytes = [0; 4];
        self.hypervisor.peek(VmId(0), GuestVirt(at), &mut bytes).then_some(u32::from_le_bytes(bytes))
    }
}

/// A program that counts in memory, at `at`, so many times: some slices of work beside a guest under test.
pub fn neighbour(at: u32, rounds: u32) -> Vec<u8> {
    code(|c| {
        c.li(S0, at);
        c.li(S1, rounds);
        c.label("next");
        c.i(Op::Lw, T0, S0, 0);
        c.i(Op::Addi, T0, T0, 3);
        c.s(Op::Sw, T0, S0, 0);
        c.i(Op::Addi, S1, S1, -1);
        c.branch(Op::Bne, S1, ZERO, "next");
        c.exit(0);
    })
}

/// A guest with 1 MiB of RAM and a step limit, so that a wrong test ends.
pub fn small(name: &str) -> VmConfig {
    VmConfig { ram_bytes: 1 << 20, max_steps: Some(5_000_000), ..VmConfig::virt(name) }
}

pub fn run_config(bytes: &[u8], config: VmConfig, door: TestDoor) -> Ran {
    let mut hypervisor = Hypervisor::new(HypervisorConfig::virt());
    hypervisor.add_vm(image_with_bss(bytes, 0), config).expect("the guest is taken");
    finish(hypervisor, door)
}

pub fn finish(mut hypervisor: Hypervisor, mut door: TestDoor) -> Ran {
    let mut notes = Notes::default();
    let end = hypervisor.run(&mut door, &mut notes);
    Ran { hypervisor, door, notes, end }
}

/// Builds and runs one guest.
pub fn run(build: impl Fn(&mut Code)) -> Ran {
    run_config(&code(build), small("test"), TestDoor::default())
}
