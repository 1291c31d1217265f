//! What every instruction computes, against QEMU: random operands for every row of the tables, in user mode, with a
//! signature of registers, memory and trap for each row (see `tests/signatures/guest.s`).

use hvkit_tests::{root, run_program};
use peers::have;
use rv32::{COp, Ext, Insn, Op};
use std::fmt::Write;
use std::fs;

/// Trials for each row.
const TRIALS: u32 = 500;

/// Rows of which QEMU 7.2 makes something else than the specification says, with the reason.
const NOT_ON_QEMU: &[(&str, &str)] = &[("sc.w", "without a reservation it does not look at the address")];

/// A line of the guest's table: which bits of an instruction are fixed, and how; the rest is random.
struct Line {
    name: &'static str,
    bits: u32,
    mask: u32,
    size: u32,
    is_atomic: bool,
}

/// One line for each instruction. A jump has two, which between them leave out only targets so near that it would never
/// end: bits 4 and 5 of its offset differ.
fn lines() -> Vec<Line> {
    let mut lines = Vec::new();
    let mut add = |line: Line, four: u32, five: u32| {
        if four | five == 0 {
            lines.push(line);
        } else {
            lines.extend([four, five].map(|set| Line { bits: line.bits | set, mask: line.mask | four | five, ..line }));
        }
    };
    for row in Op::ALL.map(Op::row) {
        let bit_of = |imm| {
            let jumps = row.operands.iter().filter(|operand| matches!(operand, rv32::Operand::BranchTarget | rv32::Operand::JumpTarget));
            jumps.fold(0, |mut word, operand| {
                operand.insert(&mut word, &Insn { imm, ..Insn::new(row.op) });
                word
            })
        };
        add(Line { name: row.mnemonic, bits: row.bits, mask: row.mask, size: 4, is_atomic: row.ext == Ext::A }, bit_of(16), bit_of(32));
    }
    for row in COp::ALL.map(COp::row) {
        let bit_of = |imm| {
            let jumps = row.operands.iter().filter(|operand| matches!(operand, rv32::COperand::BranchTarget | rv32::COperand::JumpTarget));
            let half = jumps.fold(0, |mut half, operand| {
                operand.insert(&mut half, &Insn { imm, ..Insn::new(row.expands_to.op) });
                half
            });
            u32::from(half)
        };
        add(Line { name: row.mnemonic, bits: u32::from(row.bits), mask: u32::from(row.mask), size: 2, is_atomic: false }, bit_of(16), bit_of(32));
    }
    lines
}

fn table() -> String {
    let mut table = format!("        .equ    TRIALS, {TRIALS}\n        .data\n        .balign 4\nrows:\n");
    let (lines, mut names) = (lines(), String::new());
    for (number, Line { name, bits, mask, size, is_atomic }) in lines.iter().enumerate() {
        let _ = writeln!(table, "        .word   {bits:#x}, {mask:#x}, {size}, name{number}, {}", u8::from(*is_atomic));
        let _ = writeln!(names, "name{number}: .asciz \"{name}\"");
    }
    table + "        .word   0, 0, 0, 0, 0\n" + &names + "        .text\n"
}

#[test]
fn every_instruction_computes_what_it_does_on_qemu() {
    let scratch = tempfile::tempdir().expect("a scratch folder");
    let [object, image] = ["guest.o", "guest"].map(|name| scratch.path().join(name).to_string_lossy().into_owned());
    fs::write(scratch.path().join("rows.inc"), table()).expect("a scratch file");
    let source = root().join("tests/signatures/guest.s").to_string_lossy().into_owned();
    let run = |words: &[&str]| {
        let outcome = run_program(&words.iter().map(ToString::to_string).collect::<Vec<_>>(), b"").expect("a program of ours");
        assert_eq!(outcome.status, 0, "{words:?}: {}", outcome.stderr);
        outcome.stdout
    };
    run(&["gasm", "-I", &scratch.path().to_string_lossy(), &source, "-o", &object]);
    run(&["glink", &object, "-lhv", "-o", &image]);
    let ours = run(&["hvrun", "--engine", "stepper", &image]);
    assert_eq!(ours, run(&["hvrun", "--engine", "cached", &image]), "the engines");
    assert_eq!(ours.lines().count(), lines().len());

    for peer in ["qemu-system-riscv32", "riscv64-unknown-elf-as", "riscv64-unknown-elf-ld", "riscv64-unknown-elf-objcopy", "riscv64-unknown-elf-readelf"] {
        if !have(peer) {
            return;
        }
    }
    let qemu = std::process::Command::new(root().join("tests/qemu-shim/run.sh")).arg(&image).env("QEMU_TIMEOUT", "120").stdin(std::process::Stdio::null()).output().expect("QEMU runs");
    let theirs = String::from_utf8_lossy(&qemu.stdout);
    assert_eq!(theirs.lines().count(), lines().len(), "{theirs}{}", String::from_utf8_lossy(&qemu.stderr));
    let differing: Vec<_> = ours.lines().zip(theirs.lines()).filter(|(ours, theirs)| ours != theirs && !NOT_ON_QEMU.iter().any(|(name, _)| ours.split(' ').next() == Some(*name))).collect();
    assert!(differing.is_empty(), "ours, theirs: {differing:#?}");
}
