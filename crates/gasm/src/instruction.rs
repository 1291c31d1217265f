//! Instructions: the first form of the mnemonic that agrees with the operands is filled in and emitted.

#![allow(clippy::wildcard_enum_match_arm, reason = "what a mnemonic means is decided by rows; special cases are few")]

use crate::assembler::{Assembler, Stmt};
use crate::expr::Value;
use crate::names::Name;
use crate::operand::{Modifier, Operand, Shape};
use crate::parse::Args;
use crate::place::Where;
use crate::section::{Branch, Content, FixKind, Fixup, Variable};
use diag::{Diagnostic, Span, codes};
use rv32::operand::Syntax;
use rv32::{COp, COperand, Expansion, Ext, Form, Insn, Op, PseudoRow, Reloc};

/// What of an instruction waits for layout or linking.
#[derive(Clone, Copy)]
pub enum Late {
    /// Nothing.
    None,
    /// The target of a branch or jump.
    Target(Value, Where),
    /// A relocation.
    Reloc(Reloc, bool, Value, Where),
    /// An immediate that layout makes constant.
    Immediate(FixKind, Value, Where),
    /// The symbol of a pseudo-instruction of several instructions.
    Symbol(Value, Where),
}

/// A filled-in instruction.
#[derive(Clone, Copy)]
pub struct Filled {
    /// The instruction.
    pub insn: Insn,
    /// What waits.
    pub late: Late,
    /// An immediate was written as its value modulo 2^32: GNU as does not compress those.
    pub wrapped: bool,
}

/// The operands of a form, as the parser sees them.
fn form_operands(form: &Form) -> FormOperands {
    match form {
        Form::Real { op, .. } => FormOperands::Rows(op.row().operands),
        Form::Pseudo(row) => FormOperands::Rows(row.operands),
        Form::Compressed(cop) => FormOperands::Compressed(cop.row().operands),
    }
}

