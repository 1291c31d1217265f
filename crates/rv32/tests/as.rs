//! The tables against GNU as: every form is accepted and gives the same bytes; the same instructions are compressed;
//! CSR names have the same numbers; attribute strings are the same.

mod common;

use common::{AS, Random, assemble, instructions, section};
use peers::have;
use rv32::compressed::{Automatic, COperand};
use rv32::insn_directive::{FORMATS, OPCODES, Part};
use rv32::isa::Arch;
use rv32::operand::Syntax;
use rv32::print::assembly;
use rv32::pseudo::{self, Expansion};
use rv32::unsupported::{self, Needs};
use rv32::{
    COp, Decoded, Ext, Form, Insn, Isa, Op, Operand, Reloc, Style, compress, csr, encode, encode_c,
    lookup, mnemonics, print,
};

const MARCH: &str = "rv32imac_zicsr_zifencei_zihintpause_zba_zbb_zbs";

/// A line of assembly and the instruction that it must become.
struct Line {
    text: String,
    word: u32,
}

/// Assembles the lines and compares each instruction.
fn compare(name: &str, options: &str, lines: &[Line]) {
    let source: String = lines
        .iter()
        .flat_map(|line| [line.text.as_str(), "\n"])
        .collect();
    let object = assemble(name, &format!("{options}\n{source}"), MARCH)
        .unwrap_or_else(|messages| panic!("{messages}"));
    let words = instructions(section(&object, ".text"));
    let wrong: Vec<String> = lines
        .iter()
        .zip(&words)
        .filter(|(line, word)| line.word != **word)
        .map(|(line, word)| {
            format!(
                "{}: GNU as {word:#010x}, ours {:#010x}",
                line.text, line.word
            )
        })
        .collect();
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
        lines.len()
    );
    assert_eq!(words.len(), lines.len());
}

/// Random operands, often those that compressed instructions can have and those just outside.
fn random_insn(random: &mut Random, template: Insn, operands: &[Operand]) -> Insn {
    let register = |random: &mut Random| match random.below(8) {
        0 => 0,
        1 => 2,
        2 => random.below(32) as u8,
        3 => 10,
        _ => 8 + random.below(8) as u8,
    };
    let mut insn = template;
    let imm = match random.below(6) {
        0 => 0,
        1 => random.below(64) as i32 - 32,
        2 => [
            31, 32, -32, -33, 124, 128, 252, 256, 496, 512, -512, -528, 1020, 1024, 2047, -2048, 1,
            -1,
        ][random.below(18) as usize],
        3 => random.below(256) as i32 * 4,
        4 => random.below(64) as i32 * 16 - 512,
        _ => random.word() as i32,
    };
    for operand in operands {
        match operand {
            Operand::Rd => insn.rd = register(random),
            Operand::Rs1 | Operand::Address => insn.rs1 = register(random),
            Operand::Rs2 => insn.rs2 = register(random),
            Operand::Load | Operand::Store => {
                insn.rs1 = register(random);
                insn.imm = imm << 20 >> 20;
            }
            Operand::ImmI => insn.imm = imm << 20 >> 20,
            Operand::Shamt => insn.imm = imm & 31,
            Operand::ImmU => insn.imm = imm << 12,
            Operand::Csr => insn.imm = imm & 0xfff,
            Operand::Uimm5 => insn.rs1 = random.below(32) as u8,
            Operand::FencePred => insn.imm |= (1 + random.below(15) as i32) << 4,
            Operand::FenceSucc => insn.imm |= 1 + random.below(15) as i32,
            Operand::Ordering => insn.imm = random.below(4) as i32,
            Operand::BranchTarget | Operand::JumpTarget => insn.imm = 8,
            Operand::Imm32 => insn.imm = imm,
            Operand::Symbol => {}
        }
    }
    match random.below(6) {
        0 | 1 if operands.contains(&Operand::Rd) && operands.contains(&Operand::Rs1) => {
            insn.rs1 = insn.rd
        }
        2 if operands.contains(&Operand::Rd) && operands.contains(&Operand::Rs2) => {
            insn.rs2 = insn.rd
        }
        _ => {}
    }
    insn
}

