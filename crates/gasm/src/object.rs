//! Writes the ELF32 relocatable object.

#![allow(clippy::wildcard_enum_match_arm, reason = "the table of symbols cares for a few kinds of definition")]

use crate::assembler::Assembler;
use crate::contents::{Contents, Rel};
use crate::elf::{SHF_GROUP, SHF_LINK_ORDER, SHT_NOBITS, SHT_RISCV_ATTRIBUTES, STT_FILE, STT_SECTION};
use crate::names::Name;
use crate::section::{Mapping, SectionId};
use crate::symbols::{Binding, Definition, SymbolId};
use diag::{Diagnostic, codes};
use object::Endianness;
use object::elf;
use object::write::StringId;
use object::write::elf::{FileHeader, Rel as ElfRel, SectionHeader, SectionIndex, Sym, Writer};
use std::collections::HashMap;

/// A symbol ready to be written.
struct OutSymbol<'n> {
    name: &'n [u8],
    id: Option<StringId>,
    section: Place,
    value: u64,
    size: u64,
    info: u8,
    other: u8,
}

#[derive(Clone, Copy)]
enum Place {
    Undefined,
    Absolute,
    Common,
    Section(SectionId),
    Group(usize),
}

struct OutSection {
    index: SectionIndex,
    name: StringId,
    rela: Option<(SectionIndex, StringId)>,
    offset: u64,
    rela_offset: u64,
}

struct OutGroup {
    index: SectionIndex,
    signature: SymbolId,
    members: Vec<u32>,
    comdat: bool,
    offset: u64,
}

