//! Traps inside the guest: causes, values, privilege, vectors, CSRs.

mod common;
use common::*;
use hvcore::{Ext, ExitReason, Stop};
use rv32::Op;

/// Runs code in S-mode until its first trap; the guest then exits with `scause`, leaving sepc in a1, stval in a2.
fn first_trap(build: impl Fn(&mut Code)) -> (u32, u32, u32) {
    trap_of(&build, small("trap"))
}

fn with_handler(build: impl Fn(&mut Code)) -> Vec<u8> {
    code(|c| {
        c.vector("handler");
        c.j("start");
        c.align(4);
        c.label("handler");
        c.csrr(A0, csr::SCAUSE);
        c.csrr(A1, csr::SEPC);
        c.csrr(A2, csr::STVAL);
        c.exit_a0();
        c.org(0x100);
        c.label("start");
        build(c);
    })
}

fn trap_of(build: &impl Fn(&mut Code), config: hvcore::VmConfig) -> (u32, u32, u32) {
    let ran = run_config(&with_handler(build), config, TestDoor::default());
    (ran.code(), ran.x(A1), ran.x(A2))
}

const START: u32 = RAM + 0x100;

#[test]
fn causes_and_values() {
    // Illegal: the instruction's bits, 16 or 32 of them.
    assert_eq!(first_trap(|c| c.word(0xffff_ffff)), (2, START, 0xffff_ffff));
    assert_eq!(first_trap(|c| c.word(0xabcd_0000)), (2, START, 0));
    assert_eq!(first_trap(|c| c.word(0x1234_9002 | 0x8000_0000)), (3, START, START), "c.ebreak");
    assert_eq!(first_trap(|c| c.half(0x8002)), (2, START, 0x8002), "c.jr x0 is reserved");
    assert_eq!(first_trap(|c| c.op(Op::Ebreak)), (3, START, START));
    // No memory.
    assert_eq!(first_trap(|c| { c.li(T0, 0x123); c.i(Op::Lw, T1, T0, 2); }), (5, START + 8, 0x125));
    assert_eq!(first_trap(|c| { c.li(T0, 0x123); c.s(Op::Sh, T1, T0, -3); }), (7, START + 8, 0x120));
    assert_eq!(first_trap(|c| { c.li(T0, 0x5000_0000); c.i(Op::Jalr, ZERO, T0, 1); }), (1, 0x5000_0000, 0x5000_0000));
    assert_eq!(first_trap(|c| { c.li(T0, 0x5000_0000); c.r(Op::AmoaddW, T1, T0, ZERO); }), (7, START + 8, 0x5000_0000));
    assert_eq!(first_trap(|c| { c.li(T0, 0x5000_0000); c.r(Op::LrW, T1, T0, ZERO); }), (5, START + 8, 0x5000_0000));
    // Past RAM, which ends at 1 MiB here.
    assert_eq!(first_trap(|c| { c.li(T0, RAM + (1 << 20)); c.i(Op::Lb, T1, T0, 0); }), (5, START + 8, RAM + (1 << 20)));
    assert_eq!(first_trap(|c| { c.li(T0, RAM + (1 << 20) - 2); c.i(Op::Lw, T1, T0, 0); }), (5, START + 8, RAM + (1 << 20)), "the second page's first byte");
    assert_eq!(first_trap(|c| { c.li(T0, RAM + (1 << 20) - 2); c.s(Op::Sw, T1, T0, 0); }), (7, START + 8, RAM + (1 << 20)));
    // Atomics are aligned.
    assert_eq!(first_trap(|c| { c.li(T0, RAM + 0x802); c.r(Op::LrW, T1, T0, ZERO); }), (4, START + 8, RAM + 0x802));
    assert_eq!(first_trap(|c| { c.li(T0, RAM + 0x801); c.r(Op::ScW, T1, T0, T2); }), (6, START + 8, RAM + 0x801));
    assert_eq!(first_trap(|c| { c.li(T0, RAM + 0x803); c.r(Op::AmoorW, T1, T0, T2); }), (6, START + 8, RAM + 0x803));
    // Devices: no misaligned access, no atomics, no code, no such register.
    assert_eq!(first_trap(|c| { c.li(T0, PLIC + 2); c.i(Op::Lw, T1, T0, 0); }), (5, START + 8, PLIC + 2));
    assert_eq!(first_trap(|c| { c.li(T0, UART + 1); c.s(Op::Sh, T1, T0, 0); }), (7, START + 8, UART + 1));
    assert_eq!(first_trap(|c| { c.li(T0, UART); c.r(Op::AmoaddW, T1, T0, T2); }), (7, START + 8, UART));
    assert_eq!(first_trap(|c| { c.li(T0, UART); c.r(Op::LrW, T1, T0, ZERO); }), (5, START + 8, UART));
    assert_eq!(first_trap(|c| { c.li(T0, UART + 8); c.i(Op::Lb, T1, T0, 0); }), (5, START + 8, UART + 8));
    assert_eq!(first_trap(|c| { c.li(T0, UART); c.i(Op::Jalr, ZERO, T0, 0); }), (1, UART, UART));
    // The boot ROM is read-only.
    assert_eq!(first_trap(|c| { c.li(T0, 0x1000); c.i(Op::Lw, T1, T0, 0); c.s(Op::Sw, T1, T0, 0); }), (7, START + 12, 0x1000));
}

