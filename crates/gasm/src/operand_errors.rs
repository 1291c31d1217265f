//! What is said when operands do not agree with any row: always in the row's own words.

#![allow(clippy::wildcard_enum_match_arm, reason = "messages have a general form for what has no special one")]

use crate::assembler::{Assembler, Stmt};
use crate::names::Name;
use crate::operand::{Operand, Shape, register_suggestion};
use diag::{Diagnostic, codes, suggest};
use rv32::operand::Syntax;
use rv32::{Ext, Form};

/// The usage line of a form: `addi rd, rs1, imm`.
pub fn usage(name: &str, form: &Form) -> String {
    let operands: Vec<&str> = match form {
        Form::Real { op, .. } => op.row().operands.iter().filter(|o| o.syntax() != Syntax::None).map(|o| o.placeholder()).collect(),
        Form::Pseudo(row) => row.operands.iter().filter(|o| o.syntax() != Syntax::None).map(|o| o.placeholder()).collect(),
        Form::Compressed(cop) => cop.row().operands.iter().map(|o| o.placeholder()).collect(),
    };
    if operands.is_empty() { format!("{name} (no operands)") } else { format!("{name} {}", operands.join(", ")) }
}

impl Assembler<'_> {
    /// No form of the mnemonic agrees with the operands.
    pub fn no_form(&mut self, s: Stmt<'_>, name: Name, forms: &'static [Form], operands: &[Operand]) {
        let mnemonic = self.names.show(name);
        let isa = self.target.isa();
        let ext = |form: &Form| match form {
            Form::Real { op, .. } => op.row().ext,
            Form::Pseudo(row) => row.ext,
            Form::Compressed(cop) => cop.row().ext,
        };
        let usable: Vec<&Form> = forms.iter().filter(|f| isa.contains(ext(f)) || self.options.isa.contains(ext(f)) && ext(f) == Ext::Zicsr).collect();
        if usable.is_empty() {
            let needed = ext(&forms[0]);
            return self.needs_extension(s, &mnemonic, needed.name());
        }
        let count = |form: &Form| match form {
            Form::Real { op, .. } => op.row().operands.iter().filter(|o| o.syntax() != Syntax::None).count(),
            Form::Pseudo(row) => row.operands.iter().filter(|o| o.syntax() != Syntax::None).count(),
            Form::Compressed(cop) => cop.row().operands.len(),
        };
        let mut usages: Vec<String> = usable.iter().map(|f| usage(&mnemonic, f)).collect();
        usages.dedup();
        let same_count: Vec<&&Form> = usable.iter().filter(|f| count(f) == operands.len()).collect();
        if same_count.is_empty() {
            let mut d = Diagnostic::new(&codes::E0201, format!("{mnemonic} does not take {} operand{}", operands.len(), if operands.len() == 1 { "" } else { "s" }))
                .at(s.whole(), format!("expected `{}`", usages[0]));
            for other in usages.iter().skip(1).take(4) {
                d = d.note(format!("or `{other}`"));
            }
            if let Some(cure) = self.count_cure(s, &mnemonic, operands) {
                d = d.help(cure);
            }
            return self.report(d);
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
        let code = if wants_register && matches!(operand.shape, Shape::Word(_)) { &codes::E0203 } else { &codes::E0202 };
        let message = match (code.id, operand.shape) {
            ("E0203", _) => format!("`{shown}` is not a register"),
            (_, Shape::Register(_)) => format!("`{shown}` is a register, and {mnemonic} expects something else here"),
            _ => format!("`{shown}` is not what {mnemonic} expects here"),
        };
        let mut d = Diagnostic::new(code, message).at(span, format!("expected {what}: `{}`", usage(&mnemonic, form)));
        let swapped = operands.len() == 2 && same_count.iter().any(|f| crate::instruction::agrees(f, 0, &operands[1]) && crate::instruction::agrees(f, 1, &operands[0]));
        if swapped {
            d = d.help(format!("{mnemonic} {}, {}", s.show(operands[1].from, operands[1].to), s.show(operands[0].from, operands[0].to)));
        } else if let Some(cure) = self.shape_cure(s, &mnemonic, operand, what, &shown) {
            d = d.help(cure);
        }
        self.report(d);
    }

    /// A statement to paste for a wrong number of operands, where one suggests itself.
    fn count_cure(&self, s: Stmt<'_>, mnemonic: &str, operands: &[Operand]) -> Option<String> {
        let shown = |i: usize| s.show(operands[i].from, operands[i].to);
        match (mnemonic, operands.len()) {
            ("add" | "sub" | "and" | "or" | "xor" | "addi" | "andi" | "ori" | "xori" | "slli" | "srli" | "srai" | "sll" | "srl" | "sra", 2) => {
                Some(format!("{mnemonic} {0}, {0}, {1}", shown(0), shown(1)))
            }
            ("beq" | "bne", 2) => Some(format!("{mnemonic}z {}, {}", shown(0), shown(1))),
            ("lw" | "lh" | "lb" | "lhu" | "lbu" | "sw" | "sh" | "sb", 3) if matches!(operands[1].shape, Shape::Value) => {
                Some(format!("{mnemonic} {}, {}({})", shown(0), shown(1), shown(2)))
            }
            ("sw" | "sh" | "sb", 2) => Some(format!("{mnemonic} {}, {}, t0", shown(0), shown(1))),
            ("mv", 1) => Some(format!("mv a0, {}", shown(0))),
            _ => None,
        }
    }

    fn shape_cure(&self, s: Stmt<'_>, mnemonic: &str, operand: &Operand, what: &str, shown: &str) -> Option<String> {
        match operand.shape {
            Shape::Word(_) if what.contains("register") => register_suggestion(shown).map(|r| format!("did you mean `{r}`?")),
            Shape::Register(_) if what.starts_with("an address") => Some(format!("0({shown})")),
            Shape::Register(_) if what.starts_with("an integer") && !rv32::lookup(mnemonic.strip_suffix('i')?.as_bytes()).is_empty() => {
                Some(format!("{} {}", mnemonic.trim_end_matches('i'), s.show(1, s.toks.len())))
            }
            Shape::Word(_) if what.starts_with("an address") && matches!(mnemonic, "sw" | "sh" | "sb") => Some(format!("{mnemonic} {}, t0", s.show(1, s.toks.len()))),
            Shape::Word(_) if what.starts_with("an address") => Some(format!("0({shown}), if `{shown}` is a register")),
            Shape::Memory(_) if what == "a register" && matches!(mnemonic, "lw" | "sw" | "lb" | "sb" | "lh" | "sh" | "lbu" | "lhu") => {
                Some(format!("{mnemonic} register, {shown}"))
            }
            Shape::Value if what == "a register" && operand.value.constant().is_some() => {
                let imm = format!("{mnemonic}i");
                if rv32::lookup(imm.as_bytes()).is_empty() {
                    Some(format!("load it first: li t0, {shown}"))
                } else {
                    Some(format!("{imm} {}", s.show(1, s.toks.len())))
                }
            }
            Shape::Value if what == "a register" && shown.starts_with('$') => register_suggestion(shown).map(str::to_string),
            _ => None,
        }
    }

    /// The instruction belongs to an extension that is off or not supported.
    pub fn needs_extension(&mut self, s: Stmt<'_>, mnemonic: &str, extension: &str) {
        let supported = Ext::from_name(extension).is_some();
        let mut d = Diagnostic::new(&codes::E0205, format!("{mnemonic} needs extension {extension}"));
        d = if supported {
            d.at(s.head_span(), "the extension is off here").help(format!(".option arch, +{extension}"))
        } else {
            d.at(s.head_span(), "this extension is not supported")
        };
        self.report(d);
    }

    /// An immediate outside the row's range.
    pub fn out_of_range(&mut self, s: Stmt<'_>, operand: &Operand, n: i64, row: rv32::Operand) {
        let mnemonic = s.show(0, 1);
        let span = self.operand_span(s, operand);
        let range = row.written_range().unwrap_or(0..=0);
        let message = match row {
            rv32::Operand::ImmI | rv32::Operand::Load | rv32::Operand::Store => format!("{n} does not fit in 12 signed bits"),
            rv32::Operand::ImmU => format!("{n} does not fit in 20 bits"),
            _ => format!("{n} is out of range"),
        };
        let shown = |v: i32| if row == rv32::Operand::ImmU { format!("{v:#x}") } else { v.to_string() };
        let mut d = Diagnostic::new(&codes::E0102, message).at(span, format!("{mnemonic} takes {}..={}", shown(*range.start()), shown(*range.end())));
        d = match row {
            rv32::Operand::ImmI => d.help(format!("load it first: li t0, {n}")),
            rv32::Operand::Load | rv32::Operand::Store => {
                let base = s.show(operand.to - 2, operand.to - 1);
                d.help(format!("compute the address first: li t0, {n}; add t0, t0, {base}; then use 0(t0)"))
            }
            rv32::Operand::ImmU => d.help(format!("for a whole 32-bit number: li a0, {n}")),
            _ => d,
        };
        self.report(d);
    }

    /// A relocation operator in the wrong instruction.
    pub fn wrong_modifier(&mut self, s: Stmt<'_>, operand: &Operand, name: &str, what: &str) {
        let mnemonic = s.show(0, 1);
        let span = self.operand_span(s, operand);
        let d = Diagnostic::new(&codes::E0208, format!("`%{name}` does not fit {mnemonic}")).at(span, format!("expected {what}"));
        self.report(d);
    }

    /// A name that is no register, though it looks like one and stands where one could; true if
    /// that was reported.
    pub fn mistaken_register(&mut self, s: Stmt<'_>, operand: &Operand) -> bool {
        let Shape::Word(name) = operand.shape else { return false };
        let text = self.names.text(name);
        let digits = text.len() > 1 && text.len() <= 4 && matches!(text[0] | 0x20, b'x' | b'a' | b's' | b't' | b'f' | b'$' | b'r') && text[1..].iter().all(u8::is_ascii_digit);
        let upper = text.first().is_some_and(u8::is_ascii_uppercase) && rv32::Reg::parse(text.to_ascii_lowercase()).is_some();
        let dollar = text.first() == Some(&b'$');
        let known = self.names.info(name).symbol;
        let defined = known != u32::MAX && self.symbols[crate::symbols::SymbolId(known)].definition != crate::symbols::Definition::Undefined;
        if defined || !(digits || upper || dollar) {
            return false;
        }
        let shown = self.names.show(name);
        let span = self.operand_span(s, operand);
        let mut d = Diagnostic::new(&codes::E0203, format!("`{shown}` is not a register")).at(span, "registers are x0 to x31, zero, ra, sp, gp, tp, t0 to t6, s0 to s11, a0 to a7");
        if let Some(near) = register_suggestion(&shown) {
            d = d.help(format!("did you mean `{near}`?")).cure(span, near);
        }
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
                d = d.help(if mnemonic == "lui" { format!("%hi({shown})") } else { format!("%pcrel_hi({shown})") });
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
        let shown = self.names.show(name);
        let span = s.head_span();
        let mut known: Vec<String> = self.macros.iter().map(|m| self.names.show(m.name)).collect();
        if shown.starts_with('.') {
            known.extend(crate::directives::names().map(str::to_string));
            let mut d = Diagnostic::new(&codes::E0105, format!("unknown directive `{shown}`")).at(span, "not a directive of this assembler");
            let near = other_directives(&shown.to_ascii_lowercase()).or_else(|| suggest(&shown, known.iter().map(String::as_str)));
            if let Some(near) = near {
                let rest = if s.toks.len() > 1 { format!("{near} {}", s.show(1, s.toks.len())) } else { near.to_string() };
                d = d.help(format!("did you mean `{near}`?")).cure(span, near).note(format!("that would be: {rest}"));
            } else if s.toks.get(1).is_some_and(|t| t.kind == crate::lexer::T::Colon) || s.toks.len() == 1 {
                d = d.help(format!("for a label add a colon: {shown}:"));
            }
            return self.report(d);
        }
        let lowered = shown.to_ascii_lowercase();
        if let Some(rv32::unsupported::Needs::Extension(extension)) = rv32::unsupported::needs(lowered.as_bytes()) {
            return self.needs_extension(s, &shown, extension);
        }
        known.extend(rv32::mnemonics().map(str::to_string));
        let mut d = Diagnostic::new(&codes::E0101, format!("unknown instruction `{shown}`")).at(span, "not an instruction of this machine, and no macro");
        if lowered != shown && !rv32::lookup(lowered.as_bytes()).is_empty() {
            d = d.help(lowered.clone()).note("instructions are written in lower case").cure(span, lowered);
        } else if let Some(near) = other_assemblers(&lowered) {
            d = d.help(near);
        } else if let Some(near) = suggest(&shown, known.iter().map(String::as_str)) {
            d = d.help(format!("did you mean `{near}`?")).cure(span, near);
        } else if s.toks.len() == 1 {
            d = d.help(format!("for a label add a colon: {shown}:"));
        }
        self.report(d);
    }
}

