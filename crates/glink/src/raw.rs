//! `-b binary`: any file as an object, with its bytes in `.data` between `_binary_NAME_start` and
//! `_binary_NAME_end`, as `objcopy -I binary` makes it.

use object::LittleEndian as LE;
use object::elf::{self, FileHeader32, Ident, SectionHeader32, Sym32};
use object::pod::{bytes_of, bytes_of_slice};
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
    let names = b"\0.data\0.symtab\0.strtab\0.shstrtab\0";
    let mut file = vec![0; size_of::<FileHeader32<LE>>()];
    let mut headers: Vec<SectionHeader32<LE>> = Vec::new();
    let none = elf::SectionFlags(0);
    /// Name, type, flags, link, info, alignment, entry size, contents.
    type Part<'a> = (u32, elf::SectionType, elf::SectionFlags, u32, u32, u32, u32, &'a [u8]);
    let parts: [Part<'_>; 5] = [
        (0, elf::SHT_NULL, none, 0, 0, 0, 0, &[]),
        (1, elf::SHT_PROGBITS, elf::SHF_ALLOC | elf::SHF_WRITE, 0, 0, 1, 0, data),
        (7, elf::SHT_SYMTAB, none, 3, 1, 4, size_of::<Sym32<LE>>() as u32, bytes_of_slice(&symbols)),
        (15, elf::SHT_STRTAB, none, 0, 0, 1, 0, &strings),
        (23, elf::SHT_STRTAB, none, 0, 0, 1, 0, names),
    ];
    for (name, kind, flags, link, info, align, entsize, bytes) in parts {
        file.resize(file.len().next_multiple_of(4), 0);
        headers.push(SectionHeader32 {
            sh_name: U32::new(LE, name),
            sh_type: U32::new(LE, kind),
            sh_flags: U32::new_u64_truncate(LE, flags),
            sh_addr: U32::new(LE, 0),
            sh_offset: U32::new(LE, file.len() as u32),
            sh_size: U32::new(LE, bytes.len() as u32),
            sh_link: U32::new(LE, link),
            sh_info: U32::new(LE, info),
            sh_addralign: U32::new(LE, align),
            sh_entsize: U32::new(LE, entsize),
        });
        file.extend_from_slice(bytes);
    }
    file.resize(file.len().next_multiple_of(4), 0);
    let header = FileHeader32 {
        e_ident: Ident { magic: elf::ELFMAG, class: elf::ELFCLASS32, data: elf::ELFDATA2LSB, version: elf::EV_CURRENT, os_abi: elf::ELFOSABI_NONE, abi_version: 0, padding: [0; 7] },
        e_type: U16::new(LE, elf::ET_REL),
        e_machine: U16::new(LE, elf::EM_RISCV),
        e_version: U32::new(LE, u32::from(elf::EV_CURRENT.0)),
        e_entry: U32::new(LE, 0),
        e_phoff: U32::new(LE, 0),
        e_shoff: U32::new(LE, file.len() as u32),
        e_flags: U32::new(LE, elf::FileFlags(0)),
        e_ehsize: U16::new(LE, size_of::<FileHeader32<LE>>() as u16),
        e_phentsize: U16::new(LE, 0),
        e_phnum: U16::new(LE, 0),
        e_shentsize: U16::new(LE, 40),
        e_shnum: U16::new(LE, headers.len() as u16),
        e_shstrndx: U16::new(LE, elf::SymbolSection(headers.len() as u16 - 1)),
    };
    file[..size_of::<FileHeader32<LE>>()].copy_from_slice(bytes_of(&header));
    file.extend_from_slice(bytes_of_slice(&headers));
    file
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_becomes_an_object() {
        let bytes = object("dir/my-file.bin", b"hello");
        let parsed = crate::object_file::parse(&bytes).unwrap();
        assert_eq!(parsed.sections[1].data, b"hello");
        let names: Vec<&[u8]> = parsed.symbols[1..].iter().map(|symbol| parsed.symbol_name(symbol)).collect();
        assert_eq!(names, [&b"_binary_dir_my_file_bin_start"[..], b"_binary_dir_my_file_bin_end", b"_binary_dir_my_file_bin_size"]);
    }
}
