//! Alignment.

use super::Directive;
use crate::assembler::{Assembler, Stmt};
use crate::expr::Value;
use crate::layout::push_nops;
use crate::lexer::T;
use crate::limits;
use crate::parse::Args;
use crate::section::{Content, Fill, FixKind, Variable};
use diag::{Diagnostic, codes};
use rv32::Reloc;

pub static ROWS: &[Directive] = &[
    Directive {
        names: &[".align", ".p2align"],
        syntax: ".align power [, byte [, max]]",
        summary: "Pads to a multiple of 2 to the power.",
        example: ".text\n.align 2\nnop\n.data\n.p2align 3, 0xff, 4\n",
        handler: |a, s| align(a, s, false, 1),
    },
    Directive {
        names: &[".p2alignw"],
        syntax: ".p2alignw power [, halfword [, max]]",
        summary: "Pads to a multiple of 2 to the power with halfwords.",
        example: ".data\n.p2alignw 3, 0x1234\n",
        handler: |a, s| align(a, s, false, 2),
    },
    Directive {
        names: &[".p2alignl"],
        syntax: ".p2alignl power [, word [, max]]",
        summary: "Pads to a multiple of 2 to the power with words.",
        example: ".data\n.p2alignl 4, 0x12345678\n",
        handler: |a, s| align(a, s, false, 4),
    },
    Directive {
        names: &[".balign"],
        syntax: ".balign bytes [, byte [, max]]",
        summary: "Pads to a multiple of that many bytes, a power of two.",
        example: ".data\n.balign 8\n",
        handler: |a, s| align(a, s, true, 1),
    },
    Directive {
        names: &[".balignw"],
        syntax: ".balignw bytes [, halfword [, max]]",
        summary: "Pads to a multiple of that many bytes with halfwords.",
        example: ".data\n.balignw 8, 0x1234\n",
        handler: |a, s| align(a, s, true, 2),
    },
    Directive {
        names: &[".balignl"],
        syntax: ".balignl bytes [, word [, max]]",
        summary: "Pads to a multiple of that many bytes with words.",
        example: ".data\n.balignl 8, 0x12345678\n",
        handler: |a, s| align(a, s, true, 4),
    },
];

fn align(a: &mut Assembler<'_>, s: Stmt<'_>, bytes: bool, width: u8) {
    let mut args = Args::new(s);
    let mut power = 0;
    if !args.at_comma_or_end() {
        let from = args.i;
        let Some(n) = a.constant_now(&mut args, "an alignment") else { return };
        let span = s.span(s.toks[from].start, s.toks[args.i - 1].end);
        if bytes {
            if n < 0 || (n != 0 && n.count_ones() != 1) {
                let near = (n.max(1) as u64).checked_next_power_of_two().unwrap_or(1);
                let d = Diagnostic::new(&codes::E0420, format!("{n} is no power of two")).at(span, "alignments are 1, 2, 4, 8, 16 ...").help(format!("{} {near}", s.show(0, 1)));
                return a.report(d);
            }
            power = if n == 0 { 0 } else { i64::from(n.trailing_zeros()) };
        } else {
            power = n;
        }
        if power < 0 || power > i64::from(limits::ALIGN_POWER) {
            let mut d = Diagnostic::new(&codes::E0420, format!("an alignment of 2 to the power {power}")).at(span, format!("powers are 0..={}", limits::ALIGN_POWER));
            if !bytes && n > 0 && n.count_ones() == 1 {
                d = d.help(format!(".balign {n}")).note(".align takes the power of two, .balign the number of bytes");
            }
            return a.report(d);
        }
    }
    let power = power as u32;
    let (mut fill, mut max) = (None, 0);
    if args.eat(T::Comma) {
        if !args.at_comma_or_end() {
            let Some(n) = a.constant_now(&mut args, "the filling") else { return };
            fill = Some(n);
        }
        if args.eat(T::Comma) {
            let Some(n) = a.constant_now(&mut args, "the most bytes to skip") else { return };
            max = u32::try_from(n).unwrap_or(0);
        }
    }
    if !a.expect_end(&args) {
        return;
    }
    if let Some(offset) = a.structure {
        a.structure = Some(offset.wrapping_add((1i64 << power) - 1) & (-1i64 << power));
        return;
    }
    a.align_to(power, fill.map(|f| (f as u64, width)), max, s);
}

impl Assembler<'_> {
    /// Aligns the place of output. In code that the linker may relax, the padding is written in
    /// full with a relocation that tells the linker how much of it to keep.
    pub fn align_to(&mut self, power: u32, fill: Option<(u64, u8)>, max: u32, s: Stmt<'_>) {
        let section = self.section();
        let code = self.sections[section].is_code();
        if code && fill.is_none() && power != 0 {
            let rvc = self.target.rvc();
            let shortest = if rvc { 2 } else { 4 };
            let bytes = 1u64 << power;
            if bytes <= shortest {
                // Instructions stand at such places anyway.
                self.align_section(power);
                return;
            }
            if self.target.relax() {
                let worst = bytes - shortest;
                let place = self.place(s.whole());
                if !self.room(worst, place) {
                    return;
                }
                self.content(Content::Code);
                self.out().reserve(worst as u32);
                self.fix_here(FixKind::Reloc(Reloc::Align), Value::number(worst as i64), place, false);
                let mut nops = Vec::new();
                push_nops(&mut nops, worst as u32);
                self.out().push(&nops);
                self.out().split();
                self.align_section(power);
                return;
            }
            self.content(Content::Code);
            self.out().push_variable(Variable::Align { power, max, fill: Fill::Nops }, 0);
            self.align_section(power);
            return;
        }
        if power != 0 {
            if fill.is_some() {
                self.content(Content::Data);
            }
            let fill = fill.map_or(Fill::Bytes { value: 0, size: 1 }, |(value, size)| Fill::Bytes { value, size });
            self.out().push_variable(Variable::Align { power, max, fill }, 0);
        }
        self.align_section(power);
    }
}
