//! An object or image as the disassembler sees it: sections with their symbols and relocations.

use crate::elf::{SHF_ALLOC, SHF_EXECINSTR};
use diag::{Diagnostic, codes};
use object::elf;
use object::read::elf::{ElfFile32, FileHeader, ProgramHeader, Rela, SectionHeader, SectionTable, Sym, SymbolTable};
use object::{Endianness, SectionIndex, SymbolIndex};
use std::collections::HashMap;

const LE: Endianness = Endianness::Little;
type Header = elf::FileHeader32<Endianness>;

/// A symbol that names a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Symbol {
    /// Its name, printable.
    pub name: String,
    /// Its address; in a relocatable file the offset in its section.
    pub address: u32,
    /// Bytes; 0 if it does not say.
    pub size: u32,
    /// The lower, the better it stands for its place: functions, objects, then globals before locals.
    rank: u8,
}

/// A relocation.
#[derive(Clone, Debug)]
pub struct Relocation {
    /// The address of what it patches.
    pub address: u32,
    /// Its name.
    pub kind: String,
    /// The name of what it refers to; empty if it refers to nothing.
    pub symbol: String,
    /// What is added.
    pub addend: i32,
}

/// A section with contents, or an executable segment of an image that has no sections.
#[derive(Debug)]
pub struct Section<'d> {
    /// Its name, printable.
    pub name: String,
    /// Its address.
    pub address: u32,
    /// Its contents.
    pub bytes: &'d [u8],
    /// It holds instructions.
    pub code: bool,
    /// It is part of the program.
    pub allocated: bool,
    /// Its symbols, by address, the best name of a place first.
    pub symbols: Vec<Symbol>,
    /// Its relocations, by address.
    pub relocations: Vec<Relocation>,
    /// Where instructions (true) and data (false) begin, by address (psABI, "Mapping Symbols").
    pub mapping: Vec<(u32, bool)>,
    /// What is added to an address to get one that no other section of the file has, for line tables.
    pub line_base: u32,
}

impl Section<'_> {
    /// The address after its last byte.
    pub fn end(&self) -> u32 {
        self.address.wrapping_add(self.bytes.len() as u32)
    }

    /// The symbol at or before an address, with the distance.
    pub fn symbol_before(&self, address: u32) -> Option<(&Symbol, u32)> {
        best_before(&self.symbols, address)
    }
}

/// A file, or a member of an archive.
#[derive(Debug)]
pub struct Input<'d> {
    /// The file's name.
    pub name: String,
    /// Addresses are offsets in sections, and relocations are left to do.
    pub relocatable: bool,
    /// Sections with contents, in the file's order.
    pub sections: Vec<Section<'d>>,
    /// All symbols of an image, by address.
    pub symbols: Vec<Symbol>,
    /// `__global_pointer$`
    pub gp: Option<u32>,
    /// Sections of debug information, relocated: name and contents.
    pub debug: Vec<(Vec<u8>, Vec<u8>)>,
    /// Index in `sections` of a section's number.
    numbers: HashMap<usize, usize>,
    /// Index in `debug` of a section's number.
    debug_numbers: HashMap<usize, usize>,
}

/// Bytes of a file as text that a terminal bears.
pub fn shown(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    if !text.chars().any(char::is_control) {
        return text.into_owned();
    }
    // Control characters as ^A, as objdump shows them.
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '\0'..='\x1f' | '\x7f' => out.extend(['^', char::from(c as u8 ^ 0x40)]),
            c if c.is_control() => out.push('?'),
            c => out.push(c),
        }
    }
    out
}

/// Of symbols in order of address the best at the greatest address not above this one.
fn best_before(symbols: &[Symbol], address: u32) -> Option<(&Symbol, u32)> {
    let after = symbols.partition_point(|s| s.address <= address);
    let place = symbols[..after].last()?.address;
    let first = symbols[..after].partition_point(|s| s.address < place);
    Some((&symbols[first], address - place))
}

fn damaged(name: &str, what: impl std::fmt::Display) -> Diagnostic {
    Diagnostic::new(&codes::E0505, format!("{name}: {what}"))
}

