//! Hostile guests, item by item: every SBI function with hostile arguments, storms of traps and interrupts, one guest of four
//! that takes all the host memory, and that everything is given back. Under each engine; a guest beside them has the
//! state hash that it has beside a guest that does nothing.

#![allow(unsafe_code, reason = "counting memory needs an allocator")]
#![expect(clippy::print_stdout, reason = "how many cases were tried is part of the result")]

mod common;
use common::*;
use guest_abi::sbi::{Extension, SbiError};
use hvcore::{DeviceConfig, DeviceKind, EngineKind, Hypervisor, HypervisorConfig, RunEnd, Share, Stop, VmConfig, VmId};
use rv32::Op;
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

thread_local! {
    /// Bytes that this thread has taken and not given back.
    static LIVE: Cell<i64> = const { Cell::new(0) };
}

struct Counting;

fn add(bytes: i64) {
    // A thread that ends has nothing left to count.
    let _ = LIVE.try_with(|live| live.set(live.get() + bytes));
}

// SAFETY: every call is the system allocator's.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        add(layout.size() as i64);
        // SAFETY: the caller's promises are passed on.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        add(-(layout.size() as i64));
        // SAFETY: the caller's promises are passed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

const RAM_BYTES: u32 = 1 << 18;
const SCRATCH: u32 = RAM + 0x8000;
const TABLE: u32 = RAM + 0x1_0000;
/// Words of a row: a0 to a5, function, extension, and what came back in a0 and a1.
const ROW: u32 = 10;
const ROWS: usize = 1024;

/// Addresses, lengths, numbers: nothing, the edges of memory, devices, read-only memory, windows, what wraps.
const NASTY: [u32; 16] = [
    0,
    1,
    3,
    0x1000,
    0x0010_0000,
    PLIC,
    UART,
    0x1000_1000,
    0x4000_0000,
    RAM - 1,
    SCRATCH,
    SCRATCH + 0xfff,
    RAM + RAM_BYTES - 4,
    RAM + RAM_BYTES,
    0xffff_fffc,
    0xffff_ffff,
];

/// Makes the calls of a table, one after the other, and writes down what came back. Under paging if `satp` says so.
fn caller(rows: &[[u32; 8]], satp: u32) -> Vec<u8> {
    let mut bytes = code(|c| {
        c.li(T0, satp);
        c.csrw(csr::SATP, T0);
        c.li(S0, TABLE);
        c.li(S1, 0);
        c.li(S2, rows.len() as u32);
        c.label("next");
        for (register, offset) in (A0..=A7).zip((0..).step_by(4)) {
            c.i(Op::Lw, register, S0, offset);
        }
        c.i(Op::Addi, S1, S1, 1);
        c.op(Op::Ecall);
        c.s(Op::Sw, A0, S0, 32);
        c.s(Op::Sw, A1, S0, 36);
        c.i(Op::Addi, S0, S0, 4 * ROW as i32);
        c.branch(Op::Bne, S1, S2, "next");
        c.li(S3, 0x600d);
        c.exit(0);
    });
    // A root page table: RAM as it is; devices; itself as a table; a table in a device; a table outside RAM; a user page.
    bytes.resize(0x4000, 0);
    let root = RAM + 0x4000;
    let mut table = [0u32; 1024];
    table[0x200] = RAM >> 12 << 10 | 0xcf;
    table[0x40] = UART >> 12 << 10 & !0xf_ffff | 0xc7;
    table[0x100] = root >> 12 << 10 | 1;
    table[0] = PLIC >> 12 << 10 | 1;
    table[0x3ff] = 0x000f_ffff << 10 | 1;
    table[0x30] = RAM >> 12 << 10 | 0xdf;
    bytes.extend(table.iter().flat_map(|entry| entry.to_le_bytes()));
    bytes.resize((TABLE - RAM) as usize, 0);
    for row in rows {
        bytes.extend(row.iter().flat_map(|word| word.to_le_bytes()));
        bytes.extend([0xee; 8]);
    }
    bytes
}

