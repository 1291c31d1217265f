//! Sections that the linker makes: common blocks and the global offset table.

use crate::names::NameHasher;
use crate::options::SortCommon;
use crate::object_file::{Rela, Section};
use crate::resolve::{Definition, InputSection, LINKER, ObjectId, Place, Resolved, SectionId, SymbolId};
use object::LittleEndian as LE;
use object::elf;
use rv32::Reloc;
use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::BuildHasherDefault;

/// A symbol that the linker makes for an output section, if something uses it: its name is this prefix and the
/// section's name.
pub struct Bound {
    /// The prefix.
    pub prefix: &'static str,
    /// Whether the section's name must be a C name.
    pub c_names: bool,
    /// The value, from address and size; and whether it is an address.
    pub value: fn(u64, u64) -> (u64, bool),
}

impl Bound {
    /// Its name for a section.
    #[must_use]
    pub fn name(&self, section: &str) -> Option<String> {
        let is_c_name = section.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        (is_c_name || !self.c_names).then(|| format!("{}{section}", self.prefix))
    }
}

/// All such symbols.
pub const BOUNDS: [Bound; 4] = [
    Bound { prefix: "__start_", c_names: true, value: |address, _| (address, true) },
    Bound { prefix: "__stop_", c_names: true, value: |address, size| (address.wrapping_add(size), true) },
    Bound { prefix: ".startof.", c_names: false, value: |address, _| (address, true) },
    Bound { prefix: ".sizeof.", c_names: false, value: |_, size| (size, false) },
];

/// Gives each common block a section called `COMMON`, as the script's `*(COMMON)` expects.
pub fn allocate_commons(resolved: &mut Resolved<'_>, sort: Option<SortCommon>) {
    let mut blocks: Vec<(SymbolId, ObjectId, u32, u32)> = resolved
        .symbols
        .iter()
        .filter_map(|(id, symbol)| match symbol.definition {
            Definition::Common { object, size, align, .. } => Some((id, object, size, align)),
            Definition::Undefined | Definition::Object(..) | Definition::Block(_) | Definition::Linker => None,
        })
        .collect();
    match sort {
        Some(SortCommon::Descending) => blocks.sort_by_key(|&(_, _, _, align)| std::cmp::Reverse(align)),
        Some(SortCommon::Ascending) => blocks.sort_by_key(|&(_, _, _, align)| align),
        None => {}
    }
    for (symbol, object, size, align) in blocks {
        let section = add_section(resolved, b"COMMON", elf::SHT_NOBITS, elf::SHF_ALLOC | elf::SHF_WRITE, align);
        let made = &mut resolved.sections[section.0 as usize];
        (made.object, made.section.size) = (object, size);
        resolved.symbols.set_definition(symbol, Definition::Block(section));
    }
}

/// Adds an empty section of the linker's own; who makes it gives it its size and writes its bytes.
pub fn add_section(resolved: &mut Resolved<'_>, name: &'static [u8], kind: elf::SectionType, flags: elf::SectionFlags, align: u32) -> SectionId {
    let id = SectionId(resolved.sections.len() as u32);
    let section = Section { name, kind, flags, align, entsize: 0, size: 0, data: Cow::Borrowed(&[]), relas: Cow::Borrowed(&[]), link: 0, info: 0 };
    resolved.sections.push(InputSection { object: LINKER, section, duplicate: false });
    id
}

/// What an entry of the global offset table holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Entry {
    /// The address of the symbol.
    Address,
    /// Its offset from the thread pointer.
    ThreadOffset,
    /// Two words: module 1 (the program) and the offset in its thread block, less 0x800.
    ThreadPair,
}

