//! Hypercalls: SBI and HVK.

mod common;
use common::*;
use hvcore::{ExitReason, Hypervisor, HypervisorConfig, PowerOff, Stop, VmConfig};
use rv32::Op;

const BASE: u32 = 0x10;
const DBCN: u32 = 0x4442_434E;
const SRST: u32 = 0x5352_5354;
const IPI: u32 = 0x0073_5049;
const RFENCE: u32 = 0x5246_4E43;
const HSM: u32 = 0x0048_534D;
const SUSP: u32 = 0x5355_5350;

/// Makes one call with a0 to a2 and returns (a0, a1).
fn call(extension: u32, function: u32, arguments: [u32; 3]) -> (i32, u32) {
    let ran = run(|c| one_call(c, extension, function, arguments));
    (ran.x(S0) as i32, ran.x(S1))
}

fn one_call(c: &mut Code, extension: u32, function: u32, arguments: [u32; 3]) {
    for (register, value) in (A0..).zip(arguments) {
        c.li(register, value);
    }
    c.hypercall(extension, function);
    c.i(Op::Addi, S0, A0, 0);
    c.i(Op::Addi, S1, A1, 0);
    c.exit(0);
}

#[test]
fn base() {
    assert_eq!(call(BASE, 0, [0; 3]), (0, 0x0200_0000));
    assert_eq!(call(BASE, 4, [0; 3]), (0, 0x0048_564B));
    assert_eq!((call(BASE, 5, [0; 3]), call(BASE, 6, [0; 3])), ((0, 0), (0, 0)));
    assert_eq!(call(BASE, 7, [0; 3]).0, -2);
    for (extension, there) in [(BASE, 1), (0x5449_4D45, 1), (DBCN, 1), (SRST, 1), (HVK, 1), (IPI, 1), (RFENCE, 1), (HSM, 1), (0, 1), (8, 1), (SUSP, 1), (9, 0), (u32::MAX, 0)] {
        assert_eq!(call(BASE, 3, [extension, 0, 0]), (0, there), "probe {extension:#x}");
    }
    assert_eq!(call(0x1234_5678, 0, [0; 3]).0, -2, "unknown extension");
    assert_eq!(call(HVK, 14, [0; 3]).0, -2, "unknown function");
    assert_eq!(call(HVK, 5, [0; 3]).0, -2, "not yet there");
}

#[test]
fn only_a0_and_a1_change() {
    let ran = run(|c| {
        for register in 1..32 {
            c.i(Op::Addi, register, ZERO, i32::from(register) * 8);
        }
        c.li(A7, BASE);
        c.li(A6, 0);
        c.op(Op::Ecall);
        c.op(Op::Wfi);
    });
    for register in (1..32).filter(|register| ![A0, A1, A6, A7].contains(register)) {
        assert_eq!(ran.x(register), u32::from(register) * 8);
    }
}

#[test]
fn print_writes_bytes_of_the_callers_space() {
    let ran = run(|c| {
        c.la(A0, "text");
        c.li(A1, 5);
        c.hvk(0);
        c.i(Op::Addi, S0, A1, 0);
        c.li(A1, 0);
        c.li(A0, 0); // of a buffer without bytes the pointer does not matter
        c.hvk(0);
        c.i(Op::Addi, S1, A0, 0);
        c.exit(0);
        c.label("text");
        c.text(b"h\0\xffy\n");
    });
    assert_eq!((ran.output(), ran.x(S0), ran.x(S1)), (b"h\0\xffy\n".as_slice(), 5, 0));
}

