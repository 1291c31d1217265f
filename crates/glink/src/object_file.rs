//! One relocatable object: views into its bytes, checked so that later phases may index freely.

use crate::compressed;
use crate::strings::{string_at, text};
use object::LittleEndian as LE;
use object::elf::{self, FileHeader32, Rela32, SectionFlags, SectionHeader32, SectionType, Sym32};
use object::pod;
use std::borrow::Cow;

/// A symbol as it stands in an object.
pub type Sym = Sym32<LE>;
/// A relocation as it stands in an object.
pub type Rela = Rela32<LE>;

/// A section of an object.
#[derive(Clone, Debug)]
pub struct Section<'a> {
    /// Its name.
    pub name: &'a [u8],
    /// `SHT_…`.
    pub kind: SectionType,
    /// `SHF_…`.
    pub flags: SectionFlags,
    /// A power of two.
    pub align: u32,
    /// Size of one entry, for merging.
    pub entsize: u32,
    /// Size in memory.
    pub size: u32,
    /// Contents, expanded if they were compressed; empty for `SHT_NOBITS`, else `size` bytes.
    pub data: Cow<'a, [u8]>,
    /// Relocations, sorted by offset.
    pub relas: Cow<'a, [Rela]>,
    /// `sh_link`.
    pub link: u32,
    /// `sh_info`.
    pub info: u32,
}

impl<'a> Section<'a> {
    /// Contents as they stand in the file; none of what was compressed, which no table is.
    fn table(&self) -> &'a [u8] {
        match self.data {
            Cow::Borrowed(data) => data,
            Cow::Owned(_) => &[],
        }
    }

    /// Whether all of these flags are set.
    #[must_use]
    pub fn has(&self, flags: SectionFlags) -> bool {
        self.flags & flags == flags
    }
}

/// A section group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group<'a> {
    /// The name that copies share.
    pub signature: &'a [u8],
    /// Whether copies in other objects are the same (`GRP_COMDAT`); else the sections only stay together.
    pub comdat: bool,
    /// ELF indices of its sections.
    pub members: Vec<u32>,
}

/// A relocatable object.
#[derive(Clone, Debug)]
pub struct ObjectFile<'a> {
    /// `e_flags`.
    pub flags: u32,
    /// All sections by their ELF index.
    pub sections: Vec<Section<'a>>,
    /// All symbols.
    pub symbols: &'a [Sym],
    /// Index of the first symbol that is not local.
    pub first_global: usize,
    /// The symbols' string table.
    pub strings: &'a [u8],
    /// The groups.
    pub groups: Vec<Group<'a>>,
    /// Whether any symbol is an indirect function.
    pub has_indirect: bool,
    extended_indices: &'a [object::U32<LE>],
}

/// Where a symbol of an object stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SymbolHome {
    /// Another object's, or nobody's.
    Undefined,
    /// No section: the value is the address.
    Absolute,
    /// A block that the linker allocates; the value is its alignment.
    Common,
    /// A section by its ELF index; the value is an offset into it.
    Section(u32),
}

impl<'a> ObjectFile<'a> {
    /// A symbol's name; of a section symbol the section's.
    #[must_use]
    pub fn symbol_name(&self, symbol: &Sym) -> &'a [u8] {
        if symbol.st_type() == elf::STT_SECTION
            && let Some(section) = self.sections.get(usize::from(symbol.st_shndx.get(LE).0))
        {
            return section.name;
        }
        string_at(self.strings, symbol.st_name.get(LE)).unwrap_or(b"")
    }

    /// Where a symbol stands. The section index is checked.
    #[must_use]
    pub fn home(&self, index: usize) -> SymbolHome {
        let Some(symbol) = self.symbols.get(index) else { return SymbolHome::Undefined };
        match symbol.st_shndx.get(LE) {
            elf::SHN_UNDEF => SymbolHome::Undefined,
            elf::SHN_ABS => SymbolHome::Absolute,
            elf::SHN_COMMON => SymbolHome::Common,
            elf::SHN_XINDEX => self.extended_indices.get(index).map_or(SymbolHome::Undefined, |index| SymbolHome::Section(index.get(LE))),
            index => SymbolHome::Section(u32::from(index.0)),
        }
    }

    /// The symbol at an index, as long as it exists.
    #[must_use]
    pub fn symbol(&self, index: usize) -> Option<&'a Sym> {
        self.symbols.get(index)
    }
}