#[test]
fn jumps_without_compressed_instructions_are_aligned() {
    let mut config = small("no c");
    config.isa = config.isa.without(Ext::C);
    let jump = |c: &mut Code| {
        c.li(T0, START + 2);
        c.i(Op::Jalr, RA, T0, 0);
    };
    assert_eq!(trap_of(&jump, config.clone()), (0, START + 8, START + 2));
    assert_eq!(trap_of(&|c: &mut Code| c.half(0x0001), config), (2, START, 1), "and c.nop is illegal");
}

#[test]
fn a_trap_saves_and_sret_restores_privilege_and_interrupt_enable() {
    let ran = run(|c| {
        c.vector("handler");
        c.csrwi(csr::SSTATUS, 2); // SIE
        c.op(Op::Ebreak);
        c.label("back");
        c.csrr(S1, csr::SSTATUS);
        c.exit(0);
        c.align(4);
        c.label("handler");
        c.csrr(S0, csr::SSTATUS);
        c.csrr(T0, csr::SEPC);
        c.i(Op::Addi, T0, T0, 4);
        c.csrw(csr::SEPC, T0);
        c.op(Op::Sret);
    });
    assert_eq!(ran.code(), 0);
    assert_eq!(ran.x(S0), 0x120, "SPP and SPIE set, SIE clear");
    assert_eq!(ran.x(S1), 0x022, "SIE back, SPIE set, SPP clear");
}

#[test]
fn user_mode_may_not() {
    for instruction in [
        rv32::encode(&rv32::Insn::new(Op::Sret)),
        rv32::encode(&rv32::Insn::new(Op::Wfi)),
        rv32::encode(&rv32::Insn::new(Op::SfenceVma)),
        0x1000_2573, // csrr a0, sstatus
        0xc000_2573, // rdcycle a0, scounteren is 0
        0xc010_2573,
        0xc020_2573,
    ] {
        let ran = run_config(&with_handler(|c| user(c, |c| c.word(instruction))), small("user"), TestDoor::default());
        assert_eq!((ran.code(), ran.x(A2)), (2, instruction), "{instruction:#x}");
        assert_eq!(ran.count(ExitReason::PrivilegedInstruction), 1);
    }
}

/// Continues in U-mode.
fn user(c: &mut Code, build: impl Fn(&mut Code)) {
    c.la(T0, "user");
    c.csrw(csr::SEPC, T0);
    c.csrw(csr::SSTATUS, ZERO);
    c.op(Op::Sret);
    c.label("user");
    build(c);
}

#[test]
fn scounteren_opens_the_counters_to_user_mode() {
    let ran = run_config(
        &with_handler(|c| {
            c.csrwi(csr::SCOUNTEREN, 0x1f);
            c.csrr(S0, csr::SCOUNTEREN);
            user(c, |c| {
                c.csrr(S1, csr::INSTRET);
                c.csrr(S2, csr::CYCLE);
                c.csrr(S3, csr::TIME);
                c.op(Op::Ecall);
            });
        }),
        small("counters"),
        TestDoor::default(),
    );
    assert_eq!((ran.code(), ran.x(S0)), (8, 7));
    assert_eq!(ran.x(S2), ran.x(S1) + 1, "cycle is instret, and each instruction counts one");
}

#[test]
fn instret_counts_retired_instructions_only() {
    let ran = run(|c| {
        c.vector("handler"); // 3 instructions
        c.csrr(S0, csr::INSTRET);
        c.op(Op::Ebreak); // a trap, not retired
        c.csrr(S1, csr::INSTRET);
        c.li(A7, 0x10); // two instructions each
        c.li(A6, 0);
        c.op(Op::Ecall); // served, not retired
        c.csrr(S2, csr::INSTRET);
        c.exit(0);
        c.align(4);
        c.label("handler"); // 4 instructions
        c.csrr(T0, csr::SEPC);
        c.i(Op::Addi, T0, T0, 4);
        c.csrw(csr::SEPC, T0);
        c.op(Op::Sret);
    });
    assert_eq!((ran.x(S0), ran.x(S1), ran.x(S2)), (3, 3 + 1 + 4, 8 + 1 + 4));
    assert_eq!(ran.vm().steps(), ran.vm().instret() + 3, "ebreak and two ecalls are steps too");
}