#[derive(Clone, Copy)]
enum FormOperands {
    Rows(&'static [rv32::Operand]),
    Compressed(&'static [COperand]),
}

impl FormOperands {
    /// Operand `i` as it is written; `None` for the written stack pointer of compressed forms.
    fn written(self, i: usize) -> Option<Option<rv32::Operand>> {
        match self {
            FormOperands::Rows(rows) => rows.iter().filter(|o| o.syntax() != Syntax::None).nth(i).map(|o| Some(*o)),
            FormOperands::Compressed(rows) => rows.get(i).map(|o| o.written_as()),
        }
    }

    /// Whether these could be all operands.
    fn agree(self, operands: &[Operand]) -> bool {
        match self {
            FormOperands::Rows(rows) => {
                let mut written = rows.iter().filter(|o| o.syntax() != Syntax::None);
                operands.iter().all(|o| written.next().is_some_and(|w| shape_agrees(Some(*w), o))) && written.next().is_none()
            }
            FormOperands::Compressed(rows) => rows.len() == operands.len() && rows.iter().zip(operands).all(|(w, o)| shape_agrees(w.written_as(), o)),
        }
    }
}

/// Whether an operand could be what the row asks for, by its looks alone.
fn shape_agrees(wanted: Option<rv32::Operand>, operand: &Operand) -> bool {
    use rv32::Operand as O;
    let Some(wanted) = wanted else {
        return matches!(operand.shape, Shape::Register(_));
    };
    let is_value = matches!(operand.shape, Shape::Value | Shape::Word(_));
    match wanted.syntax() {
        Syntax::Register => matches!(operand.shape, Shape::Register(_)),
        Syntax::Immediate => {
            is_value
                && match operand.modifier {
                    Modifier::None => true,
                    Modifier::Lo | Modifier::PcrelLo | Modifier::TprelLo => wanted == O::ImmI,
                    Modifier::Hi
                    | Modifier::PcrelHi
                    | Modifier::GotPcrelHi
                    | Modifier::TprelHi
                    | Modifier::TlsIePcrelHi
                    | Modifier::TlsGdPcrelHi => wanted == O::ImmU,
                    Modifier::TprelAdd | Modifier::Plt => false,
                }
        }
        // A register's name is a symbol's too where only a symbol can stand: C has functions and variables named a0.
        Syntax::Target => (is_value || matches!(operand.shape, Shape::Register(_))) && matches!(operand.modifier, Modifier::None | Modifier::TprelAdd | Modifier::Plt),
        Syntax::Memory => match (wanted, operand.shape) {
            (O::Address, Shape::Memory(_)) => operand.modifier == Modifier::None && operand.value.constant() == Some(0),
            (_, Shape::Memory(_)) => true,
            _ => false,
        },
        Syntax::Csr => is_value && operand.modifier == Modifier::None,
        Syntax::FenceSet => is_value && operand.modifier == Modifier::None,
        Syntax::None => false,
    }
}

/// Whether a symbol has the operator that the form asks for: `%tprel_add` is there where it must be, `@plt` only where it may be.
fn suffix_agrees(form: &Form, operands: &[Operand]) -> bool {
    let expansion = match form {
        Form::Pseudo(row) => Some(row.expansion),
        Form::Real { .. } | Form::Compressed(_) => None,
    };
    let Some((last, rest)) = operands.split_last() else { return true };
    let wanted = match last.modifier {
        Modifier::TprelAdd => Some(Expansion::TprelAdd) == expansion,
        Modifier::Plt => Some(Expansion::Call) == expansion,
        _ => expansion != Some(Expansion::TprelAdd),
    };
    wanted && rest.iter().all(|o| !matches!(o.modifier, Modifier::TprelAdd | Modifier::Plt))
}

/// Whether operand `i` of a form could be this operand.
pub fn agrees(form: &Form, i: usize, operand: &Operand) -> bool {
    form_operands(form).written(i).is_some_and(|w| shape_agrees(w, operand))
}

/// What operand `i` of a form should be.
pub fn describe(form: &Form, i: usize) -> &'static str {
    match form_operands(form) {
        FormOperands::Rows(rows) => rows.iter().filter(|o| o.syntax() != Syntax::None).nth(i).map_or("nothing", |o| o.describe()),
        FormOperands::Compressed(rows) => rows.get(i).map_or("nothing", |o| o.describe()),
    }
}

fn form_ext(form: &Form) -> Ext {
    match form {
        Form::Real { op, .. } => op.row().ext,
        Form::Pseudo(row) => row.ext,
        Form::Compressed(cop) => cop.row().ext,
    }
}

impl Assembler<'_> {
    /// Whether an extension may be used now.
    fn enabled(&self, ext: Ext) -> bool {
        self.target.isa().contains(ext) || (ext == Ext::Zicsr && self.options.isa.contains(Ext::Zicsr))
    }

    /// Assembles a statement whose head is an instruction.
    pub fn instruction(&mut self, s: Stmt<'_>, name: Name, forms: &'static [Form]) {
        let mut operands = std::mem::take(&mut self.operand_buffer);
        if self.operands(&mut Args::new(s), &mut operands).is_some() {
            self.choose_form(s, name, forms, &operands);
        }
        self.operand_buffer = operands;
    }

    fn choose_form(&mut self, s: Stmt<'_>, name: Name, forms: &'static [Form], operands: &[Operand]) {
        for form in forms {
            if self.enabled(form_ext(form)) && form_operands(form).agree(operands) && suffix_agrees(form, operands) {
                self.assemble_form(s, form, operands);
                return;
            }
        }
        self.no_form(s, name, forms, operands);
    }