/// Why a file is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// It is for another machine; the text says which.
    Machine(String),
    /// It is not a relocatable object; the text says what it is.
    NotRelocatable(String),
    /// It contradicts itself; the text says where.
    Broken(String),
}

/// Reads an object. Everything that later phases index by is checked here: section contents lie in
/// the file, names end, symbols name sections that exist, relocations name symbols that exist.
pub fn parse(bytes: &[u8]) -> Result<ObjectFile<'_>, Refused> {
    let broken = |text: &str| Refused::Broken(text.to_string());
    check_ident(bytes)?;
    let (header, _) = pod::from_bytes::<FileHeader32<LE>>(bytes).map_err(|()| broken("the ELF header is cut short"))?;
    if header.e_machine.get(LE) != elf::EM_RISCV {
        return Err(Refused::Machine(format!("it is for {}", machine_name(header.e_machine.get(LE).0))));
    }
    match header.e_type.get(LE) {
        elf::ET_REL => {}
        elf::ET_EXEC => return Err(Refused::NotRelocatable("it is already linked".into())),
        elf::ET_DYN => return Err(Refused::NotRelocatable("it is a shared library; glink links statically".into())),
        other => return Err(Refused::NotRelocatable(format!("its ELF type is {}", other.0))),
    }
    let headers = section_headers(bytes, header)?;
    let names = names_table(bytes, header, headers)?;
    let mut sections = Vec::with_capacity(headers.len());
    let mut budget = bytes.len();
    for (index, header) in headers.iter().enumerate() {
        let mut section = read_section(bytes, header, names, index)?;
        compressed::expand(&mut section, &mut budget).map_err(|what| Refused::Broken(format!("section {index} `{}` {what}", text(section.name))))?;
        sections.push(section);
    }
    let mut object = ObjectFile {
        flags: header.e_flags.get(LE).0,
        sections,
        symbols: &[],
        first_global: 0,
        strings: &[],
        groups: Vec::new(),
        has_indirect: false,
        extended_indices: &[],
    };
    read_symbols(&mut object)?;
    attach_relocations(&mut object)?;
    read_groups(&mut object)?;
    Ok(object)
}

fn check_ident(bytes: &[u8]) -> Result<(), Refused> {
    if !bytes.starts_with(&elf::ELFMAG) {
        return Err(Refused::NotRelocatable("it is neither an object nor an archive".into()));
    }
    let ident: &[u8] = bytes.get(..16).ok_or_else(|| Refused::Broken("the ELF header is cut short".into()))?;
    if ident[4] == elf::ELFCLASS64.0 {
        return Err(Refused::Machine("it is a 64-bit object".into()));
    }
    if ident[5] == elf::ELFDATA2MSB.0 {
        return Err(Refused::Machine("it is big-endian".into()));
    }
    if ident[4] != elf::ELFCLASS32.0 || ident[5] != elf::ELFDATA2LSB.0 {
        return Err(Refused::Broken("its ELF class or byte order is unknown".into()));
    }
    Ok(())
}

fn machine_name(machine: u16) -> String {
    match elf::Machine(machine) {
        elf::EM_386 => "x86".into(),
        elf::EM_X86_64 => "x86-64".into(),
        elf::EM_ARM => "Arm".into(),
        elf::EM_AARCH64 => "AArch64".into(),
        elf::EM_MIPS => "MIPS".into(),
        elf::EM_PPC => "PowerPC".into(),
        _ => format!("ELF machine {machine}"),
    }
}

fn section_headers<'a>(bytes: &'a [u8], header: &FileHeader32<LE>) -> Result<&'a [SectionHeader32<LE>], Refused> {
    let offset = header.e_shoff.get(LE) as usize;
    if offset == 0 {
        return Ok(&[]);
    }
    if usize::from(header.e_shentsize.get(LE)) != size_of::<SectionHeader32<LE>>() {
        return Err(Refused::Broken(format!("its section headers have {} bytes each, not 40", header.e_shentsize.get(LE))));
    }
    let outside = || Refused::Broken(format!("the section headers at {offset:#x} lie outside the file"));
    let table = bytes.get(offset..).ok_or_else(outside)?;
    let count = match header.e_shnum.get(LE) {
        // More sections than fit the field: the count stands in the first header.
        0 => pod::from_bytes::<SectionHeader32<LE>>(table).map_err(|()| outside())?.0.sh_size.get(LE) as usize,
        count => usize::from(count),
    };
    pod::slice_from_bytes(table, count).map(|(headers, _)| headers).map_err(|()| outside())
}

