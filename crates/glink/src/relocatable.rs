//! `-r`: objects become one object. Sections of one name come together, symbols and relocations are
//! carried over, nothing is resolved to an address and nothing is shortened.

use crate::attributes;
use crate::compressed;
use crate::layout::{Inputs, Layout};
use crate::numbering::Home;
use crate::object_file::Rela;
use crate::object_writer::{self, Part};
use crate::options::{Discard, Strip};
use crate::plan::{Fate, Item, Line};
use crate::problem::{Problem, Site};
use crate::resolve::{Definition, ObjectId, Place, Resolved, SectionId};
use crate::strings::{string_at, text};
use crate::symtab;
use diag::{Diagnostic, codes};
use object::LittleEndian as LE;
use object::elf::{self, Sym32};
use object::pod::bytes_of_slice;
use object::{I32, U16, U32};
use std::collections::HashMap;

/// Writes the object; problems say what is in the way.
pub fn object(inputs: Inputs<'_, '_, '_>, layout: &Layout, attributes: &attributes::Merged, problems: &mut Vec<Problem>) -> Vec<u8> {
    let mut writer = Writer { inputs, layout, sections: vec![Part::default()], number_of: vec![None; inputs.plan.outputs.len()], symbols: vec![Sym32::default()], extended: vec![U32::new(LE, 0)], strings: vec![0], names: HashMap::new(), first_global: 0, local: Vec::new(), global: vec![0; inputs.resolved.symbols.len()], section_symbol: HashMap::new() };
    writer.number_sections();
    writer.symbols();
    writer.contents(problems);
    writer.groups();
    writer.finish(attributes)
}

struct Writer<'x, 'a, 's> {
    inputs: Inputs<'x, 'a, 's>,
    layout: &'x Layout,
    sections: Vec<Part<'static>>,
    /// By output section: its number; its relocations have the next one, if it has any.
    number_of: Vec<Option<u32>>,
    symbols: Vec<Sym32<LE>>,
    /// By symbol: the number of its section, if that does not fit the symbol.
    extended: Vec<U32<LE>>,
    strings: Vec<u8>,
    /// Where names are in `strings`.
    names: HashMap<Box<[u8]>, u32>,
    first_global: u32,
    /// By object and by its local symbol: the number here; 0 if it is not.
    local: Vec<Vec<u32>>,
    /// By shared name, likewise.
    global: Vec<u32>,
    /// By output section.
    section_symbol: HashMap<usize, u32>,
}

