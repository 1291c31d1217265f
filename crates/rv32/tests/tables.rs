//! The tables by themselves: every bit accounted for, no two rows for one encoding, and the functions over them inverse
//! to each other. Needs no peer.

mod common;

use common::Random;
use rv32::insn_directive::{self, FORMATS, Part};
use rv32::{
    COp, Form, Insn, Op, Operand, compress, decode, encode, encode_c, lookup, mnemonics, pseudo,
    reserved,
};

#[test]
fn every_bit_of_a_row_is_fixed_or_of_one_operand() {
    for row in Op::ALL.map(Op::row) {
        assert_eq!(row.bits & !row.mask, 0, "{}", row.mnemonic);
        assert_eq!(row.bits & 3, 3, "{}: the length bits", row.mnemonic);
        assert_ne!(row.bits & 0x1f, 0x1f, "{}: the length bits", row.mnemonic);
        let owned = row.operands.iter().fold(row.mask, |owned, operand| {
            assert_eq!(
                owned & operand.mask(),
                0,
                "{}: {operand:?} overlaps",
                row.mnemonic
            );
            owned | operand.mask()
        });
        assert_eq!(owned, u32::MAX, "{}: bits of nobody", row.mnemonic);
    }
    for row in COp::ALL.map(COp::row) {
        assert_eq!(row.bits & !row.mask, 0, "{}", row.mnemonic);
        assert_ne!(row.bits & 3, 3, "{}: the length bits", row.mnemonic);
        let owned = row.operands.iter().fold(row.mask, |owned, operand| {
            assert_eq!(
                owned & operand.mask(),
                0,
                "{}: {operand:?} overlaps",
                row.mnemonic
            );
            owned | operand.mask()
        });
        assert_eq!(owned, u16::MAX, "{}: bits of nobody", row.mnemonic);
    }
}

#[test]
fn no_two_rows_have_an_encoding_in_common() {
    for (i, a) in Op::ALL.map(Op::row).into_iter().enumerate() {
        assert_eq!(a.op as usize, i);
        for b in &Op::ALL.map(Op::row)[i + 1..] {
            assert_ne!(
                (a.bits ^ b.bits) & a.mask & b.mask,
                0,
                "{} and {}",
                a.mnemonic,
                b.mnemonic
            );
        }
        for r in reserved::ROWS.iter().filter(|r| r.len == 4) {
            assert_ne!(
                (a.bits ^ r.bits) & a.mask & r.mask,
                0,
                "{} and {}",
                a.mnemonic,
                r.printed_as
            );
        }
    }
    // Of the compressed rows some exclude others by their rules: ask every halfword.
    for half in (0..=0xffffu16).filter(|half| half & 3 != 3) {
        let rows: Vec<COp> = COp::ALL
            .into_iter()
            .filter(|cop| {
                let row = cop.row();
                let mut insn = row.expands_to;
                row.operands
                    .iter()
                    .for_each(|operand| operand.extract(half, &mut insn));
                (half ^ row.bits) & row.mask == 0 && row.broken_rule(&insn).is_none()
            })
            .collect();
        assert!(rows.len() <= 1, "{half:#06x}: {rows:?}");
        assert_eq!(
            decode(half.into()).and_then(|decoded| decoded.compressed),
            rows.first().copied(),
            "{half:#06x}"
        );
        assert!(
            rows.is_empty() || reserved::find(half.into()).is_none(),
            "{half:#06x} is reserved"
        );
    }
}

#[test]
fn decode_undoes_encode() {
    let mut random = Random(1);
    for row in Op::ALL.map(Op::row) {
        for _ in 0..2000 {
            let mut insn = Insn::new(row.op);
            let word = row.bits | random.word() & !row.mask;
            row.operands
                .iter()
                .for_each(|operand| operand.extract(word, &mut insn));
            assert!(
                row.operands.iter().all(|operand| operand.fits(&insn)),
                "{insn:?}"
            );
            assert_eq!(encode(&insn), word, "{insn:?}");
            let decoded = decode(word).unwrap();
            assert_eq!(
                (decoded.insn, decoded.len, decoded.compressed),
                (insn, 4, None)
            );
            if let Some((cop, half)) = compress(&insn) {
                let decoded = decode(half.into()).unwrap();
                assert_eq!((decoded.len, decoded.compressed), (2, Some(cop)));
                assert_eq!(encode_c(cop, &decoded.insn), Some(half));
            }
        }
    }
}