#[test]
fn warl_masks() {
    let ones = |csr: i32| {
        let ran = run(|c| {
            c.li(T0, u32::MAX);
            c.csrw(csr, T0);
            c.csrr(A1, csr);
            c.csrw(csr, ZERO);
            c.csrr(A2, csr);
            c.exit(0);
        });
        assert_eq!((ran.code(), ran.x(A2)), (0, 0));
        ran.x(A1)
    };
    for (csr, mask) in [
        (csr::SSTATUS, 0x000c_0122),
        (csr::SIE, 0x222),
        (csr::STVEC, 0xffff_fffd),
        (csr::SCOUNTEREN, 7),
        (0x10a, 1),
        (csr::SSCRATCH, u32::MAX),
        (csr::SEPC, 0xffff_fffe),
        (csr::SCAUSE, u32::MAX),
        (csr::STVAL, u32::MAX),
        (csr::SIP, 2),
        (csr::STIMECMP, u32::MAX),
        (csr::STIMECMPH, u32::MAX),
    ] {
        assert_eq!(ones(csr), mask, "CSR {csr:#x}");
    }
}

#[test]
fn csr_instructions_read_set_clear_and_swap() {
    let ran = run(|c| {
        c.li(T0, 0xff00);
        c.csrw(csr::SSCRATCH, T0);
        c.li(T1, 0x0ff0);
        c.i(Op::Csrrs, A0, T1, csr::SSCRATCH);
        c.i(Op::Csrrc, A1, T0, csr::SSCRATCH);
        c.i(Op::Csrrwi, A2, 21, csr::SSCRATCH);
        c.i(Op::Csrrsi, A3, 10, csr::SSCRATCH);
        c.i(Op::Csrrci, S0, 1, csr::SSCRATCH);
        c.i(Op::Csrrw, T1, T1, csr::SSCRATCH);
        c.i(Op::Addi, S1, A0, 0);
        c.exit(0);
    });
    assert_eq!((ran.x(S1), ran.x(A1), ran.x(A2), ran.x(A3), ran.x(S0), ran.x(T1)), (0xff00, 0xfff0, 0x00f0, 21, 31, 30));
}

#[test]
fn extensions_can_be_switched_off() {
    for (ext, instruction) in [
        (Ext::M, 0x02a5_0533),
        (Ext::A, 0x1005_252f),
        (Ext::Zba, 0x20a5_2533),
        (Ext::Zbb, 0x6005_1513),
        (Ext::Zbs, 0x28a5_1533),
        (Ext::Sstc, 0x14d0_2573),
        (Ext::Zicntr, 0xc010_2573),
    ] {
        let build = |c: &mut Code| {
            c.la(A0, "data");
            c.word(instruction);
            c.word(0xffff_ffff);
            c.label("data");
            c.word(0);
        };
        let mut config = small("with");
        assert_eq!(trap_of(&build, config.clone()).2, 0xffff_ffff, "{ext:?} is on");
        config.isa = config.isa.without(ext);
        assert_eq!(trap_of(&build, config), (2, START + 8, instruction), "{ext:?} is off");
    }
}

#[test]
fn reset_state() {
    let ran = run(|c| {
        c.i(Op::Addi, S0, SP, 0);
        c.i(Op::Addi, S1, A1, 0);
        c.i(Op::Lw, S2, A1, 0);
        c.i(Op::Addi, S3, A0, 0);
        c.csrr(T0, csr::STIMECMP);
        c.csrr(T1, csr::STIMECMPH);
        c.r(Op::And, T0, T0, T1);
        c.csrr(T1, csr::SATP);
        c.csrr(T2, csr::SCOUNTEREN);
        c.exit(0);
    });
    assert_eq!((ran.x(S3), ran.x(T0), ran.x(T1), ran.x(T2)), (0, u32::MAX, 0, 0));
    assert_eq!(ran.x(S2), 0xedfe_0dd0, "a1 points at the devicetree");
    assert_eq!((ran.x(S0), ran.x(S1) % 8), (ran.x(S1) & !15, 0), "sp is just below it");
    let tree = ran.vm().memory().devicetree().len() as u32;
    assert!(ran.x(S1) + tree <= RAM + (1 << 20) && ran.x(S1) + tree > RAM + (1 << 20) - 8);
    assert!(matches!(ran.stop(), Stop::Exit { code: 0 }));
}