impl<'a> Writer<'_, 'a, '_> {
    fn resolved(&self) -> &Resolved<'a> {
        self.inputs.resolved
    }

    /// The input sections of an output section.
    fn sections_of(&self, output: usize) -> impl Iterator<Item = SectionId> {
        self.inputs.plan.outputs[output].items.iter().filter_map(|item| if let Item::Section(id) = item { Some(*id) } else { None })
    }

    /// Where an input section is in its output section.
    fn offset_of(&self, id: SectionId, output: usize) -> u32 {
        self.layout.sections[id.0 as usize].wrapping_sub(self.layout.outputs[output].address as u32)
    }

    /// The address of an output section, which it has if a script gives it one; its symbols count from its start all the same.
    fn address_of(&self, output: usize) -> u32 {
        if self.inputs.plan.outputs[output].rule.is_some() { self.layout.outputs[output].address as u32 } else { 0 }
    }

    /// Groups come before their members.
    fn number_sections(&mut self) {
        let mut next = 1 + self.kept_groups().len() as u32;
        let outputs: Vec<usize> = self.inputs.plan.lines.iter().filter_map(|line| if let Line::Output(output) = line { Some(*output) } else { None }).collect();
        for output in outputs {
            if !self.stays(output) {
                continue;
            }
            self.number_of[output] = Some(next);
            let has_relocations = self.sections_of(output).any(|id| !self.resolved().section(id).relas.is_empty());
            next += 1 + u32::from(has_relocations);
        }
    }

    /// Whether an output section is in the file.
    fn stays(&self, output: usize) -> bool {
        let planned = &self.inputs.plan.outputs[output];
        let is_debug = planned.name.starts_with(".debug") || planned.name.starts_with(".zdebug");
        planned.name != "/DISCARD/" && (planned.has_sections() || self.layout.outputs[output].present) && !(self.inputs.options.strip >= Strip::Debug && is_debug)
    }

    /// Groups whose members stay: object, and index among its groups.
    fn kept_groups(&self) -> Vec<(ObjectId, usize)> {
        let mut kept = Vec::new();
        if self.inputs.options.force_group_allocation {
            return kept;
        }
        for (index, object) in self.resolved().objects.iter().enumerate() {
            for (number, group) in object.file.groups.iter().enumerate() {
                let stays = |member: &u32| matches!(self.inputs.plan.fates[(object.first_section + member) as usize], Fate::Output(output) if self.stays(output as usize));
                if group.members.iter().any(stays) {
                    kept.push((ObjectId(index as u32), number));
                }
            }
        }
        kept
    }

    fn add_symbol(&mut self, name: &[u8], value: u32, size: u32, info: elf::SymbolInfo, other: elf::SymbolOther, section: Home) -> u32 {
        // Many local symbols have the same name.
        let st_name = match self.names.get(name) {
            Some(&at) => at,
            None if name.is_empty() => 0,
            None => {
                let at = self.strings.len() as u32;
                self.strings.extend_from_slice(name);
                self.strings.push(0);
                self.names.insert(name.into(), at);
                at
            }
        };
        let (section, extended) = section.index();
        self.extended.push(U32::new(LE, extended));
        self.symbols.push(Sym32 { st_name: U32::new(LE, st_name), st_value: U32::new(LE, value), st_size: U32::new(LE, size), st_info: info, st_other: other, st_shndx: U16::new(LE, section) });
        self.symbols.len() as u32 - 1
    }

    /// The section number and the value that a place has in the object; none if it is not in it.
    fn home(&self, place: Place) -> Option<(Home, u32)> {
        match place {
            Place::Absolute(value) => Some((Home::Reserved(elf::SHN_ABS), value)),
            Place::Section(id, offset) => {
                let output = self.inputs.plan.output_of(id)?;
                Some((Home::Section(self.number_of[output]?), self.offset_of(id, output).wrapping_add(offset)))
            }
            Place::Linker(id) => {
                let symbol = self.layout.symbols[id.0 as usize]?;
                Some(match symbol.output.and_then(|output| Some((output, self.number_of[output]?))) {
                    Some((output, number)) => (Home::Section(number), (symbol.address.wrapping_sub(self.layout.outputs[output].address)) as u32),
                    None => (Home::Reserved(elf::SHN_ABS), symbol.address as u32),
                })
            }
            Place::UndefinedWeak | Place::Undefined(_) => None,
        }
    }

    fn symbols(&mut self) {
        let mut numbers: Vec<(u32, usize)> = self.number_of.iter().enumerate().filter_map(|(output, number)| Some(((*number)?, output))).collect();
        numbers.sort_unstable();
        for (number, output) in numbers {
            let symbol = self.add_symbol(b"", 0, 0, elf::SymbolInfo::new(elf::STB_LOCAL, elf::STT_SECTION), elf::SymbolOther(0), Home::Section(number));
            self.section_symbol.insert(output, symbol);
        }
        let inputs = self.inputs;
        let resolved = inputs.resolved;
        let used = self.used_symbols();
        let mut used_shared = vec![false; resolved.symbols.len()];
        for (object, used) in resolved.objects.iter().zip(&used) {
            for (shared, _) in object.globals.iter().zip(&used[object.file.first_global..]).filter(|(_, used)| **used) {
                used_shared[shared.0 as usize] = true;
            }
        }
        self.local = resolved.objects.iter().map(|object| vec![0; object.file.first_global]).collect();
        for (index, object) in resolved.objects.iter().enumerate() {
            let id = ObjectId(index as u32);
            let keeps_names = inputs.options.discard != Discard::Locals && inputs.options.strip != Strip::All;
            let mut file_name = Some(resolved.file_name(id)).filter(|_| keeps_names);
            for (number, symbol) in object.file.symbols[..object.file.first_global].iter().enumerate().skip(1) {
                let name = string_at(object.file.strings, symbol.st_name.get(LE)).unwrap_or(b"");
                let number = number as u32;
                let is_used = used[index][number as usize];
                let wanted = match inputs.options.discard {
                    Discard::Nothing => true,
                    Discard::Temporary => !name.starts_with(b".L"),
                    Discard::Locals => false,
                };
                if symbol.st_type() == elf::STT_SECTION || !is_used && (!wanted || inputs.options.strip == Strip::All) {
                    continue;
                }
                if symbol.st_type() == elf::STT_FILE {
                    file_name = None;
                    self.add_symbol(name, 0, 0, symbol.st_info, symbol.st_other, Home::Reserved(elf::SHN_ABS));
                } else if let Some((section, value)) = self.home(resolved.place(id, number)) {
                    // Symbols without one would seem to be of the file before.
                    if let Some(name) = file_name.take() {
                        self.add_symbol(name.as_bytes(), 0, 0, elf::SymbolInfo::new(elf::STB_LOCAL, elf::STT_FILE), elf::SymbolOther(0), Home::Reserved(elf::SHN_ABS));
                    }
                    let at = self.add_symbol(name, value, symbol.st_size.get(LE), symbol.st_info, symbol.st_other, section);
                    self.local[index][number as usize] = at;
                }
            }
        }
        // A group without a global signature needs a local symbol of that name.
        for (object, group) in self.kept_groups() {
            let signature = resolved.objects[object.0 as usize].file.groups[group].signature;
            if resolved.symbols.find(signature).is_none() && !self.has_name(signature) {
                self.add_symbol(signature, 0, 0, elf::SymbolInfo::new(elf::STB_LOCAL, elf::STT_NOTYPE), elf::SymbolOther(0), Home::Reserved(elf::SHN_ABS));
            }
        }
        self.first_global = self.symbols.len() as u32;
        for (id, symbol) in resolved.symbols.iter() {
            let other = symbol.other();
            let at = match symbol.definition {
                Definition::Object(object, index) => {
                    let Some(own) = resolved.objects[object.0 as usize].file.symbol(index as usize) else { continue };
                    match self.home(resolved.place_of(id)) {
                        Some((section, value)) => self.add_symbol(symbol.name, value, own.st_size.get(LE), elf::SymbolInfo::new(symbol.bind(own), own.st_type()), other, section),
                        None => self.add_symbol(symbol.name, 0, 0, elf::SymbolInfo::new(symbol.bind(own), elf::STT_NOTYPE), other, Home::Reserved(elf::SHN_UNDEF)),
                    }
                }
                Definition::Common { size, align, .. } => self.add_symbol(symbol.name, align, size, elf::SymbolInfo::new(elf::STB_GLOBAL, elf::STT_OBJECT), other, Home::Reserved(elf::SHN_COMMON)),
                Definition::Block(block) => match self.home(Place::Section(block, 0)) {
                    Some((section, value)) => self.add_symbol(symbol.name, value, resolved.section(block).size, elf::SymbolInfo::new(elf::STB_GLOBAL, elf::STT_OBJECT), other, section),
                    None => continue,
                },
                Definition::Linker => match self.home(Place::Linker(id)) {
                    Some((section, value)) => self.add_symbol(symbol.name, value, 0, elf::SymbolInfo::new(elf::STB_GLOBAL, elf::STT_NOTYPE), other, section),
                    None => continue,
                },
                Definition::Undefined if symbol.used && (symbol.named || used_shared[id.0 as usize]) => {
                    let bind = if symbol.strong_use { elf::STB_GLOBAL } else { elf::STB_WEAK };
                    self.add_symbol(symbol.name, 0, 0, elf::SymbolInfo::new(bind, symbol.kind), other, Home::Reserved(elf::SHN_UNDEF))
                }
                Definition::Undefined => continue,
            };
            self.global[id.0 as usize] = at;
        }
    }

    fn has_name(&self, name: &[u8]) -> bool {
        self.symbols.iter().any(|symbol| string_at(&self.strings, symbol.st_name.get(LE)) == Some(name))
    }

    /// By object and symbol: whether relocations name it; local ones then stay whatever they are called.
    fn used_symbols(&self) -> Vec<Vec<bool>> {
        let mut used: Vec<Vec<bool>> = self.resolved().objects.iter().map(|object| vec![false; object.file.symbols.len()]).collect();
        for output in (0..self.number_of.len()).filter(|&output| self.number_of[output].is_some()) {
            for id in self.sections_of(output) {
                let input = &self.resolved().sections[id.0 as usize];
                let Some(used) = used.get_mut(input.object.0 as usize) else { continue };
                for rela in input.section.relas.iter() {
                    if let Some(used) = used.get_mut(rela.r_sym(LE) as usize) {
                        *used = true;
                    }
                }
            }
        }
        used
    }

    fn contents(&mut self, problems: &mut Vec<Problem>) {
        let groups = self.kept_groups().len();
        self.sections.extend((0..groups).map(|_| Part::default()));
        let mut ordered: Vec<(u32, usize)> = self.number_of.iter().enumerate().filter_map(|(output, number)| Some(((*number)?, output))).collect();
        ordered.sort_unstable();
        for (number, output) in ordered {
            let planned = &self.inputs.plan.outputs[output];
            let mut part = Part { name: planned.name.clone().into_bytes(), kind: planned.kind, flags: planned.flags, address: self.address_of(output), size: self.layout.outputs[output].size as u32, align: planned.align, entsize: planned.entsize, ..Part::default() };
            if part.kind != elf::SHT_NOBITS {
                part.bytes = vec![0; part.size as usize].into();
            }
            let mut relocations: Vec<Rela> = Vec::new();
            for id in self.sections_of(output) {
                let input = &self.resolved().sections[id.0 as usize];
                let grouped = if self.inputs.options.force_group_allocation { elf::SectionFlags(0) } else { elf::SHF_GROUP };
                part.flags |= input.section.flags & (grouped | elf::SHF_GNU_RETAIN | elf::SHF_EXCLUDE | elf::SHF_LINK_ORDER);
                if input.section.has(elf::SHF_LINK_ORDER)
                    && let Some(object) = self.resolved().objects.get(input.object.0 as usize)
                    && let Some(with) = self.inputs.plan.output_of(SectionId(object.first_section + input.section.link))
                {
                    part.link = self.number_of[with].unwrap_or(0);
                }
                let at = self.offset_of(id, output);
                if input.section.kind != elf::SHT_NOBITS
                    && let Some(out) = part.bytes.to_mut().get_mut(at as usize..at as usize + input.section.data.len())
                {
                    out.copy_from_slice(&input.section.data);
                }
                for rela in input.section.relas.iter() {
                    relocations.push(self.relocation(id, rela, at, problems));
                }
            }
            self.sections.push(part);
            if !relocations.is_empty() {
                let flags = if self.sections[number as usize].flags & elf::SHF_GROUP == elf::SHF_GROUP { elf::SHF_GROUP | elf::SHF_INFO_LINK } else { elf::SHF_INFO_LINK };
                let bytes = bytes_of_slice(&relocations).to_vec();
                self.sections.push(Part { name: [b".rela", planned.name.as_bytes()].concat(), kind: elf::SHT_RELA, flags, size: bytes.len() as u32, bytes: bytes.into(), info: number, align: 4, entsize: size_of::<Rela>() as u32, ..Part::default() });
            }
        }
    }

    /// A relocation as it stands in the new object.
    fn relocation(&self, section: SectionId, rela: &Rela, at: u32, problems: &mut Vec<Problem>) -> Rela {
        let resolved = self.resolved();
        let input = &resolved.sections[section.0 as usize];
        let index = rela.r_sym(LE);
        let offset = rela.r_offset.get(LE);
        let make = |symbol: u32, kind: elf::RelocationType, addend: i32| Rela { r_offset: U32::new(LE, offset.wrapping_add(at)), r_info: Rela::r_info(LE, symbol, kind), r_addend: I32::new(LE, addend) };
        let (kind, addend) = (rela.r_type(LE), rela.r_addend.get(LE));
        if index == 0 {
            return make(0, kind, addend);
        }
        if let Some(global) = resolved.global(input.object, index) {
            return match self.global[global.0 as usize] {
                0 => make(0, elf::RelocationType(0), 0),
                symbol => make(symbol, kind, addend),
            };
        }
        if let Some(&symbol) = self.local.get(input.object.0 as usize).and_then(|local| local.get(index as usize)).filter(|&&symbol| symbol != 0) {
            return make(symbol, kind, addend);
        }
        // A section symbol: of the whole new section, so the addend counts from its start. Of a section that another object has too, the
        // copy that is used is meant.
        if let Place::Section(target, value) = resolved.place(input.object, index)
            && let target = if self.inputs.plan.output_of(target).is_some() { target } else { resolved.copies.get(&target).copied().unwrap_or(target) }
            && let Some(output) = self.inputs.plan.output_of(target)
            && let Some(&symbol) = self.section_symbol.get(&output)
        {
            return make(symbol, kind, addend.wrapping_add_unsigned(self.offset_of(target, output).wrapping_add(value)));
        }
        let own = input.section.name;
        if input.section.has(elf::SHF_ALLOC) && !own.starts_with(b".eh_frame") && !own.starts_with(b".gcc_except_table") {
            let target = if let Place::Section(target, _) = resolved.place(input.object, index) { text(resolved.section(target).name) } else { "".into() };
            let (name, user) = (crate::resolve::display_name(resolved, input.object, index), resolved.object_name(input.object));
            let message = format!("`{name}` referenced in section `{}` of {user}: defined in discarded section `{target}`", text(own));
            problems.push(Problem::At(Site { section, offset }, Box::new(Diagnostic::new(&codes::E0510, message).note("another object's copy of it is used, or the script discards it"))));
        }
        make(0, elf::RelocationType(0), 0)
    }

    fn groups(&mut self) {
        for (number, (object, group)) in self.kept_groups().into_iter().enumerate() {
            let resolved = self.inputs.resolved;
            let file = &resolved.objects[object.0 as usize];
            let group = &file.file.groups[group];
            let mut words = vec![if group.comdat { elf::GRP_COMDAT.0 } else { 0 }];
            for member in &group.members {
                let Some(output) = self.inputs.plan.output_of(SectionId(file.first_section + member)) else { continue };
                let Some(section) = self.number_of[output] else { continue };
                words.push(section);
                if self.sections.get(section as usize + 1).is_some_and(|next| next.kind == elf::SHT_RELA && next.info == section) {
                    words.push(section + 1);
                }
            }
            let signature = resolved.symbols.find(group.signature).map(|id| self.global[id.0 as usize]).filter(|&number| number != 0);
            let signature = signature.or_else(|| self.symbols.iter().position(|symbol| string_at(&self.strings, symbol.st_name.get(LE)) == Some(group.signature)).map(|at| at as u32));
            let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
            self.sections[1 + number] = Part { name: b".group".to_vec(), kind: elf::SHT_GROUP, size: bytes.len() as u32, bytes: bytes.into(), info: signature.unwrap_or(0), align: 4, entsize: 4, ..Part::default() };
        }
    }

    fn finish(mut self, attributes: &attributes::Merged) -> Vec<u8> {
        if let Some(bytes) = &attributes.section {
            self.sections.push(Part { name: b".riscv.attributes".to_vec(), kind: elf::SHT_RISCV_ATTRIBUTES, size: bytes.len() as u32, bytes: bytes.clone().into(), align: 1, ..Part::default() });
        }
        let symtab = self.sections.len() as u32;
        let bytes = bytes_of_slice(&self.symbols).to_vec();
        self.sections.push(Part { name: b".symtab".to_vec(), kind: elf::SHT_SYMTAB, size: bytes.len() as u32, bytes: bytes.into(), link: symtab + 1, info: self.first_global, align: 4, entsize: size_of::<Sym32<LE>>() as u32, ..Part::default() });
        self.sections.push(Part { name: b".strtab".to_vec(), kind: elf::SHT_STRTAB, size: self.strings.len() as u32, bytes: std::mem::take(&mut self.strings).into(), align: 1, ..Part::default() });
        for part in &mut self.sections {
            if matches!(part.kind, elf::SHT_RELA | elf::SHT_GROUP) {
                part.link = symtab;
            }
        }
        if self.extended.iter().any(|number| number.get(LE) != 0) {
            let bytes = bytes_of_slice(&self.extended).to_vec();
            self.sections.push(Part { name: b".symtab_shndx".to_vec(), kind: elf::SHT_SYMTAB_SHNDX, size: bytes.len() as u32, bytes: bytes.into(), link: symtab, align: 4, entsize: 4, ..Part::default() });
        }
        let how = self.inputs.options.compress;
        for part in &mut self.sections {
            if let Some((name, flags, bytes, align)) = compressed::shrink(how, &part.name, part.flags, part.align, &part.bytes) {
                (part.name, part.flags, part.size, part.align, part.bytes) = (name, flags, bytes.len() as u32, align, bytes.into());
            }
        }
        // What other systems need not know.
        let is_gnu = self.sections.iter().any(|part| part.flags & elf::SHF_GNU_RETAIN == elf::SHF_GNU_RETAIN) || symtab::is_gnu(&self.symbols);
        object_writer::write(self.sections, elf::FileFlags(attributes.flags), if is_gnu { elf::ELFOSABI_GNU } else { elf::ELFOSABI_NONE })
    }
}