/// A guest with a neighbour, whose state hash is given.
fn beside(engine: EngineKind, program: &[u8], config: VmConfig, door: TestDoor) -> (Ran, [u8; 32]) {
    let mut hypervisor: Hypervisor = Hypervisor::with_engine(HypervisorConfig::virt(), engine.into());
    hypervisor.add_vm(image(program), config).expect("taken");
    let other = hypervisor.add_vm(image(&neighbour(RAM + 0x2000, 3000)), VmConfig { ram_bytes: 0x4000, ..small("neighbour") }).expect("taken");
    let ran = finish(hypervisor, door);
    assert_eq!(ran.end, RunEnd::AllStopped);
    let hash = ran.hypervisor.state_hash(other);
    (ran, hash)
}

fn quiet_neighbour(engine: EngineKind) -> [u8; 32] {
    beside(engine, &code(|c| c.exit(0)), small("quiet"), TestDoor::default()).1
}

fn caller_config() -> VmConfig {
    VmConfig { ram_bytes: RAM_BYTES, max_steps: Some(1_000_000), max_reboots: 0, ..VmConfig::virt("caller") }
}

/// Every extension of the table and some that do not exist, every function and some that do not exist.
fn functions() -> Vec<(u32, u32)> {
    let mut found = Vec::new();
    for &extension in Extension::ALL {
        let count = extension.functions().len() as u32;
        let known = if extension.is_legacy() { 1 } else { count };
        found.extend((0..known + 2).chain([0x7fff_ffff, 0x8000_0000, u32::MAX]).map(|function| (extension.id(), function)));
    }
    for unknown in [9, 0xf, 0x0900_0000, 0x0a48_564b, Extension::Dbcn.id() + 1, 0x8000_0000, u32::MAX] {
        found.extend([0, 1, u32::MAX].map(|function| (unknown, function)));
    }
    found
}

/// What a call may answer.
fn judge(row: &[u32; 8], a0: u32, a1: u32) {
    let [.., function, id] = *row;
    let legal = |a0: u32| a0 == 0 || SbiError::ALL.iter().any(|error| error.code() as u32 == a0);
    match Extension::from_id(id) {
        None => assert_eq!((a0 as i32, a1), (-2, 0), "an extension that does not exist: {row:x?}"),
        Some(extension) if extension.is_legacy() => {
            assert_eq!(a1, row[1], "a legacy call keeps a1: {row:x?}");
            assert!(legal(a0) || extension == Extension::LegacyConsoleGetchar && a0 < 256, "{row:x?}: {a0:#x}");
        }
        Some(extension) if function as usize >= extension.functions().len() => assert_eq!((a0 as i32, a1), (-2, 0), "a function that does not exist: {row:x?}"),
        Some(_) => {
            assert!(legal(a0), "{row:x?}: {a0:#x}");
            assert!(a0 == 0 || a1 == 0, "an error has no value: {row:x?}: {a1:#x}");
        }
    }
}

