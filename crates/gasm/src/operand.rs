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
    /// `x@plt`, which changes nothing: calls go through the PLT anyway.
    Plt,
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
    /// The row of an operator; `None` for [`Modifier::None`] and [`Modifier::Plt`].
    pub fn row(self) -> Option<&'static ModifierRow> {
        if self == Modifier::None {
            return None;
        }
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
        // `not-yet:`
        if tok.kind == T::Colon && s.toks[1].start == s.toks[0].end && self.mistaken_label(s) {
            return;
        }
        let found = s.show(args.i, args.i + 1);
        // `lw t0, 4 sp`, `lw t0, 4[sp]`: the parentheses are missing.
        if matches!(before.shape, Shape::Value | Shape::Word(_)) {
            let (from, to) = (before.from, s.toks.len());
            let offset = s.raw(before.from, before.to);
            let offset = offset.strip_prefix('(').and_then(|o| o.strip_suffix(')')).unwrap_or(&offset);
            let memory = if Reg::parse(s.bytes(tok)).is_some() && args.i + 1 == to {
                Some(format!("{offset}({found})"))
            } else {
                crate::operand_errors::bracketed(&s.raw(from, to))
            };
            if let Some(memory) = memory {
                return self.not_memory(s, from, to, &memory);
            }
        }
        // `0FFh`, `1_000`: a number that goes on with letters.
        let last = s.toks[args.i - 1];
        if last.kind == T::Number && tok.kind == T::Word && last.end == tok.start {
            return self.malformed_number(s, args.i - 1, args.i + 1);
        }
        if tok.kind == T::Word && !rv32::lookup(s.bytes(tok)).is_empty() && args.i + 1 < s.toks.len() {
            let d = Diagnostic::new(&codes::E0106, format!("a second instruction, `{found}`, on this line")).at(s.span_of(tok), "the statement should end before this");
            self.report(d.help("begin a new line, or put `;` between the two"));
            return;
        }
        let begins_operand = matches!(tok.kind, T::Word | T::Number | T::Percent | T::LabelRef | T::Char | T::Str);
        let d = if begins_operand {
            self.missing_comma(args)
        } else if tok.kind == T::RParen {
            Diagnostic::new(&codes::E0110, "`)` without `(`").at(s.span_of(tok), "nothing is open here").help("delete it, or open a parenthesis before it")
        } else if tok.kind == T::LParen {
            Diagnostic::new(&codes::E0106, "unexpected `(` after an operand").at(s.span_of(tok), "a memory operand has one register in parentheses").help("add the registers first, into one that stands in the parentheses")
        } else {
            let d = Diagnostic::new(&codes::E0106, format!("unexpected `{found}` after an operand")).at(s.span_of(tok), "expected `,` or the end of the statement");
            d.help(comment_help(tok.kind))
        };
        self.report(d);
    }

    /// A comma is missing before the next token.
    pub fn missing_comma(&self, args: &Args<'_>) -> Diagnostic {
        let s = args.s;
        let found = s.show(args.i, args.i + 1);
        let pasted = format!("{}, {}", s.raw(0, args.i), s.raw(args.i, s.toks.len()));
        let d = Diagnostic::new(&codes::E0112, format!("expected `,` before `{found}`")).at(s.gap(args.i), "a comma is missing here").help(crate::assembler::shorten(pasted));
        if s.map.is_exact(s.toks[0].start as usize) { d.cure(s.gap(args.i), ",") } else { d }
    }

    /// Tokens `from..to` mean a memory operand of another assembler.
    fn not_memory(&mut self, s: Stmt<'_>, from: usize, to: usize, memory: &str) {
        let span = s.span(s.toks[from].start, s.toks[to - 1].end);
        let d = Diagnostic::new(&codes::E0112, format!("`{}` is not an operand", s.show(from, to))).at(span, "a memory operand is an offset with its register in parentheses");
        let d = self.with_cure(d, s, format!("{}{memory}", s.raw(0, from).trim_end().to_string() + if from > 1 { " " } else { "" }));
        self.report(d);
    }

    /// Tokens `from..to` side by side are a number in another notation.
    pub fn malformed_number(&mut self, s: Stmt<'_>, from: usize, to: usize) {
        let shown = s.raw(from, to);
        if self.recovery.not_labels.iter().any(|name| name.as_slice() == shown.as_bytes()) {
            return;
        }
        let span = s.span(s.toks[from].start, s.toks[to - 1].end);
        let d = Diagnostic::new(&codes::E0108, format!("`{shown}` is not a number")).at(span, "hexadecimal numbers begin with 0x, binary ones with 0b, octal ones with 0");
        let d = match other_notation(&shown) {
            Some(number) if s.map.is_exact(s.toks[0].start as usize) => d.help(number.clone()).cure(span, number),
            Some(number) => d.help(number),
            None => d.help("digits of a number are 0 to 9, after 0x also a to f, after 0b only 0 and 1"),
        };
        self.report(d);
    }

    fn operand(&mut self, args: &mut Args<'_>) -> Option<Operand> {
        let s = args.s;
        let from = args.i;
        let Some(tok) = args.peek() else {
            let d = Diagnostic::new(&codes::E0201, "an operand is missing after `,`").at(s.gap(args.i), "expected an operand");
            // ARM writes numbers with `#`, which begins a comment here.
            let rest = &s.text[s.end() as usize..];
            let line = rest[..rest.iter().position(|b| *b == b'\n').unwrap_or(rest.len())].trim_ascii();
            let number = line.strip_prefix(b"#").map(|n| String::from_utf8_lossy(&n[..n.iter().take_while(|b| b.is_ascii_alphanumeric() || **b == b'-').count()]).into_owned());
            let d = match number.filter(|n| n.starts_with(|c: char| c.is_ascii_digit() || c == '-')) {
                Some(number) => d.note("`#` begins a comment; numbers are written without it").help(format!("{} {number}", s.raw(0, s.toks.len()))),
                None => d.help("write the operand, or delete the comma"),
            };
            self.report(d);
            return None;
        };
        let after = s.toks.get(from + 1).map(|t| t.kind);
        if tok.kind == T::Word && matches!(after, None | Some(T::Comma)) {
            args.i += 1;
            let text = s.bytes(tok);
            let (shape, value) = match Reg::parse(text) {
                Some(register) => (Shape::Register(register.number()), Value::number(0)),
                None if text == b"." => (Shape::Value, self.dot(s.span_of(tok))),
                None => (Shape::Word(self.names.intern(text)), Value::number(0)),
            };
            return Some(Operand { shape, modifier: Modifier::None, value, from, to: from + 1 });
        }
        if tok.kind == T::Comma {
            let d = Diagnostic::new(&codes::E0201, "an operand is missing before `,`").at(s.span_of(tok), "expected an operand");
            let d = if from == 1 || s.toks[from - 1].kind == T::Comma {
                let before = s.raw(0, from).trim_end_matches(',').to_string();
                let between = if from == 1 { " " } else { ", " };
                let d = d.help(format!("{before}{between}{}", s.raw(from + 1, s.toks.len())));
                if s.map.is_exact(s.toks[0].start as usize) { d.cure(s.span_of(tok), "") } else { d }
            } else {
                d
            };
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
                    let d = Diagnostic::new(&codes::E0208, format!("`%{}` needs its symbol in parentheses", row.name)).at(s.gap(args.i), "expected `(`");
                    let d = match args.peek() {
                        Some(tok) if tok.kind == T::Word && args.i + 1 == s.toks.len() => self.with_cure(d, s, format!("{}({})", s.raw(0, args.i), s.show(args.i, args.i + 1))),
                        _ => d.help(format!("%{}(symbol)", row.name)),
                    };
                    self.report(d);
                    return None;
                }
                value = self.expr(args)?;
                if !args.eat(T::RParen) {
                    let d = Diagnostic::new(&codes::E0110, "`(` without `)`").at(s.span_of(s.toks[from + 2]), "opened here").also(s.gap(args.i), "`)` expected here");
                    let cure = format!("{}){}", s.raw(0, args.i), s.raw(args.i, s.toks.len()));
                    let d = self.with_cure(d, s, cure);
                    self.report(d);
                    return None;
                }
            } else if tok.kind == T::LBracket
                && let Some(memory) = crate::operand_errors::bracketed(&s.raw(from, s.toks.len()))
            {
                self.not_memory(s, from, s.toks.len(), &memory);
                return None;
            } else {
                value = self.expr(args)?;
                if args.kind() == Some(T::At) {
                    self.plt_suffix(args)?;
                    modifier = Modifier::Plt;
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
                let inner_register = inner.is_some_and(|t| Reg::parse(s.bytes(*t)).is_some());
                let word = s.raw(from, args.i);
                let closed = s.toks.get(args.i + 2).is_some_and(|t| t.kind == T::RParen);
                let d = if inner_register && !closed {
                    let d = Diagnostic::new(&codes::E0110, "`(` without `)`").at(s.span_at(args.i), "opened here").also(s.gap(args.i + 2), "`)` expected here");
                    let cure = format!("{}){}", s.raw(0, args.i + 2), s.raw(args.i + 2, s.toks.len()));
                    self.with_cure(d, s, cure)
                } else if closed && Reg::parse(&word).is_some() {
                    let d = Diagnostic::new(&codes::E0203, format!("`{found}` is not a register")).at(s.span_at(args.i + 1), "the offset stands before the parentheses, the register inside");
                    let cure = format!("{} {found}({word}){}", s.raw(0, from), s.raw(args.i + 3, s.toks.len()));
                    self.with_cure(d, s, cure)
                } else if MODIFIERS.iter().any(|m| m.name == word) {
                    let d = Diagnostic::new(&codes::E0208, format!("`{word}` without `%`")).at(s.span_of(tok), "an operator that takes part of an address begins with `%`");
                    let cure = format!("{} %{}", s.raw(0, from), s.raw(from, s.toks.len()));
                    self.with_cure(d, s, cure)
                } else {
                    let d = Diagnostic::new(&codes::E0203, format!("`{found}` is not a register")).at(s.span_at(args.i + 1), "expected a base register");
                    self.with_register(d, s, args.i + 1, &found)
                };
                if !self.bad_tokens(s) {
                    self.report(d);
                }
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

    /// `symbol@plt`
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
            Shape::Register(_) => {
                let tok = s.toks[operand.from];
                let (name, place) = (self.names.intern(s.bytes(tok)), self.place(s.span_of(tok)));
                let value = self.reference(name, place);
                self.register_names.push((value, place, meant_register(s, operand)));
                value
            }
            Shape::Value | Shape::Memory(_) => operand.value,
        }
    }
}

