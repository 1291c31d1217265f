//! Operands of instructions, as written: what they could be is judged by the rows of the table.

use crate::assembler::{Assembler, Stmt};
use crate::expr::Value;
use crate::lexer::T;
use crate::names::Name;
use crate::parse::Args;
use diag::{Diagnostic, codes, suggest};
use rv32::{Reg, Reloc};

/// Relocation operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Modifier {
    /// None.
    None,
    /// `%hi(x)`
    Hi,
    /// `%lo(x)`
    Lo,
    /// `%pcrel_hi(x)`
    PcrelHi,
    /// `%pcrel_lo(label)`
    PcrelLo,
    /// `%got_pcrel_hi(x)`
    GotPcrelHi,
    /// `%tprel_hi(x)`
    TprelHi,
    /// `%tprel_lo(x)`
    TprelLo,
    /// `%tprel_add(x)`
    TprelAdd,
    /// `%tls_ie_pcrel_hi(x)`
    TlsIePcrelHi,
    /// `%tls_gd_pcrel_hi(x)`
    TlsGdPcrelHi,
}

/// One relocation operator: its name, and the relocations for an upper, an I-type and an S-type immediate.
pub struct ModifierRow {
    /// The operator.
    pub modifier: Modifier,
    /// As written, without `%`.
    pub name: &'static str,
    /// In `lui`, `auipc`.
    pub upper: Option<Reloc>,
    /// In loads, `addi`, `jalr`.
    pub lower: Option<Reloc>,
    /// In stores.
    pub store: Option<Reloc>,
    /// The linker may relax it.
    pub relaxable: bool,
}

/// The table of relocation operators.
pub static MODIFIERS: [ModifierRow; 10] = [
    ModifierRow { modifier: Modifier::Hi, name: "hi", upper: Some(Reloc::Hi20), lower: None, store: None, relaxable: true },
    ModifierRow { modifier: Modifier::Lo, name: "lo", upper: None, lower: Some(Reloc::Lo12I), store: Some(Reloc::Lo12S), relaxable: true },
    ModifierRow { modifier: Modifier::PcrelHi, name: "pcrel_hi", upper: Some(Reloc::PcrelHi20), lower: None, store: None, relaxable: true },
    ModifierRow {
        modifier: Modifier::PcrelLo,
        name: "pcrel_lo",
        upper: None,
        lower: Some(Reloc::PcrelLo12I),
        store: Some(Reloc::PcrelLo12S),
        relaxable: true,
    },
    ModifierRow { modifier: Modifier::GotPcrelHi, name: "got_pcrel_hi", upper: Some(Reloc::GotHi20), lower: None, store: None, relaxable: false },
    ModifierRow { modifier: Modifier::TprelHi, name: "tprel_hi", upper: Some(Reloc::TprelHi20), lower: None, store: None, relaxable: true },
    ModifierRow {
        modifier: Modifier::TprelLo,
        name: "tprel_lo",
        upper: None,
        lower: Some(Reloc::TprelLo12I),
        store: Some(Reloc::TprelLo12S),
        relaxable: true,
    },
    ModifierRow { modifier: Modifier::TprelAdd, name: "tprel_add", upper: None, lower: None, store: None, relaxable: true },
    ModifierRow { modifier: Modifier::TlsIePcrelHi, name: "tls_ie_pcrel_hi", upper: Some(Reloc::TlsGotHi20), lower: None, store: None, relaxable: false },
    ModifierRow { modifier: Modifier::TlsGdPcrelHi, name: "tls_gd_pcrel_hi", upper: Some(Reloc::TlsGdHi20), lower: None, store: None, relaxable: false },
];

impl Modifier {
    /// The row of an operator; `None` for [`Modifier::None`].
    pub fn row(self) -> Option<&'static ModifierRow> {
        MODIFIERS.iter().find(|row| row.modifier == self)
    }
}

/// What kind of text an operand was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A register name.
    Register(u8),
    /// A word that is no register: a symbol, a CSR, letters of a fence set.
    Word(Name),
    /// An expression.
    Value,
    /// An expression and a base register in parentheses.
    Memory(u8),
}

/// An operand.
#[derive(Clone, Copy, Debug)]
pub struct Operand {
    /// What it looks like.
    pub shape: Shape,
    /// The relocation operator.
    pub modifier: Modifier,
    /// The expression, if the shape has one.
    pub value: Value,
    /// First and last token + 1.
    pub from: usize,
    /// One past the last token.
    pub to: usize,
}