/// Bytes of an entry of the global offset table.
pub const GOT_ENTRY: u32 = 4;
/// What begins `.got`: the address of the dynamic section, which a static image has not.
pub const GOT_HEADER: [u32; 1] = [0];
/// What `.got.plt` is without dynamic linking: two words of the dynamic linker's.
pub const GOT_PLT: [u32; 2] = [0xffff_ffff, 0];
/// The name of the start of `.got`.
const GOT_SYMBOL: &[u8] = b"_GLOBAL_OFFSET_TABLE_";

/// The global offset table, as GNU ld has it.
#[derive(Clone, Debug)]
pub struct Got {
    /// `.got`; it leaves the plan if it stays empty.
    pub section: SectionId,
    /// `.got.plt`, which is there with entries of `.got` alone.
    pub plt: SectionId,
    /// Entries in order: offset, kind, symbol.
    pub entries: Vec<(u32, Entry, Place)>,
    by_target: HashMap<(Entry, Target), u32, BuildHasherDefault<NameHasher>>,
    /// Bytes.
    pub size: u32,
}

/// A symbol; a shared name is one symbol for all objects.
type Target = (u32, u32);

fn target(resolved: &Resolved<'_>, object: ObjectId, rela: &Rela) -> Target {
    let index = rela.r_sym(LE);
    match resolved.global(object, index) {
        Some(SymbolId(id)) => (u32::MAX, id),
        None => (object.0, index),
    }
}

/// What kind of entry a relocation needs.
#[must_use]
pub fn entry_of(reloc: Reloc) -> Option<Entry> {
    if reloc == Reloc::GotHi20 || reloc == Reloc::Got32Pcrel {
        Some(Entry::Address)
    } else if reloc == Reloc::TlsGotHi20 {
        Some(Entry::ThreadOffset)
    } else if reloc == Reloc::TlsGdHi20 {
        Some(Entry::ThreadPair)
    } else {
        None
    }
}

impl Got {
    /// Adds the empty table to the sections, so that the script can place it.
    pub fn declare(resolved: &mut Resolved<'_>) -> Got {
        let mut add = |name| add_section(resolved, name, elf::SHT_PROGBITS, elf::SHF_ALLOC | elf::SHF_WRITE, GOT_ENTRY);
        let (section, plt) = (add(b".got"), add(b".got.plt"));
        let mut got = Got { section, plt, entries: Vec::new(), by_target: HashMap::default(), size: 0 };
        let named = resolved.symbols.find(GOT_SYMBOL).filter(|&id| resolved.symbols.get(id).used && resolved.symbols.get(id).definition == Definition::Undefined);
        if let Some(symbol) = named {
            resolved.symbols.set_definition(symbol, Definition::Block(section));
            resolved.symbols.hide(GOT_SYMBOL);
            got.size = size_of_val(&GOT_HEADER) as u32;
        }
        got
    }

    /// The sections with their sizes, once all entries are made.
    #[must_use]
    pub fn sizes(&self) -> [(SectionId, u32); 2] {
        let plt = if self.entries.is_empty() { 0 } else { size_of_val(&GOT_PLT) as u32 };
        [(self.section, self.size), (self.plt, plt)]
    }

    /// Makes the entry that a relocation needs, unless it is there.
    pub fn request(&mut self, resolved: &Resolved<'_>, object: ObjectId, rela: &Rela, entry: Entry) {
        let (entries, size) = (&mut self.entries, &mut self.size);
        self.by_target.entry((entry, target(resolved, object, rela))).or_insert_with(|| {
            let offset = (*size).max(size_of_val(&GOT_HEADER) as u32);
            *size = offset + if entry == Entry::ThreadPair { 8 } else { 4 };
            entries.push((offset, entry, resolved.place(object, rela.r_sym(LE))));
            offset
        });
    }

    /// Offset of the entry that a relocation uses.
    #[must_use]
    pub fn offset(&self, resolved: &Resolved<'_>, object: ObjectId, rela: &Rela, entry: Entry) -> Option<u32> {
        self.by_target.get(&(entry, target(resolved, object, rela))).copied()
    }
}
