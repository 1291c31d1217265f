//! Suspicious code, as named warnings. Only what people write is looked at: a source with `.file "name"` or `.ident`
//! came out of a compiler, and from that line on nothing here is done.

#![allow(clippy::wildcard_enum_match_arm, reason = "few instructions end the flow of control, few definitions matter")]

use crate::assembler::{Assembler, Statement, Stmt};
use crate::expr::Value;
use crate::instruction::Filled;
use crate::lexer::{self, T};
use crate::names::{Head, Name};
use crate::place::{Map, Where};
use crate::section::{At, ChainId, Mapping, Variable};
use crate::symbols::{Binding, Definition, Symbol, SymbolId};
use diag::{Diagnostic, codes, suggest};
use rv32::{Expansion, Form, Op};
use std::collections::BTreeMap;

/// What an instruction does with control after it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Flow {
    /// The next instruction runs.
    On,
    /// The next may run: a call or a trap need not come back.
    Perhaps,
    /// It never runs.
    Ends,
}

/// The last instruction of a chain.
#[derive(Clone, Copy)]
struct Last {
    flow: Flow,
    place: Where,
}

/// What is noted while reading, for the end of the file.
pub struct Lints {
    /// People wrote this.
    pub on: bool,
    /// The place after an instruction that never goes on, while nothing stands there.
    ended: Option<(At, Where)>,
    /// The chain of the last instruction, and that.
    last: Option<(ChainId, Last)>,
    /// Those of other chains.
    others: BTreeMap<u32, Last>,
    /// The last label.
    label: Option<(At, Name, Where)>,
    /// Data with a label after instructions that go on: where it begins, the label, the instruction.
    into_data: Vec<(At, Name, Where, Where)>,
    /// Instructions that control never reaches, with the jump before each.
    unreachable: Vec<(Where, Where)>,
    /// What was found.
    found: Vec<(Diagnostic, Where)>,
    /// Loads and stores of symbols.
    accesses: Vec<(SymbolId, Where)>,
}

impl Default for Lints {
    fn default() -> Lints {
        Lints { on: true, ended: None, last: None, others: BTreeMap::new(), label: None, into_data: Vec::new(), unreachable: Vec::new(), found: Vec::new(), accesses: Vec::new() }
    }
}

/// What the mnemonic says of the flow of control.
fn flow(s: Stmt<'_>, forms: &'static [Form]) -> Flow {
    let to_zero = || s.toks.get(1).is_some_and(|t| matches!(s.bytes(*t), b"zero" | b"x0"));
    match forms.first() {
        Some(Form::Real { op: Op::Jal | Op::Jalr, .. }) if to_zero() => Flow::Ends,
        Some(Form::Real { op: Op::Jal | Op::Jalr | Op::Ecall | Op::Ebreak | Op::Mret | Op::Sret, .. }) => Flow::Perhaps,
        Some(Form::Pseudo(row)) => match (row.expansion, row.template.op, row.template.rd) {
            (Expansion::Unimp | Expansion::IllegalHalfword, ..) => Flow::Perhaps,
            (_, Op::Jal | Op::Jalr, 0) => Flow::Ends,
            (_, Op::Jal | Op::Jalr, _) => Flow::Perhaps,
            _ => Flow::On,
        },
        Some(Form::Compressed(cop)) => match cop.row().expands_to {
            insn if matches!(insn.op, Op::Jal | Op::Jalr) => if insn.rd == 0 { Flow::Ends } else { Flow::Perhaps },
            insn if insn.op == Op::Ebreak => Flow::Perhaps,
            _ => Flow::On,
        },
        _ => Flow::On,
    }
}