    fn assemble_form(&mut self, s: Stmt<'_>, form: &'static Form, operands: &[Operand]) {
        if !self.may_hold_code(s) {
            return;
        }
        match form {
            Form::Real { op, ordering } => {
                let Some(mut filled) = self.fill(s, Insn::new(*op), op.row().operands, operands) else { return };
                if *ordering != 0 {
                    filled.insn.imm = i32::from(*ordering);
                }
                if self.lints.on && filled.insn.rd == 0 {
                    self.lint_result(s, &filled);
                }
                self.target.uses_privileged |= matches!(op, Op::Sret | Op::Mret | Op::Wfi | Op::SfenceVma);
                self.emit_filled(filled, None);
            }
            Form::Pseudo(row) => {
                let Some(filled) = self.fill(s, row.template, row.operands, operands) else { return };
                if self.lints.on && filled.insn.rd == 0 {
                    self.lint_result(s, &filled);
                }
                self.expand(s, row, filled);
            }
            Form::Compressed(cop) => self.compressed(s, *cop, operands),
        }
    }

    /// Code cannot stand in a section without bytes.
    fn may_hold_code(&mut self, s: Stmt<'_>) -> bool {
        self.may_hold_bytes("an instruction", s.head_span(), ".text")
    }

    /// Whether the section has bytes in the file; an error if not.
    #[inline]
    pub fn may_hold_bytes(&mut self, what: &str, span: Span, cure: &str) -> bool {
        (self.structure.is_none() && !self.sections[self.section()].is_nobits()) || self.no_bytes_here(what, span, cure)
    }

    fn no_bytes_here(&mut self, what: &str, span: Span, cure: &str) -> bool {
        if self.structure.is_some() {
            let d = Diagnostic::new(&codes::E0415, format!("{what} in a structure"))
                .at(span, "`.struct` describes fields, with labels and `.space`")
                .help(cure);
            self.report(d);
            return false;
        }
        let section = &self.sections[self.section()];
        let name = self.names.show(section.name);
        let d = Diagnostic::new(&codes::E0415, format!("{what} in section `{name}`"))
            .at(span, "this section has no bytes in the file, only zeroes at run time")
            .help(cure);
        self.report(d);
        false
    }

    /// Puts the operands into an instruction.
    fn fill(&mut self, s: Stmt<'_>, insn: Insn, rows: &'static [rv32::Operand], operands: &[Operand]) -> Option<Filled> {
        let mut filled = Filled { insn, late: Late::None, wrapped: false };
        for (row, operand) in rows.iter().filter(|o| o.syntax() != Syntax::None).zip(operands) {
            self.fill_one(s, *row, operand, &mut filled)?;
        }
        Some(filled)
    }

    fn fill_one(&mut self, s: Stmt<'_>, row: rv32::Operand, operand: &Operand, filled: &mut Filled) -> Option<()> {
        use rv32::Operand as O;
        let register = match operand.shape {
            Shape::Register(r) | Shape::Memory(r) => r,
            Shape::Word(_) | Shape::Value => 0,
        };
        match row {
            O::Rd => filled.insn.rd = register,
            O::Rs1 | O::Address => filled.insn.rs1 = register,
            O::Rs2 => filled.insn.rs2 = register,
            O::ImmI | O::Load | O::Store => {
                if row != O::ImmI {
                    filled.insn.rs1 = register;
                }
                self.fill_immediate(s, row, operand, filled)?;
            }
            O::ImmU => self.fill_upper(s, row, operand, filled)?,
            O::Shamt => filled.insn.imm = self.constant_operand(s, row, operand)?,
            O::Uimm5 => filled.insn.rs1 = self.constant_operand(s, row, operand)? as u8,
            O::Imm32 => {
                let value = self.operand_value(s, operand);
                let value = self.fold_fixed(value);
                match value.constant() {
                    Some(n) => {
                        // Modulo 2^32, as GNU as takes numbers for RV32.
                        filled.insn.imm = n as i32;
                        filled.wrapped = i64::from(n as i32) != n;
                        if n > i64::from(u32::MAX) || n < i64::from(i32::MIN) {
                            self.wide_number(s, operand, n);
                        }
                    }
                    None => {
                        let place = self.operand_place(s, operand);
                        filled.late = Late::Symbol(value, place);
                    }
                }
            }
            O::BranchTarget | O::JumpTarget => {
                let value = self.operand_value(s, operand);
                let place = self.operand_place(s, operand);
                filled.late = Late::Target(value, place);
            }
            O::Symbol => {
                let value = self.operand_value(s, operand);
                let place = self.operand_place(s, operand);
                filled.late = Late::Symbol(value, place);
            }
            O::Csr => {
                self.target.uses_privileged = true;
                filled.insn.imm = self.csr(s, operand)?;
            }
            O::FencePred => filled.insn.imm |= self.fence_set(s, operand)? << 4,
            O::FenceSucc => filled.insn.imm |= self.fence_set(s, operand)?,
            O::Ordering => {}
        }
        Some(())
    }

