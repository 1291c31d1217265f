//! The image's symbol table.

use crate::apply::Linked;
use crate::options::{Discard, Strip};
use crate::resolve::{Definition, ObjectId, Place, SectionId, SymbolId};
use crate::strings::string_at;
use object::LittleEndian as LE;
use object::elf::{self, Sym32};
use object::{U16, U32};

/// Symbols and their names.
#[derive(Clone, Debug, Default)]
pub struct Table {
    /// Symbols; locals first.
    pub symbols: Vec<Sym32<LE>>,
    /// Index of the first that is not local.
    pub first_global: u32,
    /// Names.
    pub strings: Vec<u8>,
}

/// One symbol on its way into the table.
struct Row<'a> {
    name: &'a [u8],
    value: u32,
    size: u32,
    info: elf::SymbolInfo,
    other: elf::SymbolOther,
    section: elf::SymbolSection,
}

/// Makes the table. `numbers` are the section numbers of output sections in the image.
pub fn table(linked: Linked<'_, '_, '_>, numbers: &[Option<u16>]) -> Table {
    let options = linked.inputs.options;
    let resolved = linked.inputs.resolved;
    let mut table = Table { symbols: vec![Sym32::default()], first_global: 1, strings: vec![0] };
    if options.strip == Strip::All {
        return table;
    }
    if options.discard != Discard::Locals {
        for (index, object) in resolved.objects.iter().enumerate() {
            let mut file: Option<Row<'_>> = None;
            for (number, symbol) in object.file.symbols[..object.file.first_global].iter().enumerate().skip(1) {
                let name = string_at(object.file.strings, symbol.st_name.get(LE)).unwrap_or(b"");
                if symbol.st_type() == elf::STT_FILE {
                    file = Some(Row { name, value: 0, size: 0, info: symbol.st_info, other: symbol.st_other, section: elf::SHN_ABS });
                    continue;
                }
                let temporary = options.discard == Discard::Temporary && name.starts_with(b".L");
                if name.is_empty() || temporary || symbol.st_type() == elf::STT_SECTION {
                    continue;
                }
                let place = resolved.place(ObjectId(index as u32), number as u32);
                if let Some(row) = defined(linked, numbers, name, place, symbol) {
                    // The file's name stands before its first symbol.
                    if let Some(file) = file.take() {
                        table.push(&file);
                    }
                    table.push(&row);
                }
            }
        }
    }
    let mut globals = Vec::new();
    for (id, symbol) in resolved.symbols.iter() {
        let Some(row) = global(linked, numbers, id) else { continue };
        let hidden = matches!(symbol.visibility, elf::STV_HIDDEN | elf::STV_INTERNAL);
        if hidden && row.section != elf::SHN_UNDEF {
            if options.discard != Discard::Locals {
                table.push(&Row { info: elf::SymbolInfo::new(elf::STB_LOCAL, row.info.st_type()), ..row });
            }
        } else {
            globals.push(row);
        }
    }
    table.first_global = table.symbols.len() as u32;
    for row in &globals {
        table.push(row);
    }
    table
}

impl Table {
    fn push(&mut self, row: &Row<'_>) {
        let name = if row.name.is_empty() {
            0
        } else {
            let at = self.strings.len() as u32;
            self.strings.extend_from_slice(row.name);
            self.strings.push(0);
            at
        };
        self.symbols.push(Sym32 {
            st_name: U32::new(LE, name),
            st_value: U32::new(LE, row.value),
            st_size: U32::new(LE, row.size),
            st_info: row.info,
            st_other: row.other,
            st_shndx: U16::new(LE, row.section),
        });
    }
}

/// A symbol of an object as it stands in the image; none if its section is not there.
fn defined<'a>(linked: Linked<'_, '_, '_>, numbers: &[Option<u16>], name: &'a [u8], place: Place, symbol: &Sym32<LE>) -> Option<Row<'a>> {
    let size = symbol.st_size.get(LE);
    let (value, size, section) = match place {
        Place::Absolute(value) => (value, size, elf::SHN_ABS),
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
    Some(Row { name, value, size, info: symbol.st_info, other: elf::SymbolOther(0), section })
}

/// The number of an output section or, if it is empty and not in the file, of the nearest that is.
fn near(linked: Linked<'_, '_, '_>, numbers: &[Option<u16>], output: usize) -> Option<u16> {
    let order: Vec<usize> = linked.inputs.plan.lines.iter().filter_map(|line| if let crate::plan::Line::Output(output) = line { Some(*output) } else { None }).collect();
    let at = order.iter().position(|&other| other == output)?;
    let number = |&output: &usize| numbers[output].filter(|_| linked.inputs.plan.outputs[output].is_allocated());
    order[..=at].iter().rev().find_map(number).or_else(|| order[at..].iter().find_map(number))
}

fn in_section(linked: Linked<'_, '_, '_>, numbers: &[Option<u16>], id: SectionId, offset: u32) -> Option<(u32, elf::SymbolSection)> {
    let output = linked.inputs.plan.output_of(id)?;
    let section = numbers[output].map_or(elf::SHN_ABS, elf::SymbolSection);
    let value = linked.shapes.address(linked.layout, Place::Section(id, offset), 0);
    Some((value, section))
}

fn global<'a>(linked: Linked<'_, 'a, '_>, numbers: &[Option<u16>], id: SymbolId) -> Option<Row<'a>> {
    let resolved = linked.inputs.resolved;
    let symbol = resolved.symbols.get(id);
    let bind = if symbol.weak { elf::STB_WEAK } else { elf::STB_GLOBAL };
    match symbol.definition {
        Definition::Object(object, index) => {
            let own = resolved.objects[object.0 as usize].file.symbol(index as usize)?;
            let row = defined(linked, numbers, symbol.name, resolved.place_of(id), own)?;
            Some(Row { info: elf::SymbolInfo::new(bind, own.st_type()), ..row })
        }
        Definition::Block(block) => {
            let (value, section) = in_section(linked, numbers, block, 0)?;
            let size = resolved.section(block).size;
            Some(Row { name: symbol.name, value, size, info: elf::SymbolInfo::new(elf::STB_GLOBAL, elf::STT_OBJECT), other: elf::SymbolOther(0), section })
        }
        Definition::Linker => {
            let linker = linked.layout.symbols[id.0 as usize]?;
            let section = linker.output.and_then(|output| near(linked, numbers, output)).map_or(elf::SHN_ABS, elf::SymbolSection);
            Some(Row { name: symbol.name, value: linker.address as u32, size: 0, info: elf::SymbolInfo::new(elf::STB_GLOBAL, elf::STT_NOTYPE), other: elf::SymbolOther(0), section })
        }
        Definition::Undefined if symbol.used && !symbol.strong_use => {
            Some(Row { name: symbol.name, value: 0, size: 0, info: elf::SymbolInfo::new(elf::STB_WEAK, elf::STT_NOTYPE), other: elf::SymbolOther(0), section: elf::SHN_UNDEF })
        }
        Definition::Undefined | Definition::Common { .. } => None,
    }
}