impl Assembler<'_> {
    /// Binds what only the whole file tells: names of sections, undefined local names.
    pub fn finish_symbols(&mut self) {
        let mut sections: HashMap<Name, SectionId> = HashMap::new();
        for (i, section) in self.sections.all.iter().enumerate() {
            sections.entry(section.name).or_insert(SectionId(i as u32));
        }
        for i in 0..self.symbols.all.len() {
            let symbol = &self.symbols.all[i];
            if let Definition::Value(target) = symbol.definition
                && symbol.weak_reference
            {
                // Weak unless something else needs the target.
                let target = &mut self.symbols[target.add];
                if target.definition == Definition::Undefined && !target.used && target.binding == Binding::Default {
                    target.binding = Binding::Weak;
                }
                continue;
            }
            if symbol.definition != Definition::Undefined || symbol.internal {
                continue;
            }
            if let Some(&section) = sections.get(&symbol.name) {
                self.symbols.all[i].definition = Definition::Section(section);
                continue;
            }
            if symbol.temporary && symbol.used {
                let place = symbol.place;
                let name = self.names.show(symbol.name);
                let numeric = name.find('\u{2}').map(|end| name[2..end].to_string());
                let d = match numeric {
                    Some(n) => Diagnostic::new(&codes::E0302, format!("no label `{n}:` after this"))
                        .at(place.span, format!("`{n}f` means the next `{n}:` below"))
                        .help(if n.parse().is_ok_and(|n| self.symbols.has_numeric(n)) { format!("if the label stands above: {n}b") } else { format!("put the label where it should go: {n}:") }),
                    None => {
                        let d = Diagnostic::new(&codes::E0302, format!("label `{name}` is not defined")).at(place.span, "names that begin with .L are local to this file");
                        self.with_suggestion(d, &name)
                    }
                };
                self.report_at(d, place);
            }
        }
    }

    /// The object file. Contents are written while this runs, so errors may still be found;
    /// the caller looks at them.
    pub fn object(&mut self) -> Vec<u8> {
        self.finish_symbols();
        let mut contents: Vec<Contents> = Vec::with_capacity(self.sections.all.len());
        for i in 0..self.sections.all.len() {
            contents.push(self.contents(SectionId(i as u32)));
        }
        if self.errors() > 0 {
            return Vec::new();
        }
        // The first three exist always, as in GNU as; others as they were named.
        let attributes = self.attributes_section();
        let mut buffer = Vec::new();
        self.write_object(&contents, &attributes, &mut buffer);
        buffer
    }

    fn write_object(&mut self, contents: &[Contents], attributes: &[u8], buffer: &mut Vec<u8>) {
        let (signatures, group_numbers) = self.groups();
        let (locals, globals, numbers) = self.out_symbols(&group_numbers);
        let mut w = Writer::new(Endianness::Little, false, buffer);
        let mut locals = locals;
        let mut globals = globals;
        // Names first: offsets in string tables are known once all are added.
        let rela_names: Vec<Vec<u8>> = self.sections.all.iter().map(|s| [b".rela", self.names.text(s.name)].concat()).collect();
        w.reserve_file_header();
        w.reserve_null_section_index();
        let mut groups: Vec<OutGroup> = Vec::new();
        for (signature, comdat) in signatures {
            groups.push(OutGroup { index: w.reserve_section_index(), signature, members: Vec::new(), comdat, offset: 0 });
        }
        let group_name = (!groups.is_empty()).then(|| w.add_section_name(b".group"));
        let mut out: Vec<OutSection> = Vec::new();
        for (i, section) in self.sections.all.iter().enumerate() {
            let index = w.reserve_section_index();
            let name = w.add_section_name(self.names.text(section.name));
            let rela = (!contents[i].rels.is_empty()).then(|| (w.reserve_section_index(), w.add_section_name(&rela_names[i])));
            if let Some(signature) = section.group
                && let Some(&number) = group_numbers.get(&self.symbols[signature].name)
            {
                let group = &mut groups[number];
                group.members.push(index.0);
                group.members.extend(rela.map(|(r, _)| r.0));
            }
            out.push(OutSection { index, name, rela, offset: 0, rela_offset: 0 });
        }
        let attributes_index = (!attributes.is_empty()).then(|| (w.reserve_section_index(), w.add_section_name(b".riscv.attributes")));
        // Labels of the assembler's own come in rows, all of one name.
        let mut before: Option<(&[u8], StringId)> = None;
        for symbol in locals.iter_mut().chain(globals.iter_mut()).filter(|symbol| !symbol.name.is_empty()) {
            let id = before.filter(|(name, _)| *name == symbol.name).map_or_else(|| w.add_string(symbol.name), |(_, id)| id);
            before = Some((symbol.name, id));
            symbol.id = Some(id);
        }
        w.reserve_null_symbol_index();
        for symbol in locals.iter().chain(globals.iter()) {
            let section = match symbol.section {
                Place::Section(s) => Some(out[s.0 as usize].index),
                Place::Group(g) => Some(groups[g].index),
                Place::Undefined | Place::Absolute | Place::Common => None,
            };
            w.reserve_symbol_index(section);
        }
        w.reserve_symtab_section_index();
        if w.symtab_shndx_needed() {
            w.reserve_symtab_shndx_section_index();
        }
        w.reserve_strtab_section_index();
        w.reserve_shstrtab_section_index();
        // Places in the file.
        for group in &mut groups {
            group.offset = w.reserve(4 + 4 * group.members.len() as u64, 4);
        }
        for (i, section) in self.sections.all.iter().enumerate() {
            let align = 1u64 << section.align_power.min(12);
            out[i].offset = if section.is_nobits() { w.reserved_len() } else { w.reserve(contents[i].bytes.len() as u64, align) };
        }
        let attributes_offset = w.reserve(attributes.len() as u64, 1);
        w.reserve_symtab();
        w.reserve_symtab_shndx();
        // String tables of objects this size cannot fail; sizes above 4 GiB were refused before.
        let strings = w.reserve_strtab().is_ok() & w.reserve_shstrtab().is_ok();
        debug_assert!(strings);
        for (i, c) in contents.iter().enumerate() {
            if out[i].rela.is_some() {
                out[i].rela_offset = w.reserve_relocations(c.rels.len(), true);
            }
        }
        w.reserve_section_headers();
        // Now the bytes.
        let rvc = if self.target.uses_rvc { elf::EF_RISCV_RVC } else { elf::FileFlags(0) };
        let header = FileHeader {
            os_abi: elf::ELFOSABI_NONE,
            abi_version: 0,
            e_type: elf::ET_REL,
            e_machine: elf::EM_RISCV,
            e_entry: 0,
            e_flags: rvc,
        };
        if w.write_file_header(&header).is_err() {
            return;
        }
        for group in &groups {
            w.write_align(4);
            w.write(&u32::from(group.comdat).to_le_bytes());
            for member in &group.members {
                w.write(&member.to_le_bytes());
            }
        }
        for (i, section) in self.sections.all.iter().enumerate() {
            if !section.is_nobits() {
                w.write_align(1u64 << section.align_power.min(12));
                w.write(&contents[i].bytes);
            }
        }
        w.write(attributes);
        w.write_null_symbol();
        for symbol in locals.iter().chain(globals.iter()) {
            let (section, shndx) = match symbol.section {
                Place::Section(s) => (Some(out[s.0 as usize].index.0), elf::SymbolSection(0)),
                Place::Group(g) => (Some(groups[g].index.0), elf::SymbolSection(0)),
                Place::Undefined => (None, elf::SHN_UNDEF),
                Place::Absolute => (None, elf::SHN_ABS),
                Place::Common => (None, elf::SHN_COMMON),
            };
            let st_name = w.string_offset(symbol.id);
            w.write_symbol(&Sym {
                section,
                st_name,
                st_info: elf::SymbolInfo(symbol.info),
                st_other: elf::SymbolOther(symbol.other),
                st_shndx: shndx,
                st_value: symbol.value,
                st_size: symbol.size,
            });
        }
        w.write_symtab_shndx();
        w.write_strtab();
        w.write_shstrtab();
        let number_of = |id: SymbolId| numbers.get(id.0 as usize).copied().unwrap_or(0);
        for (i, c) in contents.iter().enumerate() {
            if out[i].rela.is_some() {
                w.write_align_relocation();
                for Rel { offset, kind, symbol, addend } in &c.rels {
                    w.write_relocation(
                        true,
                        &ElfRel {
                            r_offset: u64::from(*offset),
                            r_sym: if symbol.is_some() { number_of(*symbol) } else { 0 },
                            r_type: elf::RelocationType(u32::from(kind.number())),
                            r_addend: i64::from(*addend),
                        },
                    );
                }
            }
        }
        // Section headers.
        w.write_null_section_header();
        let symtab = w.symtab_index();
        for group in &groups {
            let sh_name = w.section_name_offset(group_name);
            w.write_section_header(&SectionHeader {
                sh_name,
                sh_type: elf::SHT_GROUP,
                sh_flags: elf::SectionFlags(0),
                sh_addr: 0,
                sh_offset: group.offset,
                sh_size: 4 + 4 * group.members.len() as u64,
                sh_link: symtab.0,
                sh_info: number_of(group.signature),
                sh_addralign: 4,
                sh_entsize: 4,
            });
        }
        for (i, section) in self.sections.all.iter().enumerate() {
            let group = if section.group.is_some() { SHF_GROUP } else { 0 };
            let linked = section.linked.and_then(|name| self.sections.all.iter().position(|s| s.name == name));
            let sh_name = w.section_name_offset(Some(out[i].name));
            w.write_section_header(&SectionHeader {
                sh_name,
                sh_type: elf::SectionType(section.kind),
                sh_flags: elf::SectionFlags(u64::from(section.flags | group)),
                sh_addr: 0,
                sh_offset: out[i].offset,
                sh_size: if section.kind == SHT_NOBITS { u64::from(section.size) } else { contents[i].bytes.len() as u64 },
                sh_link: if section.flags & SHF_LINK_ORDER != 0 { linked.map_or(0, |l| out[l].index.0) } else { 0 },
                sh_info: 0,
                sh_addralign: 1 << section.align_power,
                sh_entsize: u64::from(section.entry_size),
            });
            if let Some((_, name)) = out[i].rela {
                let sh_name = w.section_name_offset(Some(name));
                w.write_section_header(&SectionHeader {
                    sh_name,
                    sh_type: elf::SHT_RELA,
                    sh_flags: elf::SectionFlags(elf::SHF_INFO_LINK.0 | u64::from(group)),
                    sh_addr: 0,
                    sh_offset: out[i].rela_offset,
                    sh_size: 12 * contents[i].rels.len() as u64,
                    sh_link: symtab.0,
                    sh_info: out[i].index.0,
                    sh_addralign: 4,
                    sh_entsize: 12,
                });
            }
        }
        if let Some((_, name)) = attributes_index {
            let sh_name = w.section_name_offset(Some(name));
            w.write_section_header(&SectionHeader {
                sh_name,
                sh_type: elf::SectionType(SHT_RISCV_ATTRIBUTES),
                sh_flags: elf::SectionFlags(0),
                sh_addr: 0,
                sh_offset: attributes_offset,
                sh_size: attributes.len() as u64,
                sh_link: 0,
                sh_info: 0,
                sh_addralign: 1,
                sh_entsize: 0,
            });
        }
        w.write_symtab_section_header(1 + locals.len() as u32);
        w.write_symtab_shndx_section_header();
        w.write_strtab_section_header();
        w.write_shstrtab_section_header();
    }

    /// The groups in the order in which they were first named: signature and whether they are COMDAT; and their
    /// numbers by name.
    fn groups(&self) -> (Vec<(SymbolId, bool)>, HashMap<Name, usize>) {
        let mut groups: Vec<(SymbolId, bool)> = Vec::new();
        let mut numbers = HashMap::new();
        for section in &self.sections.all {
            let Some(signature) = section.group else { continue };
            let number = *numbers.entry(self.symbols[signature].name).or_insert(groups.len());
            if number == groups.len() {
                groups.push((signature, false));
            }
            groups[number].1 |= section.comdat;
        }
        (groups, numbers)
    }

    /// The symbols of the table, local ones first, and the number of each record in it.
    fn out_symbols(&self, groups: &HashMap<Name, usize>) -> (Vec<OutSymbol<'_>>, Vec<OutSymbol<'_>>, Vec<u32>) {
        let mut locals: Vec<OutSymbol<'_>> = Vec::new();
        let mut globals: Vec<OutSymbol<'_>> = Vec::new();
        let mut numbers = vec![0u32; self.symbols.all.len()];
        let mut global_ids: Vec<usize> = Vec::new();
        for name in &self.file_symbols {
            locals.push(OutSymbol { name, id: None, section: Place::Absolute, value: 0, size: 0, info: STT_FILE, other: 0 });
        }
        let mut section_numbers: Vec<u32> = vec![0; self.sections.all.len()];
        for (i, number) in section_numbers.iter_mut().enumerate() {
            locals.push(OutSymbol {
                name: b"",
                id: None,
                section: Place::Section(SectionId(i as u32)),
                value: 0,
                size: 0,
                info: STT_SECTION,
                other: 0,
            });
            *number = locals.len() as u32;
        }
        for chain in &self.sections.chains {
            for (at, mapping) in &chain.mapping {
                let name: &[u8] = match mapping {
                    Mapping::Data => b"$d",
                    Mapping::Code => b"$x",
                    Mapping::Arch(n) => self.target.arch_symbols[*n as usize].as_bytes(),
                };
                let value = u64::from(self.sections.address(*at));
                locals.push(OutSymbol { name, id: None, section: Place::Section(chain.section), value, size: 0, info: 0, other: 0 });
            }
        }
        for (i, symbol) in self.symbols.all.iter().enumerate() {
            if symbol.internal {
                if let Definition::Section(section) = symbol.definition {
                    numbers[i] = section_numbers[section.0 as usize];
                }
                continue;
            }
            let defined = match symbol.definition {
                Definition::Undefined => None,
                Definition::Label(at) => Some((Place::Section(self.sections.section_of(at)), u64::from(self.sections.address(at)))),
                Definition::Common { align, .. } => Some((Place::Common, u64::from(align))),
                Definition::Section(section) => {
                    numbers[i] = section_numbers[section.0 as usize];
                    continue;
                }
                Definition::Value(_) | Definition::Expr(_) => match self.resolve_symbol_value(SymbolId(i as u32)) {
                    Some((section, value)) => Some((section.map_or(Place::Absolute, Place::Section), value)),
                    // A name for something of another file: relocations name that.
                    None => continue,
                },
            };
            let size = match symbol.definition {
                Definition::Common { size, .. } => u64::from(size),
                _ if symbol.size.is_some() => self.symbol_size(symbol),
                _ => self.inherited(symbol).map_or(0, |of| self.symbol_size(&self.symbols[of])),
            };
            let global = match symbol.binding {
                Binding::Global | Binding::Weak | Binding::Unique => true,
                Binding::Local => false,
                Binding::Default => matches!(symbol.definition, Definition::Undefined | Definition::Common { .. }),
            };
            if !global && symbol.temporary && !symbol.relocated && !self.options.keep_locals {
                continue;
            }
            if matches!(symbol.definition, Definition::Undefined)
                && let Some(&group) = groups.get(&symbol.name)
            {
                // The name of a group is a symbol of it, if nothing else is.
                locals.push(OutSymbol { name: self.names.text(symbol.name), id: None, section: Place::Group(group), value: 0, size: 0, info: 0, other: 0 });
                numbers[i] = locals.len() as u32;
                continue;
            }
            if matches!(symbol.definition, Definition::Undefined) {
                let asked = symbol.binding == Binding::Global || symbol.kind != 0 || symbol.visibility != 0 || symbol.size.is_some();
                if !symbol.relocated && !symbol.used && !asked {
                    continue;
                }
                if symbol.temporary && !symbol.relocated {
                    continue;
                }
            }
            let (section, value) = defined.unwrap_or((Place::Undefined, 0));
            let kind = match (symbol.kind, self.inherited(symbol)) {
                (0, Some(of)) => self.symbols[of].kind,
                (kind, _) => kind,
            };
            let kind = self.symbol_kind(kind, section, symbol.definition);
            let bind = match symbol.binding {
                Binding::Weak => 2,
                Binding::Unique => 10,
                _ if global => 1,
                _ => 0,
            };
            let out = OutSymbol { name: self.names.text(symbol.name), id: None, section, value, size, info: bind << 4 | kind, other: symbol.visibility };
            if global {
                globals.push(out);
                global_ids.push(i);
            } else {
                locals.push(out);
                numbers[i] = locals.len() as u32;
            }
        }
        for (n, i) in global_ids.into_iter().enumerate() {
            numbers[i] = (locals.len() + n + 1) as u32;
        }
        (locals, globals, numbers)
    }

    /// The symbol that a name given by `.set` stands for.
    fn inherited(&self, symbol: &crate::symbols::Symbol) -> Option<SymbolId> {
        // A name for another symbol has its type and size, unless it was given its own.
        let mut current = symbol;
        let mut found = None;
        for _ in 0..crate::limits::SYMBOL_DEPTH {
            match current.definition {
                Definition::Value(v) if v.add.is_some() && !v.sub.is_some() => {
                    found = Some(v.add);
                    current = &self.symbols[v.add];
                }
                _ => break,
            }
        }
        found
    }

    /// Symbols of thread-local sections are thread-local whatever `.type` says.
    fn symbol_kind(&self, kind: u8, section: Place, definition: Definition) -> u8 {
        match section {
            Place::Section(s) if self.sections[s].flags & crate::elf::SHF_TLS != 0 => crate::elf::STT_TLS,
            Place::Common if kind == 0 && matches!(definition, Definition::Common { .. }) => crate::elf::STT_OBJECT,
            _ => kind,
        }
    }

    /// Section and value of a symbol that was given a value.
    fn resolve_symbol_value(&self, id: SymbolId) -> Option<(Option<SectionId>, u64)> {
        let r = self.resolve(crate::expr::Value::symbol(id)).ok()?;
        if let Some(n) = r.number() {
            return Some((None, u64::from(n as u32)));
        }
        match r {
            crate::evaluate::Resolved { add: Some((section, offset)), sub: None, undefined: None, undefined_sub: None, num } => {
                Some((Some(section), u64::from((i64::from(offset) + num) as u32)))
            }
            _ => None,
        }
    }

    /// `.size` of a symbol; 0 without.
    fn symbol_size(&self, symbol: &crate::symbols::Symbol) -> u64 {
        if !symbol.size.is_some() {
            return 0;
        }
        let crate::expr::Node::Value(value) = self.exprs.node(symbol.size) else { return 0 };
        let r = self.resolve(value);
        match r.map(|r| r.number()) {
            Ok(Some(n)) => u64::from(n as u32),
            _ => 0,
        }
    }
}