#[test]
fn every_sbi_function_withstands_hostile_arguments() {
    let mut rows: Vec<[u32; 8]> = Vec::new();
    for (id, function) in functions() {
        for (first, &a0) in NASTY.iter().enumerate() {
            for (second, &a1) in NASTY.iter().enumerate() {
                // The third takes every value with each of the first and each of the second.
                let rest = |step: usize| NASTY[(first + step * second) % NASTY.len()];
                rows.push([a0, a1, rest(1), rest(3), rest(5), rest(7), function, id]);
            }
            // High halves of 64-bit addresses.
            rows.push([a0, SCRATCH, 0, 0, 0, 0, function, id]);
            rows.push([4, a0, 0, 0, 0, 0, function, id]);
        }
    }
    let root = 1 << 31 | (RAM + 0x4000) >> 12;
    for engine in EngineKind::ALL {
        let quiet = quiet_neighbour(engine);
        let (mut calls, mut guests, mut ended) = (0, 0, 0);
        for satp in [0, root] {
            let mut left = &rows[..];
            while !left.is_empty() {
                let part = &left[..left.len().min(ROWS)];
                let door = TestDoor { input: b"some input".repeat(100), ..TestDoor::default() };
                let (ran, hash) = beside(engine, &caller(part, satp), caller_config(), door);
                let made = ran.x(S1) as usize;
                assert!(made >= 1 && made <= part.len(), "{}: {made} calls", ran.stop());
                assert_eq!(hash, quiet, "the neighbour, beside {:x?}", part[made - 1]);
                let whole = ran.x(S3) == 0x600d;
                for (number, row) in part[..made].iter().enumerate() {
                    let at = TABLE + 4 * ROW * number as u32;
                    let words: Vec<u32> = (0..ROW).map(|word| ran.word(at + 4 * word)).collect();
                    assert_eq!(words[..8], row[..], "the table is as it was");
                    // The last one may not have returned.
                    if whole || number + 1 < made {
                        judge(row, words[8], words[9]);
                    } else {
                        assert_eq!(words[8..], [0xeeee_eeee; 2]);
                        assert!(!matches!(ran.stop(), Stop::StepLimit { .. } | Stop::Crash(_)), "{row:x?}: {}", ran.stop());
                        ended += 1;
                    }
                }
                calls += made;
                guests += 1;
                left = &left[made..];
            }
        }
        assert_eq!(calls, 2 * rows.len());
        println!("{}: {calls} hostile calls of {} functions, {ended} of them ended or suspended their guest ({guests} guests)", engine.name(), functions().len());
    }
}

/// Guests that do nothing but trap, without end.
fn trap_storms() -> Vec<(String, Vec<u8>)> {
    let mut storms = Vec::new();
    // Handlers in odd places: the trap of the handler is the next trap.
    for at in NASTY {
        for (kind, word) in [("illegal", 0u32), ("ecall", 0x73), ("ebreak", 0x0010_0073), ("load", 0x0000_0003), ("store", 0x0000_0023), ("mret", 0x3020_0073)] {
            let storm = code(|c| {
                c.li(T0, at);
                c.csrw(csr::STVEC, T0);
                c.li(T0, 0);
                // An ecall traps from U-mode alone.
                if word == 0x73 {
                    c.la(T0, "word");
                    c.csrw(csr::SEPC, T0);
                    c.op(Op::Sret);
                }
                c.label("word");
                c.word(word);
                c.j("word");
            });
            storms.push((format!("{kind} with stvec {at:#x}"), storm));
        }
    }
    // Handlers that come back to what trapped, or take turns: never the same trap twice, so no crash.
    for (kind, word) in [("illegal", 0u32), ("load", 0x0000_0003), ("ebreak", 0x0010_0073), ("syscall", 0x73)] {
        for user in [0u32, 0x100] {
            if word == 0x73 && user != 0 {
                continue;
            }
            for (end, what) in [(Op::Ebreak, "and a handler that traps"), (Op::Sret, "again and again")] {
                let storm = code(|c| {
                    c.vector("handler");
                    c.enter("word", user);
                    c.word(word);
                    c.align(4);
                    c.label("handler");
                    c.i(Op::Addi, S0, S0, 1);
                    c.op(end);
                });
                storms.push((format!("{kind} {what}, sstatus {user:#x}"), storm));
            }
        }
    }
    storms
}