/// What to say of a character that stands where a statement should end.
pub fn comment_help(kind: T) -> &'static str {
    if matches!(kind, T::At | T::Bang | T::Bad | T::Star | T::Slash) {
        "if it begins a comment, write `#`"
    } else {
        "separate statements with a newline or `;`, begin comments with `#`"
    }
}

/// A number of another assembler in our notation: `0FFh`, `1010b`, `1_000`, `FF`.
pub fn other_notation(text: &str) -> Option<String> {
    let lower = text.to_ascii_lowercase().replace('_', "");
    let hex = |digits: &str| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_hexdigit());
    let binary = |digits: &str| digits.len() > 1 && digits.bytes().all(|b| matches!(b, b'0' | b'1'));
    let plain = lower.trim_start_matches(['$', '&']);
    if let Some(digits) = lower.strip_suffix('h').filter(|d| hex(d)) {
        let digits = digits.trim_start_matches('0');
        return Some(format!("0x{}", if digits.is_empty() { "0" } else { digits }));
    }
    if let Some(digits) = lower.strip_suffix('b').filter(|d| binary(d)) {
        return Some(format!("0b{digits}"));
    }
    if text.contains('_') && crate::lexer::number(lower.as_bytes()).is_some() && lower.starts_with(|c: char| c.is_ascii_digit()) {
        return Some(lower);
    }
    (hex(plain) && !plain.starts_with("0b")).then(|| format!("0x{plain}"))
}

