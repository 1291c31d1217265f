//! What two linkers' images must have in common.

use object::read::elf::{ElfFile32, ProgramHeader};
use object::{LittleEndian, Object, ObjectSection, ObjectSymbol, SectionFlags, SymbolSection, elf};
use std::collections::BTreeMap;

/// A section of an image.
#[derive(Debug, PartialEq, Eq)]
pub struct Section {
    /// Where it is.
    pub address: u64,
    /// Where it is loaded; none for what takes no room.
    pub load: Option<u64>,
    /// Bytes.
    pub size: u64,
    /// `SHT_…`
    pub kind: u32,
    /// `SHF_…`, without what a system keeps for itself.
    pub flags: u64,
}

/// What is compared.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Shape {
    /// Where it starts.
    pub entry: u64,
    /// Sections with what is in them.
    pub sections: BTreeMap<String, Section>,
    /// Bytes of the sections that have some.
    pub bytes: BTreeMap<String, Vec<u8>>,
    /// Global symbols: address, and the section that they belong to.
    pub symbols: BTreeMap<String, (u64, String)>,
    /// Segments that are loaded, and the thread's, in order: type, address, load address, bytes in the file and in memory, flags.
    pub segments: Vec<[u64; 6]>,
}

/// What each linker writes in its own way.
const OWN: [&str; 6] = [".note.hvk", ".riscv.attributes", ".symtab", ".strtab", ".shstrtab", ""];

/// Reads an image.
pub fn shape(bytes: &[u8]) -> Shape {
    let file = ElfFile32::<LittleEndian>::parse(bytes).expect("an ELF file");
    let endian = file.endian();
    let load = |address: u64, size: u64| {
        let segments = file.elf_program_headers().iter().filter(|segment| segment.p_type(endian) == elf::PT_LOAD);
        let holds = |segment: &&elf::ProgramHeader32<LittleEndian>| {
            let start = u64::from(segment.p_vaddr(endian));
            start <= address && address + size <= start + u64::from(segment.p_memsz(endian))
        };
        segments.into_iter().find(holds).map(|segment| address - u64::from(segment.p_vaddr(endian)) + u64::from(segment.p_paddr(endian)))
    };
    let mut shape = Shape { entry: file.entry(), ..Shape::default() };
    for section in file.sections() {
        let (SectionFlags::Elf { sh_flags, .. }, Ok(name)) = (section.flags(), section.name()) else { continue };
        if OWN.contains(&name) {
            continue;
        }
        let kind = section.elf_section_header().sh_type.get(endian).0;
        // A thread's zeroed data has no place of its own.
        let is_tbss = section.kind() == object::SectionKind::UninitializedTls;
        let is_loaded = sh_flags & elf::SHF_ALLOC == elf::SHF_ALLOC && section.size() > 0 && !is_tbss;
        let load = if is_loaded { load(section.address(), section.size()) } else { None };
        let flags = sh_flags.0 & 0xfff;
        shape.sections.insert(name.to_string(), Section { address: section.address(), load, size: section.size(), kind, flags });
        // Debug sections name the file and say what made it.
        if let Some(data) = section.data().ok().filter(|data| !data.is_empty() && !name.starts_with(".debug")) {
            shape.bytes.insert(name.to_string(), data.to_vec());
        }
    }
    for symbol in file.symbols().filter(|symbol| symbol.is_global() && symbol.is_definition()) {
        let section = match symbol.section() {
            SymbolSection::Section(index) => file.section_by_index(index).expect("a section").name().expect("a name").to_string(),
            SymbolSection::Unknown | SymbolSection::None | SymbolSection::Undefined | SymbolSection::Absolute | SymbolSection::Common | _ => "*absolute*".to_string(),
        };
        shape.symbols.insert(symbol.name().expect("a name").to_string(), (symbol.address(), section));
    }
    for segment in file.elf_program_headers().iter().filter(|segment| matches!(segment.p_type(endian), elf::PT_LOAD | elf::PT_TLS)) {
        let numbers = [segment.p_vaddr(endian), segment.p_paddr(endian), segment.p_filesz(endian), segment.p_memsz(endian), segment.p_flags(endian).0];
        let [address, load, file_size, memory_size, flags] = numbers.map(u64::from);
        shape.segments.push([u64::from(segment.p_type(endian).0), address, load, file_size, memory_size, flags]);
    }
    shape
}
