//! What two linkers' images must have in common.

use object::read::elf::{ElfFile32, ProgramHeader};
use object::{LittleEndian, Object, ObjectSection, ObjectSymbol, SectionFlags};
use std::collections::BTreeMap;

/// What is compared.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Shape {
    /// Where it starts.
    pub entry: u64,
    /// Allocated sections that are not empty: address, load address, size.
    pub sections: BTreeMap<String, (u64, Option<u64>, u64)>,
    /// Global symbols: address.
    pub symbols: BTreeMap<String, u64>,
}

/// Reads an image.
pub fn shape(bytes: &[u8]) -> Shape {
    let file = ElfFile32::<LittleEndian>::parse(bytes).expect("an ELF file");
    let endian = file.endian();
    let load = |address: u64, size: u64| {
        let segments = file.elf_program_headers().iter().filter(|segment| segment.p_type(endian) == object::elf::PT_LOAD);
        let holds = |segment: &&object::elf::ProgramHeader32<LittleEndian>| {
            let start = u64::from(segment.p_vaddr(endian));
            start <= address && address + size <= start + u64::from(segment.p_memsz(endian))
        };
        segments.into_iter().find(holds).map(|segment| address - u64::from(segment.p_vaddr(endian)) + u64::from(segment.p_paddr(endian)))
    };
    let mut shape = Shape { entry: file.entry(), ..Shape::default() };
    for section in file.sections() {
        let SectionFlags::Elf { sh_flags, .. } = section.flags() else { continue };
        let allocated = sh_flags & object::elf::SHF_ALLOC == object::elf::SHF_ALLOC;
        // A thread's zeroed data has no place of its own.
        let is_tbss = section.kind() == object::SectionKind::UninitializedTls;
        if allocated && section.size() > 0 {
            let load = if is_tbss { None } else { load(section.address(), section.size()) };
            shape.sections.insert(section.name().expect("a name").to_string(), (section.address(), load, section.size()));
        }
    }
    for symbol in file.symbols().filter(|symbol| symbol.is_global() && symbol.is_definition()) {
        shape.symbols.insert(symbol.name().expect("a name").to_string(), symbol.address());
    }
    shape
}