    /// The span of an operand.
    pub fn operand_span(&self, s: Stmt<'_>, operand: &Operand) -> Span {
        s.span(s.toks[operand.from].start, s.toks[operand.to - 1].end)
    }

    fn operand_place(&mut self, s: Stmt<'_>, operand: &Operand) -> Where {
        let span = self.operand_span(s, operand);
        self.place(span)
    }

    /// A 12-bit immediate: a number, a relocation operator, or a difference that layout knows.
    fn fill_immediate(&mut self, s: Stmt<'_>, row: rv32::Operand, operand: &Operand, filled: &mut Filled) -> Option<()> {
        let store = row == rv32::Operand::Store;
        let value = self.operand_value(s, operand);
        if let Some(m) = operand.modifier.row() {
            let reloc = if store { m.store } else { m.lower };
            let Some(reloc) = reloc else {
                self.wrong_modifier(s, operand, m.name, row.describe());
                return None;
            };
            if operand.modifier == Modifier::Lo
                && let Some(n) = self.fold_outside_code(value).constant()
            {
                filled.insn.imm = ((n as i32) << 20) >> 20;
                filled.wrapped = true;
                return Some(());
            }
            filled.late = Late::Reloc(reloc, m.relaxable, value, self.operand_place(s, operand));
            return Some(());
        }
        let value = self.fold_fixed(value);
        match value.constant() {
            Some(n) => {
                let imm = n as i32;
                if !(-2048..=2047).contains(&imm) {
                    self.out_of_range(s, operand, i64::from(imm), row);
                    return None;
                }
                filled.insn.imm = imm;
                filled.wrapped = i64::from(imm) != n;
            }
            None if self.mistaken_register(s, operand) => return None,
            None => {
                let kind = if store { FixKind::ImmediateS } else { FixKind::ImmediateI };
                filled.late = Late::Immediate(kind, value, self.operand_place(s, operand));
            }
        }
        Some(())
    }

    /// What a value is now, but distances in code stay what they are: the linker may change them.
    fn fold_outside_code(&self, value: Value) -> Value {
        match self.label(value.add) {
            Some(at) if value.sub.is_some() && self.sections[self.sections.section_of(at)].is_code() => value,
            _ => self.fold_fixed(value),
        }
    }

    /// The upper 20 bits of `lui` and `auipc`.
    fn fill_upper(&mut self, s: Stmt<'_>, row: rv32::Operand, operand: &Operand, filled: &mut Filled) -> Option<()> {
        let value = self.operand_value(s, operand);
        if let Some(m) = operand.modifier.row() {
            let Some(reloc) = m.upper else {
                self.wrong_modifier(s, operand, m.name, row.describe());
                return None;
            };
            if operand.modifier == Modifier::Hi
                && let Some(n) = self.fold_outside_code(value).constant()
            {
                filled.insn.imm = rv32::format::split_hi_lo(n as u32).0 as i32;
                filled.wrapped = true;
                return Some(());
            }
            filled.late = Late::Reloc(reloc, m.relaxable, value, self.operand_place(s, operand));
            return Some(());
        }
        filled.insn.imm = self.constant_operand(s, row, operand)? << 12;
        Some(())
    }

