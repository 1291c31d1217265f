//! What is said when operands do not agree with any row: always in the row's own words.

#![allow(clippy::wildcard_enum_match_arm, reason = "messages have a general form for what has no special one")]

use crate::assembler::{Assembler, Stmt};
use crate::foreign;
use crate::names::Name;
use crate::operand::{Operand, Shape, register_hint, register_suggestion};
use crate::symbols::{Definition, SymbolId};
use diag::{Diagnostic, codes, suggest};
use rv32::operand::Syntax;
use rv32::{Ext, Form, Reg};

/// How the operands of a form are written: `rd`, `rs1`, `imm`.
fn placeholders(form: &Form) -> Vec<&'static str> {
    match form {
        Form::Real { op, .. } => op.row().operands.iter().filter(|o| o.syntax() != Syntax::None).map(|o| o.placeholder()).collect(),
        Form::Pseudo(row) => row.operands.iter().filter(|o| o.syntax() != Syntax::None).map(|o| o.placeholder()).collect(),
        Form::Compressed(cop) => cop.row().operands.iter().map(|o| o.placeholder()).collect(),
    }
}

/// The usage line of a form: `addi rd, rs1, imm`.
pub fn usage(name: &str, form: &Form) -> String {
    let operands = placeholders(form);
    if operands.is_empty() { format!("{name} (no operands)") } else { format!("{name} {}", operands.join(", ")) }
}

/// The usage lines of several forms.
fn usages(mnemonic: &str, forms: &[&'static Form]) -> Vec<String> {
    let mut all: Vec<String> = forms.iter().map(|f| usage(mnemonic, f)).collect();
    all.dedup();
    all
}

/// Instructions that do what another does with another kind of last operand: for a register, a number, a name.
static SIBLINGS: [(&str, [&str; 3]); 9] = [
    ("mv", ["", "li", "la"]),
    ("li", ["mv", "", "la"]),
    ("la", ["mv", "li", ""]),
    ("j", ["jr", "", ""]),
    ("jal", ["jalr", "", ""]),
    ("call", ["jalr", "", ""]),
    ("tail", ["jr", "", ""]),
    ("jr", ["", "", "j"]),
    ("jalr", ["", "", "jal"]),
];

/// Whether the operands agree with a form, one by one.
fn fits(form: &Form, operands: &[&Operand]) -> bool {
    placeholders(form).len() == operands.len() && operands.iter().enumerate().all(|(i, o)| crate::instruction::agrees(form, i, o))
}

/// Every order of `n` things but the given one, nearest first; `n` is at most 4.
fn orders(n: usize) -> Vec<Vec<usize>> {
    let mut out: Vec<Vec<usize>> = vec![vec![]];
    for _ in 0..n {
        out = out.into_iter().flat_map(|order| (0..n).filter(|i| !order.contains(i)).map(|i| [order.as_slice(), &[i]].concat()).collect::<Vec<_>>()).collect();
    }
    out.remove(0);
    out
}

impl Stmt<'_> {
    /// The statement with another text in place of tokens `from..to`.
    pub fn replaced(&self, from: usize, to: usize, text: &str) -> String {
        let (start, end) = (self.toks[from].start as usize, self.toks[to - 1].end as usize);
        let before = &self.text[self.toks[0].start as usize..start];
        let after = &self.text[end..self.end() as usize];
        format!("{}{text}{}", String::from_utf8_lossy(before), String::from_utf8_lossy(after))
    }

    /// The text of tokens `from..to`, in full.
    pub fn raw(&self, from: usize, to: usize) -> String {
        match (self.toks.get(from), to.checked_sub(1).and_then(|t| self.toks.get(t))) {
            (Some(a), Some(b)) if a.start <= b.end => String::from_utf8_lossy(&self.text[a.start as usize..b.end as usize]).into_owned(),
            _ => String::new(),
        }
    }

    /// The line from the head on, with its comment.
    fn line(&self) -> &[u8] {
        let from = &self.text[self.toks[0].start as usize..];
        &from[..from.iter().position(|b| *b == b'\n').unwrap_or(from.len())]
    }

    /// A temporary register that the statement does not name.
    fn spare_register(&self) -> &'static str {
        ["t0", "t1", "t2"].into_iter().find(|r| !self.toks.iter().any(|t| self.bytes(*t) == r.as_bytes())).unwrap_or("t3")
    }

    /// The statement with `$` taken from the registers, if that makes registers of all words with `$`.
    pub fn without_dollars(&self) -> Option<String> {
        let mut out = String::new();
        let mut at = self.toks[0].start;
        let mut found = false;
        for tok in self.toks {
            let bytes = self.bytes(*tok);
            if let [b'$', name @ ..] = bytes {
                Reg::parse(name)?;
                out.push_str(&String::from_utf8_lossy(&self.text[at as usize..tok.start as usize]));
                at = tok.start + 1;
                found = true;
            }
        }
        out.push_str(&String::from_utf8_lossy(&self.text[at as usize..self.end() as usize]));
        found.then_some(out)
    }
}