#[test]
fn bad_pointers_are_refused_and_nothing_is_done() {
    let ram_end = RAM + (1 << 20);
    for (pointer, length) in [(0, 1), (0x123, 4), (ram_end, 1), (ram_end - 4, 5), (UART, 1), (0xffff_fffc, 8), (u32::MAX, 1), (0x5000_0000, u32::MAX)] {
        for function in [0, 2, 4, 12] {
            let ran = run(|c| one_call(c, HVK, function, [pointer, length, 0]));
            assert_eq!((ran.x(S0) as i32, ran.output()), (-5, b"".as_slice()), "function {function} with {length} bytes at {pointer:#x}");
        }
    }
    // A buffer is judged as a whole, also the part that one call would not move.
    let large = |function, length| {
        let program = code(|c| one_call(c, HVK, function, [RAM, length, 0]));
        let ran = run_config(&program, VmConfig { ram_bytes: 4 << 20, ..small("large") }, TestDoor { input: b"text".to_vec(), ..TestDoor::default() });
        (ran.x(S0) as i32, ran.x(S1), ran.output().len())
    };
    assert_eq!(large(0, 4 << 20), (0, 1 << 20, 1 << 20), "PRINT moves 1 MiB and says so");
    assert_eq!(large(0, (4 << 20) + 1), (-5, 0, 0), "PRINT");
    assert_eq!(large(2, (4 << 20) + 1), (-5, 0, 0), "READ");
    assert_eq!(large(4, (4 << 20) + 1), (-5, 0, 0), "INFO");
    assert_eq!(large(12, (4 << 20) + 1), (-5, 0, 0), "PANIC");
    assert_eq!(call(HVK, 2, [0x1000, 4, 0]).0, -5, "READ into the boot ROM");
    assert_eq!(call(HVK, 0, [0x1000, 4, 0]), (0, 4), "PRINT from it");
}

#[test]
fn read_gives_what_is_there_then_nothing_then_the_end() {
    let program = code(|c| {
        c.la(A0, "buffer");
        c.li(A1, 4);
        c.hvk(2);
        c.i(Op::Addi, S0, A1, 0);
        c.la(A0, "buffer");
        c.li(A1, 100);
        c.hvk(2);
        c.i(Op::Addi, S1, A1, 0);
        c.la(A0, "buffer");
        c.li(A1, 100);
        c.hvk(2);
        c.i(Op::Addi, S2, A0, 0);
        c.exit(0);
        c.label("buffer");
        c.text(&[0xee; 100]);
    });
    let at = |ran: &Ran| ran.word(RAM + (program.len() as u32 - 100));
    let ran = run_config(&program, small("reader"), TestDoor { input: b"hello!".to_vec(), ..TestDoor::default() });
    assert_eq!((ran.x(S0), ran.x(S1), ran.x(S2) as i32), (4, 2, -4));
    assert_eq!(at(&ran), u32::from_le_bytes(*b"o!ll"), "the rest of the buffer is untouched");
    let ran = run_config(&program, small("reader"), TestDoor { input: b"x".to_vec(), live: true, ..TestDoor::default() });
    assert_eq!((ran.x(S0), ran.x(S1), ran.x(S2)), (0, 0, 0), "nothing waiting yet");
    assert_eq!(at(&ran), 0xeeee_eeee);
}

#[test]
fn all_ways_of_input_share_one_stream() {
    let program = code(|c| {
        c.li(S0, UART);
        c.i(Op::Lbu, S1, S0, 0); // UART, which fetches 16 bytes ahead
        c.hypercall(2, 0); // legacy getchar
        c.i(Op::Addi, S2, A0, 0);
        c.la(A0, "buffer");
        c.li(A1, 1);
        c.hvk(2);
        c.li(A0, 20);
        c.la(A1, "buffer");
        c.i(Op::Addi, A1, A1, 1);
        c.li(A2, 0);
        c.hypercall(DBCN, 1);
        c.i(Op::Addi, S3, A1, 0);
        c.hypercall(2, 0);
        c.exit_a0();
        c.label("buffer");
        c.text(&[0; 24]);
    });
    let input = b"abcdefghijklmnopqrstuvw".to_vec();
    let ran = run_config(&program, small("reader"), TestDoor { input, ..TestDoor::default() });
    assert_eq!((ran.x(S1), ran.x(S2), ran.x(S3)), (u32::from(b'a'), u32::from(b'b'), 20));
    let mut bytes = [0; 21];
    assert!(ran.hypervisor.peek_physical(hvcore::VmId(0), hvcore::GuestPhys(RAM + program.len() as u32 - 24), &mut bytes));
    assert_eq!(&bytes, b"cdefghijklmnopqrstuvw");
    assert_eq!(ran.code(), u32::MAX, "getchar at the end");
}

