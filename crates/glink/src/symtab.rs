//! The image's symbol table.

use crate::apply::Linked;
use crate::emit_relocs;
use crate::numbering::Home;
use crate::options::{Discard, Strip};
use crate::plan::{Item, Line};
use crate::resolve::{Definition, LINKER, ObjectId, Place, SectionId, Symbol, SymbolId};
use crate::script::ast::Expr;
use crate::strings::string_at;
use object::LittleEndian as LE;
use object::elf::{self, Sym32};
use object::{U16, U32};
use std::collections::{HashMap, HashSet};

/// Symbols and their names.
#[derive(Clone, Debug, Default)]
pub struct Table {
    /// Symbols; locals first.
    pub symbols: Vec<Sym32<LE>>,
    /// Index of the first that is not local.
    pub first_global: u32,
    /// By symbol: the number of its section, if that does not fit the symbol.
    pub extended: Vec<U32<LE>>,
    /// Names.
    pub strings: Vec<u8>,
    /// With `--emit-relocs`: which symbol is which.
    pub index: Index,
}

/// Where symbols are in the table.
#[derive(Clone, Debug, Default)]
pub struct Index {
    /// Of an object's own symbols.
    pub locals: HashMap<(ObjectId, u32), u32>,
    /// Of shared names.
    pub globals: HashMap<SymbolId, u32>,
    /// By output section: its own symbol.
    pub sections: Vec<Option<u32>>,
}

/// One symbol on its way into the table.
struct Row<'a> {
    name: &'a [u8],
    value: u32,
    size: u32,
    info: elf::SymbolInfo,
    other: elf::SymbolOther,
    section: Home,
}

/// Makes the table. `numbers` are the section numbers of output sections in the image.
pub fn table(linked: Linked<'_, '_, '_>, numbers: &[Option<u32>]) -> Table {
    let options = linked.inputs.options;
    let resolved = linked.inputs.resolved;
    let mut table = Table { symbols: vec![Sym32::default()], first_global: 1, extended: vec![U32::new(LE, 0)], strings: vec![0], index: Index::default() };
    if options.strip == Strip::All {
        return table;
    }
    let is_retained = |name: &[u8]| options.retained.as_ref().is_none_or(|names| names.contains(name));
    let mut used = HashSet::new();
    if options.emit_relocs {
        used = emit_relocs::used_locals(linked);
        table.add_sections(linked, numbers);
    }
    // With `-z unique-symbol`: how many symbols had a name before.
    let mut counts: HashMap<&[u8], u32> = HashMap::new();
    if options.discard != Discard::Locals || options.emit_relocs {
        for (index, object) in resolved.objects.iter().enumerate() {
            // Symbols without one would seem to be of the file before.
            let file_name = resolved.file_name(ObjectId(index as u32)).as_bytes();
            let named = |name, own: Option<&Sym32<LE>>| Row { name, value: 0, size: 0, info: own.map_or(elf::SymbolInfo::new(elf::STB_LOCAL, elf::STT_FILE), |own| own.st_info), other: own.map_or(elf::SymbolOther(0), |own| own.st_other), section: Home::Reserved(elf::SHN_ABS) };
            let mut file = Some(named(file_name, None));
            for (number, symbol) in object.file.symbols[..object.file.first_global].iter().enumerate().skip(1) {
                let name = string_at(object.file.strings, symbol.st_name.get(LE)).unwrap_or(b"");
                if symbol.st_type() == elf::STT_FILE {
                    file = Some(named(name, Some(symbol)));
                    continue;
                }
                let temporary = options.discard == Discard::Temporary && name.starts_with(b".L");
                let id = (ObjectId(index as u32), number as u32);
                let wanted = !temporary && options.discard != Discard::Locals || used.contains(&id);
                if name.is_empty() || !wanted || !is_retained(name) && !used.contains(&id) || symbol.st_type() == elf::STT_SECTION {
                    continue;
                }
                let place = resolved.defined_place(id.0, id.1);
                if let Some(row) = defined(linked, numbers, name, place, symbol) {
                    // The file's name stands before its first symbol.
                    if let Some(file) = file.take() {
                        table.push(&file);
                    }
                    if options.emit_relocs {
                        table.index.locals.insert(id, table.symbols.len() as u32);
                    }
                    // The names of mapping symbols (`$x`) mean something.
                    if options.unique_symbols && !name.starts_with(b"$") {
                        let count = counts.entry(name).or_default();
                        let unique = [name, format!(".{count:x}").as_bytes()].concat();
                        *count += 1;
                        table.push(&Row { name: &unique, ..row });
                        continue;
                    }
                    table.push(&row);
                }
            }
        }
    }
    let mut globals = Vec::new();
    let types = copied_types(linked);
    for (id, symbol) in resolved.symbols.iter() {
        let Some(row) = global(linked, numbers, id, &types).filter(|_| options.emit_relocs || is_retained(symbol.name)) else { continue };
        // What the script or the linker hides is the image's own; what objects hide from other modules is not local in them.
        let is_own = match symbol.definition {
            Definition::Linker => true,
            Definition::Block(block) => resolved.sections[block.0 as usize].object == LINKER,
            Definition::Object(..) | Definition::Common { .. } | Definition::Undefined => false,
        };
        if is_own && symbol.visibility == elf::STV_HIDDEN {
            if options.discard != Discard::Locals {
                if options.emit_relocs {
                    table.index.globals.insert(id, table.symbols.len() as u32);
                }
                table.push(&Row { info: elf::SymbolInfo::new(elf::STB_LOCAL, row.info.st_type()), ..row });
            }
            continue;
        }
        globals.push((id, Row { other: symbol.other(), ..row }));
    }
    table.first_global = table.symbols.len() as u32;
    for (id, row) in &globals {
        if options.emit_relocs {
            table.index.globals.insert(*id, table.symbols.len() as u32);
        }
        table.push(row);
    }
    table
}