impl Assembler<'_> {
    /// Before an instruction is assembled: whether control can come here.
    pub fn lint_before(&mut self, s: Stmt<'_>, forms: &'static [Form]) {
        let Some((at, jump)) = self.lints.ended.take() else { return };
        // Rows of jumps are tables; padding is nop, unimp and ebreak.
        let padding = matches!(s.bytes(s.toks[0]), b"nop" | b"c.nop" | b"unimp" | b"c.unimp" | b"ebreak" | b"c.ebreak");
        if at != self.here() || padding || flow(s, forms) == Flow::Ends {
            return;
        }
        let place = self.place(s.whole());
        self.lints.unreachable.push((place, jump));
    }

    /// After an instruction: what control does next.
    pub fn lint_after(&mut self, s: Stmt<'_>, forms: &'static [Form]) {
        let flow = flow(s, forms);
        let place = self.place(s.whole());
        let chain = self.chain;
        if let Some((before, last)) = self.lints.last
            && before != chain
        {
            self.lints.others.insert(before.0, last);
        }
        self.lints.last = Some((chain, Last { flow, place }));
        self.lints.ended = (flow == Flow::Ends).then(|| (self.here(), place));
    }

    /// At a label, a directive or the border of a macro: control may come from elsewhere.
    pub fn lint_join(&mut self) {
        self.lints.ended = None;
    }

    /// A label was defined.
    pub fn lint_label(&mut self, name: Name, at: At, place: Where) {
        self.lints.ended = None;
        self.lints.label = Some((at, name, place));
    }

    /// Data begins after instructions.
    pub fn lint_data(&mut self) {
        let here = self.here();
        if let (Some((chain, last)), Some((at, name, place))) = (self.lints.last, self.lints.label)
            && chain == self.chain
            && last.flow == Flow::On
            && at == here
        {
            self.lints.into_data.push((at, name, place, last.place));
        }
    }

    /// A load or store of a symbol by its address.
    pub fn lint_access(&mut self, value: Value, place: Where) {
        if value.add.is_some() && !value.sub.is_some() {
            self.lints.accesses.push((value.add, place));
        }
    }

    /// A result that goes into register zero: hints compute from register zero, or are prefetches.
    pub fn lint_result(&mut self, s: Stmt<'_>, filled: &Filled) {
        let insn = filled.insn;
        let computes = matches!(insn.op.row().bits & 0x7f, 0x13 | 0x33);
        if insn.rd != 0 || insn.rs1 == 0 || !computes || insn.op == Op::Ori {
            return;
        }
        let d = Diagnostic::new(&codes::WRITE_TO_ZERO, format!("the result of {} goes into register zero", s.show(0, 1))).at(s.whole(), "x0 is always 0");
        self.report(d.help("name the register that should hold the result"));
    }

    /// Tells what was found, unless there are errors: those come first.
    pub fn report_lints(&mut self) {
        if self.errors() == 0 {
            for (d, place) in std::mem::take(&mut self.lints.found) {
                self.report_at(d, place);
            }
        }
    }

    /// What only the whole file tells, while its fragments are there.
    pub fn lint_file(&mut self) {
        if !self.lints.on || self.errors() > 0 {
            return;
        }
        if let Some((chain, last)) = self.lints.last {
            self.lints.others.insert(chain.0, last);
        }
        for (place, jump) in std::mem::take(&mut self.lints.unreachable) {
            let d = Diagnostic::new(&codes::UNREACHABLE_CODE, "control never comes here").at(place.span, "no label stands before this").also(jump.span, "this never goes on");
            self.lints.found.push((d.help("put a label before it and jump to that, or delete it"), place));
        }
        self.lint_into_data();
        self.lint_ends();
        self.lint_accesses();
        self.lint_names();
        self.lint_branches();
        self.lint_macros();
    }

    /// Control runs into data, which is not code in disguise: that goes on without a label.
    fn lint_into_data(&mut self) {
        for (at, name, label, from) in std::mem::take(&mut self.lints.into_data) {
            let next = self.sections[at.chain].mapping.iter().find(|(m, kind)| *m > at && !matches!(kind, Mapping::Data)).map(|(m, _)| *m);
            if next.is_some_and(|next| !self.symbols.all.iter().any(|s| s.definition == Definition::Label(next))) {
                continue;
            }
            let name = self.names.show(name);
            let d = Diagnostic::new(&codes::FALL_THROUGH, format!("control runs into `{name}`, which is data"))
                .at(from.span, "after this")
                .also(label.span, "the data")
                .help("end the code with ret, a jump or an exit, or put the data into .data");
            self.lints.found.push((d, from));
        }
    }

    /// Control runs past the end of a section with an entry for others.
    fn lint_ends(&mut self) {
        for (chain, last) in std::mem::take(&mut self.lints.others) {
            let section = self.sections[ChainId(chain)].section;
            let name = self.names.show(self.sections[section].name);
            let content = self.sections[ChainId(chain)].content;
            if last.flow != Flow::On || content != crate::section::Content::Code || !(name == ".text" || name.starts_with(".text.")) {
                continue;
            }
            let entry = self.symbols.all.iter().any(|s| s.binding == Binding::Global && matches!(s.definition, Definition::Label(at) if at.chain.0 == chain));
            if !entry {
                continue;
            }
            let d = Diagnostic::new(&codes::FALL_THROUGH, format!("control runs past the end of section `{name}`"))
                .at(last.place.span, "after this, whatever the linker puts there runs")
                .help("end with ret, with a jump, or with a call that does not come back");
            self.lints.found.push((d, last.place));
        }
    }

    /// Loads and stores of instructions.
    fn lint_accesses(&mut self) {
        for (symbol, place) in std::mem::take(&mut self.lints.accesses) {
            let Definition::Label(at) = self.symbols[symbol].definition else { continue };
            let chain = &self.sections[at.chain];
            let before = chain.mapping.partition_point(|(m, _)| *m <= at);
            if before == 0 || matches!(chain.mapping[before - 1].1, Mapping::Data) || at.pos == chain.pos() {
                continue;
            }
            let (name, defined) = (self.names.show(self.symbols[symbol].name), self.symbols[symbol].place);
            let d = Diagnostic::new(&codes::CODE_AS_DATA, format!("`{name}` is code, and taken as data here"))
                .at(place.span, "the bytes of instructions")
                .also(defined.span, "instructions stand here")
                .help(format!("for the address: la a0, {name}"));
            self.lints.found.push((d, place));
        }
    }

    /// Names declared global that are defined as another.
    fn lint_names(&mut self) {
        let declared = |symbol: &Symbol| {
            let undefined = symbol.definition == Definition::Undefined && !symbol.internal && !symbol.temporary;
            undefined && !symbol.used && symbol.binding == Binding::Global
        };
        let found: Vec<(Name, Where)> = self.symbols.all.iter().filter(|symbol| declared(symbol)).map(|symbol| (symbol.name, symbol.place)).collect();
        for (name, place) in found {
            let name = self.names.show(name);
            let Some(near) = self.near_label(&name) else { continue };
            let d = Diagnostic::new(&codes::MISSPELT_LABEL, format!("`{name}` is declared and neither defined nor used"));
            self.lints.found.push((d.at(place.span, "no such label is here").help(format!("did you mean `{near}`?")), place));
        }
    }

    /// A label of this file with nearly this name; a difference in underscores is meant.
    fn near_label(&self, name: &str) -> Option<String> {
        let labels = self.symbols.all.iter().filter(|s| matches!(s.definition, Definition::Label(_)) && !s.temporary);
        let names: Vec<String> = labels.map(|s| self.names.show(s.name)).collect();
        let near = suggest(name, names.iter().map(String::as_str))?;
        (near.len().abs_diff(name.len()) <= 2 && near.trim_matches('_') != name.trim_matches('_')).then(|| near.to_string())
    }

    /// Branches to names that this file does not define, though it defines one much like them.
    fn lint_branches(&mut self) {
        let mut found: Vec<(SymbolId, Where)> = Vec::new();
        for chain in &self.sections.chains {
            for variable in &chain.variables {
                if let Variable::Branch(branch) = variable
                    && branch.target.add.is_some()
                    && self.symbols[branch.target.add].definition == Definition::Undefined
                    && !self.symbols[branch.target.add].temporary
                    && self.symbols[branch.target.add].binding == Binding::Default
                {
                    found.push((branch.target.add, branch.place));
                }
            }
        }
        for (id, place) in found {
            let name = self.names.show(self.symbols[id].name);
            let Some(near) = self.near_label(&name) else { continue };
            let d = Diagnostic::new(&codes::MISSPELT_LABEL, format!("label `{name}` is not defined in this file")).at(place.span, "the linker looks for it in other files").help(format!("did you mean `{near}`?"));
            self.lints.found.push((d, place));
        }
    }

    /// Macros that nothing uses, and what is wrong in them whatever their arguments.
    fn lint_macros(&mut self) {
        for m in 0..self.macros.len() {
            if self.macros[m].used || self.macros[m].purged {
                continue;
            }
            let (name, place, body) = (self.names.show(self.macros[m].name), self.macros[m].place, self.macros[m].body.clone());
            let d = Diagnostic::new(&codes::UNUSED_MACRO, format!("macro `{name}` is not used")).at(place.span, "defined here").help("delete it, or use it");
            self.lints.found.push((d, place));
            let mut depth = 0usize;
            let mut at = 0;
            let mut toks = Vec::new();
            while at < body.text.len() {
                at = lexer::statement(&body.text, at, &mut toks);
                while toks.len() > 1 && toks[1].kind == T::Colon {
                    toks.drain(..2);
                }
                let statement = Statement { text: &body.text, map: Map::Lines(&body.lines), toks: &toks };
                let s = Stmt(&statement);
                let Some(head) = toks.first().filter(|t| t.kind == T::Word) else { continue };
                let word = s.bytes(*head).to_ascii_lowercase();
                match word.as_slice() {
                    b".if" | b".macro" | b".rept" | b".irp" | b".irpc" => depth += 1,
                    w if w.starts_with(b".if") => depth += 1,
                    b".endif" | b".endm" | b".endr" => depth = depth.saturating_sub(1),
                    b".altmacro" => break,
                    _ => {}
                }
                let substituted = toks.iter().any(|t| t.kind == T::Backslash) || self.altmacro;
                let assignment = toks.get(1).is_some_and(|t| matches!(t.kind, T::Eq | T::EqEq | T::Colon));
                if depth > 0 || substituted || assignment || word.starts_with(b".") {
                    continue;
                }
                let head_name = self.names.intern(s.bytes(*head));
                if !matches!(self.head(head_name), Head::Unknown) || rv32::unsupported::needs(&word).is_some() {
                    continue;
                }
                let shown = s.show(0, 1);
                let span = s.head_span();
                let d = Diagnostic::new(&codes::MACRO_BODY, format!("unknown instruction `{shown}` in macro `{name}`, which nothing uses yet")).at(span, "wrong whatever the arguments are");
                let d = match suggest(&shown, rv32::mnemonics()) {
                    Some(near) => d.help(format!("did you mean `{near}`?")),
                    None => d.help("if it is a macro, define or include it in this file"),
                };
                self.lints.found.push((d, Where { span, expansion: 0 }));
            }
        }
    }
}
