//! `--just-symbols`: the shared symbols of a file that is not part of the link, such as a boot ROM: each at the address that it has there.

use crate::object_writer::{self, Part};
use object::LittleEndian as LE;
use object::elf::{self, Sym32};
use object::pod::bytes_of_slice;
use object::read::elf::ElfFile32;
use object::{Object, ObjectSection, ObjectSymbol, U16, U32};

/// Makes an object that defines them; the reason, if that is no ELF file of ours.
pub fn object(data: &[u8]) -> Result<Vec<u8>, String> {
    let file = ElfFile32::<LE>::parse(data).map_err(|error| format!("it holds no symbols for RV32: {error}"))?;
    if file.elf_header().e_machine.get(LE) != elf::EM_RISCV {
        return Err("it is for another machine".into());
    }
    let mut strings = vec![0];
    let mut symbols = vec![Sym32::<LE>::default()];
    for symbol in file.symbols().filter(|symbol| symbol.is_global() && !symbol.is_undefined() && !symbol.is_common()) {
        let name = symbol.name_bytes().map_err(|error| format!("the name of a symbol is damaged: {error}"))?;
        // In an object that is not linked a value counts from its section.
        let is_object = file.elf_header().e_type.get(LE) == elf::ET_REL;
        let start = symbol.section_index().filter(|_| is_object).and_then(|index| file.section_by_index(index).ok()).map_or(0, |section| section.address());
        let own = symbol.elf_symbol();
        symbols.push(Sym32 {
            st_name: U32::new(LE, strings.len() as u32),
            st_value: U32::new(LE, (symbol.address() + start) as u32),
            st_size: own.st_size,
            st_info: own.st_info,
            st_other: own.st_other,
            st_shndx: U16::new(LE, elf::SHN_ABS),
        });
        strings.extend_from_slice(name);
        strings.push(0);
    }
    Ok(written(&symbols, &strings))
}

/// The object of `--out-implib`: the symbols of an image, each at its address; none if there are none.
#[must_use]
pub fn of_image(exported: &[(&[u8], Sym32<LE>)]) -> Option<Vec<u8>> {
    let mut strings = vec![0];
    let mut symbols = vec![Sym32::<LE>::default()];
    for (name, symbol) in exported {
        symbols.push(Sym32 { st_name: U32::new(LE, strings.len() as u32), st_shndx: U16::new(LE, elf::SHN_ABS), ..*symbol });
        strings.extend_from_slice(name);
        strings.push(0);
    }
    (!exported.is_empty()).then(|| written(&symbols, &strings))
}

/// An object with a table of symbols and nothing else.
fn written(symbols: &[Sym32<LE>], strings: &[u8]) -> Vec<u8> {
    let table = bytes_of_slice(symbols);
    let part = |name: &[u8], kind, bytes: &[u8], align| Part { name: name.to_vec(), kind, bytes: bytes.to_vec().into(), size: bytes.len() as u32, align, ..Part::default() };
    let sections = vec![
        Part::default(),
        Part { link: 2, info: 1, entsize: size_of::<Sym32<LE>>() as u32, ..part(b".symtab", elf::SHT_SYMTAB, table, 4) },
        part(b".strtab", elf::SHT_STRTAB, strings, 1),
    ];
    object_writer::write(sections, elf::FileFlags(0), elf::ELFOSABI_NONE)
}
