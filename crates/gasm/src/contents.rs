//! The bytes and relocations of each section, once the layout is done.

#![allow(clippy::wildcard_enum_match_arm, reason = "relocations and instructions that are not named have no special case")]

use crate::assembler::Assembler;
use crate::evaluate::{Failure, Resolved};
use crate::expr::Value;
use crate::layout::{push_fill, push_sleb, push_uleb};
use crate::place::Where;
use crate::section::{Branch, FixKind, Fixup, SectionId, Variable};
use crate::symbols::{Binding, Definition, SymbolId};
use diag::{Diagnostic, codes};
use rv32::{Insn, Op, Reloc};

/// A relocation.
#[derive(Clone, Copy, Debug)]
pub struct Rel {
    /// Offset in the section.
    pub offset: u32,
    /// Its kind.
    pub kind: Reloc,
    /// Its symbol, or none.
    pub symbol: SymbolId,
    /// Its addend.
    pub addend: i32,
}

/// What a section holds in the file.
#[derive(Default)]
pub struct Contents {
    /// Bytes; empty for sections without.
    pub bytes: Vec<u8>,
    /// Relocations by offset.
    pub rels: Vec<Rel>,
}

/// What a value is for a relocation.
enum Target {
    Number(i64),
    Symbol(SymbolId, i64),
    Difference(SymbolId, SymbolId, i64),
}

/// The add and sub relocations of a width.
fn pair(size: u8) -> (Reloc, Reloc) {
    match size {
        1 => (Reloc::Add8, Reloc::Sub8),
        2 => (Reloc::Add16, Reloc::Sub16),
        4 => (Reloc::Add32, Reloc::Sub32),
        _ => (Reloc::Add64, Reloc::Sub64),
    }
}

