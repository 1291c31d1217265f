//! Devices as guests drive them.

mod common;
use common::*;
use hvcore::{ExitReason, Hypervisor, HypervisorConfig, PowerOff, Stop, VmConfig};
use rv32::Op;

#[test]
fn a_polling_driver_echoes() {
    let program = code(|c| {
        c.li(S0, UART);
        c.label("wait");
        c.i(Op::Lbu, T0, S0, 5);
        c.i(Op::Andi, T0, T0, 1);
        c.branch(Op::Beq, T0, ZERO, "wait");
        c.i(Op::Lbu, A0, S0, 0);
        c.s(Op::Sb, A0, S0, 0);
        c.li(T1, u32::from(b'.'));
        c.branch(Op::Bne, A0, T1, "wait");
        c.exit(0);
    });
    // 30 bytes are more than the FIFO holds.
    let text = b"a line that is longer than 16.".to_vec();
    for live in [false, true] {
        let door = TestDoor { input: text.clone(), live, arrived: if live { 30 } else { 0 }, ..TestDoor::default() };
        let ran = run_config(&program, small("echo"), door);
        assert_eq!((ran.code(), ran.output()), (0, text.as_slice()));
        assert_eq!(ran.count(ExitReason::IoInstruction), 90);
    }
}

/// A driver that does everything by interrupts: receives into a FIFO interrupt by interrupt, counts transmit interrupts.
#[test]
fn an_interrupt_driver_echoes() {
    let program = code(|c| {
        c.vector("handler");
        c.li(S0, UART);
        c.li(S1, PLIC);
        c.li(T0, 1);
        c.s(Op::Sw, T0, S1, 40);
        c.li(T1, PLIC + 0x2080);
        c.li(T0, 1 << 10);
        c.s(Op::Sw, T0, T1, 0);
        c.li(S1, PLIC + 0x20_1000);
        c.s(Op::Sw, ZERO, S1, 0);
        c.li(T0, 0x01);
        c.s(Op::Sb, T0, S0, 2); // FIFOs on
        c.s(Op::Sb, T0, S0, 1); // receive interrupts
        c.li(T0, 1 << 9);
        c.csrw(csr::SIE, T0);
        c.csrwi(csr::SSTATUS, 2);
        c.label("main");
        c.op(Op::Wfi);
        c.j("main");
        c.align(4);
        c.label("handler");
        c.i(Op::Lw, S2, S1, 4); // claim
        c.i(Op::Lbu, T2, S0, 2); // IIR
        c.label("more");
        c.i(Op::Lbu, T0, S0, 5);
        c.i(Op::Andi, T0, T0, 1);
        c.branch(Op::Beq, T0, ZERO, "empty");
        c.i(Op::Lbu, A0, S0, 0);
        c.s(Op::Sb, A0, S0, 0);
        c.i(Op::Addi, S3, S3, 1);
        c.j("more");
        c.label("empty");
        c.s(Op::Sw, S2, S1, 4); // complete
        c.op(Op::Sret);
    });
    let text = b"forty bytes of input, so several FIFOs!!".to_vec();
    for live in [false, true] {
        let ran = run_config(&program, small("echo"), TestDoor { input: text.clone(), live, ..TestDoor::default() });
        assert_eq!((ran.stop(), ran.output()), (&Stop::Halt, text.as_slice()));
        assert_eq!((ran.x(S2), ran.x(S3), ran.x(T2)), (10, 40, 0xc4));
        if live {
            assert_eq!(ran.count(ExitReason::Interrupt), 40, "one for each byte that came alone");
        }
    }
}