/// Jumps and branches get relocations and are the business of the assembler's layout.
fn has_target(operands: &[Operand]) -> bool {
    operands.iter().any(|operand| {
        matches!(
            operand,
            Operand::BranchTarget | Operand::JumpTarget | Operand::Symbol
        )
    })
}

fn print_real(insn: Insn) -> String {
    print(
        &Decoded {
            insn,
            len: 4,
            compressed: None,
        },
        0,
        Style::NoAliases,
        &|_| None,
    )
}

#[test]
fn the_same_instructions_are_compressed() {
    if !have(AS) {
        return;
    }
    let mut random = Random(1);
    let (mut plain, mut short) = (Vec::new(), Vec::new());
    let mut made = std::collections::BTreeSet::new();
    for row in Op::ALL
        .map(Op::row)
        .into_iter()
        .filter(|row| !has_target(row.operands))
    {
        for _ in 0..600 {
            let insn = random_insn(&mut random, Insn::new(row.op), row.operands);
            let text = print_real(insn);
            if text == "unimp" {
                continue;
            }
            let compressed = compress(&insn);
            made.extend(compressed.map(|(cop, _)| cop));
            short.push(Line {
                text: text.clone(),
                word: compressed.map_or_else(|| encode(&insn), |(_, half)| half.into()),
            });
            plain.push(Line {
                text,
                word: encode(&insn),
            });
        }
    }
    let expected: std::collections::BTreeSet<COp> = COp::ALL
        .into_iter()
        .filter(|cop| cop.row().automatic == Automatic::Always)
        .collect();
    assert_eq!(
        made, expected,
        "the random operands must reach every compressed instruction"
    );
    compare("rvc", ".option rvc", &short);
    compare("norvc", ".option norvc", &plain);
}

#[test]
fn pseudo_instructions_become_the_same() {
    if !have(AS) {
        return;
    }
    let mut random = Random(2);
    let (mut plain, mut short) = (Vec::new(), Vec::new());
    for row in pseudo::ROWS.iter().filter(|row| !has_target(row.operands)) {
        for _ in 0..200 {
            let insn = random_insn(&mut random, row.template, row.operands);
            let text = assembly(row.mnemonic, row.operands, &insn);
            match row.expansion {
                Expansion::One => {
                    let word = row
                        .compress(&insn)
                        .map_or_else(|| encode(&insn), |(_, half)| half.into());
                    short.push(Line {
                        text: text.clone(),
                        word,
                    });
                    plain.push(Line {
                        text,
                        word: encode(&insn),
                    });
                }
                Expansion::Compressed(cop) => {
                    let word = encode_c(cop, &insn)
                        .expect("a template that can be encoded")
                        .into();
                    short.push(Line { text, word });
                }
                Expansion::Unimp => {
                    short.push(Line {
                        text: text.clone(),
                        word: 0,
                    });
                    plain.push(Line {
                        text,
                        word: encode(&insn),
                    });
                }
                Expansion::IllegalHalfword => short.push(Line { text, word: 0 }),
                Expansion::Withdrawn => plain.push(Line {
                    text,
                    word: insn.imm as u32 | u32::from(insn.rs1) << 15,
                }),
                // Several instructions: whether GNU as takes them is another test's question.
                Expansion::Li
                | Expansion::La
                | Expansion::Lla
                | Expansion::LaTlsIe
                | Expansion::LaTlsGd
                | Expansion::Call
                | Expansion::LoadSymbol
                | Expansion::StoreSymbol
                | Expansion::TprelAdd
                | Expansion::ShiftLeftRightArithmetic
                | Expansion::ShiftLeftRightLogical => {}
            }
        }
    }
    compare("pseudo-rvc", ".option rvc", &short);
    compare("pseudo-norvc", ".option norvc", &plain);
}

