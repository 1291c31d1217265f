//! Loads and stores: misaligned, across pages, reservations, atomics, code that changes.

mod common;
use common::*;
use hvcore::{ExitReason, Hypervisor, HypervisorConfig, Stop, VmConfig, VmId};
use rv32::Op;

#[test]
fn loads_extend_and_stores_truncate() {
    let ran = run(|c| {
        c.la(S0, "data");
        c.i(Op::Lb, A1, S0, 3);
        c.i(Op::Lbu, A2, S0, 3);
        c.i(Op::Lh, A3, S0, 2);
        c.i(Op::Lhu, S1, S0, 2);
        c.li(T0, 0x1234_5678);
        c.s(Op::Sb, T0, S0, 4);
        c.s(Op::Sh, T0, S0, 6);
        c.i(Op::Lw, S2, S0, 4);
        c.exit(0);
        c.label("data");
        c.word(0x8765_4321);
        c.word(0xaaaa_aaaa);
    });
    assert_eq!((ran.x(A1), ran.x(A2), ran.x(A3), ran.x(S1)), (0xffff_ff87, 0x87, 0xffff_8765, 0x8765));
    assert_eq!(ran.x(S2), 0x5678_aa78);
}

#[test]
fn misaligned_accesses_work_also_across_pages() {
    for offset in [0x1001, 0x1fff, 0x1ffe, 0x1ffd, 0x2003] {
        let ran = run(|c| {
            c.li(S0, RAM + offset);
            c.li(T0, 0x8899_aabb);
            c.s(Op::Sw, T0, S0, 0);
            c.i(Op::Lw, A1, S0, 0);
            c.i(Op::Lhu, A2, S0, 1);
            c.li(T0, 0x1122);
            c.s(Op::Sh, T0, S0, 0);
            c.i(Op::Lh, A3, S0, 0);
            c.i(Op::Lw, S1, S0, 0);
            c.exit(0);
        });
        assert_eq!((ran.x(A1), ran.x(A2), ran.x(A3), ran.x(S1)), (0x8899_aabb, 0x99aa, 0x1122, 0x8899_1122), "at {offset:#x}");
    }
}

#[test]
fn a_store_across_pages_that_faults_writes_nothing() {
    let ran = run(|c| {
        c.vector("handler");
        c.li(S0, RAM + (1 << 20) - 4);
        c.li(T0, 0x0102_0304);
        c.s(Op::Sw, T0, S0, 0);
        c.li(T1, u32::MAX);
        c.s(Op::Sw, T1, S0, 2);
        c.exit(1);
        c.align(4);
        c.label("handler");
        c.i(Op::Lw, A1, S0, 0);
        c.csrr(A2, csr::STVAL);
        c.exit(0);
    });
    assert_eq!((ran.code(), ran.x(A1), ran.x(A2)), (0, 0x0102_0304, RAM + (1 << 20)));
}

/// Each case: instructions between `lr.w` of s0 and `sc.w` to s0 plus `offset`; whether the SC succeeds.
fn reservation(between: impl Fn(&mut Code), offset: i32) -> bool {
    let ran = run(|c| {
        c.vector("skip");
        c.la(S0, "word");
        c.i(Op::Addi, S1, S0, offset);
        c.li(S2, 42);
        c.r(Op::LrW, T1, S0, ZERO);
        between(c);
        c.r(Op::ScW, A1, S1, S2);
        c.r(Op::ScW, A2, S1, S2);
        c.i(Op::Lw, A3, S1, 0);
        c.exit(0);
        c.align(4);
        c.label("skip");
        c.csrr(T0, csr::SEPC);
        c.i(Op::Addi, T0, T0, 4);
        c.csrw(csr::SEPC, T0);
        c.op(Op::Sret);
        c.align(8);
        c.label("word");
        c.word(7);
        c.word(7);
    });
    assert_eq!((ran.code(), ran.x(A2)), (0, 1), "the reservation is used up");
    assert_eq!(ran.x(A3) == 42, ran.x(A1) == 0, "stored exactly if it says so");
    ran.x(A1) == 0
}

#[test]
fn store_conditional_succeeds_only_with_the_reservation_whole() {
    assert!(reservation(|_| {}, 0));
    assert!(!reservation(|_| {}, 4), "another word");
    assert!(reservation(|c| c.i(Op::Lw, T0, S0, 0), 0), "loads do not matter");
    assert!(reservation(|c| c.s(Op::Sw, T0, S0, 4), 0), "a store to the next word");
    assert!(reservation(|c| c.s(Op::Sb, T0, S0, -1), 0), "a store to the byte before");
    assert!(!reservation(|c| c.s(Op::Sb, T0, S0, 3), 0), "a store to a byte of the word");
    assert!(!reservation(|c| c.s(Op::Sw, T0, S0, -2), 0), "a misaligned store into the word");
    assert!(!reservation(|c| c.s(Op::Sw, T0, S0, 0), 0), "even of the same hart");
    assert!(!reservation(|c| c.r(Op::AmoaddW, T0, S0, ZERO), 0));
    assert!(!reservation(|c| c.op(Op::Ebreak), 0), "a trap");
    assert!(!reservation(|c| { c.enter("to", 0x100); }, 0), "an xRET");
    assert!(!reservation(|c| c.hypercall(0x10, 0), 0), "a hypercall is a trap");
    assert!(reservation(|c| { c.li(T0, RAM + 0x9000); c.i(Op::Lw, T0, T0, 0); }, 0), "loading a page is not seen");
    assert!(reservation(|c| { c.li(T0, UART); c.i(Op::Lbu, T0, T0, 5); }, 0), "nor is a device access");
    let spin = |c: &mut Code| {
        c.li(T0, 6000);
        c.label("spin");
        c.i(Op::Addi, T0, T0, -1);
        c.branch(Op::Bne, T0, ZERO, "spin");
    };
    assert!(!reservation(spin, 0), "the end of a slice");
}