    /// A constant in the range that the row allows, as written.
    fn constant_operand(&mut self, s: Stmt<'_>, row: rv32::Operand, operand: &Operand) -> Option<i32> {
        let value = self.operand_value(s, operand);
        let value = self.fold_fixed(value);
        let Some(n) = value.constant() else {
            self.not_constant_operand(s, operand, row.describe());
            return None;
        };
        match row.written_range() {
            Some(range) if !i32::try_from(n).is_ok_and(|n| range.contains(&n)) => {
                self.out_of_range(s, operand, n, row);
                None
            }
            _ => Some(n as i32),
        }
    }

    fn compressed(&mut self, s: Stmt<'_>, cop: COp, operands: &[Operand]) {
        let row = cop.row();
        let mut filled = Filled { insn: row.expands_to, late: Late::None, wrapped: false };
        for (wanted, operand) in row.operands.iter().zip(operands.iter()) {
            let Some(written) = wanted.written_as() else {
                if !matches!(operand.shape, Shape::Register(2)) {
                    let span = self.operand_span(s, operand);
                    self.error(&codes::E0207, format!("{} works on sp only", row.mnemonic), span, "write sp here");
                    return;
                }
                continue;
            };
            let before = filled.insn;
            if matches!(wanted, COperand::UpperImm6) && operand.modifier == Modifier::None {
                let value = self.operand_value(s, operand);
                let Some(n) = self.fold_fixed(value).constant() else {
                    return self.not_constant_operand(s, operand, wanted.describe());
                };
                // 0xfffe0 and up stand for negative numbers.
                filled.insn.imm = ((n as i32) << 12).wrapping_add(0);
                if !(1..=31).contains(&n) && !(0xfffe0..=0xfffff).contains(&n) {
                    let span = self.operand_span(s, operand);
                    return self.error(&codes::E0102, format!("{n} is no immediate of {}", row.mnemonic), span, format!("{} takes {}", row.mnemonic, wanted.describe()));
                }
                continue;
            }
            let store = matches!(wanted, COperand::StoreSp) || (cop == COp::CSw && matches!(wanted, COperand::Word));
            let written = if store { rv32::Operand::Store } else { written };
            if self.fill_one(s, written, operand, &mut filled).is_none() {
                return;
            }
            if matches!(wanted, COperand::RdRs1 | COperand::RdRs1Short) {
                filled.insn.rs1 = filled.insn.rd;
            }
            let waits = !matches!(filled.late, Late::None);
            if !waits && !wanted.fits(&filled.insn) && !matches!(wanted, COperand::BranchTarget | COperand::JumpTarget) {
                let span = self.operand_span(s, operand);
                let shown = s.show(operand.from, operand.to);
                let d = Diagnostic::new(&codes::E0207, format!("`{shown}` cannot be an operand of {}", row.mnemonic))
                    .at(span, format!("{} takes {}", row.mnemonic, wanted.describe()))
                    .help(format!("write {} and let gasm choose the short form", row.mnemonic.trim_start_matches("c.")));
                self.report(d);
                return;
            }
            let _ = before;
        }
        if cop == COp::CNop
            && let Some(operand) = operands.first()
            && matches!(filled.late, Late::None)
            && filled.insn.imm == 0
        {
            let span = self.operand_span(s, operand);
            return self.error(&codes::E0102, "0 is no immediate of c.nop", span, "leave it out: c.nop");
        }
        // c.addi zero, n is the hint that is otherwise written c.nop n.
        let cop = if cop == COp::CAddi && filled.insn.rd == 0 { COp::CNop } else { cop };
        match filled.late {
            Late::None => match rv32::encode_c(cop, &filled.insn) {
                Some(half) => self.emit16(half),
                None => {
                    let d = Diagnostic::new(&codes::E0207, format!("these operands have no {} encoding", row.mnemonic))
                        .at(s.whole(), "the encoding is reserved or another instruction");
                    self.report(d);
                }
            },
            Late::Target(value, place) => {
                // A target too far makes it the long form, as in GNU as.
                let insn = Insn { imm: 0, ..filled.insn };
                if rv32::encode_c(cop, &insn).is_none() {
                    let d = Diagnostic::new(&codes::E0207, format!("these operands have no {} encoding", row.mnemonic))
                        .at(s.whole(), "its registers are s0, s1 and a0 to a5");
                    return self.report(d);
                }
                self.before_insn();
                self.out().push_variable(Variable::Branch(Branch { insn, target: value, compressible: true, place }), 2);
            }
            Late::Reloc(Reloc::Lo12I | Reloc::Lo12S, ..) | Late::Reloc(..) | Late::Immediate(..) | Late::Symbol(..) => {
                let d = Diagnostic::new(&codes::E0207, format!("{} needs a constant here", row.mnemonic))
                    .at(s.whole(), "no relocation fits this field")
                    .help(format!("write {} and let gasm choose the short form", row.mnemonic.trim_start_matches("c.")));
                self.report(d);
            }
        }
    }