/// Every halfword that decodes, written as its explicit `c.` instruction.
#[test]
fn explicit_compressed_instructions_become_the_same() {
    if !have(AS) {
        return;
    }
    let mut lines = Vec::new();
    for half in (0..=0xffffu32).filter(|half| half & 3 != 3) {
        let Some(decoded) = rv32::decode(half) else {
            continue;
        };
        let cop = decoded.compressed.expect("a halfword is compressed");
        assert_eq!(encode_c(cop, &decoded.insn), Some(half as u16), "{cop:?}");
        let has_target =
            |operand: &COperand| matches!(operand, COperand::BranchTarget | COperand::JumpTarget);
        if !cop.row().operands.iter().any(has_target) {
            lines.push(Line {
                text: print(&decoded, 0, Style::NoAliases, &|_| None),
                word: half,
            });
        }
    }
    assert!(lines.len() > 20_000);
    compare("explicit", "", &lines);
}

/// One line for each form of each mnemonic; those with addresses too.
#[test]
fn every_form_is_accepted() {
    if !have(AS) {
        return;
    }
    let mut source = String::new();
    let mut forms = 0;
    for mnemonic in mnemonics() {
        for form in lookup(mnemonic.as_bytes()) {
            let line = match form {
                Form::Real { op, ordering } => {
                    let mut insn = Insn {
                        rd: 5,
                        rs1: 6,
                        rs2: 7,
                        imm: 0,
                        op: *op,
                    };
                    if op.row().operands.contains(&Operand::FencePred) {
                        insn.imm = 0x31;
                    }
                    assert!(*ordering == 0 || op.row().operands.contains(&Operand::Ordering));
                    assembly(mnemonic, op.row().operands, &insn)
                }
                Form::Compressed(cop) => {
                    let row = cop.row();
                    let mut insn = Insn {
                        rd: 9,
                        rs1: 9,
                        rs2: 10,
                        imm: 0,
                        ..row.expands_to
                    };
                    if let Some(operand) = row
                        .operands
                        .iter()
                        .find(|operand| operand.range().is_some())
                    {
                        insn.imm = operand.step();
                    }
                    let half = row.operands.iter().fold(row.bits, |mut half, operand| {
                        operand.insert(&mut half, &insn);
                        half
                    });
                    let decoded =
                        rv32::decode(half.into()).unwrap_or_else(|| panic!("{mnemonic} {half:#x}"));
                    assert_eq!(decoded.compressed, Some(*cop));
                    print(&decoded, 0, Style::NoAliases, &|_| None)
                }
                Form::Pseudo(row) => {
                    let insn = Insn {
                        rd: 5,
                        rs1: 6,
                        rs2: 7,
                        imm: 12,
                        ..row.template
                    };
                    let line = assembly(mnemonic, row.operands, &insn);
                    if row.expansion == Expansion::TprelAdd {
                        line.replace("symbol", "%tprel_add(symbol)")
                    } else {
                        line
                    }
                }
            };
            forms += 1;
            source.push_str(&line);
            source.push('\n');
        }
    }
    assert!(forms > 250, "{forms}");
    assemble("forms", &source, MARCH).unwrap_or_else(|messages| panic!("{messages}"));
    // Where Zbb is missing, sext.b and its like are pairs of shifts.
    assemble(
        "forms-i",
        "sext.b a0,a1\nsext.h a0,a1\nzext.h a0,a1\nzext.b a0,a1\n",
        "rv32i",
    )
    .unwrap_or_else(|messages| panic!("{messages}"));
}

#[test]
fn csr_names_have_the_same_numbers() {
    if !have(AS) {
        return;
    }
    let line = |row: &csr::CsrRow| Line {
        text: format!("csrrs a0, {}, zero", row.name),
        word: encode(&Insn {
            op: Op::Csrrs,
            rd: 10,
            rs1: 0,
            rs2: 0,
            imm: row.number.into(),
        }),
    };
    compare("csr", "", &csr::ALL.iter().map(line).collect::<Vec<_>>());
}

