//! Every exit reason, provoked and counted.

mod common;
use common::*;
use hvcore::{DebugEvent, ExitReason, GuestVirt, Hypervisor, HypervisorConfig, PowerOff, RunEnd, Stop, VmId};
use rv32::Op;

/// A trap handler that skips the instruction, 4 bytes long, which trapped.
fn skip_handler(c: &mut Code) {
    c.align(4);
    c.label("skip");
    c.csrr(T0, csr::SEPC);
    c.i(Op::Addi, T0, T0, 4);
    c.csrw(csr::SEPC, T0);
    c.op(Op::Sret);
}

#[test]
fn privileged_instructions_exit_and_are_denied() {
    let ran = run(|c| {
        c.vector("skip");
        c.op(Op::Mret);
        c.csrr(A0, 0x300); // mstatus
        c.csrr(A0, 0xc03); // hpmcounter3
        c.word(0xffff_ffff);
        c.i(Op::Csrrw, ZERO, A0, csr::CYCLE); // read-only
        c.exit(0);
        skip_handler(c);
    });
    assert_eq!((ran.code(), ran.count(ExitReason::PrivilegedInstruction)), (0, 5));
    assert_eq!(ran.vm().vcpu().csr.scause, 2);
}

#[test]
fn io_page_faults_hypercalls_halt() {
    let ran = run(|c| {
        c.li(S0, UART);
        c.li(A0, u32::from(b'!'));
        c.s(Op::Sb, A0, S0, 0);
        c.i(Op::Lbu, A1, S0, 5);
        c.li(S1, RAM + 0x8000);
        c.i(Op::Lw, A2, S1, 0); // first touch
        c.s(Op::Sw, A2, S1, 4); // no longer
        c.exit(9);
    });
    assert_eq!(ran.output(), b"!");
    assert_eq!((ran.count(ExitReason::IoInstruction), ran.count(ExitReason::PageFault), ran.count(ExitReason::Hypercall), ran.count(ExitReason::Halt)), (2, 2, 1, 1));
    let reasons: Vec<_> = ran.notes.exits.iter().map(|seen| seen.reason).collect();
    let first_page = [ExitReason::PageFault, ExitReason::IoInstruction, ExitReason::IoInstruction];
    assert_eq!(reasons, [first_page, [ExitReason::PageFault, ExitReason::Hypercall, ExitReason::Halt]].concat());
    assert_eq!((ran.code(), ran.end, ran.notes.stopped), (9, RunEnd::AllStopped, vec![0]));
}

#[test]
fn syscalls_go_to_the_guests_kernel() {
    let ran = run(|c| {
        c.vector("kernel");
        c.la(T0, "user");
        c.csrw(csr::SEPC, T0);
        c.op(Op::Sret); // SPP is 0: to U-mode
        c.align(4);
        c.label("kernel");
        c.csrr(A1, csr::SCAUSE);
        c.csrr(A2, csr::SEPC);
        c.csrr(A3, csr::STVAL);
        c.exit_a0();
        c.label("user");
        c.li(A0, 77);
        c.label("call");
        c.op(Op::Ecall);
    });
    assert_eq!((ran.code(), ran.x(A1), ran.x(A3)), (77, 8, 0));
    assert_eq!((ran.count(ExitReason::Syscall), ran.count(ExitReason::Hypercall)), (1, 1));
    assert_eq!(ran.x(A2), ran.notes.of(ExitReason::Syscall)[0].pc);
}

#[test]
fn time_slices_are_exactly_ten_thousand_steps() {
    let mut config = small("spin");
    config.max_steps = Some(35_000);
    let ran = run_config(&code(|c| { c.label("spin"); c.j("spin"); }), config, TestDoor::default());
    assert_eq!(ran.stop(), &Stop::StepLimit { steps: 35_000 });
    assert_eq!(ran.notes.of(ExitReason::TimeSlice).iter().map(|seen| seen.steps).collect::<Vec<_>>(), [10_000, 20_000, 30_000]);
    assert_eq!(ran.vm().steps(), 35_000);
}

#[test]
fn wfi_that_nothing_can_wake_halts() {
    let ran = run(|c| c.op(Op::Wfi));
    assert_eq!(ran.stop(), &Stop::Halt);
    assert_eq!((ran.count(ExitReason::Halt), ran.count(ExitReason::Idle), ran.stop().code()), (1, 0, Some(0)));
}

#[test]
fn idle_and_interrupt() {
    let ran = run(|c| {
        c.vector("tick");
        c.li(T0, 5); // 5 ticks = 500 steps
        c.csrw(csr::STIMECMP, T0);
        c.csrw(csr::STIMECMPH, ZERO);
        c.li(T0, 1 << 5);
        c.csrw(csr::SIE, T0);
        c.csrwi(csr::SSTATUS, 2);
        c.op(Op::Wfi);
        c.label("after");
        c.exit(1);
        c.align(4);
        c.label("tick");
        c.csrr(A1, csr::SCAUSE);
        c.csrr(A2, csr::SEPC);
        c.la(A3, "after");
        c.exit(0);
    });
    assert_eq!((ran.code(), ran.x(A1)), (0, 0x8000_0005));
    assert_eq!(ran.x(A2), ran.x(A3), "wfi has retired");
    assert_eq!((ran.count(ExitReason::Idle), ran.count(ExitReason::Interrupt)), (1, 1));
    let wfi_done = ran.notes.of(ExitReason::Idle)[0].steps + 1;
    assert_eq!(ran.vm().vt() - ran.vm().steps(), 500 - wfi_done, "time went on to exactly 500");
}