#[test]
fn operands_refuse_what_does_not_fit() {
    for row in Op::ALL.map(Op::row) {
        for operand in row.operands {
            let Some(range) = operand.range() else {
                continue;
            };
            if *operand == Operand::Uimm5 {
                assert!(
                    operand.fits(&Insn {
                        rs1: 31,
                        ..Insn::new(row.op)
                    }) && !operand.fits(&Insn {
                        rs1: 32,
                        ..Insn::new(row.op)
                    })
                );
                continue;
            }
            for value in [*range.start(), *range.end()] {
                assert!(
                    operand.fits(&Insn {
                        imm: value,
                        ..Insn::new(row.op)
                    }),
                    "{operand:?} {value}"
                );
            }
            for value in [i64::from(*range.start()) - 1, i64::from(*range.end()) + 1] {
                if let Ok(value) = i32::try_from(value) {
                    assert!(
                        !operand.fits(&Insn {
                            imm: value,
                            ..Insn::new(row.op)
                        }),
                        "{operand:?} {value}"
                    );
                }
            }
        }
    }
}

#[test]
fn every_row_is_found_by_its_mnemonic() {
    for row in Op::ALL.map(Op::row) {
        let forms = lookup(row.mnemonic.as_bytes());
        assert!(
            matches!(forms[0], Form::Real { op, ordering: 0 } if op == row.op),
            "{}",
            row.mnemonic
        );
    }
    for row in COp::ALL.map(COp::row) {
        assert!(
            matches!(lookup(row.mnemonic.as_bytes())[0], Form::Compressed(cop) if cop == row.op),
            "{}",
            row.mnemonic
        );
    }
    for row in &pseudo::ROWS {
        assert!(
            lookup(row.mnemonic.as_bytes())
                .iter()
                .any(|form| matches!(form, Form::Pseudo(found) if std::ptr::eq(*found, row)))
        );
        // What the operands give and what the template gives must be different fields.
        for operand in row.operands {
            let mut word = 0;
            operand.insert(&mut word, &row.template);
            let real = row.template.op.row();
            let fixed_by_template = real
                .operands
                .iter()
                .any(|real| real.mask() & operand.mask() != 0);
            assert!(
                operand.mask() == 0 || !fixed_by_template || word == 0,
                "{}: {operand:?}",
                row.mnemonic
            );
        }
    }
    assert!(matches!(
        lookup(b"amoadd.w.aqrl"),
        [Form::Real {
            op: Op::AmoaddW,
            ordering: 3
        }]
    ));
    assert!(
        lookup(b"").is_empty()
            && lookup(b"addi.aq").is_empty()
            && lookup(b"ADDI").is_empty()
            && lookup(b"\xff\xfe").is_empty()
    );
    let names: Vec<&str> = mnemonics().collect();
    let unique: std::collections::BTreeSet<&str> = names.iter().copied().collect();
    assert_eq!(names.len(), unique.len());
}

#[test]
fn formats_of_insn_own_each_bit_once() {
    for row in FORMATS {
        let mut owned = 0u32;
        for part in row.parts {
            let mut bits = 0;
            part.insert(&mut bits, -1);
            part.insert_base(&mut bits, 31);
            assert_eq!(owned & bits, 0, "{}: {part:?} overlaps", row.name);
            owned |= bits;
        }
        assert_eq!(
            owned,
            if row.len == 4 { u32::MAX } else { 0xffff },
            "{}",
            row.name
        );
    }
    assert_eq!(insn_directive::opcode(b"OP_IMM"), Some(0x13));
    assert!(Part::Opcode.fits(0x13) && !Part::Opcode.fits(0x30) && !Part::Opcode.fits(0x83));
    assert_eq!(insn_directive::formats(b"r").count(), 2);
    assert_eq!(insn_directive::formats(b"x").count(), 0);
}