#[test]
fn info() {
    let program = code(|c| {
        c.la(A0, "buffer");
        c.li(A1, 100);
        c.hvk(4);
        c.i(Op::Addi, S0, A1, 0);
        c.la(A0, "short");
        c.li(A1, 6);
        c.hvk(4);
        c.i(Op::Addi, S1, A1, 0);
        c.exit(0);
        c.label("short");
        c.text(&[0xee; 8]);
        c.label("buffer");
        c.text(&[0xee; 100]);
    });
    let mut hypervisor = Hypervisor::new(HypervisorConfig::virt());
    hypervisor.add_vm(image(&code(|c| c.exit(0))), small("first")).expect("taken");
    hypervisor.add_vm(image(&program), small("second")).expect("taken");
    let ran = finish(hypervisor, TestDoor::default());
    let vm = &ran.hypervisor.vms()[1];
    assert_eq!((vm.vcpu().x[8], vm.vcpu().x[9]), (20, 6));
    let mut bytes = [0; 108];
    assert!(ran.hypervisor.peek_physical(vm.id(), hvcore::GuestPhys(RAM + program.len() as u32 - 108), &mut bytes));
    let words: Vec<u32> = bytes.chunks(4).map(|chunk| u32::from_le_bytes(chunk.try_into().expect("four"))).collect();
    assert_eq!(words[..3], [1, 0xeeee_0002, 1], "six bytes of it, then all");
    assert_eq!(words[3..8], [2, 1 << 20, 10_000, 0b11_1010_0001_1111, 0xeeee_eeee]);
}

#[test]
fn exit_panic_and_mark() {
    assert_eq!(run(|c| c.exit(0xdead_beef)).code(), 0xdead_beef);
    let ran = run(|c| {
        c.li(A0, 7);
        c.li(A1, 8);
        c.hvk(13);
        c.la(A0, "message");
        c.li(A1, 4);
        c.hvk(12);
        c.label("message");
        c.text(b"oops");
    });
    let Stop::Panic { message, report } = ran.stop() else { panic!("{}", ran.stop()) };
    assert_eq!((message.as_slice(), report.trap.name()), (b"oops".as_slice(), "environment call from S-mode"));
    assert_eq!(report.instruction, Some(0x73));
    assert_eq!((ran.notes.marks.as_slice(), ran.count(ExitReason::Halt)), ([(7, 8)].as_slice(), 0));
}

#[test]
fn debug_console() {
    let ran = run(|c| {
        c.li(A0, 3);
        c.la(A1, "text");
        c.li(A2, 0);
        c.hypercall(DBCN, 0);
        c.i(Op::Addi, S0, A1, 0);
        c.li(A0, 0x100 | u32::from(b'!'));
        c.hypercall(DBCN, 2);
        c.li(A0, u32::from(b'?'));
        c.i(Op::Addi, A1, ZERO, 77);
        c.hypercall(1, 0);
        c.i(Op::Addi, S1, A1, 0);
        c.exit_a0();
        c.label("text");
        c.text(b"abc");
    });
    assert_eq!((ran.output(), ran.x(S0), ran.x(S1), ran.code()), (b"abc!?".as_slice(), 3, 77, 0), "a legacy call keeps a1");
    assert_eq!(call(DBCN, 0, [1, RAM, 1]).0, -3);
    assert_eq!(call(DBCN, 0, [1, 0x5000_0000, 0]).0, -3);
    assert_eq!(call(DBCN, 1, [8, RAM + (1 << 20) - 4, 0]).0, -3);
    assert_eq!(call(DBCN, 3, [0; 3]).0, -2);
}