/// The string in the attribute section that GNU as writes for `-march`, or its refusal.
fn attribute(march: &str) -> Result<String, String> {
    let object = assemble("attribute", "", march)?;
    let section = section(&object, ".riscv.attributes");
    let at = section
        .windows(5)
        .position(|w| w == b"\x05rv32")
        .ok_or("no arch attribute")?
        + 1;
    Ok(section[at..]
        .iter()
        .take_while(|b| **b != 0)
        .map(|b| char::from(*b))
        .collect())
}

#[test]
fn attribute_strings_are_the_same() {
    if !have(AS) {
        return;
    }
    assert_eq!(
        attribute("rv32imac_zicsr_zifencei_zba_zbb_zbs"),
        Ok(Isa::DEFAULT.attribute_string())
    );
    for accepted in [
        "rv32i",
        "rv32im",
        "rv32imac",
        "rv32g",
        "rv32gc",
        "rv32ima_zicsr_c",
        "rv32imca",
        "rv32iam",
        "rv32imac_zbb_zba_zifencei",
        "rv32im2p1",
        "rv32i2p1m",
        "rv32if",
        "rv32id",
        "rv32iq",
        "rv32ima_zbb1p0_zicsr2p0",
        "rv32izba_zbb",
        "rv32imzicsr",
        "rv32imac_zihintpause",
        "rv32imac1p0",
        "rv32i_m_a",
        "rv32imm",
        "rv32i_zba_zba",
        "rv32gzba",
        "rv32i_zmmul",
        "rv32imac_zk",
        "rv32imac_zks",
        "rv32imacv",
        "rv32imach",
        "rv32imac_svinval_sstc",
        "rv32imac_",
        "rv32imac__zba",
        "rv32i2",
        "rv32i2p0",
        "rv32i3p0",
        "rv32im9p9",
        "rv32imac_zba9p9",
        "rv32i_zicbom",
        "rv32i_zfh",
        "rv32i_zdinx",
        "rv32i_zhinx",
        "rv32i_zve64d",
        "rv32i_ztso",
        "rv32i_smstateen",
        "rv32i_smaia",
        "rv32i_xtheadba",
        "rv32i_xfoo1p2",
        "rv32e",
        "rv32i_zawrs_zicboz_zicbop",
        "rv32i_xtheadmac_svnapot_zbc_zfinx_m",
        "rv32i_zve32x_zvl65536b",
        "rv32i2azicsr_fc2p0dxfoo2p0_m1_xbar2p0_zba",
        "rv32ib1p0",
    ] {
        let theirs = match attribute(accepted) {
            // The base of an embedded hart wants another ABI; that is no matter of the string.
            Err(messages) if messages.contains("ilp32e") => continue,
            theirs => theirs,
        };
        assert_eq!(
            Arch::parse(accepted)
                .map(|arch| arch.to_string())
                .map_err(|error| error.to_string()),
            theirs,
            "{accepted}"
        );
    }
    for refused in [
        "RV32I",
        "rv32imacb",
        "rv32imac_zbaXX",
        "rv32",
        "rv3",
        "",
        "rv32mi",
        "rv32i_zfoo",
        "rv32i_xfoo",
        "rv32ij",
        "rv64i",
        "rv32i2p",
        "rv32i_zicsr2p",
        "rv32i_zicsr2p4p0",
        "rv32i_zvl128b",
        "rv32if_zfinx",
        "rv32iq2p0",
        "rv32i_x",
        "rv32iy",
    ] {
        assert!(attribute(refused).is_err(), "{refused}");
        assert!(Arch::parse(refused).is_err(), "{refused}");
    }
    for ext in Ext::ALL {
        let theirs = attribute(&format!("rv32i_{}", ext.name()));
        // Two are known to the platform, not to binutils 2.40.
        if [Ext::Zicntr, Ext::Svadu].contains(&ext) {
            assert!(theirs.is_err(), "{ext:?}");
        } else {
            assert_eq!(
                theirs,
                Ok(Isa::BASE.with(ext).attribute_string()),
                "{ext:?}"
            );
        }
    }
}

