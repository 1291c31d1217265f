//! Decoder and printer against GNU objdump: every halfword, every row with random operands, random words.

mod common;

use common::{Random, elf, temporary};
use peers::have;
use rv32::{Form, Isa, Op, Operand, Style, decode, encode, lookup, print, reserved};
use std::process::Command;

const OBJDUMP: &str = "riscv64-unknown-elf-objdump";
/// Away from 0, so that no jump wraps around the address space.
const BASE: u32 = 0x1000_0000;

/// objdump's text of each encoding, or `None` for `.2byte` and `.4byte`. The encodings stand one after the other.
fn objdump(name: &str, words: &[u32], options: &[&str]) -> Vec<Option<String>> {
    let mut text = Vec::with_capacity(words.len() * 4);
    for word in words {
        text.extend(&word.to_le_bytes()[..length(*word)]);
    }
    let path = temporary(name);
    std::fs::write(&path, elf(&text, BASE, &Isa::DEFAULT.attribute_string()))
        .expect("a temporary file");
    let output = Command::new(OBJDUMP)
        .args(["-d", "-z", "--no-show-raw-insn"])
        .args(options)
        .arg(&path)
        .output()
        .expect("objdump runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    std::fs::remove_file(&path).expect("the temporary file");
    let output = String::from_utf8(output.stdout).expect("objdump prints ASCII here");
    let mut texts = Vec::with_capacity(words.len());
    let mut pc = BASE;
    for line in output.lines() {
        let Some((address, text)) = line.trim_start().split_once(":\t") else {
            continue;
        };
        assert_eq!(
            u32::from_str_radix(address, 16),
            Ok(pc),
            "objdump lost step: {line}"
        );
        pc += length(words[texts.len()]) as u32;
        // After ` # ` objdump guesses an address from the instruction before.
        let text = text.split(" # ").next().unwrap_or(text).trim_end();
        texts.push((!text.starts_with('.')).then(|| text.to_owned()));
    }
    assert_eq!(texts.len(), words.len());
    texts
}

fn length(word: u32) -> usize {
    if word & 3 == 3 { 4 } else { 2 }
}

/// Compares every word; reports the first disagreements and how many there are.
fn compare(name: &str, words: &[u32]) {
    let mut wrong = Vec::new();
    let mut pc = BASE;
    for (word, theirs) in words
        .iter()
        .zip(objdump(name, words, &["-M", "no-aliases"]))
    {
        let ours = decode(*word).map(|decoded| {
            assert_eq!(usize::from(decoded.len), length(*word));
            print(&decoded, pc, Style::NoAliases, &|_| None)
        });
        let agree = match reserved::find(*word) {
            Some(_) => ours.is_none() && theirs.is_some(),
            None => ours == theirs,
        };
        if !agree {
            wrong.push(format!("{word:#010x}: objdump {theirs:?}, ours {ours:?}"));
        }
        pc = pc.wrapping_add(length(*word) as u32);
    }
    let shown = wrong
        .iter()
        .step_by(wrong.len().div_ceil(40).max(1))
        .cloned()
        .collect::<Vec<_>>()
        .join("\n");
    assert!(
        wrong.is_empty(),
        "{} of {} disagree:\n{shown}",
        wrong.len(),
        words.len()
    );
}

#[test]
fn every_halfword() {
    if !have(OBJDUMP) {
        return;
    }
    let halves: Vec<u32> = (0..=0xffff).filter(|half| half & 3 != 3).collect();
    compare("halves.o", &halves);
    // The rest are the first halves of longer instructions; the decoder must not take them for short ones.
    for half in (0..=0xffff).filter(|half| half & 3 == 3) {
        assert!(decode(half).is_none_or(|decoded| decoded.len == 4));
    }
}

#[test]
fn two_thousand_fillings_of_every_row() {
    if !have(OBJDUMP) {
        return;
    }
    let mut random = Random(1);
    let mut words = Vec::new();
    for row in Op::ALL.map(Op::row) {
        for _ in 0..2000 {
            // Every bit that is not fixed belongs to an operand, so random bits are random operands.
            let word = row.bits | random.word() & !row.mask;
            let decoded = decode(word)
                .unwrap_or_else(|| panic!("{word:#010x} of {} does not decode", row.mnemonic));
            assert_eq!(decoded.insn.op, row.op, "{word:#010x}");
            assert!(
                row.operands
                    .iter()
                    .all(|operand| operand.fits(&decoded.insn))
            );
            assert_eq!(encode(&decoded.insn), word, "{}", row.mnemonic);
            words.push(word);
        }
    }
    compare("rows.o", &words);
}

#[test]
fn every_reserved_row() {
    if !have(OBJDUMP) {
        return;
    }
    let mut random = Random(5);
    let fillings = |row: &reserved::ReservedRow| {
        (0..200)
            .map(|_| row.bits | random.word() & !row.mask)
            .collect::<Vec<_>>()
    };
    let words: Vec<u32> = reserved::ROWS.iter().flat_map(fillings).collect();
    assert!(words.iter().all(|word| reserved::find(*word).is_some()));
    compare("reserved.o", &words);
}

#[test]
fn a_million_random_words() {
    if !have(OBJDUMP) {
        return;
    }
    let mut random = Random(2);
    let words: Vec<u32> = std::iter::repeat_with(|| random.word())
        .filter(|word| word >> 2 & 7 != 7)
        .take(1_000_000)
        .collect();
    compare("random.o", &words);
}

/// Random words rarely meet the crowded opcodes: here the opcode, funct3 and funct7 come from a row and a few bits flip.
#[test]
fn neighbours_of_every_row() {
    if !have(OBJDUMP) {
        return;
    }
    let mut random = Random(3);
    let mut words = Vec::new();
    for row in Op::ALL.map(Op::row) {
        for _ in 0..1000 {
            let flips = (0..=random.below(2)).fold(0, |flips, _| flips | 1 << random.below(32));
            let word = (row.bits | random.word() & !row.mask) ^ flips;
            if word & 0x1f != 0x1f {
                words.push(word);
            }
        }
    }
    compare("neighbours.o", &words);
}

/// objdump 2.40 prints some immediate instructions under the name of the register form (`srl a0,a1,0x3`, also an
/// alias, and not what one would write).
fn same_but_spelled_as_register_form(word: u32, ours: Option<&str>, theirs: Option<&str>) -> bool {
    let split = |text: Option<&str>| {
        text?
            .split_once('\t')
            .map(|(mnemonic, operands)| (mnemonic.to_owned(), operands.to_owned()))
    };
    let (Some(ours), Some(theirs), Some(decoded)) = (split(ours), split(theirs), decode(word))
    else {
        return false;
    };
    let is_form = |form: &Form| matches!(form, Form::Pseudo(row) if row.matches(&decoded.insn) && !row.printed);
    ours.1 == theirs.1 && lookup(theirs.0.as_bytes()).iter().any(is_form)
}

/// The readable style, where objdump's is that of the instruction without `c.`: all but hints.
#[test]
fn aliases_of_every_row() {
    if !have(OBJDUMP) {
        return;
    }
    let mut random = Random(4);
    let mut words = Vec::new();
    for row in Op::ALL.map(Op::row) {
        for _ in 0..200 {
            let mut word = row.bits | random.word() & !row.mask;
            // Aliases are of instructions with x0, ra, and small numbers in their fields.
            for operand in row.operands {
                if random.below(3) == 0 {
                    let special = rv32::Insn {
                        rd: random.below(2) as u8,
                        rs1: random.below(2) as u8,
                        rs2: 0,
                        imm: [0, 1, -1, 255][random.below(4) as usize],
                        op: row.op,
                    };
                    if operand.fits(&special) && *operand != Operand::Csr {
                        operand.insert(&mut word, &special);
                    }
                }
            }
            words.push(word);
        }
    }
    let mut pc = BASE;
    let mut wrong = Vec::new();
    for (word, theirs) in words.iter().zip(objdump("aliases.o", &words, &[])) {
        let ours = decode(*word).map(|decoded| print(&decoded, pc, Style::Aliases, &|_| None));
        if ours != theirs
            && !same_but_spelled_as_register_form(*word, ours.as_deref(), theirs.as_deref())
        {
            wrong.push(format!("{word:#010x}: objdump {theirs:?}, ours {ours:?}"));
        }
        pc += 4;
    }
    let shown = wrong
        .iter()
        .step_by(wrong.len().div_ceil(40).max(1))
        .cloned()
        .collect::<Vec<_>>()
        .join("\n");
    assert!(
        wrong.is_empty(),
        "{} of {} disagree:\n{shown}",
        wrong.len(),
        words.len()
    );
}