    // Emission

    /// Emits a filled-in instruction of one form.
    pub fn emit_filled(&mut self, filled: Filled, row: Option<&'static PseudoRow>) {
        let Filled { insn, late, wrapped, .. } = filled;
        match late {
            Late::None => {
                if self.target.rvc() && !wrapped {
                    let short = match row {
                        Some(row) => row.compress(&insn),
                        None => rv32::compress(&insn),
                    };
                    if let Some((_, half)) = short {
                        return self.emit16(half);
                    }
                }
                self.emit32(rv32::encode(&insn));
                if matches!(insn.op, Op::Lui | Op::Auipc) {
                    self.out().split();
                }
            }
            Late::Reloc(reloc, relaxable, value, place) => {
                self.fix_here(FixKind::Reloc(reloc), value, place, relaxable);
                self.emit32(rv32::encode(&insn));
                if matches!(reloc, Reloc::Hi20 | Reloc::PcrelHi20 | Reloc::TprelHi20) {
                    self.out().split();
                }
            }
            Late::Immediate(kind, value, place) => {
                self.fix_here(kind, value, place, false);
                self.emit32(rv32::encode(&insn));
            }
            Late::Target(value, place) => self.branch(insn, value, place, row),
            Late::Symbol(..) => {}
        }
    }

    /// A branch or jump whose length the layout decides.
    fn branch(&mut self, insn: Insn, target: Value, place: Where, row: Option<&'static PseudoRow>) {
        let conditional = insn.op != Op::Jal;
        let compressible = self.target.rvc()
            && match insn.op {
                Op::Beq | Op::Bne => insn.rs2 == 0 && (8..16).contains(&insn.rs1),
                // GNU as shortens `j` and never `jal`.
                _ => row.is_some() && insn.op == Op::Jal && insn.rd == 0,
            };
        self.before_insn();
        if !conditional && !compressible {
            // A jump has one length.
            let out = self.out();
            out.reserve(8);
            self.fix_here(FixKind::Reloc(Reloc::Jal), target, place, false);
            let out = self.out();
            out.push(&rv32::encode(&insn).to_le_bytes());
            out.set_aside(4);
            out.split();
            return;
        }
        let size = if compressible { 2 } else { 4 };
        self.out().push_variable(Variable::Branch(Branch { insn, target, compressible, place }), size);
    }

    /// What every instruction does first.
    fn before_insn(&mut self) {
        self.content(Content::Code);
        self.line_of_instruction();
    }

    /// Emits a 32-bit instruction.
    pub fn emit32(&mut self, word: u32) {
        self.before_insn();
        self.out().push(&word.to_le_bytes());
    }

    /// Emits a 16-bit instruction.
    pub fn emit16(&mut self, half: u16) {
        self.before_insn();
        self.out().push(&half.to_le_bytes());
    }

