//! Time: slices, timers, idling, groups.

mod common;
use common::*;
use hvcore::{ConsoleInput, Door, ExitReason, Hypervisor, HypervisorConfig, Idle, Interrupt, RunEnd, Stop, VmConfig, VmExit, VmId};
use rv32::Op;

fn spin() -> Vec<u8> {
    code(|c| {
        c.label("spin");
        c.j("spin");
    })
}

#[test]
fn four_classic_guests_take_turns_in_exact_slices_inside_64_kib() {
    let program = code(|c| {
        // Touch all 16 KiB, then count for ever.
        c.li(T0, RAM);
        c.li(T1, RAM + 0x4000);
        c.li(T2, 0x1000);
        c.label("touch");
        c.i(Op::Lw, A0, T0, 0);
        c.r(Op::Add, T0, T0, T2);
        c.branch(Op::Bltu, T0, T1, "touch");
        c.label("count");
        c.i(Op::Addi, A0, A0, 1);
        c.j("count");
    });
    let mut hypervisor = Hypervisor::new(HypervisorConfig::classic());
    let image = image(&program);
    for i in 0..4 {
        let config = VmConfig { max_steps: Some(40_000), ..VmConfig::classic(&format!("guest {i}")) };
        assert_eq!(hypervisor.add_vm(image.clone(), config), Ok(VmId(i)));
    }
    let fifth = hypervisor.add_vm(image, VmConfig::classic("fifth"));
    assert_eq!(fifth, Err(hvcore::AddVmError::TooManyGuests { max: 4 }));
    let ran = finish(hypervisor, TestDoor::default());
    assert_eq!(ran.end, RunEnd::AllStopped);
    let slices: Vec<_> = ran.notes.of(ExitReason::TimeSlice).iter().map(|seen| (seen.vm, seen.steps)).collect();
    let expected: Vec<_> = (1..=4).flat_map(|round| (0..4).map(move |vm| (vm, round * 10_000))).collect();
    assert_eq!(slices, expected);
    // Three pages of each guest are its own; the one with the program, which nobody writes, is in one frame for all.
    assert_eq!((ran.hypervisor.host_memory().frames_in_use(), ran.hypervisor.host_memory().frames_limit()), (4 * 3 + 1, 16));
    assert!(ran.hypervisor.vms().iter().all(|vm| vm.stop() == Some(&Stop::StepLimit { steps: 40_000 })));
}

/// A guest whose timer interrupt comes when `time` reaches 3, while it counts; returns sepc and the count.
fn timer_at(isa_without: Option<hvcore::Ext>, set: impl Fn(&mut Code)) -> Ran {
    let program = code(|c| {
        c.vector("tick");
        set(c);
        c.li(T0, 1 << 5);
        c.csrw(csr::SIE, T0);
        c.csrwi(csr::SSTATUS, 2);
        c.label("count");
        c.i(Op::Addi, S0, S0, 1);
        c.j("count");
        c.align(4);
        c.label("tick");
        c.csrr(A1, csr::SCAUSE);
        c.csrr(A2, csr::SIP);
        c.csrr(A3, csr::TIME);
        c.exit(0);
    });
    let mut config = small("timer");
    if let Some(ext) = isa_without {
        config.isa = config.isa.without(ext);
    }
    run_config(&program, config, TestDoor::default())
}

#[test]
fn a_timer_interrupt_comes_before_the_first_instruction_at_its_time() {
    let stimecmp = |c: &mut Code| {
        c.li(T0, 3);
        c.csrw(csr::STIMECMP, T0);
        c.csrw(csr::STIMECMPH, ZERO);
    };
    let sbi = |c: &mut Code| {
        c.li(A0, 3);
        c.li(A1, 0);
        c.hypercall(0x5449_4D45, 0);
    };
    let legacy = |c: &mut Code| {
        c.li(A0, 3);
        c.li(A1, 0);
        c.hypercall(0, 0);
    };
    for ran in [timer_at(None, stimecmp), timer_at(None, sbi), timer_at(None, legacy), timer_at(Some(hvcore::Ext::Sstc), sbi)] {
        let interrupt = ran.notes.of(ExitReason::Interrupt);
        assert_eq!(interrupt.iter().map(|seen| seen.steps).collect::<Vec<_>>(), [300]);
        assert_eq!((ran.code(), ran.x(A1), ran.x(A2), ran.x(A3)), (0, 0x8000_0005, 0x20, 3));
    }
}