/// The registers of a family, where a name is beyond them, or why it is none.
pub fn register_hint(text: &str) -> Option<String> {
    let lower = text.to_ascii_lowercase();
    let lower = lower.trim_start_matches(['$', '%']);
    let digits = lower.get(1..).is_some_and(|d| !d.is_empty() && d.len() < 4 && d.bytes().all(|b| b.is_ascii_digit()));
    if text.starts_with('$') || Reg::parse(lower).is_some() {
        return None;
    }
    let range = match lower.as_bytes() {
        [b'x', ..] if digits => "x0 to x31",
        [b'a', ..] if digits => "a0 to a7",
        [b's', ..] if digits => "s0 to s11",
        [b't', ..] if digits => "t0 to t6",
        [b'r', ..] if digits => "x0 to x31, not r0",
        [b'f', ..] if digits || ["fa", "fs", "ft"].iter().any(|f| lower.starts_with(f)) => return Some("this machine has no floating-point registers".into()),
        b"pc" => return Some("pc is read by auipc and moved by jumps only".into()),
        _ => return None,
    };
    Some(format!("the registers of this family are {range}"))
}

/// What was meant, if a register where only a symbol can stand was the register.
fn meant_register(s: Stmt<'_>, operand: &Operand) -> Option<String> {
    let (mnemonic, register) = (s.show(0, 1), s.show(operand.from, operand.to));
    let first = || s.show(1, operand.from.max(3) - 1);
    match mnemonic.as_str() {
        "j" | "tail" => Some(format!("jr {register}")),
        "jal" | "call" if operand.from == 1 => Some(format!("jalr {register}")),
        "la" | "lla" => Some(format!("mv {}, {register}", first())),
        "lw" | "lh" | "lhu" | "lb" | "lbu" | "sw" | "sh" | "sb" => Some(format!("{mnemonic} {}, 0({register})", first())),
        _ => None,
    }
}