#[test]
fn system_reset() {
    let stop = |arguments| run(|c| one_call(c, SRST, 0, arguments)).stop().clone();
    assert_eq!(stop([0, 0, 0]), Stop::PowerOff { code: 0, by: PowerOff::SystemReset });
    assert_eq!(stop([0, 1, 0]), Stop::PowerOff { code: 1, by: PowerOff::SystemReset });
    assert_eq!(stop([1, 0, 0]), Stop::PowerOff { code: 0, by: PowerOff::RebootLimit });
    assert_eq!(run(|c| c.hypercall(8, 0)).stop(), &Stop::PowerOff { code: 0, by: PowerOff::LegacyShutdown });
    assert_eq!((call(SRST, 0, [3, 0, 0]).0, call(SRST, 0, [0, 2, 0]).0), (-3, -3));
    assert_eq!((call(SRST, 0, [0xf000_0000, 0, 0]).0, call(SRST, 1, [0; 3]).0), (-2, -2));
}

#[test]
fn harts() {
    assert_eq!((call(HSM, 0, [0; 3]).0, call(HSM, 0, [1, 0, 0]).0), (-6, -3));
    assert_eq!((call(HSM, 2, [0; 3]), call(HSM, 2, [1, 0, 0]).0, call(HSM, 9, [0; 3]).0), ((0, 0), -3, -2));
    assert_eq!(run(|c| c.hypercall(HSM, 1)).stop(), &Stop::Halt);
    assert_eq!((call(RFENCE, 0, [1, 0, 0]).0, call(RFENCE, 1, [2, 0, 0]).0, call(RFENCE, 2, [5, u32::MAX, 0]).0, call(RFENCE, 3, [1, 0, 0]).0), (0, -3, 0, -2));
    for (mask, base, error, pending) in [(1, 0, 0, 2), (0, 0, 0, 0), (0, u32::MAX, 0, 2), (2, 0, -3, 0), (3, 0, -3, 0), (1, 1, -3, 0), (0, 5, 0, 0)] {
        let ran = run(|c| {
            c.li(A0, mask);
            c.li(A1, base);
            c.hypercall(IPI, 0);
            c.i(Op::Addi, S0, A0, 0);
            c.csrr(S1, csr::SIP);
            c.exit(0);
        });
        assert_eq!((ran.x(S0) as i32, ran.x(S1)), (error, pending), "mask {mask} base {base:#x}");
    }
}

#[test]
fn legacy_ipis_and_fences_read_their_mask_from_virtual_memory() {
    let ran = run(|c| {
        c.la(A0, "mask");
        c.hypercall(4, 0);
        c.csrr(S0, csr::SIP);
        c.hypercall(3, 0);
        c.csrr(S1, csr::SIP);
        c.li(A0, 0x5000_0000);
        c.hypercall(4, 0);
        c.i(Op::Addi, S2, A0, 0);
        c.li(A0, 0);
        c.hypercall(6, 0);
        c.exit_a0();
        c.label("mask");
        c.word(1);
    });
    assert_eq!((ran.x(S0), ran.x(S1), ran.x(S2) as i32, ran.code()), (2, 0, -5, 0));
}

#[test]
fn a_buffer_is_found_through_the_callers_page_table() {
    // VA 0x4000_0ffe.. crosses into a page of other memory; the second page is absent for the second call.
    let ran = run(|c| {
        c.li(S0, RAM + 0x4000);
        c.li(T0, RAM >> 2 | 0xcf);
        c.li(T1, RAM + 0x4800);
        c.s(Op::Sw, T0, T1, 0);
        c.li(T0, (RAM + 0x5000) >> 2 | 1);
        c.li(T1, RAM + 0x4400);
        c.s(Op::Sw, T0, T1, 0);
        for (index, page) in [(0, 0x9000), (1, 0x7000)] {
            c.li(T0, (RAM + page) >> 2 | 7);
            c.li(T1, RAM + 0x5000 + index * 4);
            c.s(Op::Sw, T0, T1, 0);
        }
        c.li(T0, u32::from_le_bytes(*b"..He"));
        c.li(T1, RAM + 0x9ffc);
        c.s(Op::Sw, T0, T1, 0);
        c.li(T0, u32::from_le_bytes(*b"y!.."));
        c.li(T1, RAM + 0x7000);
        c.s(Op::Sw, T0, T1, 0);
        c.li(T0, 1 << 31 | (RAM + 0x4000) >> 12);
        c.csrw(csr::SATP, T0);
        c.li(A0, 0x4000_0ffe);
        c.li(A1, 4);
        c.hvk(0);
        c.li(A0, 0x4000_1fff);
        c.li(A1, 2);
        c.hvk(0);
        c.exit_a0();
    });
    assert_eq!((ran.output(), ran.code() as i32), (b"Hey!".as_slice(), -5));
    assert_eq!(ran.word(RAM + 0x5000) & 0xc0, 0x40, "accessed, not dirty");
}