/// The most operands that an instruction takes; `.insn` has up to seven.
pub const MAX_OPERANDS: usize = 8;

impl Assembler<'_> {
    /// Parses all operands into a buffer that is emptied first; `None` if an error was reported.
    pub fn operands(&mut self, args: &mut Args<'_>, out: &mut Vec<Operand>) -> Option<()> {
        out.clear();
        if args.at_end() {
            return Some(());
        }
        loop {
            let operand = self.operand(args)?;
            if out.len() == MAX_OPERANDS {
                let s = args.s;
                self.error(&codes::E0201, "too many operands", s.span(s.toks[operand.from].start, s.end()), "no instruction takes so many");
                return None;
            }
            out.push(operand);
            if args.at_end() {
                return Some(());
            }
            if !args.eat(T::Comma) {
                self.operand_junk(args, operand);
                return None;
            }
        }
    }

    /// Something stands between two operands.
    fn operand_junk(&mut self, args: &Args<'_>, before: Operand) {
        let s = args.s;
        if self.bad_tokens(s) {
            return;
        }
        let Some(tok) = args.peek() else { return };
        let found = s.show(args.i, args.i + 1);
        // `lw t0, 4 sp`: the parentheses are missing.
        if tok.kind == T::Word && before.shape == Shape::Value && Reg::parse(s.bytes(tok)).is_some() && args.i + 1 == s.toks.len() {
            let offset = s.show(before.from, before.to);
            let cure = format!("{offset}({found})");
            let d = Diagnostic::new(&codes::E0112, format!("`{offset} {found}` is not an operand"))
                .at(s.span(s.toks[before.from].start, tok.end), "a memory operand has its register in parentheses")
                .help(cure.clone())
                .cure(s.span(s.toks[before.from].start, tok.end), cure);
            self.report(d);
            return;
        }
        let begins_operand = matches!(tok.kind, T::Word | T::Number | T::LParen | T::Percent | T::LabelRef | T::Char | T::Str);
        let d = if begins_operand {
            let head = &s.toks[0];
            let mut pasted = String::from_utf8_lossy(&s.text[head.start as usize..s.toks[args.i - 1].end as usize]).into_owned();
            pasted.push_str(", ");
            pasted.push_str(&String::from_utf8_lossy(&s.text[tok.start as usize..s.end() as usize]));
            Diagnostic::new(&codes::E0112, format!("expected `,` before `{found}`"))
                .at(s.gap(args.i), "a comma is missing here")
                .help(crate::assembler::shorten(pasted))
                .cure(s.gap(args.i), ",")
        } else {
            Diagnostic::new(&codes::E0106, format!("unexpected `{found}` after an operand")).at(s.span_of(tok), "expected `,` or the end of the statement")
        };
        self.report(d);
    }

    fn operand(&mut self, args: &mut Args<'_>) -> Option<Operand> {
        let s = args.s;
        let from = args.i;
        let Some(tok) = args.peek() else {
            let d = Diagnostic::new(&codes::E0201, "an operand is missing after `,`").at(s.gap(args.i), "expected an operand");
            self.report(d);
            return None;
        };
        let after = s.toks.get(from + 1).map(|t| t.kind);
        if tok.kind == T::Word && matches!(after, None | Some(T::Comma)) {
            args.i += 1;
            let mut value = Value::number(0);
            let mut shape = match Reg::parse(s.bytes(tok)) {
                Some(register) => Shape::Register(register.number()),
                None => Shape::Word(self.names.intern(s.bytes(tok))),
            };
            if s.bytes(tok) == b"." {
                let place = self.place(s.span_of(tok));
                let at = self.here();
                value = Value::symbol(self.temporary_label(at, place));
                shape = Shape::Value;
            }
            return Some(Operand { shape, modifier: Modifier::None, value, from, to: from + 1 });
        }
        if tok.kind == T::Comma {
            let d = Diagnostic::new(&codes::E0201, "an operand is missing before `,`").at(s.span_of(tok), "expected an operand");
            self.report(d);
            return None;
        }
        let mut modifier = Modifier::None;
        let mut value = Value::number(0);
        if self.base_register(args).is_none() {
            if tok.kind == T::Percent && after == Some(T::Word) {
                let name = s.bytes(s.toks[from + 1]);
                let Some(row) = MODIFIERS.iter().find(|m| m.name.as_bytes() == name) else {
                    self.unknown_modifier(s, from);
                    return None;
                };
                modifier = row.modifier;
                args.i += 2;
                if !args.eat(T::LParen) {
                    let d = Diagnostic::new(&codes::E0208, format!("`%{}` needs its symbol in parentheses", row.name))
                        .at(s.gap(args.i), "expected `(`")
                        .help(format!("%{}(symbol)", row.name));
                    self.report(d);
                    return None;
                }
                value = self.expr(args)?;
                if !args.eat(T::RParen) {
                    let d = Diagnostic::new(&codes::E0110, "`(` without `)`")
                        .at(s.span_of(s.toks[from + 2]), "opened here")
                        .also(s.span_at(args.i), "`)` expected here");
                    self.report(d);
                    return None;
                }
            } else {
                value = self.expr(args)?;
                if args.kind() == Some(T::At) {
                    self.plt_suffix(args)?;
                }
            }
        }
        let shape = match self.base_register(args) {
            Some(register) => {
                args.i += 3;
                Shape::Memory(register)
            }
            None if args.kind() == Some(T::LParen) => {
                let inner = s.toks.get(args.i + 1);
                let found = inner.map_or_else(|| "nothing".into(), |_| s.show(args.i + 1, args.i + 2));
                let mut d = Diagnostic::new(&codes::E0203, format!("`{found}` is not a register")).at(s.span_at(args.i + 1), "expected a base register");
                if let Some(near) = register_suggestion(&found) {
                    d = d.help(format!("did you mean `{near}`?"));
                }
                self.report(d);
                return None;
            }
            None => Shape::Value,
        };
        Some(Operand { shape, modifier, value, from, to: args.i })
    }

    /// `(reg)` at the cursor.
    fn base_register(&self, args: &Args<'_>) -> Option<u8> {
        let [open, word, close] = args.s.toks.get(args.i..args.i + 3)? else { return None };
        if open.kind != T::LParen || word.kind != T::Word || close.kind != T::RParen {
            return None;
        }
        Reg::parse(args.s.bytes(*word)).map(Reg::number)
    }

    /// `symbol@plt`: calls go through the PLT anyway, so it changes nothing.
    fn plt_suffix(&mut self, args: &mut Args<'_>) -> Option<()> {
        let s = args.s;
        let at = args.i;
        args.i += 1;
        match args.next() {
            Some(tok) if tok.kind == T::Word && s.bytes(tok).eq_ignore_ascii_case(b"plt") => Some(()),
            _ => {
                let d = Diagnostic::new(&codes::E0208, format!("unknown suffix `{}`", s.show(at, args.i))).at(s.span_at(at), "only `@plt` is known");
                self.report(d);
                None
            }
        }
    }

    fn unknown_modifier(&mut self, s: Stmt<'_>, from: usize) {
        let name = s.show(from + 1, from + 2);
        let mut d = Diagnostic::new(&codes::E0208, format!("unknown relocation operator `%{name}`"))
            .at(s.span(s.toks[from].start, s.toks[from + 1].end), "not one of the operators of this assembler");
        if let Some(near) = suggest(&name, MODIFIERS.iter().map(|m| m.name)) {
            d = d.help(format!("did you mean `%{near}`?"));
        } else if s.toks.get(from + 2).is_none_or(|t| t.kind != T::LParen) {
            d = d.note(format!("in a RARS macro `%{name}` is an argument; here arguments are written `\\{name}`")).help(format!("\\{name}"));
        } else {
            let all: Vec<String> = MODIFIERS.iter().map(|m| format!("%{}", m.name)).collect();
            d = d.note(format!("known: {}", all.join(", ")));
        }
        self.report(d);
    }

    /// The expression of an operand that was one word.
    pub fn operand_value(&mut self, s: Stmt<'_>, operand: &Operand) -> Value {
        match operand.shape {
            Shape::Word(name) => {
                let place = self.place(s.span_of(s.toks[operand.from]));
                self.reference(name, place)
            }
            Shape::Register(_) | Shape::Value | Shape::Memory(_) => operand.value,
        }
    }
}

/// A register with nearly that name.
pub fn register_suggestion(text: &str) -> Option<&'static str> {
    let text = text.trim_start_matches('$').to_ascii_lowercase();
    if let Some(reg) = Reg::parse(&text) {
        return Some(reg.abi_name());
    }
    suggest(&text, Reg::all().map(Reg::abi_name))
}