#[test]
fn insn_formats_become_the_same() {
    if !have(AS) {
        return;
    }
    let mut random = Random(3);
    let mut lines = Vec::new();
    for row in FORMATS
        .iter()
        .filter(|row| row.parts.iter().all(|part| part.syntax() != Syntax::Target))
    {
        for _ in 0..100 {
            let mut word = 0;
            let operands: Vec<String> = row
                .parts
                .iter()
                .map(|part| {
                    let (low, high) = part.range();
                    let mut value = low + random.below((high - low + 1) as u64) as i32;
                    if *part == Part::Opcode {
                        value = [0x03, 0x13, 0x33, 0x7b][random.below(4) as usize];
                    }
                    assert!(part.fits(value) && !part.fits(low - 1) && !part.fits(high + 1));
                    part.insert(&mut word, value);
                    match part.syntax() {
                        Syntax::Register => format!("x{value}"),
                        Syntax::Memory => {
                            let base = 8 + random.below(8) as u8;
                            part.insert_base(&mut word, base);
                            format!("{value}(x{base})")
                        }
                        Syntax::Immediate
                        | Syntax::Target
                        | Syntax::Csr
                        | Syntax::FenceSet
                        | Syntax::None => value.to_string(),
                    }
                })
                .collect();
            lines.push(Line {
                text: format!(".insn {} {}", row.name, operands.join(", ")),
                word,
            });
        }
    }
    for (name, opcode) in OPCODES {
        let (text, word) = match opcode {
            0..=2 => (
                format!(".insn cr {name}, 8, x10, x11"),
                0x852c | u32::from(*opcode),
            ),
            _ => (format!(".insn u {name}, x0, 0"), u32::from(*opcode)),
        };
        lines.push(Line { text, word });
    }
    compare("insn", "", &lines);
}

#[test]
fn relocation_names_have_the_same_numbers() {
    if !have(AS) {
        return;
    }
    // Of the psABI, but not in binutils 2.40.
    let newer = [
        Reloc::Got32Pcrel,
        Reloc::Plt32,
        Reloc::SetUleb128,
        Reloc::SubUleb128,
    ];
    let known: Vec<Reloc> = Reloc::ALL
        .iter()
        .copied()
        .filter(|reloc| !newer.contains(reloc))
        .collect();
    let source: String = known
        .iter()
        .map(|reloc| format!(".reloc 0, {}, symbol\n", reloc.name()))
        .collect();
    let object = assemble("reloc", &source, MARCH).unwrap_or_else(|messages| panic!("{messages}"));
    let entries = section(&object, ".rela.text");
    let numbers: Vec<u8> = entries.chunks(12).map(|entry| entry[4]).collect();
    assert_eq!(
        numbers,
        known.iter().map(|reloc| reloc.number()).collect::<Vec<_>>()
    );
}

/// GNU as refuses each name without its extension, and names that.
#[test]
fn unsupported_mnemonics_need_what_gnu_as_says() {
    if !have(AS) {
        return;
    }
    let names: Vec<(&str, Needs)> = unsupported::names()
        // Newer than binutils 2.40, or spelled without operands that it could judge.
        .filter(|(name, _)| !matches!(*name, "czero.eqz" | "czero.nez" | "fssr" | "frsr"))
        .collect();
    let source: String = names.iter().flat_map(|(name, _)| [*name, "\n"]).collect();
    let messages = assemble("unsupported", &source, MARCH).expect_err("nothing of it is enabled");
    for (i, (name, needs)) in names.iter().enumerate() {
        let place = format!(".s:{}: Error: ", i + 1);
        let message = messages
            .lines()
            .find_map(|line| line.split_once(&place))
            .map(|(_, message)| message);
        let expected = match needs {
            Needs::Extension(extension) => format!("`{extension}'"),
            Needs::Rv64 => "unrecognized opcode".to_owned(),
        };
        assert!(
            message.is_some_and(|message| message.contains(&expected)),
            "{name}: {message:?}"
        );
    }
}