/// A register with nearly that name.
pub fn register_suggestion(text: &str) -> Option<&'static str> {
    let text = text.trim_start_matches(['$', '%']).to_ascii_lowercase();
    if let Some(reg) = Reg::parse(&text) {
        return Some(reg.abi_name());
    }
    if let Some((_, ours)) = crate::foreign::REGISTERS.iter().find(|(names, _)| names.contains(&text.as_str())) {
        return Some(ours);
    }
    if let Some(number) = text.strip_prefix('r').and_then(|n| n.parse::<u8>().ok()).and_then(Reg::new) {
        return Some(number.abi_name());
    }
    // Another number of the same family would be a guess.
    if register_hint(&text).is_some() {
        return None;
    }
    suggest(&text, Reg::all().map(Reg::abi_name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_other_assemblers() {
        for (theirs, ours) in [("0FFh", "0xff"), ("1010b", "0b1010"), ("1_000", "1000"), ("FF", "0xff"), ("$FF", "0xff"), ("0h", "0x0")] {
            assert_eq!(other_notation(theirs).as_deref(), Some(ours), "{theirs}");
        }
        for no in ["0xFG", "0b102", "foo"] {
            assert_eq!(other_notation(no), None, "{no}");
        }
    }

    #[test]
    fn registers_of_other_machines() {
        assert_eq!(register_suggestion("r5"), Some("t0"));
        assert_eq!(register_suggestion("lr"), Some("ra"));
        assert_eq!(register_suggestion("$sp"), Some("sp"));
        assert_eq!(register_suggestion("a8"), None);
        assert!(register_hint("a8").is_some_and(|h| h.contains("a0 to a7")));
        assert!(register_hint("x32").is_some() && register_hint("s12").is_some() && register_hint("a0").is_none());
    }
}