#[test]
fn the_transmit_interrupt_drives_a_ring() {
    let text = b"sent by interrupt";
    let ran = run(|c| {
        c.vector("handler");
        c.li(S0, UART);
        c.li(T1, PLIC);
        c.li(T0, 3);
        c.s(Op::Sw, T0, T1, 40);
        c.li(T1, PLIC + 0x2080);
        c.li(T0, 1 << 10);
        c.s(Op::Sw, T0, T1, 0);
        c.li(S1, PLIC + 0x20_1000);
        c.la(S2, "text");
        c.la(S3, "end");
        c.li(T0, 1 << 9);
        c.csrw(csr::SIE, T0);
        c.csrwi(csr::SSTATUS, 2);
        c.li(T0, 2);
        c.s(Op::Sb, T0, S0, 1); // transmit interrupts: the first comes at once
        c.label("main");
        c.branch(Op::Bne, S2, S3, "main");
        c.exit(0);
        c.align(4);
        c.label("handler");
        c.i(Op::Lw, T2, S1, 4);
        c.i(Op::Lbu, T0, S0, 2); // IIR: clears it
        c.branch(Op::Beq, S2, S3, "off");
        c.i(Op::Lbu, T0, S2, 0);
        c.i(Op::Addi, S2, S2, 1);
        c.s(Op::Sb, T0, S0, 0);
        c.j("complete");
        c.label("off");
        c.s(Op::Sb, ZERO, S0, 1);
        c.label("complete");
        c.s(Op::Sw, T2, S1, 4);
        c.op(Op::Sret);
        c.label("text");
        c.bytes.extend(text);
        c.label("end");
        c.align(4);
    });
    assert_eq!((ran.code(), ran.output()), (0, text.as_slice()));
}

#[test]
fn the_finisher() {
    let stop = |value: u32| {
        let ran = run(|c| {
            c.li(S0, FINISHER);
            c.li(T0, value);
            c.s(Op::Sw, T0, S0, 0);
            c.exit(77);
        });
        ran.stop().clone()
    };
    assert_eq!(stop(0x5555), Stop::PowerOff { code: 0, by: PowerOff::Finisher });
    assert_eq!(stop(0x0003_3333), Stop::PowerOff { code: 3, by: PowerOff::Finisher });
    assert_eq!(stop(0xffff_3333), Stop::PowerOff { code: 0xffff, by: PowerOff::Finisher });
    assert_eq!(stop(0x7777), Stop::PowerOff { code: 0, by: PowerOff::RebootLimit });
    assert_eq!(stop(0x1234), Stop::Exit { code: 77 });
}

#[test]
fn small_guests_find_their_devicetree_in_the_boot_rom() {
    let program = code(|c| {
        c.i(Op::Lw, S0, A1, 0);
        c.i(Op::Lw, S1, A1, 4); // its size, big-endian
        c.r(Op::Add, T0, A1, ZERO);
        c.i(Op::Lh, S2, T0, 1); // misaligned
        c.li(T1, 0xfffc);
        c.i(Op::Lw, S3, T1, 0); // the rest of the ROM is zero
        c.exit(0);
    });
    let ran = run_config(&program, VmConfig::classic("classic"), TestDoor::default());
    let tree = ran.vm().memory().devicetree();
    assert_eq!((ran.code(), ran.x(A1), ran.x(S0)), (0, 0x1000, 0xedfe_0dd0));
    assert_eq!((ran.x(S1).swap_bytes() as usize, ran.x(S3)), (tree.len(), 0));
    assert_eq!(ran.x(S2), i32::from(i16::from_le_bytes([tree[1], tree[2]])) as u32);
    assert_eq!(ran.vm().vcpu().x[2], RAM + 0x4000, "sp is the end of RAM");
    assert_eq!(ran.count(ExitReason::PageFault), 1, "the ROM takes no frame");
}

#[test]
fn output_of_several_guests_is_kept_apart() {
    let mut hypervisor = Hypervisor::new(HypervisorConfig::virt());
    for letter in [b'a', b'b', b'c'] {
        let program = code(|c| {
            c.li(A0, u32::from(letter));
            c.hypercall(1, 0);
            c.hvk(3);
            c.li(A0, u32::from(letter.to_ascii_uppercase()));
            c.hypercall(1, 0);
            c.exit(u32::from(letter));
        });
        hypervisor.add_vm(image(&program), small("letter")).expect("taken");
    }
    let ran = finish(hypervisor, TestDoor::default());
    let output: Vec<_> = ran.door.output.values().map(Vec::as_slice).collect();
    assert_eq!(output, [b"aA", b"bB", b"cC"]);
    assert_eq!(ran.notes.stopped, [0, 1, 2]);
}