impl Assembler<'_> {
    /// Bytes and relocations of a section.
    pub fn contents(&mut self, section: SectionId) -> Contents {
        let mut out = Contents::default();
        let nobits = self.sections[section].is_nobits();
        self.slack = self.deletable(section);
        if !nobits {
            out.bytes.reserve(self.sections[section].size as usize);
        }
        for c in 0..self.sections[section].chains.len() {
            let chain = self.sections[section].chains[c];
            // Taken out while it is written: nothing else reads them now.
            let bytes = std::mem::take(&mut self.sections[chain].bytes);
            let fixups = std::mem::take(&mut self.sections[chain].fixups);
            let variables = std::mem::take(&mut self.sections[chain].variables);
            if nobits {
                self.check_nobits(section, &bytes, &fixups);
                continue;
            }
            let mut next = 0;
            for r in 0..=variables.len() {
                let run = self.sections[chain].runs[r];
                let end = self.sections[chain].runs.get(r + 1).map_or(bytes.len(), |n| n.start as usize);
                let base = out.bytes.len();
                debug_assert_eq!(base as u32, run.address);
                out.bytes.extend_from_slice(&bytes[run.start as usize..end]);
                while let Some(fixup) = fixups.get(next).filter(|x| x.run as usize == r) {
                    let offset = base + (fixup.pos - run.start) as usize;
                    self.fix(section, fixup, offset, &mut out);
                    next += 1;
                }
                if let Some(variable) = variables.get(r) {
                    self.variable_contents(section, variable, run.size, &mut out);
                    let size = out.bytes.len() - (base + end - run.start as usize);
                    debug_assert_eq!(size as u32, run.size, "{variable:?}");
                }
            }
        }
        self.asked_relocations(section, &mut out);
        out
    }

    /// Relocations that the source asked for, behind the others at their places.
    fn asked_relocations(&mut self, section: SectionId, out: &mut Contents) {
        let before = out.rels.len();
        for i in 0..self.asked_relocations.len() {
            let asked = self.asked_relocations[i];
            let offset = match self.resolve(asked.offset) {
                Ok(Resolved { add: Some((at, offset)), sub: None, undefined: None, undefined_sub: None, num }) if at == section => i64::from(offset) + num,
                Ok(r) if asked.section == section && r.add.is_none() && r.number().is_some() => r.num,
                // Of another section, where the same is found wrong if it is.
                _ if asked.section != section => continue,
                Ok(Resolved { add: Some(_), sub: None, undefined: None, undefined_sub: None, .. }) => continue,
                _ => {
                    self.unrepresentable(asked.place, "a relocation is placed by a label or a number");
                    continue;
                }
            };
            if offset < 0 || offset + asked.kind.field().size() as i64 > out.bytes.len() as i64 {
                self.unrepresentable(asked.place, "the section has no such offset");
                continue;
            }
            match self.target(asked.value, asked.place) {
                Some(Target::Symbol(symbol, addend)) => self.rel(out, offset as usize, asked.kind, symbol, addend),
                Some(Target::Number(n)) => self.rel(out, offset as usize, asked.kind, SymbolId::NONE, n),
                Some(Target::Difference(..)) => self.unrepresentable(asked.place, "a relocation takes one symbol and a number"),
                None => {}
            }
        }
        if out.rels.len() > before {
            out.rels.sort_by_key(|r| r.offset);
        }
    }

    /// An upper bound of the bytes that a linker may delete from a section.
    fn deletable(&self, section: SectionId) -> i64 {
        let fixups = self.sections[section].chains.iter().flat_map(|c| &self.sections[*c].fixups);
        fixups
            .map(|fixup| match fixup.kind {
                FixKind::Reloc(Reloc::Align) => fixup.value.num,
                // A call of eight bytes may become two.
                _ if fixup.relax => 8,
                _ => 0,
            })
            .sum()
    }

    fn check_nobits(&mut self, section: SectionId, bytes: &[u8], fixups: &[Fixup]) {
        if bytes.iter().all(|b| *b == 0) && fixups.is_empty() {
            return;
        }
        let s = &self.sections[section];
        let (name, place) = (self.names.show(s.name), fixups.first().map_or(s.place, |f| f.place));
        let d = Diagnostic::new(&codes::E0415, format!("section `{name}` has contents"))
            .at(place.span, "this section has no bytes in the file, only zeroes at run time")
            .help(".data");
        self.report_at(d, place);
    }

    /// What a value is for a relocation; an error has been reported if there is no result.
    fn target(&mut self, value: Value, place: Where) -> Option<Target> {
        if value.sub.is_some() {
            if let (Some(a), Some(b)) = (self.label(value.add), self.label(value.sub)) {
                let (sa, sb) = (self.sections.section_of(a), self.sections.section_of(b));
                if sa == sb && !self.sections[sa].is_code() {
                    let n = i64::from(self.sections.address(a)) - i64::from(self.sections.address(b));
                    return Some(Target::Number(n.wrapping_add(value.num)));
                }
                return Some(Target::Difference(value.add, value.sub, value.num));
            }
            return match self.checked(value, place)? {
                r if r.number().is_some() => {
                    // A code distance through names stays a pair too, if its ends have names.
                    Some(Target::Number(r.number().unwrap_or(0)))
                }
                _ if value.add.is_some() => {
                    let (add, n) = self.relocation_symbol(Value { sub: SymbolId::NONE, num: 0, ..value }, place)?;
                    let (sub, m) = self.relocation_symbol(Value { add: value.sub, sub: SymbolId::NONE, num: 0 }, place)?;
                    Some(Target::Difference(add, sub, value.num.wrapping_add(n).wrapping_sub(m)))
                }
                _ => {
                    self.unrepresentable(place, "no relocation subtracts a symbol from a number");
                    None
                }
            };
        }
        if !value.add.is_some() {
            return Some(Target::Number(value.num));
        }
        // The usual case: a label or a name of another file.
        if matches!(self.symbols[value.add].definition, Definition::Label(_) | Definition::Undefined | Definition::Common { .. } | Definition::Section(_)) {
            return Some(Target::Symbol(value.add, value.num));
        }
        let r = self.checked(value, place)?;
        if let Some(n) = r.number() {
            return Some(Target::Number(n));
        }
        // An expression may be a difference of labels.
        if let Resolved { add: Some(a), sub: Some(b), undefined: None, undefined_sub: None, num } = r {
            let (add, sub) = (self.symbol_at(a.0, a.1, place), self.symbol_at(b.0, b.1, place));
            return Some(Target::Difference(add, sub, num));
        }
        if let Definition::Value(inner) = self.symbols[value.add].definition
            && inner.sub.is_some()
        {
            return self.target(Value { num: inner.num.wrapping_add(value.num), ..inner }, place);
        }
        let (symbol, n) = self.relocation_symbol(value, place)?;
        Some(Target::Symbol(symbol, n))
    }

    /// The symbol and addend for a value that is one symbol and a number.
    fn relocation_symbol(&mut self, value: Value, place: Where) -> Option<(SymbolId, i64)> {
        let symbol = &self.symbols[value.add];
        match symbol.definition {
            Definition::Label(_) | Definition::Undefined | Definition::Common { .. } | Definition::Section(_) => return Some((value.add, value.num)),
            Definition::Value(_) | Definition::Expr(_) => {}
        }
        let r = self.checked(value, place)?;
        match r {
            Resolved { add: None, sub: None, undefined: Some(u), undefined_sub: None, num } => Some((u, num)),
            // The name itself stands at the place.
            Resolved { add: Some(_), sub: None, undefined: None, undefined_sub: None, .. } if !self.symbols[value.add].internal => Some((value.add, value.num)),
            Resolved { add: Some((section, offset)), sub: None, undefined: None, undefined_sub: None, num } => {
                Some((self.symbol_at(section, offset, place), num))
            }
            _ => {
                self.unrepresentable(place, "it is no symbol plus a number");
                None
            }
        }
    }

    /// A symbol of the assembler's own at an offset known after layout.
    fn symbol_at(&mut self, section: SectionId, offset: u32, place: Where) -> SymbolId {
        let id = self.symbols.add(self.temporary_name, Definition::Section(section), place);
        let base = Value { add: id, sub: SymbolId::NONE, num: i64::from(offset) };
        self.symbols[id].internal = true;
        let named = self.symbols.add(self.temporary_name, Definition::Value(base), place);
        self.symbols[named].temporary = true;
        named
    }

    /// Resolves a value or reports why that cannot be.
    pub fn checked(&mut self, value: Value, place: Where) -> Option<Resolved> {
        match self.resolve(value) {
            Ok(r) => Some(r),
            Err(failure) => {
                self.failed(failure, place);
                None
            }
        }
    }

    /// Reports why a value has no result.
    pub fn failed(&mut self, failure: Failure, place: Where) {
        let d = match failure {
            Failure::Cycle(id) => {
                let name = self.names.show(self.symbols[id].name);
                let at = self.symbols[id].place;
                Diagnostic::new(&codes::E0306, format!("`{name}` is defined by itself")).at(place.span, "used here").also(at.span, "through this definition")
            }
            Failure::Undefined(id) => {
                let name = self.names.show(self.symbols[id].name);
                self.with_suggestion(
                    Diagnostic::new(&codes::E0303, format!("`{name}` is not defined in this file")).at(place.span, "a number is needed here"),
                    &name,
                )
            }
            Failure::NotConstant => {
                Diagnostic::new(&codes::E0307, "this expression is neither a number nor an address").at(place.span, "no relocation can express it")
            }
            Failure::Arithmetic(_) => Diagnostic::new(&codes::E0305, "division by zero").at(place.span, "in this expression"),
        };
        self.report_at(d, place);
    }

    fn unrepresentable(&mut self, place: Where, why: &str) {
        // `j my-label`, where `my-label:` was refused.
        if self.recovery.not_labels.iter().any(|name| name.as_slice() == self.sources.slice(place.span)) {
            return;
        }
        let d = Diagnostic::new(&codes::E0307, "this expression cannot be written to an object file").at(place.span, why);
        self.report_at(d, place);
    }

    fn rel(&mut self, out: &mut Contents, offset: usize, kind: Reloc, symbol: SymbolId, addend: i64) {
        if symbol.is_some() {
            let record = &mut self.symbols[symbol];
            record.relocated = true;
            if is_tls(kind) {
                record.kind = crate::elf::STT_TLS;
            }
        }
        out.rels.push(Rel { offset: offset as u32, kind, symbol, addend: addend as i32 });
    }

    /// A pair of relocations at one place.
    pub fn relocate_pair(&mut self, out: &mut Contents, offset: usize, set: Reloc, a: SymbolId, sub: Reloc, b: SymbolId) {
        self.rel(out, offset, set, a, 0);
        self.rel(out, offset, sub, b, 0);
    }

    fn fix(&mut self, section: SectionId, fixup: &Fixup, offset: usize, out: &mut Contents) {
        let place = fixup.place;
        match fixup.kind {
            FixKind::Reloc(Reloc::Align) => self.rel(out, offset, Reloc::Align, SymbolId::NONE, fixup.value.num),
            FixKind::Reloc(kind) => {
                let Some(target) = self.target(fixup.value, place) else { return };
                let (symbol, addend) = match target {
                    Target::Symbol(symbol, addend) => (symbol, addend),
                    Target::Number(n) if self.patch_number(kind, n, offset, out) => return,
                    Target::Number(n) => (SymbolId::NONE, n),
                    Target::Difference(..) => {
                        return self.unrepresentable(place, "this field takes one symbol and a number");
                    }
                };
                if self.settled(section, kind, (symbol, addend), offset, out) {
                    return;
                }
                self.rel(out, offset, kind, symbol, addend);
                self.tentative(section, kind, (symbol, addend), offset, place, out);
                if fixup.relax && symbol.is_some() {
                    self.rel(out, offset, Reloc::Relax, SymbolId::NONE, 0);
                }
            }
            FixKind::Data(size) => self.fix_data(size, fixup.value, place, offset, out),
            FixKind::Relative32 => {
                let Some(target) = self.target(fixup.value, place) else { return };
                match target {
                    Target::Symbol(symbol, addend) => self.rel(out, offset, Reloc::Pcrel32, symbol, addend),
                    Target::Number(_) | Target::Difference(..) => self.unrepresentable(place, "an offset needs a symbol"),
                }
            }
            FixKind::ImmediateI | FixKind::ImmediateS => self.fix_immediate(fixup, offset, out),
        }
    }

    /// Numbers that need no linker.
    fn patch_number(&mut self, kind: Reloc, n: i64, offset: usize, out: &mut Contents) -> bool {
        let value = match kind {
            Reloc::Hi20 => n,
            Reloc::Lo12I | Reloc::Lo12S => i64::from(rv32::format::split_hi_lo(n as u32).1),
            _ => return false,
        };
        kind.field().patch(&mut out.bytes[offset..], i64::from(value as i32)).is_ok()
    }

    /// llvm-mc leaves a jump to a local label of the same section no relocation if the linker may not relax.
    fn settled(&mut self, section: SectionId, kind: Reloc, (symbol, addend): (SymbolId, i64), offset: usize, out: &mut Contents) -> bool {
        self.llvm
            && !self.options.relax
            && matches!(kind, Reloc::Branch | Reloc::Jal | Reloc::RvcBranch | Reloc::RvcJump)
            && symbol.is_some()
            && matches!(self.symbols[symbol].binding, Binding::Default | Binding::Local)
            && self.symbols[symbol].kind != crate::elf::STT_GNU_IFUNC
            && self.place_of(Value { add: symbol, sub: SymbolId::NONE, num: addend }).is_some_and(|(s, at)| {
                s == section && kind.field().patch(&mut out.bytes[offset..], at - offset as i64).is_ok()
            })
    }

    /// Fills the field of a branch with its distance as of now, so that disassembly reads well.
    fn tentative(&mut self, section: SectionId, kind: Reloc, (symbol, addend): (SymbolId, i64), offset: usize, place: Where, out: &mut Contents) {
        if !matches!(kind, Reloc::Branch | Reloc::Jal | Reloc::RvcBranch | Reloc::RvcJump) {
            return;
        }
        if symbol.is_some()
            && let Some((s, at)) = self.place_of(Value { add: symbol, sub: SymbolId::NONE, num: addend })
            && s == section
            && kind.field().patch(&mut out.bytes[offset..], at - offset as i64).is_err()
            && addend % 2 == 0
        {
            self.too_far(section, kind, at, offset, place);
        }
    }

    /// A jump too far is the linker's to judge if the bytes that it may delete could bring it near.
    fn too_far(&mut self, section: SectionId, kind: Reloc, at: i64, offset: usize, place: Where) {
        let (low, high) = (at.min(offset as i64), at.max(offset as i64));
        let (reach, _) = kind.field().range();
        if high - low - self.slack <= -reach {
            return;
        }
        let name = self.names.show(self.sections[section].name);
        let d = Diagnostic::new(&codes::E0309, "the target is too far away")
            .at(place.span, format!("{} bytes in section `{name}`; a jump reaches {}", at - offset as i64, -reach))
            .help("call and tail reach any distance: branch the other way over a `tail target`");
        self.report_at(d, place);
    }

    fn fix_data(&mut self, size: u8, value: Value, place: Where, offset: usize, out: &mut Contents) {
        let Some(target) = self.target(value, place) else { return };
        match target {
            Target::Number(n) => {
                self.check_width(n, size, place);
                let end = offset + usize::from(size);
                out.bytes[offset..end].copy_from_slice(&n.to_le_bytes()[..usize::from(size)]);
            }
            Target::Symbol(symbol, addend) => match size {
                4 => self.rel(out, offset, Reloc::Abs32, symbol, addend),
                8 => self.rel(out, offset, Reloc::Abs64, symbol, addend),
                _ => self.unrepresentable(place, "an address needs 4 or 8 bytes"),
            },
            Target::Difference(add, sub, num) => {
                let (plus, minus) = pair(size);
                self.rel(out, offset, plus, add, num);
                self.rel(out, offset, minus, sub, 0);
            }
        }
    }

    /// Data must fit its width as a signed or an unsigned number.
    pub fn check_width(&mut self, n: i64, size: u8, place: Where) {
        if size >= 8 {
            return;
        }
        let bits = u32::from(size) * 8;
        if n >= -(1 << (bits - 1)) && n < 1 << bits {
            return;
        }
        // Numbers of 32 bits that were inverted or negated in 64 bits.
        if size == 4 && (n as u64) >> 32 == 0xffff_ffff {
            return;
        }
        let low = n & ((1 << bits) - 1);
        let wider = [(2, 16, ".half"), (4, 32, ".word"), (8, 63, ".dword")].iter().find(|(bytes, bits, _)| *bytes > size && n >= -(1i64 << (bits - 1)) && (*bytes == 8 || n < 1 << bits)).map(|row| row.2);
        let d = Diagnostic::new(&codes::DATA_RANGE, format!("{n} does not fit in {bits} bits"))
            .at(place.span, format!("{size} byte{} {}..={}", if size == 1 { " holds" } else { "s hold" }, -(1i64 << (bits - 1)), (1i64 << bits) - 1))
            .help(wider.map_or_else(|| format!("the low {bits} bits are {low:#x}"), |d| format!("for larger numbers: {d} {n}")));
        self.report_at(d, place);
    }

    /// An immediate that had to wait for layout.
    fn fix_immediate(&mut self, fixup: &Fixup, offset: usize, out: &mut Contents) {
        let place = fixup.place;
        let Some(n) = self.late_number(fixup.value, place, "a number in -2048..=2047") else { return };
        let imm = n as i32;
        if !(-2048..=2047).contains(&n) {
            let d = Diagnostic::new(&codes::E0102, format!("{n} does not fit in 12 signed bits"))
                .at(place.span, "this immediate takes -2048..=2047")
                .help(format!("load it first, and use a register here: li t0, {n}"));
            return self.report_at(d, place);
        }
        let mut word = [0; 4];
        word.copy_from_slice(&out.bytes[offset..offset + 4]);
        let word = u32::from_le_bytes(word);
        let word = if fixup.kind == FixKind::ImmediateS { rv32::format::insert_s(word, imm) } else { rv32::format::insert_i(word, imm) };
        out.bytes[offset..offset + 4].copy_from_slice(&word.to_le_bytes());
    }

    /// A number that had to wait for layout and that linking must not change.
    pub fn late_number(&mut self, value: Value, place: Where, what: &str) -> Option<i64> {
        let r = self.checked(value, place)?;
        let Some(n) = r.number() else {
            let d = match r.undefined.or(r.undefined_sub) {
                Some(id) => self.missing_number(id, place, what),
                None => {
                    let written = String::from_utf8_lossy(self.sources.slice(place.span)).into_owned();
                    let name = crate::assembler::shorten(if written.contains(['(', '\\']) { "symbol".into() } else { written });
                    Diagnostic::new(&codes::E0304, "an address, where a number is needed")
                        .at(place.span, format!("expected {what}"))
                        .help(format!("load the address: la a0, {name}"))
                        .note(format!("or in two parts: lui a0, %hi({name}) and addi a0, a0, %lo({name})"))
                }
            };
            self.report_at(d, place);
            return None;
        };
        Some(n)
    }

    fn variable_contents(&mut self, section: SectionId, variable: &Variable, size: u32, out: &mut Contents) {
        match *variable {
            Variable::Branch(branch) => self.branch_contents(section, &branch, size, out),
            Variable::Align { fill, .. } => push_fill(&mut out.bytes, fill, size),
            Variable::Repeat { count, size: each, value, place } => {
                if let Some(n) = self.late_number(count, place, "how often to repeat") {
                    if n < 0 {
                        let d = Diagnostic::new(&codes::REPEAT_NEGATIVE, format!("repeated {n} times")).at(place.span, "nothing is written");
                        self.report_at(d, place);
                    }
                    if value == 0 {
                        out.bytes.resize(out.bytes.len() + size as usize, 0);
                    } else {
                        let each = usize::from(each);
                        for _ in 0..size as usize / each.max(1) {
                            out.bytes.extend_from_slice(&value.to_le_bytes()[..each]);
                        }
                    }
                }
            }
            Variable::Org { target, fill, place } => {
                let here = out.bytes.len() as u64;
                match self.org_target(section, target) {
                    Some(to) if to >= here => {}
                    Some(to) => {
                        let d = Diagnostic::new(&codes::E0414, "`.org` cannot go back")
                            .at(place.span, format!("this is offset {to:#x}, and {here:#x} bytes are written already"));
                        self.report_at(d, place);
                    }
                    None => {
                        let d = Diagnostic::new(&codes::E0304, "`.org` needs an offset in this section").at(place.span, "expected a number or a place in this section");
                        self.report_at(d, place);
                    }
                }
                out.bytes.resize(out.bytes.len() + size as usize, fill);
            }
            Variable::Leb { value, signed, place } => {
                let start = out.bytes.len();
                if let Some(n) = self.late_number(value, place, "a number") {
                    if signed { push_sleb(&mut out.bytes, n) } else { push_uleb(&mut out.bytes, n as u64) }
                    self.warn_uleb(value, place, start, out);
                }
                // A number that needs fewer bytes than the layout gave it is written longer.
                while out.bytes.len() < start + size as usize {
                    let sign = match out.bytes[start..].last_mut() {
                        Some(last) => {
                            let sign = signed && *last & 0x40 != 0;
                            *last |= 0x80;
                            sign
                        }
                        None => false,
                    };
                    out.bytes.push(if sign { 0x7f } else { 0 });
                }
            }
            Variable::LoadImmediate { rd, value, rvc, place } => self.load_immediate_contents(rd, value, rvc, place, size, out),
            Variable::CfaAdvance { from, to } => self.cfa_advance_contents(from, to, size, out),
        }
    }

    /// A ULEB128 difference over code: bytes may go, so the linker has to know.
    fn warn_uleb(&mut self, value: Value, place: Where, start: usize, out: &mut Contents) {
        let (Some(a), Some(b)) = (self.label(value.add), self.label(value.sub)) else { return };
        let section = self.sections.section_of(a);
        if section != self.sections.section_of(b) || !self.sections[section].is_code() || !self.options.relax {
            return;
        }
        // Once a file: compilers write thousands of them.
        let told = std::mem::replace(&mut self.told_uleb, true);
        let d = Diagnostic::new(&codes::ULEB128_RELOCATION, "a difference of code labels as LEB128 becomes a SET_ULEB128/SUB_ULEB128 pair")
            .at(place.span, "linkers before binutils 2.41 cannot resolve it");
        if !told {
            self.report_at(d, place);
        }
        self.rel(out, start, Reloc::SetUleb128, value.add, value.num);
        self.rel(out, start, Reloc::SubUleb128, value.sub, 0);
    }

    fn branch_contents(&mut self, section: SectionId, branch: &Branch, size: u32, out: &mut Contents) {
        let Some(target) = self.target(branch.target, branch.place) else {
            out.bytes.resize(out.bytes.len() + size as usize, 0);
            return;
        };
        let (symbol, addend) = match target {
            Target::Symbol(symbol, addend) => (symbol, addend),
            Target::Number(n) => (SymbolId::NONE, n),
            Target::Difference(..) => {
                self.unrepresentable(branch.place, "a branch takes one symbol and a number");
                out.bytes.resize(out.bytes.len() + size as usize, 0);
                return;
            }
        };
        if addend % 2 != 0 {
            let d = Diagnostic::new(&codes::E0206, "a branch to an odd address").at(branch.place.span, "instructions stand at even addresses");
            let d = match target {
                Target::Number(n) if (0..100).contains(&n) => d.help(format!("if label `{n}:` is meant: {n}b or {n}f")),
                _ => d.help("name the label to go to, or add an even number to one"),
            };
            self.report_at(d, branch.place);
        }
        let mut offset = out.bytes.len();
        let insn = branch.insn;
        let jump = insn.op == Op::Jal;
        let short_op = match insn.op {
            Op::Jal if insn.rd == 1 => rv32::COp::CJal,
            Op::Jal => rv32::COp::CJ,
            Op::Beq => rv32::COp::CBeqz,
            _ => rv32::COp::CBnez,
        };
        let kind = match size {
            2 => {
                let half = rv32::encode_c(short_op, &insn).unwrap_or(0);
                out.bytes.extend_from_slice(&half.to_le_bytes());
                if jump { Reloc::RvcJump } else { Reloc::RvcBranch }
            }
            4 => {
                out.bytes.extend_from_slice(&rv32::encode(&insn).to_le_bytes());
                if jump { Reloc::Jal } else { Reloc::Branch }
            }
            _ => {
                // The opposite branch over a jump.
                let inverted = Insn { op: invert(insn.op), imm: size as i32, ..insn };
                let short = if inverted.op == Op::Beq { rv32::COp::CBeqz } else { rv32::COp::CBnez };
                if size == 6 {
                    out.bytes.extend_from_slice(&rv32::encode_c(short, &inverted).unwrap_or(0).to_le_bytes());
                } else {
                    out.bytes.extend_from_slice(&rv32::encode(&inverted).to_le_bytes());
                }
                offset = out.bytes.len();
                out.bytes.extend_from_slice(&rv32::encode(&Insn::new(Op::Jal)).to_le_bytes());
                Reloc::Jal
            }
        };
        if self.settled(section, kind, (symbol, addend), offset, out) {
            return;
        }
        self.rel(out, offset, kind, symbol, addend);
        self.tentative(section, kind, (symbol, addend), offset, branch.place, out);
    }

    fn load_immediate_contents(&mut self, rd: u8, value: Value, rvc: bool, place: Where, size: u32, out: &mut Contents) {
        let start = out.bytes.len();
        if let (Some(a), Some(b)) = (self.label(value.add), self.label(value.sub)) {
            let section = self.sections.section_of(a);
            if section == self.sections.section_of(b) && self.sections[section].is_code() && self.options.relax {
                let d = Diagnostic::new(&codes::E0304, "the distance of two labels in code is not fixed yet")
                    .at(place.span, "the linker may delete bytes between them")
                    .help("compute it when running: la a0, a; la a1, b; sub a0, a0, a1");
                self.report_at(d, place);
            }
        }
        if let Some(n) = self.late_number(value, place, "a number of 32 bits") {
            let (insns, count) = crate::instruction::load_immediate_insns(rd, n as i32);
            for insn in &insns[..count] {
                match rv32::compress(insn).filter(|_| rvc) {
                    Some((_, half)) => out.bytes.extend_from_slice(&half.to_le_bytes()),
                    None => out.bytes.extend_from_slice(&rv32::encode(insn).to_le_bytes()),
                }
            }
        }
        let missing = (start + size as usize).saturating_sub(out.bytes.len());
        crate::layout::push_nops(&mut out.bytes, missing as u32);
    }
}

/// Whether only a thread-local symbol can be meant.
fn is_tls(kind: Reloc) -> bool {
    matches!(
        kind,
        Reloc::TprelHi20 | Reloc::TprelLo12I | Reloc::TprelLo12S | Reloc::TprelAdd | Reloc::TlsGotHi20 | Reloc::TlsGdHi20 | Reloc::TlsDtprel32
    )
}

/// The branch that is taken when this one is not.
fn invert(op: Op) -> Op {
    match op {
        Op::Beq => Op::Bne,
        Op::Bne => Op::Beq,
        Op::Blt => Op::Bge,
        Op::Bge => Op::Blt,
        Op::Bltu => Op::Bgeu,
        Op::Bgeu => Op::Bltu,
        other => other,
    }
}
