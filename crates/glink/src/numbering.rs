//! Sections by number, in a file that may have more of them than the fields for them count (gABI, "Extended section numbering").

use object::LittleEndian as LE;
use object::elf::{self, SectionHeader32};

/// Where a symbol of the output stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Home {
    /// In no section: `SHN_UNDEF`, `SHN_ABS`, `SHN_COMMON`.
    Reserved(elf::SymbolSection),
    /// In the section with this number.
    Section(u32),
}

impl Home {
    /// `st_shndx`, and the symbol's word in `.symtab_shndx`.
    #[must_use]
    pub fn index(self) -> (elf::SymbolSection, u32) {
        match self {
            Home::Reserved(section) => (section, 0),
            Home::Section(number) if number < u32::from(elf::SHN_LORESERVE) => (elf::SymbolSection(number as u16), 0),
            Home::Section(number) => (elf::SHN_XINDEX, number),
        }
    }
}

/// `e_shnum` and `e_shstrndx`, where the last section has the names; what does not fit them goes into the first header.
pub fn count(headers: &mut [SectionHeader32<LE>]) -> (u16, elf::SymbolSection) {
    let (count, names) = (headers.len(), headers.len().saturating_sub(1));
    let Some(first) = headers.first_mut() else { return (0, elf::SHN_UNDEF) };
    let fits = |number: usize| u16::try_from(number).ok().filter(|&number| number < elf::SHN_LORESERVE);
    if fits(count).is_none() {
        first.sh_size.set(LE, count as u32);
    }
    if fits(names).is_none() {
        first.sh_link.set(LE, names as u32);
    }
    (fits(count).unwrap_or(0), fits(names).map_or(elf::SHN_XINDEX, elf::SymbolSection))
}