/// The global symbols that objects of the image define, with their addresses; in no section.
pub fn exported<'a>(linked: Linked<'_, 'a, '_>) -> Vec<(&'a [u8], Sym32<LE>)> {
    let numbers = vec![None; linked.inputs.plan.outputs.len()];
    // Hidden ones too, as in GNU ld: what a static image may use is for its maker to say.
    let is_seen = |symbol: &Symbol<'_>| matches!(symbol.definition, Definition::Object(..) | Definition::Block(_));
    let rows = linked.inputs.resolved.symbols.iter().filter(|(_, symbol)| is_seen(symbol)).filter_map(|(id, symbol)| {
        let row = global(linked, &numbers, id, &HashMap::new())?;
        let own = Sym32 { st_value: U32::new(LE, row.value), st_size: U32::new(LE, row.size), st_info: row.info, st_other: symbol.other(), ..Sym32::default() };
        Some((symbol.name, own))
    });
    rows.collect()
}

impl Table {
    /// Whether it has what only GNU's ABI has.
    #[must_use]
    pub fn is_gnu(&self) -> bool {
        is_gnu(&self.symbols)
    }

    /// A symbol for each output section, for relocations that name none of their own.
    fn add_sections(&mut self, linked: Linked<'_, '_, '_>, numbers: &[Option<u32>]) {
        for (output, number) in numbers.iter().enumerate() {
            self.index.sections.push(number.map(|_| self.symbols.len() as u32));
            if let Some(number) = *number {
                let value = linked.layout.outputs[output].address as u32;
                self.push(&Row { name: b"", value, size: 0, info: elf::SymbolInfo::new(elf::STB_LOCAL, elf::STT_SECTION), other: elf::SymbolOther(0), section: Home::Section(number) });
            }
        }
    }

    fn push(&mut self, row: &Row<'_>) {
        let name = if row.name.is_empty() {
            0
        } else {
            let at = self.strings.len() as u32;
            self.strings.extend_from_slice(row.name);
            self.strings.push(0);
            at
        };
        let (section, extended) = row.section.index();
        self.extended.push(U32::new(LE, extended));
        self.symbols.push(Sym32 {
            st_name: U32::new(LE, name),
            st_value: U32::new(LE, row.value),
            st_size: U32::new(LE, row.size),
            st_info: row.info,
            st_other: row.other,
            st_shndx: U16::new(LE, section),
        });
    }
}