impl Assembler<'_> {
    /// Adds a cure that is a whole statement, or several with `; ` between.
    pub fn with_cure(&self, d: Diagnostic, s: Stmt<'_>, cure: String) -> Diagnostic {
        let d = d.help(crate::assembler::shorten(cure.clone()));
        if s.map.is_exact(s.toks[0].start as usize) { d.cure(s.whole(), cure) } else { d }
    }

    fn usable(&self, form: &Form) -> bool {
        let ext = form_ext(form);
        self.target.isa().contains(ext) || self.options.isa.contains(ext) && ext == Ext::Zicsr
    }

    /// A form of a mnemonic that the operands agree with.
    fn form_of(&self, mnemonic: &str, operands: &[&Operand]) -> Option<&'static Form> {
        rv32::lookup(mnemonic.as_bytes()).iter().find(|f| self.usable(f) && fits(f, operands))
    }

    /// No form of the mnemonic agrees with the operands.
    pub fn no_form(&mut self, s: Stmt<'_>, name: Name, forms: &'static [Form], operands: &[Operand]) {
        if self.bad_tokens(s) {
            return;
        }
        let mnemonic = self.names.show(name);
        let usable: Vec<&'static Form> = forms.iter().filter(|f| self.usable(f)).collect();
        if usable.is_empty() {
            let needed = form_ext(&forms[0]);
            return self.needs_extension(s, &mnemonic, needed.name());
        }
        let same_count: Vec<&'static Form> = usable.iter().copied().filter(|f| placeholders(f).len() == operands.len()).collect();
        if same_count.is_empty() {
            return self.wrong_count(s, &mnemonic, &usable, operands);
        }
        let all: Vec<&Operand> = operands.iter().collect();
        let joined = |order: &[&Operand]| order.iter().map(|o| s.raw(o.from, o.to)).collect::<Vec<_>>().join(", ");
        // A misspelt register must not pass for a symbol.
        let near_register = |o: &&Operand| {
            let text = s.raw(o.from, o.to);
            matches!(o.shape, Shape::Word(_)) && (register_hint(&text).is_some() || text.starts_with('$') || Reg::parse(text.to_ascii_lowercase()).is_some())
        };
        if (2..=4).contains(&operands.len()) && !all.iter().any(near_register) {
            for order in orders(operands.len()) {
                let other: Vec<&Operand> = order.iter().map(|&i| all[i]).collect();
                if let Some(form) = same_count.iter().find(|f| fits(f, &other)) {
                    let span = s.span(s.toks[operands[0].from].start, s.end());
                    let d = Diagnostic::new(&codes::E0202, format!("the operands of {mnemonic} are in another order")).at(span, format!("expected `{}`", usage(&mnemonic, form)));
                    let d = self.with_cure(d, s, format!("{mnemonic} {}", joined(&other)));
                    return self.report(d);
                }
            }
        }
        // The form whose first disagreeing operand is the furthest right is what was meant.
        let mut best = (0, 0);
        for (f, form) in same_count.iter().enumerate() {
            let agreed = (0..operands.len()).take_while(|&i| crate::instruction::agrees(form, i, &operands[i])).count();
            if f == 0 || agreed > best.1 {
                best = (f, agreed);
            }
        }
        let form = same_count[best.0];
        let i = best.1.min(operands.len() - 1);
        let operand = &operands[i];
        let what = crate::instruction::describe(form, i);
        if let Some(m) = operand.modifier.row() {
            return self.wrong_modifier(s, operand, m.name, what);
        }
        let span = self.operand_span(s, operand);
        let shown = s.show(operand.from, operand.to);
        let wants_register = what == "a register";
        let sibling = self.sibling(&mnemonic, &all).map(|other| s.replaced(0, 1, other));
        if wants_register && matches!(operand.shape, Shape::Word(_)) && sibling.is_none() {
            let d = Diagnostic::new(&codes::E0203, format!("`{shown}` is not a register"));
            let label = register_hint(&shown).unwrap_or_else(|| format!("expected a register: `{}`", usage(&mnemonic, form)));
            let d = self.with_register(d.at(span, label), s, operand.from, &shown);
            return self.report(d);
        }
        let message = match operand.shape {
            Shape::Register(_) => format!("`{shown}` is a register, and {mnemonic} expects something else here"),
            _ => format!("`{shown}` is not what {mnemonic} expects here"),
        };
        let d = Diagnostic::new(&codes::E0202, message).at(span, format!("expected {what}: `{}`", usage(&mnemonic, form)));
        let d = match sibling.or_else(|| self.shape_cure(s, &mnemonic, operand, what)) {
            Some(cure) => self.with_cure(d, s, cure),
            None => match self.without_last(s, &usable, &all) {
                Some(cure) => self.with_cure(d, s, cure),
                None => d.help(format!("it is written {}", usages(&mnemonic, &usable).join(" or "))),
            },
        };
        self.report(d);
    }

    /// The statement without its last operands, if they are all that is too much.
    fn without_last(&self, s: Stmt<'_>, usable: &[&'static Form], operands: &[&Operand]) -> Option<String> {
        let n = (1..operands.len()).rev().find(|n| usable.iter().any(|f| fits(f, &operands[..*n])))?;
        Some(s.raw(0, operands[n - 1].to))
    }

    /// The operands are too few or too many for every form.
    fn wrong_count(&mut self, s: Stmt<'_>, mnemonic: &str, usable: &[&'static Form], operands: &[Operand]) {
        let usages = usages(mnemonic, usable);
        let plural = if operands.len() == 1 { "" } else { "s" };
        let mut d = Diagnostic::new(&codes::E0201, format!("{mnemonic} does not take {} operand{plural}", operands.len())).at(s.whole(), format!("expected `{}`", usages[0]));
        for other in usages.iter().skip(1).take(4) {
            d = d.note(format!("or `{other}`"));
        }
        let d = match self.count_cure(s, mnemonic, usable, operands) {
            Some((cure, true)) => self.with_cure(d, s, cure),
            Some((cure, false)) => d.help(cure),
            None => d.help(format!("it is written {}", usages.join(" or "))),
        };
        self.report(d);
    }

    /// A statement for a wrong number of operands, and whether it is all there.
    fn count_cure(&self, s: Stmt<'_>, mnemonic: &str, usable: &[&'static Form], operands: &[Operand]) -> Option<(String, bool)> {
        let all: Vec<&Operand> = operands.iter().collect();
        let text = |i: usize| s.raw(operands[i].from, operands[i].to);
        if usable.iter().all(|f| placeholders(f).is_empty()) {
            return Some((mnemonic.to_string(), true));
        }
        let first = all.first()?;
        if let Shape::Word(name) = all.last()?.shape
            && mnemonic == "addi"
            && self.is_label(name)
        {
            return Some((format!("la {}, {}", text(0), text(operands.len() - 1)), true));
        }
        if let [a, Operand { shape: Shape::Value, value, .. }] = operands
            && mnemonic == "sub"
            && matches!(a.shape, Shape::Register(_))
            && let Some(n) = value.constant()
        {
            return Some((format!("addi {0}, {0}, {1}", text(0), n.wrapping_neg()), true));
        }
        if let Some(other) = self.sibling(mnemonic, &all) {
            return Some((s.replaced(0, 1, other), true));
        }
        // `1,000`
        if let [.., a, b] = operands
            && a.value.constant().is_some()
            && s.raw(a.from, b.to).bytes().all(|c| c.is_ascii_digit() || c == b',')
        {
            return Some((s.replaced(a.from, b.to, &s.raw(a.from, b.to).replace(',', "")), true));
        }
        // The destination left out where it is the source too.
        let doubled: Vec<&Operand> = std::iter::once(*first).chain(all.iter().copied()).collect();
        if usable.iter().any(|f| fits(f, &doubled)) {
            return Some((s.replaced(first.from, first.to, &format!("{0}, {0}", text(0))), true));
        }
        // `lw a0, 4, sp`, `lw a0, sp, 4`
        if let [a, b, c] = operands
            && usable.iter().any(|f| placeholders(f).len() == 2)
        {
            let (offset, base) = if matches!(b.shape, Shape::Register(_)) { (c, b) } else { (b, c) };
            let memory = Operand { shape: Shape::Memory(0), ..*offset };
            if matches!(base.shape, Shape::Register(_)) && matches!(offset.shape, Shape::Value) && usable.iter().any(|f| fits(f, &[a, &memory])) {
                return Some((format!("{mnemonic} {}, {}({})", text(0), s.raw(offset.from, offset.to), s.raw(base.from, base.to)), true));
            }
        }
        if let Some(cure) = self.without_last(s, usable, &all) {
            return Some((cure, true));
        }
        // What is there is right: name what is missing.
        let longer = usable.iter().find(|f| {
            let n = placeholders(f).len();
            n > operands.len() && (0..operands.len()).all(|i| crate::instruction::agrees(f, i, &operands[i]))
        })?;
        let rest = &placeholders(longer)[operands.len()..];
        Some((format!("{mnemonic} {}, {}", s.raw(operands[0].from, operands[operands.len() - 1].to), rest.join(", ")), false))
    }

    /// The mnemonic that was meant with these operands: `jr` for `j a0`, `sll` for `slli a0, a0, t1`, `beqz` for `beq a0, l`.
    fn sibling(&self, mnemonic: &str, operands: &[&Operand]) -> Option<&'static str> {
        let kind = match operands.last()?.shape {
            Shape::Register(_) | Shape::Memory(_) => 0,
            Shape::Value => 1,
            Shape::Word(_) => 2,
        };
        let named = SIBLINGS.iter().find(|(m, _)| *m == mnemonic).map(|(_, others)| others[kind].to_string());
        let derived = [named.unwrap_or_default(), format!("{mnemonic}i"), mnemonic.trim_end_matches('i').to_string(), format!("{mnemonic}z"), mnemonic.trim_end_matches('z').to_string()];
        derived.iter().filter(|other| *other != mnemonic && self.form_of(other, operands).is_some()).find_map(|other| rv32::mnemonics().find(|m| m == other))
    }

    fn is_label(&self, name: Name) -> bool {
        let id = self.names.info(name).symbol;
        id != u32::MAX && matches!(self.symbols[SymbolId(id)].definition, Definition::Label(_))
    }

    fn shape_cure(&self, s: Stmt<'_>, mnemonic: &str, operand: &Operand, what: &str) -> Option<String> {
        let shown = s.raw(operand.from, operand.to);
        let put = |text: &str| s.replaced(operand.from, operand.to, text);
        let memory = what.starts_with("an address");
        let store = matches!(mnemonic, "sw" | "sh" | "sb");
        match operand.shape {
            Shape::Register(_) if memory => Some(put(&if what.contains("without offset") { format!("({shown})") } else { format!("0({shown})") })),
            Shape::Memory(_) if memory => Some(format!("addi {0}, {1}, {2}; {3}", s.spare_register(), base_text(s, operand), offset_text(s, operand), put(&format!("({})", s.spare_register())))),
            Shape::Memory(_) if what.starts_with("a symbol") => Some(format!("{}; add {1}, {1}, {2}", put(&offset_text(s, operand)), s.raw(1, 2), base_text(s, operand))),
            Shape::Word(_) if memory && store => Some(format!("{}, {}", s.raw(0, s.toks.len()), s.spare_register())),
            Shape::Value if memory && operand.value.constant().is_some() => Some(put(&format!("{shown}(zero)"))),
            Shape::Value if what == "a register" => {
                let n = operand.value.constant()?;
                if mnemonic == "sub" && operand.to == s.toks.len() && (-2047..=2048).contains(&n) {
                    return Some(format!("addi {}{}", s.raw(1, operand.from), n.wrapping_neg())).map(|t| t.replacen(",", ", ", 2).replace(",  ", ", "));
                }
                let spare = s.spare_register();
                Some(format!("li {spare}, {shown}; {}", put(spare)))
            }
            _ => None,
        }
    }

    /// Adds what register was meant.
    pub fn with_register(&self, d: Diagnostic, s: Stmt<'_>, token: usize, shown: &str) -> Diagnostic {
        if let Some(cure) = s.without_dollars() {
            return self.with_cure(d, s, cure).note("registers are written without `$`");
        }
        match register_suggestion(shown) {
            Some(near) if s.map.is_exact(s.toks[0].start as usize) => d.help(format!("did you mean `{near}`?")).cure(s.span_at(token), near),
            Some(near) => d.help(format!("did you mean `{near}`?")),
            None => d.help("registers: zero, ra, sp, gp, tp, t0 to t6, s0 to s11, a0 to a7, or x0 to x31"),
        }
    }

    /// The instruction belongs to an extension that is off or not supported.
    pub fn needs_extension(&mut self, s: Stmt<'_>, mnemonic: &str, extension: &str) {
        // The multiplications alone are zmmul; m, which people know, has them too.
        let shown = if extension == "zmmul" { "m" } else { extension };
        let d = Diagnostic::new(&codes::E0205, format!("{mnemonic} needs extension {shown}"));
        let d = if Ext::from_name(extension).is_some() {
            d.at(s.head_span(), "the extension is off here").help(format!(".option arch, +{shown}")).note("the instruction set is that of -march, .attribute arch and .option arch")
        } else {
            let instead = match shown {
                "f" | "d" | "q" | "zfh" | "zfhmin" => "this machine has no floating point: compute with integers, or link a library for it",
                "v" => "this machine has no vectors: write a loop",
                _ => "use the instructions that `-march` can name: rv32imac_zicsr_zifencei_zba_zbb_zbs",
            };
            d.at(s.head_span(), "this extension is not supported").help(instead)
        };
        self.report(d);
    }

    /// An immediate outside the row's range.
    pub fn out_of_range(&mut self, s: Stmt<'_>, operand: &Operand, n: i64, row: rv32::Operand) {
        use rv32::Operand as O;
        let mnemonic = s.show(0, 1);
        let span = self.operand_span(s, operand);
        let range = row.written_range().unwrap_or(0..=0);
        let message = match row {
            O::ImmI | O::Load | O::Store => format!("{n} does not fit in 12 signed bits"),
            O::ImmU => format!("{n} does not fit in 20 bits"),
            _ => format!("{n} is out of range"),
        };
        let shown = |v: i32| if row == O::ImmU { format!("{v:#x}") } else { v.to_string() };
        let d = Diagnostic::new(&codes::E0102, message).at(span, format!("{mnemonic} takes {}..={}", shown(*range.start()), shown(*range.end())));
        let put = |text: &str| s.replaced(operand.from, operand.to, text);
        let spare = s.spare_register();
        let written = s.raw(operand.from, operand.to);
        let with_register = |other: &str| {
            let statement = put(spare);
            (!rv32::lookup(other.as_bytes()).is_empty()).then(|| format!("li {spare}, {written}; {other}{}", statement.strip_prefix(mnemonic.as_str()).unwrap_or(&statement)))
        };
        let cure = match row {
            O::ImmI if mnemonic == "sltiu" => with_register("sltu"),
            O::ImmI | O::Uimm5 => with_register(mnemonic.strip_suffix('i').unwrap_or(&mnemonic)),
            O::Load | O::Store => {
                Some(format!("li {spare}, {}; add {spare}, {spare}, {}; {}", offset_text(s, operand), base_text(s, operand), put(&format!("0({spare})"))))
            }
            O::ImmU if mnemonic == "lui" => Some(format!("li {}, {written}", s.raw(1, 2))),
            _ => None,
        };
        let d = match cure {
            Some(cure) => self.with_cure(d, s, cure),
            None if row == O::Shamt => d.help("registers have 32 bits: shift by less, or by the number in a register (sll, srl, sra take its low 5 bits)"),
            None => d.help(format!("choose a number in {}..={}", shown(*range.start()), shown(*range.end()))),
        };
        self.report(d);
    }

    /// A number of more than 32 bits, which GNU as takes modulo 2^32.
    pub fn wide_number(&mut self, s: Stmt<'_>, operand: &Operand, n: i64) {
        // Numbers of 32 bits that were inverted in 64 bits.
        if (n as u64) >> 32 == 0xffff_ffff {
            return;
        }
        let span = self.operand_span(s, operand);
        let low = n as u32;
        let d = Diagnostic::new(&codes::WIDE_NUMBER, format!("{} has more than 32 bits", s.show(operand.from, operand.to))).at(span, format!("{low:#x} is left of it"));
        let d = self.with_cure(d, s, s.replaced(operand.from, operand.to, &format!("{low:#x}")));
        self.report(d);
    }

    /// A relocation operator in the wrong instruction.
    pub fn wrong_modifier(&mut self, s: Stmt<'_>, operand: &Operand, name: &str, what: &str) {
        let mnemonic = s.show(0, 1);
        let span = self.operand_span(s, operand);
        let d = Diagnostic::new(&codes::E0208, format!("`%{name}` does not fit {mnemonic}")).at(span, format!("expected {what}"));
        let upper = operand.modifier.row().is_some_and(|row| row.upper.is_some());
        let d = match (mnemonic.as_str(), upper) {
            ("lui" | "auipc", false) => d.help(format!("{mnemonic} takes the upper part: {}", s.replaced(operand.from, operand.from + 2, &format!("%{}", name.replace("lo", "hi"))))),
            (_, true) => d.help(format!("the upper part goes into a register first: lui or auipc with %{name}, then here %{}", name.replace("hi", "lo"))),
            _ => d.help("relocation operators stand in lui and auipc (%hi), and in addi, loads and stores (%lo)"),
        };
        self.report(d);
    }

    /// A name that is no register, though it looks like one and stands where one could; true if
    /// that was reported.
    pub fn mistaken_register(&mut self, s: Stmt<'_>, operand: &Operand) -> bool {
        let Shape::Word(name) = operand.shape else { return false };
        let text = self.names.text(name);
        let digits = text.len() > 1 && text.len() <= 4 && matches!(text[0] | 0x20, b'x' | b'a' | b's' | b't' | b'f' | b'$' | b'r') && text[1..].iter().all(u8::is_ascii_digit);
        let upper = text.first().is_some_and(u8::is_ascii_uppercase) && Reg::parse(text.to_ascii_lowercase()).is_some();
        let dollar = text.first() == Some(&b'$');
        let known = self.names.info(name).symbol;
        let defined = known != u32::MAX && self.symbols[SymbolId(known)].definition != Definition::Undefined;
        if defined || !(digits || upper || dollar) {
            return false;
        }
        let shown = self.names.show(name);
        let span = self.operand_span(s, operand);
        let label = register_hint(&shown).unwrap_or_else(|| "registers are x0 to x31, zero, ra, sp, gp, tp, t0 to t6, s0 to s11, a0 to a7".into());
        let d = Diagnostic::new(&codes::E0203, format!("`{shown}` is not a register")).at(span, label);
        let d = self.with_register(d, s, operand.from, &shown);
        self.report(d);
        true
    }

    /// A symbol where a number is needed.
    pub fn not_constant_operand(&mut self, s: Stmt<'_>, operand: &Operand, what: &str) {
        let mnemonic = s.show(0, 1);
        let span = self.operand_span(s, operand);
        let shown = s.show(operand.from, operand.to);
        let mut d = Diagnostic::new(&codes::E0209, format!("`{shown}` is not a number yet")).at(span, format!("{mnemonic} expects {what}"));
        if let Shape::Word(name) = operand.shape {
            let shown = self.names.show(name);
            if let Some(reg) = register_suggestion(&shown) {
                d = d.help(format!("did you mean the register `{reg}`?"));
            } else if mnemonic == "lui" || mnemonic == "auipc" {
                let operator = if mnemonic == "lui" { "%hi" } else { "%pcrel_hi" };
                d = self.with_cure(d, s, s.replaced(operand.from, operand.to, &format!("{operator}({shown})")));
            } else {
                d = d.help(format!("give it a value above this line: .equ {shown}, 5"));
            }
        }
        self.report(d);
    }

    /// A CSR by name or number.
    pub fn csr(&mut self, s: Stmt<'_>, operand: &Operand) -> Option<i32> {
        if let Shape::Word(name) = operand.shape {
            if let Some(row) = rv32::csr::by_name(self.names.text(name)) {
                return Some(i32::from(row.number));
            }
            let known = self.names.info(name).symbol != u32::MAX;
            if !known {
                let shown = self.names.show(name);
                let span = self.operand_span(s, operand);
                let mut d = Diagnostic::new(&codes::E0204, format!("`{shown}` is not a CSR")).at(span, "expected a CSR name or a number in 0..=4095");
                if let Some(near) = suggest(&shown, rv32::csr::ALL.iter().map(|row| row.name)) {
                    d = d.help(format!("did you mean `{near}`?"));
                }
                self.report(d);
                return None;
            }
        }
        let value = self.operand_value(s, operand);
        match self.fold_fixed(value).constant() {
            Some(n) if (0..=4095).contains(&n) => Some(n as i32),
            Some(n) => {
                self.out_of_range(s, operand, n, rv32::Operand::Csr);
                None
            }
            None => {
                self.not_constant_operand(s, operand, "a CSR name or a number in 0..=4095");
                None
            }
        }
    }

    /// The letters of a fence set.
    pub fn fence_set(&mut self, s: Stmt<'_>, operand: &Operand) -> Option<i32> {
        let span = self.operand_span(s, operand);
        let value = match operand.shape {
            Shape::Word(name) => {
                let mut rest = self.names.text(name);
                let mut bits = 0;
                for (letter, bit) in [(b'i', 8), (b'o', 4), (b'r', 2), (b'w', 1)] {
                    if let [first, after @ ..] = rest
                        && *first == letter
                    {
                        bits |= bit;
                        rest = after;
                    }
                }
                (rest.is_empty() && bits != 0).then_some(bits)
            }
            Shape::Value if operand.value.constant() == Some(0) => Some(0),
            _ => None,
        };
        if value.is_none() {
            let shown = s.show(operand.from, operand.to);
            let d = Diagnostic::new(&codes::E0202, format!("`{shown}` is no set of a fence")).at(span, "expected letters of iorw in this order, or 0").help("fence rw, rw");
            self.report(d);
        }
        value
    }

    /// A head that is no instruction, directive or macro.
    pub fn unknown_head(&mut self, s: Stmt<'_>, name: Name) {
        if self.bad_tokens(s) {
            return;
        }
        let shown = self.names.show(name);
        let span = s.head_span();
        let lowered = shown.to_ascii_lowercase();
        if shown.starts_with('.') {
            return self.unknown_directive(s, &shown);
        }
        if let Some(rv32::unsupported::Needs::Extension(extension)) = rv32::unsupported::needs(lowered.as_bytes()) {
            return self.needs_extension(s, &shown, extension);
        }
        let d = Diagnostic::new(&codes::E0101, format!("unknown instruction `{shown}`")).at(span, "not an instruction of this machine, and no macro");
        let d = match self.meant_statement(s, name, &shown, &lowered) {
            Some(Meant::Statement(why, cure)) => {
                let d = self.with_cure(d, s, cure);
                if why.is_empty() { d } else { d.note(why) }
            }
            Some(Meant::Word(near)) => {
                let d = d.help(format!("did you mean `{near}`?"));
                if s.map.is_exact(s.toks[0].start as usize) { d.cure(span, near) } else { d }
            }
            None => d.help("if it is a macro, define or include it above this line"),
        };
        self.report(d);
    }

    fn unknown_directive(&mut self, s: Stmt<'_>, shown: &str) {
        let span = s.head_span();
        let lowered = shown.to_ascii_lowercase();
        let d = Diagnostic::new(&codes::E0105, format!("unknown directive `{shown}`")).at(span, "not a directive of this assembler");
        if foreign::NEEDLESS.contains(&lowered.as_str()) {
            return self.report(d.help("delete this line: nothing here needs it"));
        }
        let macros: Vec<String> = self.macros.iter().map(|m| self.names.show(m.name)).collect();
        let mut known: Vec<&str> = crate::directives::names().collect();
        known.extend(macros.iter().map(String::as_str));
        let d = match foreign::directive(&lowered).or_else(|| suggest(shown, known)) {
            Some(near) => {
                let d = d.help(format!("did you mean `{near}`?")).note(format!("that would be: {}", crate::assembler::shorten(s.replaced(0, 1, near))));
                if s.map.is_exact(s.toks[0].start as usize) { d.cure(span, near) } else { d }
            }
            None if s.toks.len() == 1 => d.help(format!("for a label add a colon: {shown}:")),
            None => d.help("if it belongs to another assembler, leave it out; if it is a macro, define or include it above this line"),
        };
        self.report(d);
    }

    /// What an unknown head was meant to be.
    fn meant_statement(&self, s: Stmt<'_>, name: Name, shown: &str, lowered: &str) -> Option<Meant> {
        let arguments = split_operands(s);
        if let Some(row) = foreign::word(lowered) {
            let last = arguments.last().map(String::as_str).unwrap_or("");
            let number = last.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '\'' | '#'));
            let named = !number && Reg::parse(last).is_none() && last.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '_' | '.'));
            let template = match (number, named) {
                (true, _) if !row.with_number.is_empty() => row.with_number,
                (_, true) if !row.with_name.is_empty() => row.with_name,
                _ => row.cure,
            };
            return Some(Meant::Statement(row.why, fill_template(template, &arguments)));
        }
        if rv32::unsupported::needs(lowered.as_bytes()) == Some(rv32::unsupported::Needs::Rv64) {
            let why = "that is an instruction of RV64; this machine is RV32";
            return match foreign::without_w(lowered) {
                Some(short) => Some(Meant::Statement(why, s.replaced(0, 1, short))),
                None => Some(Meant::Statement(why, "work on two registers of 32 bits".into())),
            };
        }
        // The name of a label where a jump to it should be.
        if self.is_label(name) {
            return Some(Meant::Statement("a label of that name exists; to run what stands there, call it or jump to it", format!("call {shown}")));
        }
        let dotted = format!(".{lowered}");
        if let Some(ours) = crate::directives::find(dotted.as_bytes()).and_then(|d| d.names.iter().find(|n| **n == dotted)).copied().or_else(|| foreign::directive(&dotted)) {
            return Some(Meant::Word(ours.to_string()));
        }
        if s.toks.get(1).is_some_and(|t| t.kind == crate::lexer::T::LParen) {
            return Some(Meant::Statement("arguments go into a0, a1, ... before the call", format!("call {shown}")));
        }
        let macros: Vec<String> = self.macros.iter().map(|m| self.names.show(m.name)).collect();
        let mut known: Vec<&str> = rv32::mnemonics().collect();
        known.extend(macros.iter().map(String::as_str));
        let near = suggest(shown, known);
        let near = near.filter(|near| s.toks.len() > 1 || rv32::lookup(near.as_bytes()).iter().any(|f| placeholders(f).is_empty()) || macros.iter().any(|m| m == near));
        match near {
            Some(near) => Some(Meant::Word(near.to_string())),
            None if s.toks.len() == 1 => Some(Meant::Statement("a label ends with a colon", format!("{shown}:"))),
            None => None,
        }
    }
}