/// A hart that sleeps until its timer: with its state kept, or beginning anew at an address.
#[test]
fn suspend() {
    for (extension, function, kind, resumes) in [(HSM, 3, 0, false), (HSM, 3, 0x8000_0000, true), (SUSP, 0, 0, true)] {
        let ran = run(|c| {
            c.li(T0, 500);
            c.csrw(csr::STIMECMP, T0);
            c.csrwi(csr::STIMECMPH, 0);
            c.li(T0, 1 << 5);
            c.csrw(csr::SIE, T0);
            c.li(A0, kind);
            c.la(A1, "resumed");
            c.li(A2, 0x1234);
            c.hypercall(extension, function);
            c.i(Op::Addi, S0, A0, 0);
            c.csrr(S1, csr::TIME);
            c.exit(1);
            c.label("resumed");
            c.i(Op::Addi, S0, A1, 0);
            c.i(Op::Addi, S2, A0, 0);
            c.csrr(S1, csr::TIME);
            c.exit(2);
        });
        assert_eq!((ran.code(), ran.x(S0), ran.x(S1)), if resumes { (2, 0x1234, 500) } else { (1, 0, 500) });
        assert_eq!(ran.x(S2), 0);
    }
    for (extension, function, arguments, error) in [
        (HSM, 3, [1, RAM, 0], -3),
        (HSM, 3, [0x8000_0001, RAM, 0], -3),
        (HSM, 3, [0x8000_0000, RAM + 1, 0], -5),
        (HSM, 3, [0x8000_0000, 0x1000_0000, 0], -5),
        (SUSP, 0, [1, RAM, 0], -3),
        (SUSP, 0, [0x8000_0000, RAM, 0], -3),
        (SUSP, 0, [0, u32::MAX, 0], -5),
        (SUSP, 1, [0, RAM, 0], -2),
    ] {
        assert_eq!(call(extension, function, arguments).0, error, "{extension:#x} {function} {arguments:x?}");
    }
    let never = run(|c| {
        c.li(A0, 0);
        c.la(A1, "never");
        c.label("never");
        c.hypercall(SUSP, 0);
    });
    assert_eq!(never.stop(), &Stop::Halt, "nothing can wake it");
}

#[test]
fn random_bytes_and_the_balloon() {
    let ran = run(|c| {
        c.la(A0, "buffer");
        c.li(A1, 8);
        c.hvk(11);
        c.i(Op::Addi, S0, A1, 0);
        // Three pages of zeroes are touched, one of something; then zeroes are given back.
        c.li(S1, RAM + 0x1_0000);
        c.li(T0, 0x1000);
        for _ in 0..3 {
            c.s(Op::Sw, ZERO, S1, 0);
            c.r(Op::Add, S1, S1, T0);
        }
        c.s(Op::Sw, S1, S1, 0);
        c.li(A0, 2);
        c.hvk(9);
        c.i(Op::Addi, S2, A1, 0);
        c.li(A0, 10);
        c.hvk(9);
        c.i(Op::Addi, S3, A1, 0);
        c.i(Op::Lw, T1, S1, 0);
        c.li(A0, 0u32.wrapping_sub(5));
        c.hvk(9);
        c.i(Op::Addi, T2, A1, 0);
        c.exit(0);
        c.label("buffer");
        c.text(&[0; 8]);
    });
    assert_eq!((ran.x(S0), ran.x(S2), ran.x(S3), ran.x(T1), ran.x(T2)), (8, 2, 1, RAM + 0x1_3000, 5));
    assert_eq!(call(HVK, 11, [0, 8, 0]).0, -5, "a bad pointer");
}