fn names_table<'a>(bytes: &'a [u8], header: &FileHeader32<LE>, headers: &[SectionHeader32<LE>]) -> Result<&'a [u8], Refused> {
    let index = match header.e_shstrndx.get(LE) {
        elf::SHN_XINDEX => headers.first().map_or(0, |first| first.sh_link.get(LE) as usize),
        index => usize::from(index.0),
    };
    match headers.get(index) {
        Some(header) if index != 0 => contents(bytes, header).ok_or_else(|| Refused::Broken("the section names lie outside the file".into())),
        _ if headers.is_empty() => Ok(&[]),
        _ => Err(Refused::Broken(format!("its section names are in section {index}, which does not exist"))),
    }
}

fn contents<'a>(bytes: &'a [u8], header: &SectionHeader32<LE>) -> Option<&'a [u8]> {
    if matches!(header.sh_type.get(LE), elf::SHT_NOBITS | elf::SHT_NULL) {
        return Some(&[]);
    }
    let start = header.sh_offset.get(LE) as usize;
    bytes.get(start..start.checked_add(header.sh_size.get(LE) as usize)?)
}

fn read_section<'a>(bytes: &'a [u8], header: &SectionHeader32<LE>, names: &'a [u8], index: usize) -> Result<Section<'a>, Refused> {
    let kind = header.sh_type.get(LE);
    let name = match kind {
        elf::SHT_NULL => b"",
        _ => string_at(names, header.sh_name.get(LE)).ok_or_else(|| Refused::Broken(format!("section {index} has a name outside the table of names")))?,
    };
    let data = contents(bytes, header).ok_or_else(|| {
        Refused::Broken(format!("section {index} `{}` ({:#x} bytes at {:#x}) lies outside the file", text(name), header.sh_size.get(LE), header.sh_offset.get(LE)))
    })?;
    let align = header.sh_addralign.get(LE).max(1);
    if !align.is_power_of_two() {
        return Err(Refused::Broken(format!("section {index} `{}` has alignment {align}, not a power of two", text(name))));
    }
    Ok(Section {
        name,
        kind,
        flags: header.sh_flags.get_u64(LE),
        align,
        entsize: header.sh_entsize.get(LE),
        size: if kind == elf::SHT_NULL { 0 } else { header.sh_size.get(LE) },
        data: data.into(),
        relas: Cow::Borrowed(&[]),
        link: header.sh_link.get(LE),
        info: header.sh_info.get(LE),
    })
}

/// How many rows of one size a table has.
fn rows<T>(table: &Section<'_>) -> Result<usize, Refused> {
    let (bytes, row) = (table.table().len(), size_of::<T>());
    if bytes % row == 0 { Ok(bytes / row) } else { Err(Refused::Broken(format!("`{}` has {bytes} bytes, which is no multiple of {row}", text(table.name)))) }
}