#[test]
fn the_real_time_clock_starts_in_2000_and_wakes() {
    const RTC: u32 = 0x0010_1000;
    let ran = run(|c| {
        c.li(S0, RTC);
        c.i(Op::Lw, S1, S0, 0);
        c.i(Op::Lw, S2, S0, 4);
        // An alarm in a millisecond, by interrupt 11.
        c.li(T0, 1_000_000);
        c.r(Op::Add, T0, T0, S1);
        c.s(Op::Sw, S2, S0, 0x0c);
        c.s(Op::Sw, T0, S0, 0x08);
        c.li(T1, 1);
        c.s(Op::Sw, T1, S0, 0x10);
        c.li(T2, PLIC);
        c.s(Op::Sw, T1, T2, 44);
        c.li(T2, PLIC + 0x2080);
        c.li(T1, 1 << 11);
        c.s(Op::Sw, T1, T2, 0);
        c.li(T1, 1 << 9);
        c.csrw(csr::SIE, T1);
        c.op(Op::Wfi);
        c.csrr(S3, csr::TIME);
        c.li(T2, PLIC + 0x20_1004);
        c.i(Op::Lw, A1, T2, 0);
        c.s(Op::Sw, ZERO, S0, 0x1c);
        c.exit(0);
    });
    let start = 946_684_800_000_000_000u64;
    assert_eq!((ran.code(), ran.x(S2), ran.x(A1)), (0, (start >> 32) as u32, 11));
    let now = u64::from(ran.x(S2)) << 32 | u64::from(ran.x(S1));
    assert!((start..start + 100).contains(&now), "{now}");
    assert!((10_000..10_005).contains(&ran.x(S3)), "a millisecond later, in ticks: {}", ran.x(S3));
}

/// What Linux's 8250 driver does before it trusts a 16550A: scratch register, interrupt enable, loop test, transmit
/// interrupt twice.
#[test]
fn the_uart_passes_a_drivers_probe() {
    let ran = run(|c| {
        c.li(S0, UART);
        c.s(Op::Sb, ZERO, S0, 1);
        c.i(Op::Lbu, A0, S0, 1); // IER reads as written: 0, then 0xf
        c.li(T0, 0xf);
        c.s(Op::Sb, T0, S0, 1);
        c.i(Op::Lbu, A1, S0, 1);
        c.s(Op::Sb, ZERO, S0, 1);
        c.li(T0, 0x1a); // loop, RTS, OUT2: CTS and DCD
        c.s(Op::Sb, T0, S0, 4);
        c.i(Op::Lbu, A2, S0, 6);
        c.s(Op::Sb, ZERO, S0, 4);
        c.li(T0, 1); // FIFO: both bits of the identification
        c.s(Op::Sb, T0, S0, 2);
        c.i(Op::Lbu, A3, S0, 2);
        c.li(T0, 2); // the transmit interrupt, again after it was off
        c.s(Op::Sb, T0, S0, 1);
        c.i(Op::Lbu, S1, S0, 2);
        c.s(Op::Sb, ZERO, S0, 1);
        c.s(Op::Sb, T0, S0, 1);
        c.i(Op::Lbu, S2, S0, 2);
        c.i(Op::Lbu, S3, S0, 2);
        c.exit(0);
    });
    assert_eq!((ran.x(A1), ran.x(A2), ran.x(A3)), (0xf, 0x90, 0xc1));
    assert_eq!((ran.x(S1), ran.x(S2), ran.x(S3)), (0xc2, 0xc2, 0xc1));
}