impl<'d> Input<'d> {
    /// Reads a file; `debug`: its debug information too.
    ///
    /// # Errors
    /// E0423 if it is no ELF file for RV32, E0505 if it contradicts itself.
    pub fn read(name: &str, data: &'d [u8], debug: bool) -> Result<Input<'d>, Diagnostic> {
        let foreign = |what: &str| Diagnostic::new(&codes::E0423, format!("{name}: {what}")).help("gasm --disassemble takes objects, archives and images for RV32; a source is assembled first: gasm prog.s");
        if !data.starts_with(b"\x7fELF") {
            return Err(foreign("not an object, an archive or an image"));
        }
        match data.get(4..6) {
            Some([1, 1]) => {}
            Some([2, _]) => return Err(foreign("it is for a 64-bit machine")),
            Some([1, 2]) => return Err(foreign("it is for a big-endian machine")),
            _ => return Err(damaged(name, "the header is cut off or of an unknown kind")),
        }
        let file = ElfFile32::<Endianness>::parse(data).map_err(|e| damaged(name, e))?;
        let header = file.elf_header();
        if header.e_machine(LE) != elf::EM_RISCV {
            return Err(foreign("it is for another machine than RISC-V"));
        }
        let table = header.sections(LE, data).map_err(|e| damaged(name, e))?;
        let symbols = table.symbols(LE, data, elf::SHT_SYMTAB).map_err(|e| damaged(name, e))?;
        let relocatable = header.e_type(LE) == elf::ET_REL;
        let mut input = Input { name: name.into(), relocatable, sections: Vec::new(), symbols: Vec::new(), gp: None, debug: Vec::new(), numbers: HashMap::new(), debug_numbers: HashMap::new() };
        input.read_sections(&table, data, debug)?;
        if input.sections.iter().all(|s| !s.allocated) {
            input.read_segments(header, data)?;
        }
        input.read_symbols(&symbols)?;
        input.read_relocations(&table, &symbols, data)?;
        Ok(input)
    }

    fn read_sections(&mut self, table: &SectionTable<'d, Header>, data: &'d [u8], debug: bool) -> Result<(), Diagnostic> {
        // Sections of a relocatable file all begin at 0.
        let mut line_base: u64 = 0x1000;
        for (index, section) in table.enumerate() {
            let kind = section.sh_type(LE);
            if matches!(kind, elf::SHT_NULL | elf::SHT_NOBITS | elf::SHT_SYMTAB | elf::SHT_STRTAB | elf::SHT_RELA | elf::SHT_REL | elf::SHT_GROUP) {
                continue;
            }
            let section_name = table.section_name(LE, section).map_err(|e| damaged(&self.name, e))?;
            let bytes = section.data(LE, data).map_err(|e| damaged(&self.name, format!("section {}: {e}", shown(section_name))))?;
            let flags = section.sh_flags(LE).0 as u32;
            let address = section.sh_addr(LE);
            if u64::from(address) + bytes.len() as u64 > 1 << 32 {
                return Err(damaged(&self.name, format!("section {} reaches beyond 4 GiB", shown(section_name))));
            }
            let allocated = flags & SHF_ALLOC != 0;
            let base = if self.relocatable && allocated { line_base as u32 } else { 0 };
            if allocated {
                line_base = (line_base + bytes.len() as u64 + 16).next_multiple_of(16);
            }
            if debug && section_name.starts_with(b".debug_") && flags & elf::SHF_COMPRESSED.0 as u32 == 0 {
                self.debug_numbers.insert(index.0, self.debug.len());
                self.debug.push((section_name.to_vec(), bytes.to_vec()));
            }
            self.numbers.insert(index.0, self.sections.len());
            self.sections.push(Section {
                name: shown(section_name),
                address,
                bytes,
                code: flags & SHF_EXECINSTR != 0,
                allocated,
                symbols: Vec::new(),
                relocations: Vec::new(),
                mapping: Vec::new(),
                line_base: base,
            });
        }
        Ok(())
    }

    /// Segments stand for the sections of an image that was stripped of them.
    fn read_segments(&mut self, header: &Header, data: &'d [u8]) -> Result<(), Diagnostic> {
        let segments = header.program_headers(LE, data).map_err(|e| damaged(&self.name, e))?;
        for (number, segment) in segments.iter().enumerate().filter(|(_, s)| s.p_type(LE) == elf::PT_LOAD) {
            let bytes = segment.data(LE, data).map_err(|()| damaged(&self.name, format!("segment {number} lies outside the file")))?;
            let address = segment.p_vaddr(LE);
            if u64::from(address) + bytes.len() as u64 > 1 << 32 {
                return Err(damaged(&self.name, format!("segment {number} reaches beyond 4 GiB")));
            }
            let code = segment.p_flags(LE).0 & elf::PF_X.0 != 0;
            self.sections.push(Section {
                name: format!("segment{number}"),
                address,
                bytes,
                code,
                allocated: true,
                symbols: Vec::new(),
                relocations: Vec::new(),
                mapping: Vec::new(),
                line_base: 0,
            });
        }
        Ok(())
    }

    fn read_symbols(&mut self, symbols: &SymbolTable<'d, Header>) -> Result<(), Diagnostic> {
        for (index, symbol) in symbols.enumerate() {
            let name = symbols.symbol_name(LE, symbol).map_err(|e| damaged(&self.name, format!("symbol {}: {e}", index.0)))?;
            let kind = symbol.st_type();
            if name == b"__global_pointer$" && !symbol.is_undefined(LE) {
                self.gp = Some(symbol.st_value(LE));
            }
            let number = symbols.symbol_section(LE, symbol, index).map_err(|e| damaged(&self.name, format!("symbol {}: {e}", index.0)))?;
            let section = number.and_then(|n| self.numbers.get(&n.0)).copied();
            let address = symbol.st_value(LE);
            if name.starts_with(b"$x") || name.starts_with(b"$d") {
                if let Some(section) = section {
                    self.sections[section].mapping.push((address, name[1] == b'x'));
                }
                continue;
            }
            // Labels that assemblers make up have no meaning to readers.
            let defined = number.is_some() || symbol.is_absolute(LE);
            if !defined || name.is_empty() || name.starts_with(b".L0 ") || matches!(kind, elf::STT_SECTION | elf::STT_FILE) {
                continue;
            }
            let rank = match kind {
                elf::STT_FUNC => 0,
                elf::STT_OBJECT => 2,
                _ => 4,
            } + u8::from(symbol.st_bind() == elf::STB_LOCAL);
            let symbol = Symbol { name: shown(name), address, size: symbol.st_size(LE), rank };
            if !self.relocatable {
                self.symbols.push(symbol.clone());
            }
            if let Some(section) = section {
                self.sections[section].symbols.push(symbol);
            }
        }
        let order = |a: &Symbol, b: &Symbol| (a.address, a.rank & !1, u32::MAX - a.size, a.rank, &a.name).cmp(&(b.address, b.rank & !1, u32::MAX - b.size, b.rank, &b.name));
        self.symbols.sort_by(order);
        for section in &mut self.sections {
            section.symbols.sort_by(order);
            section.mapping.sort_by_key(|(address, _)| *address);
        }
        Ok(())
    }

    fn read_relocations(&mut self, table: &SectionTable<'d, Header>, symbols: &SymbolTable<'d, Header>, data: &'d [u8]) -> Result<(), Diagnostic> {
        if !self.relocatable {
            return Ok(());
        }
        for section in table.iter() {
            let Some((relocations, _)) = section.rela(LE, data).map_err(|e| damaged(&self.name, e))? else { continue };
            let target = section.sh_info(LE) as usize;
            let Some(&number) = self.numbers.get(&target) else { continue };
            let debug = self.sections[number].name.starts_with(".debug_");
            for relocation in relocations {
                let (offset, kind, addend) = (relocation.r_offset(LE), relocation.r_type(LE).0, relocation.r_addend(LE));
                let index = SymbolIndex(relocation.r_sym(LE) as usize);
                let mut symbol = None;
                if index.0 != 0 {
                    let found = symbols.symbol(index).map_err(|e| damaged(&self.name, format!("a relocation: {e}")))?;
                    symbol = Some((found, symbols.symbol_section(LE, found, index).map_err(|e| damaged(&self.name, e))?));
                }
                if debug {
                    let base = |of: Option<SectionIndex>| of.and_then(|n| self.numbers.get(&n.0)).map_or(0, |s| self.sections[*s].line_base);
                    let value = symbol.map_or(0, |(symbol, of)| symbol.st_value(LE).wrapping_add(base(of)));
                    let bytes = self.debug_numbers.get(&target).map(|n| &mut self.debug[*n].1);
                    if let (Some(place), Some(reloc)) = (bytes.and_then(|b| b.get_mut(offset as usize..)), rv32::Reloc::from_number(kind)) {
                        reloc.apply_to_data(place, value.wrapping_add_signed(addend));
                    }
                } else {
                    let symbol = symbol.map_or(Ok(String::new()), |(symbol, of)| self.symbol_text(table, symbols, symbol, of))?;
                    self.sections[number].relocations.push(Relocation { address: offset, kind: kind_name(kind), symbol, addend });
                }
            }
            self.sections[number].relocations.sort_by_key(|r| r.address);
        }
        Ok(())
    }

    fn symbol_text(&self, table: &SectionTable<'d, Header>, symbols: &SymbolTable<'d, Header>, symbol: &elf::Sym32<Endianness>, of: Option<SectionIndex>) -> Result<String, Diagnostic> {
        let name = symbols.symbol_name(LE, symbol).map_err(|e| damaged(&self.name, e))?;
        if name.is_empty()
            && let Some(section) = of
        {
            let section = table.section(section).map_err(|e| damaged(&self.name, e))?;
            return Ok(shown(table.section_name(LE, section).map_err(|e| damaged(&self.name, e))?));
        }
        Ok(shown(name))
    }

    /// How an address that a section's code means is named: `f`, `f+0x4`, `f-0x4`; `None` if there is nothing to name it by.
    pub fn name_of(&self, section: &Section<'_>, address: u32) -> Option<String> {
        let inside = (section.address..section.end()).contains(&address);
        // What is in this section is named by this section's symbols, or by itself.
        let symbols = if inside || self.relocatable { &section.symbols } else { &self.symbols };
        let distance = |name: &str, distance: u32, sign: char| if distance == 0 { name.to_string() } else { format!("{name}{sign}{distance:#x}") };
        match best_before(symbols, address) {
            Some((symbol, after)) => Some(distance(&symbol.name, after, '+')),
            None => match symbols.first() {
                Some(first) => Some(distance(&first.name, first.address - address, '-')),
                None if inside || self.relocatable => Some(distance(&section.name, address.wrapping_sub(section.address), '+')),
                None => None,
            },
        }
    }
}

fn kind_name(number: u32) -> String {
    rv32::Reloc::from_number(number).map_or_else(|| format!("relocation {number}"), |reloc| reloc.name().to_string())
}