#[test]
fn atomics() {
    for (op, expected) in [
        (Op::AmoswapW, 5),
        (Op::AmoaddW, 1),
        (Op::AmoxorW, 5 ^ -4i32 as u32),
        (Op::AmoandW, 5 & -4i32 as u32),
        (Op::AmoorW, 5 | -4i32 as u32),
        (Op::AmominW, -4i32 as u32),
        (Op::AmomaxW, 5),
        (Op::AmominuW, 5),
        (Op::AmomaxuW, -4i32 as u32),
    ] {
        let ran = run(|c| {
            c.la(S0, "word");
            c.li(T1, 5);
            c.r(op, A1, S0, T1);
            c.i(Op::Lw, A2, S0, 0);
            c.exit(0);
            c.label("word");
            c.word(-4i32 as u32);
        });
        assert_eq!((ran.x(A1), ran.x(A2)), (-4i32 as u32, expected), "{op:?}");
    }
}

#[test]
fn a_store_to_code_affects_the_next_fetch() {
    let ran = run(|c| {
        c.la(S0, "patched");
        c.li(T0, 0x0010_0593); // li a1, 1
        c.s(Op::Sw, T0, S0, 0);
        c.label("patched");
        c.word(0);
        c.exit(0);
    });
    assert_eq!((ran.code(), ran.x(A1)), (0, 1));
}

#[test]
fn instructions_across_pages() {
    let ran = run(|c| {
        c.la(T0, "straddle");
        c.i(Op::Jalr, ZERO, T0, 0);
        c.org(0x0ffe);
        c.label("straddle");
        c.half(0x0593); // li a1, 7: its halves lie in two pages
        c.half(0x0070);
        c.half(0x0001); // c.nop, so that words are aligned again
        c.exit(0);
    });
    assert_eq!((ran.code(), ran.x(A1), ran.count(ExitReason::PageFault)), (0, 7, 2));
    // The last instruction of RAM is 2 bytes long: nothing behind it is fetched. One of 4 bytes faults on its second half.
    for (half, expected) in [(0x8082, None), (0x0593, Some((1, RAM + (1 << 20) - 2, RAM + (1 << 20))))] {
        let ran = run(|c| {
            c.vector("handler");
            c.li(S0, RAM + (1 << 20) - 2);
            c.li(T0, half);
            c.s(Op::Sh, T0, S0, 0);
            c.i(Op::Jalr, RA, S0, 0); // to `ret`, and back
            c.exit(0);
            c.align(4);
            c.label("handler");
            c.csrr(A1, csr::SCAUSE);
            c.csrr(A2, csr::SEPC);
            c.csrr(A3, csr::STVAL);
            c.exit(1);
        });
        let trap = (ran.code() == 1).then(|| (ran.x(A1), ran.x(A2), ran.x(A3)));
        assert_eq!(trap, expected);
    }
}

#[test]
fn untouched_memory_costs_nothing_and_a_huge_guest_starts_at_once() {
    let config = VmConfig { ram_bytes: 0x8000_0000, ..VmConfig::virt("huge") };
    let program = code(|c| {
        c.li(T0, 0xffff_f000);
        c.s(Op::Sw, T0, T0, 0);
        c.i(Op::Lw, A1, T0, 0);
        c.exit(0);
    });
    let ran = run_config(&program, config, TestDoor::default());
    assert_eq!((ran.code(), ran.x(A1)), (0, 0xffff_f000));
    assert_eq!((ran.vm().memory().ept().resident(), ran.hypervisor.host_memory().frames_in_use()), (2, 2));
}

#[test]
fn a_guest_that_gets_no_frame_stops_and_the_others_go_on() {
    let greedy = code(|c| {
        c.li(T0, RAM);
        c.li(T1, 0x1000);
        c.label("next");
        c.s(Op::Sw, T0, T0, 0x100);
        c.r(Op::Add, T0, T0, T1);
        c.j("next");
    });
    let modest = code(|c| {
        c.li(T0, 50_000);
        c.label("spin");
        c.i(Op::Addi, T0, T0, -1);
        c.branch(Op::Bne, T0, ZERO, "spin");
        c.exit(3);
    });
    let config = HypervisorConfig { host_memory_bytes: 6 * 4096, ..HypervisorConfig::virt() };
    let mut hypervisor = Hypervisor::new(config);
    hypervisor.add_vm(image(&modest), small("modest")).expect("taken");
    hypervisor.add_vm(image(&greedy), small("greedy")).expect("taken");
    let ran = finish(hypervisor, TestDoor::default());
    assert_eq!(ran.code(), 3);
    let greedy = &ran.hypervisor.vms()[1];
    assert!(matches!(greedy.stop(), Some(Stop::HostMemoryExhausted { gpa, frames: 6 }) if gpa.0 == RAM + 0x5100));
    assert_eq!(greedy.counts().get(ExitReason::PageFault), 5);
    assert_ne!(ran.hypervisor.state_hash(VmId(0)), ran.hypervisor.state_hash(VmId(1)));
}