/// Whether any symbol is of a kind that only GNU's ABI has.
#[must_use]
pub fn is_gnu(symbols: &[Sym32<LE>]) -> bool {
    symbols.iter().any(|symbol| symbol.st_type() == elf::STT_GNU_IFUNC || symbol.st_bind() == elf::STB_GNU_UNIQUE)
}

/// A symbol of an object as it stands in the image; none if its section is not there.
fn defined<'a>(linked: Linked<'_, '_, '_>, numbers: &[Option<u32>], name: &'a [u8], place: Place, symbol: &Sym32<LE>) -> Option<Row<'a>> {
    let size = symbol.st_size.get(LE);
    let (value, size, section) = match place {
        Place::Absolute(value) => (value, size, Home::Reserved(elf::SHN_ABS)),
        Place::Section(id, offset) => {
            let (value, section) = in_section(linked, numbers, id, offset)?;
            // A function is as long as what is left of it.
            let size = match linked.shapes.deletions_of(id) {
                Some(deletions) => deletions.translate(offset.saturating_add(size)).saturating_sub(deletions.translate(offset)),
                None => size,
            };
            (value, size, section)
        }
        Place::Linker(_) | Place::Undefined(_) | Place::UndefinedWeak => return None,
    };
    let value = if symbol.st_type() == elf::STT_TLS { value.wrapping_sub(linked.layout.tls_base as u32) } else { value };
    Some(Row { name, value, size, info: symbol.st_info, other: symbol.st_other, section })
}

/// The number of an output section or, if it is not in the file, of the one before or behind it that is more like it: as GNU ld chooses.
fn near(linked: Linked<'_, '_, '_>, numbers: &[Option<u32>], output: usize, address: u64) -> Option<u32> {
    if numbers[output].is_some() {
        return numbers[output];
    }
    let outputs = &linked.inputs.plan.outputs;
    let order: Vec<usize> = linked.inputs.plan.lines.iter().filter_map(|line| if let Line::Output(output) = line { Some(*output) } else { None }).collect();
    let at = order.iter().position(|&other| other == output)?;
    let is_there = |output: &&usize| numbers[**output].is_some() && outputs[**output].is_allocated();
    let (before, behind) = (order[..at].iter().rev().find(is_there), order[at..].iter().find(is_there));
    let (Some(&before), Some(&behind)) = (before, behind) else { return before.or(behind).and_then(|&output| numbers[output]) };
    // What nothing is in has no rights of its own: it counts as writable data.
    let is_empty = !outputs[output].has_sections();
    let has = |output: usize, flags: elf::SectionFlags| outputs[output].has(flags);
    let own = |flags: elf::SectionFlags| if is_empty { flags == elf::SHF_WRITE } else { has(output, flags) };
    let is_memory = |output: usize| !outputs[output].is_hollow(linked.layout.outputs[output].size);
    let is_loaded = |output: usize| is_memory(output) && outputs[output].kind != elf::SHT_NOBITS;
    let differ = |flags: elf::SectionFlags| has(before, flags) != has(behind, flags);
    let takes_before = if differ(elf::SHF_TLS) || is_memory(before) != is_memory(behind) || is_loaded(before) != is_loaded(behind) {
        is_empty && is_memory(behind) || has(behind, elf::SHF_TLS) != own(elf::SHF_TLS) || is_loaded(before) && !is_loaded(behind)
    } else if let Some(flags) = [elf::SHF_WRITE, elf::SHF_EXECINSTR].into_iter().find(|&flags| differ(flags)) {
        has(behind, flags) != own(flags)
    } else {
        address < linked.layout.outputs[behind].address
    };
    numbers[if takes_before { before } else { behind }]
}

fn in_section(linked: Linked<'_, '_, '_>, numbers: &[Option<u32>], id: SectionId, offset: u32) -> Option<(u32, Home)> {
    let output = linked.inputs.plan.output_of(id)?;
    let value = linked.shapes.address(linked.layout, Place::Section(id, offset), 0);
    let section = near(linked, numbers, output, u64::from(value)).map_or(Home::Reserved(elf::SHN_ABS), Home::Section);
    Some((value, section))
}