fn read_symbols(object: &mut ObjectFile<'_>) -> Result<(), Refused> {
    let Some(table) = object.sections.iter().position(|section| section.kind == elf::SHT_SYMTAB) else { return Ok(()) };
    let section = &object.sections[table];
    let count = rows::<Sym>(section)?;
    object.symbols = pod::slice_from_bytes(section.table(), count).map_or(&[][..], |(symbols, _)| symbols);
    object.first_global = section.info as usize;
    if object.first_global > count {
        return Err(Refused::Broken(format!("`{}` has {count} symbols, and says that {} are local", text(section.name), section.info)));
    }
    object.strings = object
        .sections
        .get(section.link as usize)
        .filter(|strings| strings.kind == elf::SHT_STRTAB)
        .ok_or_else(|| Refused::Broken("its symbol table has no string table".into()))?
        .table();
    if let Some(extended) = object.sections.iter().find(|section| section.kind == elf::SHT_SYMTAB_SHNDX) {
        object.extended_indices = pod::slice_from_bytes(extended.table(), extended.table().len() / 4).map_or(&[][..], |(indices, _)| indices);
    }
    // In a table that ends with NUL every name ends.
    let ends = object.strings.last() == Some(&0);
    for (index, symbol) in object.symbols.iter().enumerate() {
        let name = symbol.st_name.get(LE);
        let is_sound = name == 0 || if ends { (name as usize) < object.strings.len() } else { string_at(object.strings, name).is_some() };
        if !is_sound {
            return Err(Refused::Broken(format!("symbol {index} has a name outside the string table, or one that does not end")));
        }
        object.has_indirect |= symbol.st_type() == elf::STT_GNU_IFUNC;
        if let SymbolHome::Section(section) = object.home(index) {
            let name = || text(object.symbol_name(symbol)).into_owned();
            if section as usize >= object.sections.len() {
                return Err(Refused::Broken(format!("symbol {index} `{}` is in section {section}, which does not exist", name())));
            }
        }
    }
    Ok(())
}

/// Gives each section its relocations, in order of their offsets.
fn attach_relocations(object: &mut ObjectFile<'_>) -> Result<(), Refused> {
    for index in 0..object.sections.len() {
        let table = &object.sections[index];
        if table.kind == elf::SHT_REL {
            return Err(Refused::Broken(format!("`{}` holds relocations without addends, which RISC-V does not have", text(table.name))));
        }
        if table.kind != elf::SHT_RELA {
            continue;
        }
        let count = rows::<Rela>(table)?;
        let relas: &[Rela] = pod::slice_from_bytes(table.table(), count).map_or(&[][..], |(relas, _)| relas);
        let (name, target) = (table.name, table.info as usize);
        let Some(section) = object.sections.get(target).filter(|section| target != 0 && section.kind != elf::SHT_RELA) else {
            return Err(Refused::Broken(format!("`{}` relocates section {target}, which does not exist", text(name))));
        };
        for (number, rela) in relas.iter().enumerate() {
            if rela.r_sym(LE) as usize >= object.symbols.len().max(1) {
                return Err(Refused::Broken(format!("relocation {number} of `{}` names symbol {}; there are {}", text(name), rela.r_sym(LE), object.symbols.len())));
            }
            if rela.r_offset.get(LE) as usize > section.data.len() {
                return Err(Refused::Broken(format!(
                    "relocation {number} of `{}` is at {:#x}; `{}` has {:#x} bytes",
                    text(name),
                    rela.r_offset.get(LE),
                    text(section.name),
                    section.data.len()
                )));
            }
        }
        let sorted = relas.is_sorted_by_key(|rela| rela.r_offset.get(LE));
        let section = &mut object.sections[target];
        if !section.relas.is_empty() {
            return Err(Refused::Broken(format!("`{}` has two tables of relocations", text(section.name))));
        }
        section.relas = Cow::Borrowed(relas);
        if !sorted {
            // Stable: a relocation's RELAX stays behind it.
            section.relas.to_mut().sort_by_key(|rela| rela.r_offset.get(LE));
        }
    }
    Ok(())
}

fn read_groups(object: &mut ObjectFile<'_>) -> Result<(), Refused> {
    for (index, section) in object.sections.iter().enumerate() {
        if section.kind != elf::SHT_GROUP {
            continue;
        }
        let (words, _) = section.data.as_chunks::<4>();
        let mut words = words.iter().map(|word| u32::from_le_bytes(*word));
        let comdat = words.next().unwrap_or(0) & elf::GRP_COMDAT.0 != 0;
        let key = object.symbol(section.info as usize).ok_or_else(|| Refused::Broken(format!("the group in section {index} is named by symbol {}, which does not exist", section.info)))?;
        let signature = object.symbol_name(key);
        let members: Vec<u32> = words.collect();
        if let Some(member) = members.iter().find(|&&member| member as usize >= object.sections.len()) {
            return Err(Refused::Broken(format!("the group in section {index} has section {member}, which does not exist")));
        }
        object.groups.push(Group { signature, comdat, members });
    }
    Ok(())
}
