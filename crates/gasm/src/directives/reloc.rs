//! `.reloc`: a relocation of any kind at any place.

use super::Directive;
use crate::assembler::{Assembler, Stmt};
use crate::expr::Value;
use crate::lexer::T;
use crate::parse::Args;
use crate::place::Where;
use crate::section::SectionId;
use diag::{Diagnostic, codes, suggest};
use rv32::Reloc;

pub static ROWS: &[Directive] = &[Directive {
    names: &[".reloc"],
    syntax: ".reloc offset, R_RISCV_kind [, symbol + number]",
    summary: "Writes a relocation at an offset of the section, or at a label.",
    example: ".data\nspot: .word 0\n.reloc spot, R_RISCV_32, main + 4\n",
    handler: reloc,
}];

/// A relocation that a source asks for.
#[derive(Clone, Copy)]
pub struct Asked {
    /// The section that a plain number counts in.
    pub section: SectionId,
    /// Where: a label, or an offset.
    pub offset: Value,
    /// What.
    pub kind: Reloc,
    /// Symbol and addend.
    pub value: Value,
    /// The offset's operand.
    pub place: Where,
}

/// Names that GNU as takes for relocations of data.
const GENERIC: [(&str, Reloc); 3] = [("BFD_RELOC_NONE", Reloc::None), ("BFD_RELOC_32", Reloc::Abs32), ("BFD_RELOC_64", Reloc::Abs64)];

fn reloc(a: &mut Assembler<'_>, s: Stmt<'_>) {
    let mut args = Args::new(s);
    let Some(offset) = a.expr(&mut args) else { return };
    let place = a.place(s.span(s.toks[1].start, s.toks[args.i - 1].end));
    if !a.expect_comma(&mut args) {
        return;
    }
    let name = s.show(args.i, args.i + 1);
    let generic = GENERIC.iter().find(|(generic, _)| generic.eq_ignore_ascii_case(&name));
    let upper = name.to_ascii_uppercase();
    let Some(kind) = Reloc::from_name(&upper).or(generic.map(|(_, kind)| *kind)) else {
        let mut d = Diagnostic::new(&codes::E0401, format!("unknown relocation `{name}`")).at(s.span_at(args.i), "expected a name such as R_RISCV_32");
        if let Some(near) = suggest(&upper, Reloc::ALL.iter().map(|r| r.name())) {
            d = d.help(format!("did you mean `{near}`?"));
        }
        return a.report(d);
    };
    args.i += 1;
    let mut value = Value::number(0);
    if args.eat(T::Comma) {
        let Some(v) = a.expr(&mut args) else { return };
        value = v;
    }
    if a.expect_end(&args) {
        let section = a.section();
        a.asked_relocations.push(Asked { section, offset, kind, value, place });
    }
}