#[test]
fn an_interrupt_that_becomes_enabled_is_taken_before_the_next_instruction() {
    for enable_last in [true, false] {
        let ran = run(|c| {
            c.vector("handler");
            c.csrwi(csr::SIP, 2);
            if enable_last {
                c.csrwi(csr::SIE, 2);
                c.csrwi(csr::SSTATUS, 2);
            } else {
                c.csrwi(csr::SSTATUS, 2);
                c.csrwi(csr::SIE, 2);
            }
            c.label("next");
            c.li(S0, 1);
            c.exit(1);
            c.align(4);
            c.label("handler");
            c.csrr(A1, csr::SCAUSE);
            c.csrr(A2, csr::SEPC);
            c.la(A3, "next");
            c.exit(0);
        });
        assert_eq!((ran.code(), ran.x(A1), ran.x(S0)), (0, 0x8000_0001, 0));
        assert_eq!(ran.x(A2), ran.x(A3));
    }
}

#[test]
fn vectored_interrupts_and_priorities() {
    let ran = run(|c| {
        c.la(T0, "table");
        c.i(Op::Addi, T0, T0, 1);
        c.csrw(csr::STVEC, T0);
        c.csrw(csr::STIMECMP, ZERO);
        c.csrw(csr::STIMECMPH, ZERO); // timer pending
        c.csrwi(csr::SIP, 2); // software pending
        c.li(T0, 0x222);
        c.csrw(csr::SIE, T0);
        c.csrwi(csr::SSTATUS, 2);
        c.label("spin");
        c.j("spin");
        c.align(4);
        c.label("table");
        for entry in 0..10 {
            let name = ["exception", "software", "wrong", "wrong", "wrong", "timer", "wrong", "wrong", "wrong", "wrong"][entry];
            c.j(name);
        }
        c.label("software");
        c.csrwi(csr::SIP, 0);
        c.li(S0, 1);
        c.op(Op::Sret);
        c.label("timer");
        c.op(Op::Ebreak);
        c.label("exception");
        c.i(Op::Addi, A0, S0, 1); // 2: software first, then the timer, then the exception at the base
        c.exit_a0();
        c.label("wrong");
        c.exit(99);
    });
    let taken: Vec<_> = ran.notes.of(ExitReason::Interrupt).iter().map(|seen| seen.exit).collect();
    assert_eq!(taken, [VmExit::Interrupt(Interrupt::Software), VmExit::Interrupt(Interrupt::Timer)]);
    assert_eq!(ran.code(), 2);
}

#[test]
fn interrupts_reach_user_mode_whatever_sie_says() {
    let ran = run(|c| {
        c.vector("handler");
        c.la(T0, "user");
        c.csrw(csr::SEPC, T0);
        c.csrw(csr::SSTATUS, ZERO);
        c.csrwi(csr::SIE, 2);
        c.csrwi(csr::SIP, 2);
        c.op(Op::Sret);
        c.label("user");
        c.li(S0, 1);
        c.align(4);
        c.label("handler");
        c.csrr(A1, csr::SSTATUS);
        c.exit(0);
    });
    assert_eq!((ran.code(), ran.x(S0), ran.x(A1) & 0x100), (0, 0, 0));
}

#[test]
fn wfi_with_a_pending_interrupt_goes_on_and_needs_no_sie() {
    let ran = run(|c| {
        c.csrwi(csr::SIE, 2);
        c.csrwi(csr::SIP, 2);
        c.op(Op::Wfi);
        c.li(T0, 1000);
        c.csrw(csr::STIMECMP, T0);
        c.csrw(csr::STIMECMPH, ZERO);
        c.csrwi(csr::SIP, 0);
        c.li(T0, 0x20);
        c.csrw(csr::SIE, T0);
        c.op(Op::Wfi); // sstatus.SIE is 0: wakes, without an interrupt
        c.csrr(S0, csr::TIME);
        c.exit(0);
    });
    assert_eq!((ran.code(), ran.x(S0)), (0, 1000));
    assert_eq!((ran.count(ExitReason::Idle), ran.count(ExitReason::Interrupt)), (1, 0));
}

#[test]
fn idle_time_jumps_over_rounds_to_the_event_and_slices_stay_aligned() {
    let program = code(|c| {
        c.li(T0, 12_345); // vt 1,234,500
        c.csrw(csr::STIMECMP, T0);
        c.csrw(csr::STIMECMPH, ZERO);
        c.li(T0, 0x20);
        c.csrw(csr::SIE, T0);
        c.op(Op::Wfi);
        c.csrr(S0, csr::TIME);
        c.label("spin");
        c.j("spin");
    });
    let mut config = small("sleeper");
    config.max_steps = Some(20_000);
    let ran = run_config(&program, config, TestDoor::default());
    assert_eq!(ran.x(S0), 12_345);
    assert_eq!(ran.door.idles, [(10_000, Some(1_234_500)), ], "asked once, at the end of its round");
    let slices = ran.notes.of(ExitReason::TimeSlice);
    // It woke 4,500 into a round, so the slice had 5,500 left; the 8 steps before are in the count.
    assert_eq!(slices[0].steps, 8 + 5_500);
    assert_eq!(slices[1].steps, 8 + 15_500);
}

