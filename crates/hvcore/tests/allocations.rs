//! After a warm-up, nothing that a guest does often makes the host allocate: calls, device accesses, interrupts, switches of
//! slices, `wfi`. Under each engine, two guests taking turns of 50 steps. A virtio request may take 4 KiB while it lasts.
#![allow(unsafe_code, reason = "counting allocations needs an allocator")]
#![expect(clippy::print_stdout, reason = "what was measured is part of the result")]

mod common;
use common::*;
use hvcore::{ConsoleInput, DeviceConfig, DeviceKind, DiskError, Door, EngineKind, Hypervisor, HypervisorConfig, Idle, Observer, RunEnd, Vm, VmConfig, VmExit, VmId};
use rv32::Op;
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

thread_local! {
    /// Of this thread alone: the test runner's own may allocate meanwhile.
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
    /// Bytes that are taken, and the most that were since somebody looked.
    static LIVE: Cell<(i64, i64)> = const { Cell::new((0, 0)) };
}

fn count(bytes: i64) {
    // A thread that ends has nothing left to count.
    let _ = ALLOCATIONS.try_with(|count| count.set(count.get() + u64::from(bytes > 0)));
    let _ = LIVE.try_with(|live| {
        let (now, most) = live.get();
        live.set((now + bytes, most.max(now + bytes)));
    });
}

struct Counting;

// SAFETY: every call is the system allocator's.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as i64);
        // SAFETY: the caller's promises are passed on.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(-(layout.size() as i64));
        // SAFETY: the caller's promises are passed on.
        unsafe { System.dealloc(pointer, layout) }
    }
    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // The old and the new block may be there together.
        count(size as i64);
        count(-(layout.size() as i64));
        // SAFETY: the caller's promises are passed on.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// A console that nobody reads, a virtual clock.
struct Quiet;

impl Door for Quiet {
    fn console_write(&mut self, _: VmId, _: u64, _: &[u8]) {}
    fn console_read(&mut self, _: VmId, _: u64, _: &mut [u8]) -> ConsoleInput {
        ConsoleInput::Nothing
    }
    fn idle(&mut self, _: VmId, _: u64, until: Option<u64>) -> Idle {
        until.map_or(Idle::Wait, Idle::Until)
    }
    fn pause(&mut self, _: VmId, now: u64, _: u64, _: bool) -> Idle {
        Idle::Until(now)
    }
    fn sleep(&mut self) {}
    fn should_stop(&mut self) -> bool {
        false
    }
    fn disk_read(&mut self, _: VmId, _: usize, _: u64, buffer: &mut [u8]) -> Result<(), DiskError> {
        buffer.fill(7);
        Ok(())
    }
    fn disk_write(&mut self, _: VmId, _: usize, _: u64, _: &[u8]) -> Result<(), DiskError> {
        Ok(())
    }
}

/// (guest, phase, 0 at its begin and 1 at its end, allocations so far)
struct Marks(Vec<(usize, u32, u32, u64)>);

/// (tag, value, bytes that are taken, the most since the mark before)
struct Levels(Vec<(u32, u32, i64, i64)>);

impl Observer for Levels {
    fn wants_steps(&mut self) -> bool {
        false
    }
    fn exit(&mut self, _: &Vm, _: &VmExit) {}
    fn step(&mut self, _: &Vm, _: u32, _: Option<u32>) {}
    fn mark(&mut self, _: &Vm, tag: u32, value: u32) {
        let (live, most) = LIVE.get();
        self.0.push((tag, value, live, most));
        LIVE.set((live, live));
    }
    fn stopped(&mut self, _: &Vm) {}
}

impl Observer for Marks {
    fn wants_steps(&mut self) -> bool {
        false
    }
    fn exit(&mut self, _: &Vm, _: &VmExit) {}
    fn step(&mut self, _: &Vm, _: u32, _: Option<u32>) {}
    fn mark(&mut self, vm: &Vm, tag: u32, value: u32) {
        self.0.push((vm.id().0, tag, value, ALLOCATIONS.get()));
    }
    fn stopped(&mut self, _: &Vm) {}
}

