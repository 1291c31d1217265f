//! `-b binary`: any file as an object, with its bytes in `.data` between `_binary_NAME_start` and
//! `_binary_NAME_end`, as `objcopy -I binary` makes it.

use crate::object_writer::{self, Part};
use object::LittleEndian as LE;
use object::elf::{self, Sym32};
use object::pod::bytes_of_slice;
use object::{U16, U32};

/// Makes the object. The path as it was given names the symbols, with `_` for all but letters and digits.
#[must_use]
pub fn object(path: &str, data: &[u8]) -> Vec<u8> {
    let stem: String = path.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    let size = data.len() as u32;
    let mut strings = vec![0];
    let mut symbols = vec![Sym32::<LE>::default()];
    for (suffix, value, section) in [("start", 0, elf::SymbolSection(1)), ("end", size, elf::SymbolSection(1)), ("size", size, elf::SHN_ABS)] {
        symbols.push(Sym32 {
            st_name: U32::new(LE, strings.len() as u32),
            st_value: U32::new(LE, value),
            st_size: U32::new(LE, 0),
            st_info: elf::SymbolInfo::new(elf::STB_GLOBAL, elf::STT_NOTYPE),
            st_other: elf::SymbolOther(0),
            st_shndx: U16::new(LE, section),
        });
        strings.extend_from_slice(format!("_binary_{stem}_{suffix}\0").as_bytes());
    }
    let sections = vec![
        Part::default(),
        Part { flags: elf::SHF_ALLOC | elf::SHF_WRITE, ..part(b".data", elf::SHT_PROGBITS, data, 1) },
        Part { link: 3, info: 1, entsize: size_of::<Sym32<LE>>() as u32, ..part(b".symtab", elf::SHT_SYMTAB, bytes_of_slice(&symbols), 4) },
        part(b".strtab", elf::SHT_STRTAB, &strings, 1),
    ];
    object_writer::write(sections, elf::FileFlags(0), elf::ELFOSABI_NONE)
}

fn part<'a>(name: &[u8], kind: elf::SectionType, bytes: &'a [u8], align: u32) -> Part<'a> {
    Part { name: name.to_vec(), kind, bytes: bytes.into(), size: bytes.len() as u32, align, ..Part::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_becomes_an_object() {
        let bytes = object("dir/my-file.bin", b"hello");
        let parsed = crate::object_file::parse(&bytes).unwrap();
        assert_eq!(&*parsed.sections[1].data, b"hello");
        let names: Vec<&[u8]> = parsed.symbols[1..].iter().map(|symbol| parsed.symbol_name(symbol)).collect();
        assert_eq!(names, [&b"_binary_dir_my_file_bin_start"[..], b"_binary_dir_my_file_bin_end", b"_binary_dir_my_file_bin_size"]);
    }
}