#[test]
fn timers_that_never_come_do_not_wake() {
    for high in [u32::MAX, 0x7fff_ffff] {
        let ran = run(|c| {
            c.li(T0, high);
            c.csrw(csr::STIMECMPH, T0);
            c.li(T0, 0x20);
            c.csrw(csr::SIE, T0);
            c.op(Op::Wfi);
        });
        assert_eq!(ran.stop(), &Stop::Halt);
    }
}

#[test]
fn yield_gives_up_the_rest_of_the_slice() {
    let program = code(|c| {
        c.hvk(3);
        c.csrr(S0, csr::TIME);
        c.exit(0);
    });
    let mut hypervisor = Hypervisor::new(HypervisorConfig::virt());
    hypervisor.add_vm(image(&program), small("polite")).expect("taken");
    hypervisor.add_vm(image(&spin()), VmConfig { max_steps: Some(10_000), ..small("spin") }).expect("taken");
    let ran = finish(hypervisor, TestDoor::default());
    let order: Vec<_> = ran.notes.exits.iter().filter(|seen| seen.reason != ExitReason::PageFault).map(|seen| (seen.vm, seen.reason)).collect();
    assert_eq!(order[..3], [(0, ExitReason::Hypercall), (1, ExitReason::TimeSlice), (0, ExitReason::Hypercall)]);
    assert_eq!((ran.code(), ran.x(S0), ran.x(A0)), (0, 100, 0));
}

#[test]
fn members_of_a_group_keep_step_and_others_do_not_matter() {
    let sleeper = code(|c| {
        c.li(T0, 250); // vt 25,000
        c.csrw(csr::STIMECMP, T0);
        c.csrw(csr::STIMECMPH, ZERO);
        c.li(T0, 0x20);
        c.csrw(csr::SIE, T0);
        c.op(Op::Wfi);
        c.csrr(S0, csr::TIME);
        c.exit(0);
    });
    let mut hypervisor = Hypervisor::new(HypervisorConfig::virt());
    let grouped = |name: &str, max: u64| VmConfig { group: Some(1), max_steps: Some(max), ..small(name) };
    hypervisor.add_vm(image(&sleeper), grouped("sleeper", 1000)).expect("taken");
    hypervisor.add_vm(image(&spin()), grouped("worker", 50_000)).expect("taken");
    let ran = finish(hypervisor, TestDoor::default());
    assert_eq!((ran.code(), ran.x(S0)), (0, 250));
    assert!(ran.door.idles.is_empty(), "the group was never idle altogether");
    // The sleeper woke inside the third round, before the worker's third slice.
    let exit = ran.notes.exits.iter().position(|seen| seen.vm == 0 && seen.reason == ExitReason::Halt).expect("exit");
    let worker = ran.notes.exits[..exit].iter().filter(|seen| seen.vm == 1 && seen.reason == ExitReason::TimeSlice).count();
    assert_eq!(worker, 2);
}

/// A wall clock that goes on by 1 ms for each sleep; a step is a nanosecond.
#[derive(Default)]
struct WallClock {
    now: u64,
    asked: Vec<(usize, u64, Option<u64>)>,
}

impl Door for WallClock {
    fn console_write(&mut self, _vm: VmId, _vt: u64, _bytes: &[u8]) {}
    fn console_read(&mut self, _vm: VmId, _vt: u64, _buffer: &mut [u8]) -> ConsoleInput {
        ConsoleInput::End
    }
    fn idle(&mut self, vm: VmId, now: u64, until: Option<u64>) -> Idle {
        self.asked.push((vm.0, now, until));
        until.filter(|&until| until <= self.now).map_or(Idle::Wait, Idle::Until)
    }
    fn pause(&mut self, _vm: VmId, now: u64, until: u64, _polls: bool) -> Idle {
        if now <= self.now { Idle::Until(self.now.min(until)) } else { Idle::Wait }
    }
    fn sleep(&mut self) {
        self.now += 1_000_000;
    }
    fn should_stop(&mut self) -> bool {
        false
    }
}