const PHASES: [&str; 9] = ["HVK calls", "SBI calls", "UART accesses", "PLIC accesses", "syscalls", "timer interrupts", "wfi", "slices", "stores into code"];
const WARM_UP: u32 = 200;
const ROUNDS: u32 = 10_000;

fn mark(c: &mut Code, phase: u32, value: u32) {
    c.li(A0, phase);
    c.li(A1, value);
    c.hvk(13);
}

/// A phase: the body so many times to warm up, then as often as is counted.
fn phase(c: &mut Code, number: u32, labels: [&'static str; 2], body: impl Fn(&mut Code)) {
    for (label, rounds) in labels.into_iter().zip([WARM_UP, ROUNDS]) {
        if rounds == ROUNDS {
            mark(c, number, 0);
        }
        c.li(S0, rounds);
        c.label(label);
        body(c);
        c.i(Op::Addi, S0, S0, -1);
        c.branch(Op::Bne, S0, ZERO, label);
    }
    mark(c, number, 1);
}

fn program(c: &mut Code) {
    c.la(T0, "handler");
    c.csrw(csr::STVEC, T0);
    phase(c, 0, ["hvk0", "hvk"], |c| {
        c.la(A0, "text");
        c.li(A1, 1);
        c.hvk(0);
        c.la(A0, "text");
        c.li(A1, 20);
        c.hvk(4);
    });
    phase(c, 1, ["sbi0", "sbi"], |c| c.hypercall(0x10, 3));
    phase(c, 2, ["uart0", "uart"], |c| {
        c.li(T0, UART);
        c.i(Op::Lbu, T1, T0, 5);
        c.s(Op::Sb, ZERO, T0, 0);
    });
    phase(c, 3, ["plic0", "plic"], |c| {
        c.li(T0, PLIC);
        c.i(Op::Lw, T1, T0, 40);
        c.s(Op::Sw, T1, T0, 40);
    });
    // The loop in U-mode ends with a call that the handler answers by going back to S-mode.
    for (label, back, rounds) in [("sys0", "back0", WARM_UP), ("sys", "back", ROUNDS)] {
        if rounds == ROUNDS {
            mark(c, 4, 0);
        }
        c.li(A7, 0);
        c.li(S0, rounds);
        c.la(T0, label);
        c.csrw(csr::SEPC, T0);
        c.li(T0, 0x100);
        c.insn(rv32::Insn { rs1: T0, imm: csr::SSTATUS, ..rv32::Insn::new(Op::Csrrc) });
        c.op(Op::Sret);
        c.label(label);
        c.op(Op::Ecall);
        c.i(Op::Addi, S0, S0, -1);
        c.branch(Op::Bne, S0, ZERO, label);
        c.li(A7, 7);
        c.op(Op::Ecall);
        c.label(back);
    }
    mark(c, 4, 1);
    c.li(T0, 1 << 5);
    c.csrw(csr::SIE, T0);
    c.csrw(csr::STIMECMP, ZERO);
    c.csrw(csr::STIMECMPH, ZERO);
    for (label, rounds) in [("timer0", WARM_UP), ("timer", ROUNDS)] {
        if rounds == ROUNDS {
            mark(c, 5, 0);
        }
        c.li(S1, 0);
        c.li(S0, rounds);
        c.insn(rv32::Insn { rs1: 2, imm: csr::SSTATUS, ..rv32::Insn::new(Op::Csrrsi) });
        c.label(label);
        c.branch(Op::Bltu, S1, S0, label);
        c.insn(rv32::Insn { rs1: 2, imm: csr::SSTATUS, ..rv32::Insn::new(Op::Csrrci) });
    }
    mark(c, 5, 1);
    phase(c, 6, ["wfi0", "wfi"], |c| {
        c.insn(rv32::Insn { rd: T0, imm: csr::TIME, ..rv32::Insn::new(Op::Csrrs) });
        c.i(Op::Addi, T0, T0, 2);
        c.csrw(csr::STIMECMP, T0);
        c.op(Op::Wfi);
    });
    // 10,000 rounds of more than a slice each.
    phase(c, 7, ["slice0", "slice"], |c| {
        for _ in 0..50 {
            c.i(Op::Addi, T0, T0, 1);
        }
    });
    phase(c, 8, ["code0", "code"], |c| {
        c.la(T0, "patched");
        c.i(Op::Lw, T1, T0, 0);
        c.s(Op::Sw, T1, T0, 0);
    });
    c.label("patched");
    c.exit(0);
    c.align(4);
    c.label("handler");
    c.insn(rv32::Insn { rd: T0, imm: csr::SCAUSE, ..rv32::Insn::new(Op::Csrrs) });
    c.branch(Op::Blt, T0, ZERO, "interrupt");
    c.insn(rv32::Insn { rd: T0, imm: csr::SEPC, ..rv32::Insn::new(Op::Csrrs) });
    c.i(Op::Addi, T0, T0, 4);
    c.csrw(csr::SEPC, T0);
    c.branch(Op::Beq, A7, ZERO, "out");
    c.li(T0, 0x100);
    c.insn(rv32::Insn { rs1: T0, imm: csr::SSTATUS, ..rv32::Insn::new(Op::Csrrs) });
    c.label("out");
    c.op(Op::Sret);
    c.label("interrupt");
    c.insn(rv32::Insn { rd: T0, imm: csr::TIME, ..rv32::Insn::new(Op::Csrrs) });
    c.i(Op::Addi, T0, T0, 1);
    c.csrw(csr::STIMECMP, T0);
    c.i(Op::Addi, S1, S1, 1);
    c.op(Op::Sret);
    c.label("text");
    c.text(b"................................");
}

#[test]
fn what_guests_do_often_allocates_nothing() {
    let program = image(&code(program));
    for engine in EngineKind::ALL {
        let mut hypervisor: Hypervisor = Hypervisor::with_engine(HypervisorConfig { slice: 50, ..HypervisorConfig::virt() }, engine.into());
        for name in ["one", "two"] {
            hypervisor.add_vm(program.clone(), VmConfig { ram_bytes: 1 << 20, max_steps: Some(50_000_000), ..VmConfig::virt(name) }).expect("taken");
        }
        let mut marks = Marks(Vec::with_capacity(100));
        assert_eq!(hypervisor.run(&mut Quiet, &mut marks), RunEnd::AllStopped);
        for vm in hypervisor.vms() {
            assert_eq!(vm.stop().and_then(hvcore::Stop::code), Some(0), "{:?}", vm.stop());
            for (phase, name) in (0..).zip(PHASES) {
                let at = |value| marks.0.iter().find(|m| (m.0, m.1, m.2) == (vm.id().0, phase, value)).map(|m| m.3);
                let (begin, end) = (at(0).expect("begun"), at(1).expect("ended"));
                assert_eq!(end - begin, 0, "{engine:?}, {ROUNDS} {name}: allocations");
            }
        }
    }
}

const DEVICES: [(&str, u32); 5] = [("block reads", 0), ("block writes", 0), ("console lines", 1), ("entropy requests", 2), ("balloon requests", 3)];

/// Each device's queue is placed, then it serves the same request again and again.
fn requests(c: &mut Code) {
    let labels = [["block0", "block"], ["write0", "write"], ["console0", "console"], ["entropy0", "entropy"], ["balloon0", "balloon"]];
    for (phase_number, (_, device)) in DEVICES.into_iter().enumerate() {
        let slot = 0x1000_1000 + 0x1000 * device;
        let queue = u32::from(device == 1);
        let store = |c: &mut Code, at: u32, value: u32| {
            c.li(T0, at);
            c.li(T1, value);
            c.s(Op::Sw, T1, T0, 0);
        };
        let descriptors = RAM + 0x1_0000 + 0x8000 * phase_number as u32;
        let (available, used, data) = (descriptors + 0x1000, descriptors + 0x2000, descriptors + 0x3000);
        for (register, value) in [(0x70, 0), (0x70, 3), (0x24, 1), (0x20, 1), (0x70, 11), (0x30, queue), (0x38, 8), (0x80, descriptors), (0x90, available), (0xa0, used), (0x44, 1), (0x70, 15)] {
            store(c, slot + register, value);
        }
        // (address, length, flags: 1 there is another one, 2 the device writes)
        let chain: Vec<(u32, u32, u32)> = match phase_number {
            0 => vec![(data, 16, 1), (data + 0x100, 4096, 3), (data + 16, 1, 2)],
            1 => vec![(data, 16, 1), (data + 0x100, 4096, 1), (data + 16, 1, 2)],
            2 => vec![(data, 80, 0)],
            3 => vec![(data, 256, 2)],
            _ => vec![(data, 16, 0)],
        };
        // A block request's header; for the balloon, numbers of pages.
        for word in 0..4 {
            let value = if phase_number == 4 { (RAM >> 12) + 0x80 + word } else { u32::from(phase_number == 1 && word == 0) };
            store(c, data + 4 * word, value);
        }
        for (index, (address, length, flags)) in (0..).zip(chain) {
            for (offset, value) in [(0, address), (4, 0), (8, length), (12, flags | (index + 1) << 16)] {
                store(c, descriptors + 16 * index + offset, value);
            }
        }
        c.li(S2, 0);
        phase(c, phase_number as u32, labels[phase_number], |c| {
            c.i(Op::Addi, S2, S2, 1);
            c.li(T0, available);
            c.s(Op::Sh, S2, T0, 2);
            c.li(T0, slot + 0x50);
            c.li(T1, queue);
            c.s(Op::Sw, T1, T0, 0);
        });
        // All were served.
        c.li(T0, used);
        c.i(Op::Lhu, T1, T0, 2);
        c.branch(Op::Bne, T1, S2, "wrong");
    }
    c.exit(0);
    c.label("wrong");
    c.exit(1);
}

#[test]
fn a_virtio_request_takes_four_kibibytes_at_most_and_gives_them_back() {
    let program = image(&code(requests));
    for engine in EngineKind::ALL {
        let mut hypervisor: Hypervisor = Hypervisor::with_engine(HypervisorConfig::virt(), engine.into());
        let kinds = [DeviceKind::Block { sectors: 64, read_only: false }, DeviceKind::Console, DeviceKind::Entropy, DeviceKind::Balloon { wanted: 4 }];
        let devices = kinds.map(|kind| DeviceConfig { kind, legacy: false }).into();
        hypervisor.add_vm(program.clone(), VmConfig { ram_bytes: 1 << 20, max_steps: Some(50_000_000), devices, ..VmConfig::virt("virtio") }).expect("taken");
        let mut levels = Levels(Vec::with_capacity(100));
        let before = LIVE.get().0;
        assert_eq!(hypervisor.run(&mut Quiet, &mut levels), RunEnd::AllStopped);
        assert_eq!(hypervisor.vms()[0].stop().and_then(hvcore::Stop::code), Some(0), "{:?}", hypervisor.vms()[0].stop());
        assert!(levels.0[0].2 - before > 4 * 4096, "the guest's pages are counted");
        for (phase, (name, _)) in (0..).zip(DEVICES) {
            let at = |value| levels.0.iter().find(|level| (level.0, level.1) == (phase, value)).expect("marked");
            let (begin, end) = (at(0), at(1));
            println!("{}: {ROUNDS} {name}: at most {} bytes, {} kept", engine.name(), end.3 - begin.2, end.2 - begin.2);
            assert!(end.3 - begin.2 <= 4096, "{engine:?}, {name}: {} bytes", end.3 - begin.2);
            assert_eq!(end.2, begin.2, "{engine:?}, {name}: given back");
        }
    }
}