/// Guests that do nothing but take interrupts, without end.
fn interrupt_storms() -> Vec<(String, Vec<u8>)> {
    const THRE: u8 = 2;
    let storm = |setup: &dyn Fn(&mut Code), handler: &dyn Fn(&mut Code), enable: u32| {
        code(|c| {
            c.vector("handler");
            setup(c);
            c.li(T0, enable);
            c.csrw(csr::SIE, T0);
            c.li(T0, 2);
            c.csrs(csr::SSTATUS, T0);
            c.label("spin");
            c.op(Op::Wfi);
            c.j("spin");
            c.align(4);
            c.label("handler");
            c.i(Op::Addi, S0, S0, 1);
            handler(c);
            c.op(Op::Sret);
        })
    };
    let pend = |c: &mut Code| {
        c.li(T0, 2);
        c.csrs(csr::SIP, T0);
    };
    let past = |c: &mut Code| {
        c.csrwi(csr::STIMECMP, 0);
        c.csrwi(csr::STIMECMPH, 0);
    };
    let uart = |c: &mut Code| {
        // The transmitter's interrupt, level-triggered, through the PLIC.
        c.li(T0, PLIC + 40);
        c.li(T1, 1);
        c.s(Op::Sw, T1, T0, 0);
        c.li(T0, PLIC + 0x2080);
        c.li(T1, 1 << 10);
        c.s(Op::Sw, T1, T0, 0);
        c.li(T0, UART);
        c.li(T1, THRE.into());
        c.s(Op::Sb, T1, T0, 1);
    };
    let claim = |c: &mut Code| {
        c.li(T0, PLIC + 0x20_1004);
        c.i(Op::Lw, T1, T0, 0);
        c.s(Op::Sw, T1, T0, 0);
    };
    let nothing = |_: &mut Code| {};
    let all = |c: &mut Code| {
        pend(c);
        past(c);
        uart(c);
    };
    let ring = |c: &mut Code| {
        c.li(A0, 1);
        c.li(A1, 0);
        c.hypercall(0x0073_5049, 0);
    };
    vec![
        ("software, never taken back".into(), storm(&pend, &nothing, 2)),
        ("software, again and again".into(), storm(&pend, &pend, 2)),
        ("a timer in the past".into(), storm(&past, &nothing, 1 << 5)),
        ("a timer set to the past again and again".into(), storm(&past, &past, 1 << 5)),
        ("a timer of SBI".into(), storm(&past, &|c| { c.li(A0, 0); c.li(A1, 0); c.hypercall(0x5449_4D45, 0); }, 1 << 5)),
        ("external, never claimed".into(), storm(&uart, &nothing, 1 << 9)),
        ("external, claimed, completed and enabled anew".into(), storm(&uart, &|c| { claim(c); c.li(T0, UART); c.s(Op::Sb, ZERO, T0, 1); uart(c); }, 1 << 9)),
        ("external, the transmitter fed".into(), storm(&uart, &|c| { claim(c); c.li(T0, UART); c.s(Op::Sb, ZERO, T0, 0); }, 1 << 9)),
        ("IPIs to itself".into(), storm(&ring, &ring, 2)),
        ("all at once".into(), storm(&all, &all, 0x222)),
        ("all at once, never taken back".into(), storm(&all, &nothing, 0x222)),
    ]
}

