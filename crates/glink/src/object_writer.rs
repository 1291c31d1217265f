//! Relocatable objects as bytes (System V ABI, chapter 4): sections one after the other, their names, their headers.

use crate::numbering;
use object::LittleEndian as LE;
use object::elf::{self, FileHeader32, Ident, SectionHeader32};
use object::pod::{bytes_of, bytes_of_slice};
use object::{U16, U32};
use std::borrow::Cow;

/// A section on its way into the file; the first of a file is the default, which stands for none.
#[derive(Default)]
pub struct Part<'a> {
    /// Name.
    pub name: Vec<u8>,
    /// `SHT_*`.
    pub kind: elf::SectionType,
    /// `SHF_*`.
    pub flags: elf::SectionFlags,
    /// Address.
    pub address: u32,
    /// Contents; none for `SHT_NOBITS`.
    pub bytes: Cow<'a, [u8]>,
    /// Size in bytes, of contents or of what they stand for.
    pub size: u32,
    /// `sh_link`.
    pub link: u32,
    /// `sh_info`.
    pub info: u32,
    /// Alignment in bytes.
    pub align: u32,
    /// Size of an entry in bytes, for tables.
    pub entsize: u32,
}

/// The object of these sections, and `.shstrtab` behind them.
#[must_use]
pub fn write(mut sections: Vec<Part<'_>>, flags: elf::FileFlags, os_abi: elf::OsAbi) -> Vec<u8> {
    let mut names = vec![0];
    let mut name_offsets = vec![0u32];
    sections.push(Part { name: b".shstrtab".to_vec(), kind: elf::SHT_STRTAB, align: 1, ..Part::default() });
    for part in &sections[1..] {
        name_offsets.push(names.len() as u32);
        names.extend_from_slice(&part.name);
        names.push(0);
    }
    if let Some(last) = sections.last_mut() {
        last.size = names.len() as u32;
        last.bytes = names.into();
    }
    let mut file = vec![0; size_of::<FileHeader32<LE>>()];
    let mut headers: Vec<SectionHeader32<LE>> = Vec::with_capacity(sections.len());
    for (part, &name) in sections.iter().zip(&name_offsets) {
        let align = part.align.clamp(1, 4096) as usize;
        if part.kind != elf::SHT_NULL {
            file.resize(file.len().next_multiple_of(align), 0);
        }
        headers.push(SectionHeader32 {
            sh_name: U32::new(LE, name),
            sh_type: U32::new(LE, part.kind),
            sh_flags: U32::new_u64_truncate(LE, part.flags),
            sh_addr: U32::new(LE, part.address),
            sh_offset: U32::new(LE, if part.kind == elf::SHT_NULL { 0 } else { file.len() as u32 }),
            sh_size: U32::new(LE, part.size),
            sh_link: U32::new(LE, part.link),
            sh_info: U32::new(LE, part.info),
            sh_addralign: U32::new(LE, part.align),
            sh_entsize: U32::new(LE, part.entsize),
        });
        file.extend_from_slice(&part.bytes);
    }
    file.resize(file.len().next_multiple_of(4), 0);
    let (section_count, names_section) = numbering::count(&mut headers);
    let header = FileHeader32 {
        e_ident: Ident { magic: elf::ELFMAG, class: elf::ELFCLASS32, data: elf::ELFDATA2LSB, version: elf::EV_CURRENT, os_abi, abi_version: 0, padding: [0; 7] },
        e_type: U16::new(LE, elf::ET_REL),
        e_machine: U16::new(LE, elf::EM_RISCV),
        e_version: U32::new(LE, u32::from(elf::EV_CURRENT.0)),
        e_entry: U32::new(LE, 0),
        e_phoff: U32::new(LE, 0),
        e_shoff: U32::new(LE, file.len() as u32),
        e_flags: U32::new(LE, flags),
        e_ehsize: U16::new(LE, size_of::<FileHeader32<LE>>() as u16),
        e_phentsize: U16::new(LE, 0),
        e_phnum: U16::new(LE, 0),
        e_shentsize: U16::new(LE, size_of::<SectionHeader32<LE>>() as u16),
        e_shnum: U16::new(LE, section_count),
        e_shstrndx: U16::new(LE, names_section),
    };
    file[..size_of::<FileHeader32<LE>>()].copy_from_slice(bytes_of(&header));
    file.extend_from_slice(bytes_of_slice(&headers));
    file
}