    /// A field at the next byte.
    pub fn fix_here(&mut self, kind: FixKind, value: Value, place: Where, relaxable: bool) {
        let relax = relaxable && self.target.relax();
        let size = match kind {
            FixKind::Data(n) => u32::from(n),
            FixKind::Reloc(reloc) => (reloc.field().size() as u32).min(4),
            FixKind::Relative32 | FixKind::ImmediateI | FixKind::ImmediateS => 4,
        };
        // The field is whole in one fragment.
        self.out().reserve(size);
        let here = self.here();
        self.out().fixups.push(Fixup { run: here.run, pos: here.pos, kind, relax, value, place });
    }

    /// Emits one instruction, compressed if it can be.
    pub fn emit_insn(&mut self, insn: Insn) {
        self.emit_filled(Filled { insn, late: Late::None, wrapped: false }, None);
    }

    /// Emits an instruction with a relocation.
    fn emit_reloc(&mut self, insn: Insn, reloc: Reloc, relaxable: bool, value: Value, place: Where) {
        self.emit_filled(Filled { insn, late: Late::Reloc(reloc, relaxable, value, place), wrapped: false }, None);
    }

    // Pseudo-instructions

    fn expand(&mut self, s: Stmt<'_>, row: &'static PseudoRow, filled: Filled) {
        let insn = filled.insn;
        self.target.uses_privileged |= insn.op == Op::SfenceVma || row.mnemonic == "sfence.vm";
        match row.expansion {
            Expansion::One => self.emit_filled(filled, Some(row)),
            Expansion::Compressed(cop) => match rv32::encode_c(cop, &insn) {
                Some(half) => self.emit16(half),
                None => self.emit_filled(filled, Some(row)),
            },
            Expansion::Li => self.load_immediate(s, filled),
            Expansion::Call => {
                if let Late::Symbol(value, place) = filled.late {
                    self.fix_here(FixKind::Reloc(Reloc::CallPlt), value, place, true);
                    self.emit32(rv32::encode(&Insn { rd: insn.rs1, ..Insn::new(Op::Auipc) }));
                    self.emit32(rv32::encode(&Insn { imm: 0, ..insn }));
                    self.out().split();
                }
            }
            Expansion::La | Expansion::Lla | Expansion::LaTlsIe | Expansion::LaTlsGd => self.load_address(row.expansion, filled),
            Expansion::LoadSymbol => {
                let (upper, lower) = (Insn { rd: insn.rd, ..Insn::new(Op::Auipc) }, Insn { rs1: insn.rd, ..insn });
                self.pcrel_pair(s, upper, (Reloc::PcrelHi20, true), lower, Reloc::PcrelLo12I, filled.late);
            }
            Expansion::StoreSymbol => {
                let upper = Insn { rd: insn.rs1, ..Insn::new(Op::Auipc) };
                self.pcrel_pair(s, upper, (Reloc::PcrelHi20, true), insn, Reloc::PcrelLo12S, filled.late);
            }
            Expansion::TprelAdd => {
                if let Late::Symbol(value, place) = filled.late {
                    self.fix_here(FixKind::Reloc(Reloc::TprelAdd), value, place, true);
                    self.emit32(rv32::encode(&insn));
                    self.out().split();
                }
            }
            Expansion::ShiftLeftRightArithmetic | Expansion::ShiftLeftRightLogical => {
                let second = if row.expansion == Expansion::ShiftLeftRightLogical { Op::Srli } else { Op::Srai };
                self.emit_insn(insn);
                self.emit_insn(Insn { op: second, rs1: insn.rd, ..insn });
            }
            Expansion::Unimp => {
                if self.target.rvc() {
                    self.emit16(0);
                } else {
                    self.emit32(rv32::encode(&insn));
                }
            }
            Expansion::IllegalHalfword => self.emit16(0),
            Expansion::Withdrawn => self.emit32(insn.imm as u32 | u32::from(insn.rs1) << 15),
        }
    }