#[test]
fn the_same_trap_twice_is_a_crash() {
    // stvec is 0, where no memory is: the load faults, then the fetch at 0, then the fetch at 0 again.
    let ran = run(|c| {
        c.jal(RA, "broken");
        c.label("broken");
        c.li(A0, 0x123);
        c.label("load");
        c.i(Op::Lw, A1, A0, 1);
    });
    let Stop::Crash(report) = ran.stop() else { panic!("{}", ran.stop()) };
    assert_eq!((report.trap.cause, report.trap.pc.0, report.trap.tval), (5, RAM + 12, 0x124));
    assert_eq!((report.repeated.cause, report.repeated.pc.0, report.repeated.tval), (1, 0, 0));
    assert_eq!(report.instruction, Some(0x0015_2583));
    assert_eq!((report.registers[10], report.callers.as_slice()), (0x123, [GuestVirt(RAM + 4)].as_slice()));
    assert!(report.csrs.contains(&("sepc", 0)));
    assert_eq!((ran.count(ExitReason::Crash), ran.vm().steps(), ran.vm().instret()), (1, 5, 3));
    assert_eq!(ran.count(ExitReason::PageFault), 1, "refused faults are not counted");
    assert_eq!(ran.notes.of(ExitReason::PageFault).len(), 4, "but they are exits");
}

#[test]
fn a_handler_that_makes_progress_is_no_crash() {
    let mut config = small("storm");
    config.max_steps = Some(50_000);
    let program = code(|c| {
        c.vector("again");
        c.align(4);
        c.label("again");
        c.i(Op::Addi, A0, A0, 1);
        c.word(0); // traps for ever, with an instruction retired each time
    });
    assert_eq!(run_config(&program, config, TestDoor::default()).stop(), &Stop::StepLimit { steps: 50_000 });
}

#[test]
fn breakpoints_single_steps_and_claimed_ebreaks_come_to_the_debugger() {
    let program = code(|c| {
        c.i(Op::Addi, A0, A0, 1);
        c.i(Op::Addi, A0, A0, 1);
        c.i(Op::Addi, A0, A0, 1);
        c.op(Op::Ebreak);
    });
    let mut hypervisor = Hypervisor::new(HypervisorConfig::virt());
    let id = hypervisor.add_vm(image(&program), small("debugged")).expect("taken");
    let (mut door, mut notes) = (TestDoor::default(), Notes::default());
    let debug = hypervisor.debug_mut(id).expect("there");
    debug.add_breakpoint(GuestVirt(RAM + 4));
    debug.claim_ebreak = true;
    assert_eq!(hypervisor.run(&mut door, &mut notes), RunEnd::Debug { vm: id, event: DebugEvent::Breakpoint });
    assert_eq!((hypervisor.vms()[0].vcpu().pc, hypervisor.vms()[0].steps()), (RAM + 4, 1));
    hypervisor.debug_mut(id).expect("there").single_step = true;
    assert_eq!(hypervisor.run(&mut door, &mut notes), RunEnd::Debug { vm: id, event: DebugEvent::Step });
    assert_eq!(hypervisor.vms()[0].vcpu().pc, RAM + 8);
    let debug = hypervisor.debug_mut(id).expect("there");
    debug.single_step = false;
    assert!(debug.remove_breakpoint(GuestVirt(RAM + 4)));
    assert_eq!(hypervisor.run(&mut door, &mut notes), RunEnd::Debug { vm: id, event: DebugEvent::Ebreak });
    assert_eq!((hypervisor.vms()[0].vcpu().pc, hypervisor.vms()[0].counts().get(ExitReason::Debug)), (RAM + 12, 3));
}

#[test]
fn reboots_restart_the_image_until_they_are_used_up() {
    let program = code(|c| {
        c.la(T0, "counter");
        c.i(Op::Lw, T1, T0, 0);
        c.branch(Op::Bne, T1, ZERO, "dirty");
        c.li(T1, 1);
        c.s(Op::Sw, T1, T0, 0);
        c.li(S0, FINISHER);
        c.li(T0, 0x7777);
        c.s(Op::Sw, T0, S0, 0);
        c.label("dirty");
        c.exit(99);
        c.label("counter");
        c.word(0);
    });
    let mut config = small("reboots");
    config.max_reboots = 2;
    let ran = run_config(&program, config, TestDoor::default());
    assert_eq!(ran.stop(), &Stop::PowerOff { code: 0, by: PowerOff::RebootLimit });
    assert_eq!((ran.vm().reboots(), ran.count(ExitReason::PageFault)), (2, 3), "each start loads the page afresh");
    assert_eq!(ran.hypervisor.host_memory().frames_in_use(), 1);
}

#[test]
fn an_interrupted_run_goes_on() {
    let program = code(|c| {
        c.label("spin");
        c.i(Op::Addi, A0, A0, 1);
        c.j("spin");
    });
    let mut config = small("spin");
    config.max_steps = Some(100_000);
    let mut once = run_config(&program, config.clone(), TestDoor::default());
    let mut hypervisor = Hypervisor::new(HypervisorConfig::virt());
    hypervisor.add_vm(image(&program), config).expect("taken");
    let (mut door, mut notes) = (TestDoor { stop_after: Some(3), ..TestDoor::default() }, Notes::default());
    assert_eq!(hypervisor.run(&mut door, &mut notes), RunEnd::Interrupted);
    assert_eq!(hypervisor.vms()[0].steps(), 30_000);
    door.stop_after = None;
    assert_eq!(hypervisor.run(&mut door, &mut notes), RunEnd::AllStopped);
    assert_eq!(hypervisor.state_hash(VmId(0)), once.hypervisor.state_hash(VmId(0)));
    assert_eq!(once.hypervisor.run(&mut once.door, &mut once.notes), RunEnd::AllStopped, "a finished run stays finished");
}