/// A symbol that the script makes another name of a symbol (`start = __start`) has its type.
fn copied_types(linked: Linked<'_, '_, '_>) -> HashMap<SymbolId, elf::SymbolType> {
    let symbols = &linked.inputs.resolved.symbols;
    let plan = linked.inputs.plan;
    let outside = plan.lines.iter().filter_map(|line| if let Line::Assign(assignment) = line { Some(*assignment) } else { None });
    let inside = plan.outputs.iter().flat_map(|output| &output.items).filter_map(|item| if let Item::Assign(assignment) = item { Some(*assignment) } else { None });
    let assigned = outside.chain(inside).filter_map(|assignment| Some((symbols.find(assignment.name.as_bytes())?, &assignment.value)));
    let copied = |(id, value): (SymbolId, &Expr)| {
        let source = symbols.find(source(value)?.as_bytes()).map(|id| symbols.get(id))?;
        Some((id, source.kind)).filter(|_| matches!(source.definition, Definition::Object(..)))
    };
    assigned.filter_map(copied).collect()
}

/// The symbol that an expression is.
fn source(value: &Expr) -> Option<&str> {
    match value {
        Expr::Symbol(name) => Some(name),
        Expr::Conditional(_, a, b) => source(a).or_else(|| source(b)),
        Expr::Number(_) | Expr::Dot | Expr::Unary(..) | Expr::Binary(..) | Expr::Call(_) => None,
    }
}

/// Whether the command line or the script asks for a name: `-u`, `EXTERN`, `ENTRY`.
fn is_asked(linked: Linked<'_, '_, '_>, name: &[u8]) -> bool {
    let script = linked.inputs.script;
    linked.inputs.options.undefined.iter().chain(&script.externs).chain(&script.entry).any(|asked| asked.as_bytes() == name)
}

fn global<'a>(linked: Linked<'_, 'a, '_>, numbers: &[Option<u32>], id: SymbolId, types: &HashMap<SymbolId, elf::SymbolType>) -> Option<Row<'a>> {
    let resolved = linked.inputs.resolved;
    let symbol = resolved.symbols.get(id);
    match symbol.definition {
        // The version that gives the definition stands for it.
        Definition::Object(..) if symbol.default_of.is_some() => None,
        Definition::Object(object, index) => {
            let own = resolved.objects[object.0 as usize].file.symbol(index as usize)?;
            let row = defined(linked, numbers, symbol.name, resolved.defined_place(object, index), own)?;
            Some(Row { info: elf::SymbolInfo::new(symbol.bind(own), own.st_type()), ..row })
        }
        Definition::Block(block) => {
            let (value, section) = in_section(linked, numbers, block, 0)?;
            let size = resolved.section(block).size;
            Some(Row { name: symbol.name, value, size, info: elf::SymbolInfo::new(elf::STB_GLOBAL, elf::STT_OBJECT), other: elf::SymbolOther(0), section })
        }
        Definition::Linker => {
            let linker = linked.layout.symbols[id.0 as usize]?;
            let section = linker.output.and_then(|output| near(linked, numbers, output, linker.address)).map_or(Home::Reserved(elf::SHN_ABS), Home::Section);
            let kind = types.get(&id).copied().unwrap_or(elf::STT_NOTYPE);
            Some(Row { name: symbol.name, value: linker.address as u32, size: 0, info: elf::SymbolInfo::new(elf::STB_GLOBAL, kind), other: elf::SymbolOther(0), section })
        }
        // What is undefined and no error is weak, or only asked for.
        Definition::Undefined if symbol.used && (!symbol.strong_use || is_asked(linked, symbol.name)) => {
            let bind = if symbol.strong_use { elf::STB_GLOBAL } else { elf::STB_WEAK };
            Some(Row { name: symbol.name, value: 0, size: 0, info: elf::SymbolInfo::new(bind, elf::STT_NOTYPE), other: elf::SymbolOther(0), section: Home::Reserved(elf::SHN_UNDEF) })
        }
        Definition::Undefined | Definition::Common { .. } => None,
    }
}