#[test]
fn storms_of_traps_and_interrupts_stop_at_their_limit_and_harm_nobody() {
    const LIMIT: u64 = 300_000;
    let storms: Vec<(String, Vec<u8>, bool)> = trap_storms().into_iter().map(|(name, storm)| (name, storm, false)).chain(interrupt_storms().into_iter().map(|(name, storm)| (name, storm, true))).collect();
    let quiet = EngineKind::ALL.map(quiet_neighbour);
    assert_eq!(quiet[0], quiet[1]);
    let (mut limits, mut crashes) = (0, 0);
    for (name, storm, interrupts) in &storms {
        let config = || VmConfig { ram_bytes: RAM_BYTES, max_steps: Some(LIMIT), ..VmConfig::virt("storm") };
        let [stepper, cached] = EngineKind::ALL.map(|engine| beside(engine, storm, config(), TestDoor::default()));
        assert_eq!((stepper.1, cached.1), (quiet[0], quiet[0]), "{name}: the neighbour");
        let hash = |ran: &Ran| ran.hypervisor.state_hash(VmId(0));
        assert_eq!(hash(&stepper.0), hash(&cached.0), "{name}: the engines");
        match stepper.0.stop() {
            Stop::StepLimit { steps } => {
                assert_eq!(*steps, LIMIT, "{name}");
                limits += 1;
            }
            Stop::Crash(_) if !interrupts => crashes += 1,
            other @ (Stop::Exit { .. } | Stop::PowerOff { .. } | Stop::Halt | Stop::Crash(_) | Stop::Panic { .. } | Stop::HostMemoryExhausted { .. } | Stop::SwapLost { .. }) => panic!("{name}: {other}"),
        }
        // A storm is one: every few steps a trap.
        assert!(!interrupts || u64::from(stepper.0.x(S0)) > LIMIT / 40, "{name}: {} interrupts", stepper.0.x(S0));
    }
    assert!(limits > 15 && crashes > 50);
    println!("{} storms: {limits} ran into their limit, {crashes} were seen to be crashes", storms.len());
}

/// Page tables where no memory is: a walk never touches a device, and ends with an access fault of the access that it is for.
#[test]
fn page_tables_in_odd_places_are_access_faults() {
    // Pages of 4 KiB by number: devices, windows, nothing, behind RAM, above 32 bits.
    let places = [0, FINISHER >> 12, 0x101, PLIC >> 12, (PLIC >> 12) + 0x201, UART >> 12, 0x1_0001, 0x4_0000, (RAM + RAM_BYTES) >> 12, (RAM >> 12) - 1, 0xf_ffff, 0x10_0000, 0x18_0000, 0x3f_ffff];
    let mut cases = 0;
    for engine in EngineKind::ALL {
        let quiet = quiet_neighbour(engine);
        for page in places {
            // As the root: nothing can be fetched any more, the handler neither.
            let program = code(|c| {
                c.vector("handler");
                c.li(T0, 1 << 31 | page);
                c.csrw(csr::SATP, T0);
                c.label("handler");
                c.exit(0);
            });
            let door = || TestDoor { input: b"x".to_vec(), ..TestDoor::default() };
            let (ran, hash) = beside(engine, &program, caller_config(), door());
            let Stop::Crash(report) = ran.stop() else { panic!("root {page:#x}: {}", ran.stop()) };
            assert_eq!((report.trap.cause, hash, ran.door.taken), (1, quiet, 0), "root {page:#x}");
            assert_eq!(ran.count(hvcore::ExitReason::IoInstruction), 0);
            cases += 1;
            // As the second level, for each access, of the supervisor and of the user.
            for (access, cause) in [(0, 5), (1, 7), (2, 1)] {
                for user in [false, true] {
                    let at = 0x4052_3454;
                    let mut program = code(|c| {
                        c.vector("handler");
                        c.li(T0, 1 << 31 | (RAM + 0x4000) >> 12);
                        c.csrw(csr::SATP, T0);
                        c.li(S0, at);
                        if user {
                            // The same code by its address for users.
                            c.la(T0, "access");
                            c.li(T1, 0x4000_0000);
                            c.r(Op::Sub, T0, T0, T1);
                            c.csrw(csr::SEPC, T0);
                            c.op(Op::Sret);
                        }
                        c.label("access");
                        match access {
                            0 => c.i(Op::Lw, T1, S0, 0),
                            1 => c.s(Op::Sw, T1, S0, 0),
                            _ => c.i(Op::Jalr, ZERO, S0, 0),
                        }
                        c.align(4);
                        c.label("handler");
                        c.csrr(S1, csr::SCAUSE);
                        c.csrr(S2, csr::STVAL);
                        c.exit(0);
                    });
                    program.resize(0x4000, 0);
                    let mut table = [0u32; 1024];
                    table[0x200] = RAM >> 12 << 10 | 0xcf;
                    // RAM less 1 GiB, for users.
                    table[0x100] = RAM >> 12 << 10 | 0xdf;
                    table[0x101] = page << 10 | 1;
                    program.extend(table.iter().flat_map(|entry| entry.to_le_bytes()));
                    let (ran, hash) = beside(engine, &program, caller_config(), door());
                    assert_eq!((ran.stop(), ran.x(S1), ran.x(S2)), (&Stop::Exit { code: 0 }, cause, at), "table {page:#x}, access {access}, user {user}, {engine:?}");
                    assert_eq!((hash, ran.door.taken, ran.count(hvcore::ExitReason::IoInstruction)), (quiet, 0, 0));
                    cases += 1;
                }
            }
        }
    }
    println!("{cases} walks through what is no memory");
}