/// What somebody meant.
enum Meant {
    /// A note on why, and a statement.
    Statement(&'static str, String),
    /// Another head.
    Word(String),
}

/// The operands of a line as texts; ARM's `#4` and `[a1, #4]` become ours.
fn split_operands(s: Stmt<'_>) -> Vec<String> {
    let line = s.line();
    let text = String::from_utf8_lossy(&line[(s.toks[0].end - s.toks[0].start) as usize..]).into_owned();
    // A `#` right after a comma, a bracket or at the start begins a number of ARM, elsewhere a comment.
    let mut operands = vec![String::new()];
    let mut depth = 0;
    let mut before = ',';
    for c in text.chars() {
        match c {
            '#' if matches!(before, ',' | '[') => continue,
            '#' | ';' => break,
            '[' | '(' => depth += 1,
            ']' | ')' => depth -= 1,
            ',' if depth == 0 => {
                operands.push(String::new());
                before = ',';
                continue;
            }
            _ => {}
        }
        if !c.is_whitespace() {
            before = c;
        }
        if let Some(last) = operands.last_mut() {
            last.push(c);
        }
    }
    operands.iter().map(|o| bracketed(o.trim()).unwrap_or_else(|| o.trim().to_string())).filter(|o| !o.is_empty()).collect()
}

/// `[a1]`, `[a1, 4]`, `[a1 + 4]`, `4[a1]` in our form, `4(a1)`.
pub fn bracketed(text: &str) -> Option<String> {
    let (outside, inside) = text.split_once('[')?;
    let inside = inside.trim_end_matches(['!', ' ']).strip_suffix(']')?.replace('#', "");
    let mut parts = inside.splitn(2, [',', '+']).map(str::trim);
    let first = parts.next()?;
    let (mut base, mut offset) = (first.to_string(), parts.next().unwrap_or("").to_string());
    if let Some((name, number)) = first.split_once('-')
        && offset.is_empty()
    {
        (base, offset) = (name.trim().to_string(), format!("-{}", number.trim()));
    }
    let base = base.trim_start_matches('$');
    Reg::parse(base)?;
    let offset = match (outside.trim(), offset.as_str()) {
        ("", "") => "0",
        ("", offset) | (offset, "") => offset,
        _ => return None,
    };
    Some(format!("{offset}({base})"))
}

/// Puts operands into a cure; names stand for those that are missing.
fn fill_template(template: &str, operands: &[String]) -> String {
    let mut out = template.to_string();
    let takes = (0..3).filter(|i| template.contains(&format!("{{{i}}}"))).count();
    // `add a0, 4` of machines with two operands: the first is the destination, too.
    let doubled: Vec<String> = if operands.len() + 1 == takes && takes == 3 { std::iter::once(operands[0].clone()).chain(operands.iter().cloned()).collect() } else { operands.to_vec() };
    for (i, default) in ["a0", "a1", "a2"].into_iter().enumerate() {
        let text = doubled.get(i).map_or(default, String::as_str);
        let text = text.strip_prefix('$').filter(|t| Reg::parse(t).is_some()).unwrap_or(text);
        out = out.replace(&format!("{{{i}}}"), text);
    }
    out.replace("--", "")
}

fn base_text(s: Stmt<'_>, operand: &Operand) -> String {
    s.raw(operand.to - 2, operand.to - 1)
}

/// The offset of a memory operand, `0` if none is written.
fn offset_text(s: Stmt<'_>, operand: &Operand) -> String {
    let text = s.raw(operand.from, operand.to - 3);
    if operand.to - 3 <= operand.from || text.is_empty() { "0".into() } else { text }
}

fn form_ext(form: &Form) -> Ext {
    match form {
        Form::Real { op, .. } => op.row().ext,
        Form::Pseudo(row) => row.ext,
        Form::Compressed(cop) => cop.row().ext,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_of_other_assemblers() {
        for (theirs, ours) in [("[sp]", "0(sp)"), ("[sp+4]", "4(sp)"), ("[sp, #4]", "4(sp)"), ("[s0 - 8]", "-8(s0)"), ("4[sp]", "4(sp)"), ("[$t0+4]", "4(t0)")] {
            assert_eq!(bracketed(theirs).as_deref(), Some(ours), "{theirs}");
        }
        assert_eq!(bracketed("[x]"), None);
    }

    #[test]
    fn orders_leave_out_the_given_one() {
        assert_eq!(orders(2), [[1, 0]]);
        assert_eq!(orders(3).len(), 5);
        assert_eq!(orders(4).len(), 23);
    }
}