#[test]
fn idle_time_waits_for_a_wall_clock_and_only_for_those_who_are_idle() {
    let sleeper = code(|c| {
        c.li(T0, 50_000); // vt 5,000,000: 5 ms
        c.csrw(csr::STIMECMP, T0);
        c.csrw(csr::STIMECMPH, ZERO);
        c.li(T0, 0x20);
        c.csrw(csr::SIE, T0);
        c.op(Op::Wfi);
        c.csrr(S0, csr::TIME);
        c.exit(0);
    });
    let mut hypervisor = Hypervisor::new(HypervisorConfig::virt());
    hypervisor.add_vm(image(&sleeper), small("sleeper")).expect("taken");
    hypervisor.add_vm(image(&spin()), VmConfig { max_steps: Some(30_000), ..small("worker") }).expect("taken");
    let (mut door, mut notes) = (WallClock::default(), Notes::default());
    assert_eq!(hypervisor.run(&mut door, &mut notes), RunEnd::AllStopped);
    assert_eq!(notes.stopped, [1, 0], "the worker was not held up");
    assert_eq!(hypervisor.vms()[0].vcpu().x[usize::from(S0)], 50_000);
    assert_eq!(door.now, 5_000_000);
    assert!(door.asked.iter().all(|&asked| asked == (0, 10_000, Some(5_000_000))), "{:?}", door.asked);
}

/// Looks for input and yields, `turns` times; with a timer at vt 5,000,000 if `timer`.
fn poller(turns: u32, timer: bool, function: u32) -> Vec<u8> {
    code(|c| {
        if timer {
            c.li(T0, 50_000);
            c.csrw(csr::STIMECMP, T0);
            c.csrw(csr::STIMECMPH, ZERO);
            c.li(T0, 0x20);
            c.csrw(csr::SIE, T0);
        }
        c.li(S1, turns);
        c.label("turn");
        c.li(A0, RAM + 0x8000);
        c.li(A1, 4);
        c.hvk(function);
        c.hvk(3);
        c.i(Op::Addi, S1, S1, -1);
        c.branch(Op::Bne, S1, ZERO, "turn");
        c.exit(0);
    })
}

#[test]
fn the_door_hears_of_guests_that_poll_and_of_guests_that_yield() {
    let live = || TestDoor { live: true, ..TestDoor::default() };
    let pauses = |program: &[u8], door: TestDoor| run_config(program, small("poller"), door).door.pauses;
    let never = 1 << 63;
    assert_eq!(pauses(&poller(3, false, 2), live()), [(10_000, never, true), (20_000, never, true), (30_000, never, true)]);
    assert_eq!(pauses(&poller(2, true, 2), live()), [(10_000, 5_000_000, true), (20_000, 5_000_000, true)], "its timer is not slept through");
    assert_eq!(pauses(&poller(2, false, 13), live()), [(10_000, 10_000, false), (20_000, 20_000, false)], "it only yields");
    assert_eq!(pauses(&poller(2, false, 2), TestDoor::default()), [(10_000, 10_000, false), (20_000, 20_000, false)], "the input has ended");
    assert_eq!(pauses(&spin(), TestDoor { stop_after: Some(5), ..live() }), [], "a busy guest does not pause");
}

#[test]
fn a_poll_lets_time_pass_as_far_as_the_wall_clock_and_the_timer() {
    let mut hypervisor = Hypervisor::new(HypervisorConfig::virt());
    hypervisor.add_vm(image(&poller(1000, true, 13)), small("yields")).expect("taken");
    let mut door = WallClock::default();
    assert_eq!(hypervisor.run(&mut door, &mut Notes::default()), RunEnd::AllStopped);
    assert!((10_000_000..12_000_000).contains(&door.now), "a thousand slices of idle time: {}", door.now);
}

#[test]
fn live_input_wakes_a_guest_that_waits_for_it() {
    let program = code(|c| {
        c.li(S0, PLIC);
        c.li(T0, 1);
        c.s(Op::Sw, T0, S0, 40); // priority of source 10
        c.li(S1, PLIC + 0x2000);
        c.li(T0, 1 << 10);
        c.s(Op::Sw, T0, S1, 0x80);
        c.li(S2, UART);
        c.li(T0, 1);
        c.s(Op::Sb, T0, S2, 1); // receive interrupts
        c.li(T0, 1 << 9);
        c.csrw(csr::SIE, T0);
        c.label("wait");
        c.op(Op::Wfi);
        c.li(S1, PLIC + 0x20_1004);
        c.i(Op::Lw, T1, S1, 0); // claim
        c.i(Op::Lbu, A0, S2, 0);
        c.s(Op::Sb, A0, S2, 0);
        c.s(Op::Sw, T1, S1, 0); // complete
        c.j("wait");
    });
    let door = TestDoor { input: b"abc".to_vec(), live: true, ..TestDoor::default() };
    let ran = run_config(&program, small("listener"), door);
    assert_eq!(ran.output().get(..9).unwrap_or(ran.output()), b"abc");
    assert_eq!(ran.stop(), &Stop::Halt, "the end of input leaves nothing to wait for");
    assert_eq!(ran.door.sleeps, 4);
}