/// Directives that people bring along from other assemblers.
fn other_directives(name: &str) -> Option<&'static str> {
    Some(match name {
        ".asciiz" | ".stringz" | ".asci" => ".asciz",
        ".db" | ".dcb" | ".defb" => ".byte",
        ".dw" | ".dcw" | ".defw" => ".half",
        ".dd" | ".dcd" => ".word",
        ".dq" => ".dword",
        ".resb" | ".res" | ".reserve" | ".block" => ".space",
        ".public" | ".export" | ".xdef" => ".globl",
        ".code" | ".segment" => ".text",
        ".const" | ".rodata" => ".section .rodata",
        ".define" => ".equ",
        ".proc" | ".func" => ".type",
        ".endmacro" | ".end_macro" => ".endm",
        _ => return None,
    })
}

/// Instructions that people bring along from other machines.
fn other_assemblers(name: &str) -> Option<&'static str> {
    Some(match name {
        "mov" | "movl" | "mr" | "cpy" => "did you mean `mv`?",
        "ldr" => "did you mean `lw`?",
        "str" => "did you mean `sw`?",
        "syscall" | "svc" | "int" | "swi" => "did you mean `ecall`?",
        "jmp" | "b" => "did you mean `j`?",
        "bl" => "did you mean `call`?",
        "addiu" | "addu" => "did you mean `addi` or `add`? They never trap on overflow",
        "subi" | "subiu" => "there is no subtract immediate: use addi with the negative number",
        "push" | "pop" => "there is no push or pop: addi sp, sp, -4; sw ra, 0(sp)",
        "inc" => "there is no inc: addi a0, a0, 1",
        "dec" => "there is no dec: addi a0, a0, -1",
        "cmp" | "test" => "there are no flags: compare and branch at once, as in blt a0, a1, label",
        "je" | "jz" => "did you mean `beqz` or `beq`?",
        "jne" | "jnz" => "did you mean `bnez` or `bne`?",
        "mfhi" | "mflo" => "mul and mulh give the halves of a product",
        "move" => "did you mean `mv`?",
        "ld" | "sd" | "lwu" | "addiw" | "addw" | "subw" | "sext.w" | "sllw" | "srlw" | "sraw" | "slliw" | "srliw" | "sraiw" | "mulw" | "divw" | "divuw" | "remw" | "remuw" => {
            "that is an instruction of RV64; this machine is RV32"
        }
        _ => return None,
    })
}
