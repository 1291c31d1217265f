//! `.insn`: instructions that this assembler has no name for.

use super::Directive;
use crate::assembler::{Assembler, Stmt};
use crate::lexer::T;
use crate::operand::{Modifier, Operand, Shape};
use crate::parse::Args;
use crate::section::FixKind;
use diag::{Diagnostic, codes, suggest};
use rv32::insn_directive::{FORMATS, FormatRow, Part, formats, opcode};
use rv32::{Ext, Reloc};

pub static ROWS: &[Directive] = &[
    Directive {
        names: &[".nop"],
        syntax: ".nop",
        summary: "Writes an instruction that does nothing.",
        example: ".nop\n",
        handler: |a, s| {
            if a.may_hold_bytes("an instruction", s.head_span(), ".text") {
                a.emit_insn(rv32::Insn::new(rv32::Op::Addi));
            }
        },
    },
    Directive {
        names: &[".insn"],
        syntax: ".insn format, opcode, ... | .insn [length,] number",
        summary: "Writes an instruction by its format, or by its bits.",
        example: ".insn r CUSTOM_0, 0, 0, a0, a1, a2\n.insn 4, 0x00000013\n",
        handler: insn,
    },
];

fn insn(a: &mut Assembler<'_>, s: Stmt<'_>) {
    match s.toks.get(1).map(|t| t.kind) {
        Some(T::Word) => by_format(a, s),
        Some(_) => by_bits(a, s),
        None => a.error(&codes::E0401, "`.insn` needs a format or a number", s.gap(1), "expected a format such as r"),
    }
}

/// `.insn 0x13`, `.insn 4, 0x13`: the length follows from the low bits.
fn by_bits(a: &mut Assembler<'_>, s: Stmt<'_>) {
    let mut args = Args::new(s);
    let Some(mut bits) = a.constant_now(&mut args, "the bits of an instruction") else { return };
    let mut length = None;
    if args.eat(T::Comma) {
        length = Some(bits);
        let Some(n) = a.constant_now(&mut args, "the bits of an instruction") else { return };
        bits = n;
    }
    if !a.expect_end(&args) {
        return;
    }
    let natural = if bits & 3 == 3 { 4 } else { 2 };
    let fits = bits >= 0 && bits < 1 << (natural * 8);
    if !fits || length.is_some_and(|l| l != natural) || (bits & 0x1f == 0x1f) {
        let d = Diagnostic::new(&codes::E0401, "the length does not agree with the low bits")
            .at(s.whole(), if bits & 0x1f == 0x1f { "instructions above 32 bits are not supported" } else { "low bits 11: 4 bytes, else 2 bytes" });
        return a.report(d);
    }
    if natural == 4 { a.emit32(bits as u32) } else { a.emit16(bits as u16) }
}

fn by_format(a: &mut Assembler<'_>, s: Stmt<'_>) {
    let name = s.bytes(s.toks[1]).to_ascii_lowercase();
    if formats(&name).next().is_none() {
        let shown = s.show(1, 2);
        let mut d = Diagnostic::new(&codes::E0401, format!("unknown format `{shown}`")).at(s.span_at(1), "known: r r4 i s b u j cr ci ciw css cl cs ca cb cj");
        if let Some(near) = suggest(&shown, FORMATS.iter().map(|f| f.name)) {
            d = d.help(format!("did you mean `{near}`?"));
        }
        return a.report(d);
    }
    let mut args = Args { s, i: 2 };
    args.eat(T::Comma);
    let mut operands = Vec::new();
    if a.operands(&mut args, &mut operands).is_none() {
        return;
    }
    for format in formats(&name) {
        if format.parts.len() == operands.len() && format.parts.iter().zip(operands.iter()).all(|(p, o)| agrees(*p, o)) {
            return emit(a, s, format, &operands);
        }
    }
    let usage: Vec<String> = formats(&name).map(|f| f.parts.iter().map(|p| p.placeholder()).collect::<Vec<_>>().join(", ")).collect();
    let d = Diagnostic::new(&codes::E0202, format!("these are not the parts of format {}", String::from_utf8_lossy(&name)))
        .at(s.whole(), format!("expected `.insn {} {}`", String::from_utf8_lossy(&name), usage[0]));
    a.report(d);
}

