//! After a warm-up, nothing that a guest does often makes the host allocate: calls, device accesses, interrupts, switches of
//! slices, `wfi`. Under each engine, two guests taking turns of 50 steps.
#![allow(unsafe_code, reason = "counting allocations needs an allocator")]

mod common;
use common::*;
use hvcore::{ConsoleInput, Door, EngineKind, Hypervisor, HypervisorConfig, Idle, Observer, RunEnd, Vm, VmConfig, VmExit, VmId};
use rv32::Op;
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

thread_local! {
    /// Of this thread alone: the test runner's own may allocate meanwhile.
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

fn count() {
    // A thread that ends has nothing left to count.
    let _ = ALLOCATIONS.try_with(|count| count.set(count.get() + 1));
}

struct Counting;

// SAFETY: every call is the system allocator's.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller's promises are passed on.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promises are passed on.
        unsafe { System.dealloc(pointer, layout) }
    }
    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
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
}

/// (guest, phase, 0 at its begin and 1 at its end, allocations so far)
struct Marks(Vec<(usize, u32, u32, u64)>);

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