/// Writes one page after the other, of all that it has.
fn glutton() -> Vec<u8> {
    code(|c| {
        c.li(S0, RAM + 0x1000);
        c.li(S1, 0x1000);
        c.li(S2, RAM + RAM_BYTES);
        c.label("next");
        c.s(Op::Sw, S0, S0, 0);
        c.r(Op::Add, S0, S0, S1);
        c.branch(Op::Bltu, S0, S2, "next");
        c.exit(0);
    })
}

#[test]
fn one_guest_of_four_that_takes_all_the_memory_ends_alone() {
    for engine in EngineKind::ALL {
        let run = |frames: u64, greedy: usize| {
            let mut hypervisor: Hypervisor = Hypervisor::with_engine(HypervisorConfig { host_memory_bytes: frames * 4096, ..HypervisorConfig::virt() }, engine.into());
            for number in 0..4 {
                let (program, ram_bytes) = if number == greedy { (glutton(), RAM_BYTES) } else { (neighbour(RAM + 0x2000, 3000), 0x4000) };
                // What is kept for a guest is there whenever it asks, whoever came first.
                let share = Share { reserve: if number == greedy { 0 } else { ram_bytes / 4096 }, limit: u32::MAX };
                hypervisor.add_vm(image(&program), VmConfig { ram_bytes, share, ..small(&format!("guest-{number}")) }).expect("taken");
            }
            finish(hypervisor, TestDoor::default())
        };
        for greedy in 0..4 {
            let (roomy, tight) = (run(1000, greedy), run(24, greedy));
            for (number, vm) in tight.hypervisor.vms().iter().enumerate() {
                if number == greedy {
                    assert!(matches!(vm.stop(), Some(Stop::HostMemoryExhausted { .. })), "{engine:?}: {:?}", vm.stop());
                } else {
                    assert_eq!(vm.stop(), Some(&Stop::Exit { code: 0 }), "{engine:?}: guest {number}, guest {greedy} is greedy");
                    assert_eq!(tight.hypervisor.state_hash(vm.id()), roomy.hypervisor.state_hash(vm.id()));
                }
            }
            assert!(tight.hypervisor.host_memory().frames_in_use() <= 24);
        }
    }
}

/// All of it again and again: what the process holds is what it held.
#[test]
fn memory_returns_to_its_level() {
    for engine in EngineKind::ALL {
        let round = || {
            let disk = DeviceConfig { kind: DeviceKind::Block { sectors: 8, read_only: false }, legacy: false };
            let config = VmConfig { max_steps: Some(20_000), max_reboots: 3, devices: vec![disk], ..caller_config() };
            for storm in interrupt_storms().iter().map(|(_, storm)| storm).chain([&glutton(), &code(|c| c.hypercall(8, 0))]) {
                let door = TestDoor { disk: vec![0; 4096], ..TestDoor::default() };
                let _ = beside(engine, storm, config.clone(), door);
            }
        };
        round();
        let level = LIVE.get();
        for number in 0..20 {
            round();
            assert_eq!(LIVE.get(), level, "{engine:?}: round {number}");
        }
    }
}