fn is_register(part: Part) -> bool {
    matches!(part, Part::Rd | Part::Rs1 | Part::Rs2 | Part::Rs3 | Part::CRd | Part::CRs2 | Part::CRs1Short | Part::CRs2Short)
}

fn agrees(part: Part, operand: &Operand) -> bool {
    if is_register(part) {
        return matches!(operand.shape, Shape::Register(_));
    }
    let memory = matches!(part, Part::Load | Part::Store | Part::COffset5);
    matches!(operand.shape, Shape::Memory(_)) == memory && !matches!(operand.shape, Shape::Register(_))
}

fn emit(a: &mut Assembler<'_>, s: Stmt<'_>, format: &'static FormatRow, operands: &[Operand]) {
    if format.len == 2 && !a.target.isa().contains(Ext::C) {
        return a.needs_extension(s, ".insn", "c");
    }
    let mut word = 0u32;
    let mut late = None;
    for (part, operand) in format.parts.iter().zip(operands) {
        let span = a.operand_span(s, operand);
        let number = match operand.shape {
            Shape::Register(r) => i64::from(r),
            Shape::Word(name) if matches!(part, Part::Opcode | Part::COpcode) && opcode(a.names.text(name)).is_some() => {
                opcode(a.names.text(name)).map_or(0, i64::from)
            }
            Shape::Word(_) | Shape::Value | Shape::Memory(_) => {
                if let Shape::Memory(base) = operand.shape {
                    part.insert_base(&mut word, base);
                }
                let value = a.operand_value(s, operand);
                let target = matches!(part, Part::BranchTarget | Part::JumpTarget | Part::CBranchTarget | Part::CJumpTarget);
                let value = a.fold_fixed(value);
                match value.constant() {
                    Some(n) if !target && operand.modifier == Modifier::None => n,
                    _ => {
                        let Some(reloc) = relocation(*part, operand.modifier) else {
                            return a.error(&codes::E0209, "a number is needed here", span, format!("expected {}", part.placeholder()));
                        };
                        let place = a.place(span);
                        late = Some((reloc, operand.modifier.row().is_some_and(|m| m.relaxable), value, place));
                        0
                    }
                }
            }
        };
        let Some(n) = i32::try_from(number).ok().filter(|n| part.fits(*n)) else {
            let (low, high) = part.range();
            return a.error(&codes::E0102, format!("{number} does not fit {}", part.placeholder()), span, format!("it takes {low}..={high}"));
        };
        part.insert(&mut word, if matches!(part, Part::CRs1Short | Part::CRs2Short) { n - 8 } else { n });
    }
    if let Some((reloc, relaxable, value, place)) = late {
        a.fix_here(FixKind::Reloc(reloc), value, place, relaxable);
    }
    let splits = late.is_some_and(|(r, ..)| !matches!(r, Reloc::Lo12I | Reloc::Lo12S | Reloc::PcrelLo12I | Reloc::PcrelLo12S | Reloc::TprelLo12I | Reloc::TprelLo12S));
    if format.len == 4 { a.emit32(word) } else { a.emit16(word as u16) }
    if splits {
        a.out().split();
    }
}

fn relocation(part: Part, modifier: Modifier) -> Option<Reloc> {
    match (part, modifier.row()) {
        (Part::BranchTarget, None) => Some(Reloc::Branch),
        (Part::JumpTarget, None) => Some(Reloc::Jal),
        (Part::CBranchTarget, None) => Some(Reloc::RvcBranch),
        (Part::CJumpTarget, None) => Some(Reloc::RvcJump),
        (Part::ImmI | Part::Load, Some(m)) => m.lower,
        (Part::Store, Some(m)) => m.store,
        (Part::ImmU, Some(m)) => m.upper,
        _ => None,
    }
}