    /// `li`: as GNU as splits it for RV32.
    fn load_immediate(&mut self, s: Stmt<'_>, filled: Filled) {
        let rd = filled.insn.rd;
        if rd == 0 {
            let d = Diagnostic::new(&codes::WRITE_TO_ZERO, "`li` into register zero has no effect")
                .at(s.whole(), "x0 is always 0")
                .help(format!("name the register that should hold the value: {}", s.replaced(1, 2, "a0")));
            self.report(d);
        }
        if let Late::Symbol(value, place) = filled.late {
            let rvc = self.target.rvc();
            self.before_insn();
            self.out().push_variable(Variable::LoadImmediate { rd, value, rvc, place }, if rvc { 2 } else { 4 });
            return;
        }
        let (insns, n) = load_immediate_insns(rd, filled.insn.imm);
        for insn in &insns[..n] {
            // The 12-bit form keeps how the number was written.
            self.emit_filled(Filled { insn: *insn, late: Late::None, wrapped: filled.wrapped && n == 1 && insn.op == Op::Addi }, None);
        }
    }

    /// `la`, `lla`, `la.tls.*`.
    fn load_address(&mut self, expansion: Expansion, filled: Filled) {
        let rd = filled.insn.rd;
        let Late::Symbol(value, place) = filled.late else { return };
        if matches!(expansion, Expansion::La | Expansion::Lla)
            && let Some(n) = self.fold_fixed(value).constant()
        {
            if i32::try_from(n).is_err() && u32::try_from(n).is_err() {
                return self.error(&codes::E0102, format!("{n} is no address of 32 bits"), place.span, "addresses are 0..=0xffffffff");
            }
            let (insns, count) = load_immediate_insns(rd, n as i32);
            for insn in &insns[..count] {
                self.emit_insn(*insn);
            }
            return;
        }
        let (hi, relaxable, lower) = match expansion {
            Expansion::La if self.target.pic() => (Reloc::GotHi20, false, Op::Lw),
            Expansion::LaTlsIe => (Reloc::TlsGotHi20, false, Op::Lw),
            Expansion::LaTlsGd => (Reloc::TlsGdHi20, false, Op::Addi),
            _ => (Reloc::PcrelHi20, true, Op::Addi),
        };
        let upper = Insn { rd, ..Insn::new(Op::Auipc) };
        let lower = Insn { rd, rs1: rd, ..Insn::new(lower) };
        self.pcrel_pairs(upper, (hi, relaxable), lower, Reloc::PcrelLo12I, value, place);
    }

    fn pcrel_pair(&mut self, s: Stmt<'_>, upper: Insn, hi: (Reloc, bool), lower: Insn, lo: Reloc, late: Late) {
        let Late::Symbol(value, place) = late else { return };
        if let Some(n) = self.fold_fixed(value).constant() {
            let d = Diagnostic::new(&codes::E0202, format!("`{n}` is a number, not an address with a register"))
                .at(place.span, "expected `offset(register)` or a symbol")
                .help(format!("{} {}, {n}(zero)", s.show(0, 1), s.show(1, 2)));
            return self.report(d);
        }
        if self.lints.on {
            self.lint_access(value, place);
        }
        self.pcrel_pairs(upper, hi, lower, lo, value, place);
    }

    fn pcrel_pairs(&mut self, upper: Insn, hi: (Reloc, bool), lower: Insn, lo: Reloc, value: Value, place: Where) {
        self.before_insn();
        let at = self.here();
        let label = self.temporary_label(at, place);
        self.emit_reloc(upper, hi.0, hi.1, value, place);
        self.emit_reloc(lower, lo, true, Value::symbol(label), place);
    }
}

/// The instructions of `li`, and how many.
pub fn load_immediate_insns(rd: u8, value: i32) -> ([Insn; 2], usize) {
    let addi = |rs1, imm| Insn { rd, rs1, imm, ..Insn::new(Op::Addi) };
    if (-2048..=2047).contains(&value) {
        return ([addi(0, value), addi(0, 0)], 1);
    }
    let (upper, lower) = rv32::format::split_hi_lo(value as u32);
    let lui = Insn { rd, imm: upper as i32, ..Insn::new(Op::Lui) };
    ([lui, addi(rd, lower)], if lower == 0 { 1 } else { 2 })
}
