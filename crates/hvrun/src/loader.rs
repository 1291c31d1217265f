//! Images: ELF executables of any linker and flat binaries, as the hypervisor core takes them.
//!
//! Nothing of a file is trusted; whatever is wrong is said with the name of the segment.

use guest_abi::memory_map::RAM;
use guest_abi::image::{NOTE_NAME, NOTE_TYPE, Note};
use hvcore::{GuestPhys, Image, Segment};
use object::Endianness;
use object::elf::{EF_RISCV_RVE, EM_RISCV, ET_DYN, ET_EXEC, FileHeader32, PT_DYNAMIC, PT_INTERP, PT_LOAD, PT_NOTE, SHF_ALLOC, SHF_EXECINSTR};
use object::read::elf::{FileHeader, ProgramHeader, SectionHeader};
use std::ops::Range;
use std::sync::Arc;

/// What kind of file it is, by its first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An ELF object: to be linked.
    Object,
    /// An archive: to be linked.
    Archive,
    /// An ELF executable: to be booted.
    Executable,
    /// None of these.
    Other,
}

/// Tells objects, archives and executables apart.
#[must_use]
pub fn kind(bytes: &[u8]) -> Kind {
    if bytes.starts_with(b"!<arch>\n") || bytes.starts_with(b"!<thin>\n") {
        return Kind::Archive;
    }
    if !bytes.starts_with(b"\x7fELF") {
        return Kind::Other;
    }
    match bytes.get(16..18) {
        Some([1, 0]) => Kind::Object,
        _ => Kind::Executable,
    }
}

/// Whether an object has any instruction.
#[must_use]
pub fn has_code(object: &[u8]) -> bool {
    let Ok(header) = FileHeader32::<Endianness>::parse(object) else { return false };
    let Ok(endian) = header.endian() else { return false };
    addresses(header, endian, object, SHF_EXECINSTR).iter().any(|range| !range.is_empty())
}

/// A section that takes memory, for the report of an image that does not fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// Its name.
    pub name: String,
    /// Its size in bytes.
    pub size: u32,
}

/// A loadable image and what is known of it.
#[derive(Debug)]
pub struct Loaded {
    /// The image for the core.
    pub image: Arc<Image>,
    /// Sections that take memory, in the order of the file.
    pub sections: Vec<Section>,
    /// Virtual addresses of code sections.
    pub code: Vec<Range<u32>>,
    /// What to add to a guest-physical address to get the virtual one that symbols have.
    pub link_offset: u32,
}

/// Reads an ELF executable. The error says why it is refused.
pub fn elf(bytes: &Arc<[u8]>) -> Result<Loaded, String> {
    let data: &[u8] = bytes;
    match data.get(4..6) {
        Some([1, 1]) => {}
        Some([2, _]) => return Err("it is a 64-bit ELF; guests are RV32 (`-march=rv32imac -mabi=ilp32`)".into()),
        Some([_, 2]) => return Err("it is a big-endian ELF; guests are little-endian".into()),
        _ => return Err("its ELF header is damaged or cut short".into()),
    }
    let header = FileHeader32::<Endianness>::parse(data).map_err(|e| e.to_string().to_lowercase())?;
    let endian = header.endian().map_err(|e| e.to_string())?;
    if header.e_machine(endian) != EM_RISCV {
        return Err(format!("it is for another machine (ELF machine {}), not RISC-V", header.e_machine(endian).0));
    }
    let kind = header.e_type(endian);
    if kind == ET_DYN {
        return Err("it is position-independent or a shared library; link it with `-static -no-pie`".into());
    } else if kind != ET_EXEC {
        return Err(format!("its ELF type is {}, not that of an executable", kind.0));
    }
    if header.e_flags(endian).0 & EF_RISCV_RVE.0 != 0 {
        return Err("it is for RV32E; guests have 32 registers (`-march=rv32i…`)".into());
    }
    let headers = header.program_headers(endian, data).map_err(|_| "its program headers lie outside the file".to_string())?;
    let allocated = addresses(header, endian, data, SHF_ALLOC);
    let mut segments = Vec::new();
    let mut note = None;
    let (virtual_entry, mut entry) = (header.e_entry(endian), None);
    for (index, program) in headers.iter().enumerate() {
        let kind = program.p_type(endian);
        if kind == PT_INTERP || kind == PT_DYNAMIC {
            return Err("it is dynamically linked; link it with `-static`".into());
        } else if kind == PT_NOTE {
            note = hvk_note(program, endian, data)?.or(note);
        } else if kind == PT_LOAD {
            let (address, memory_bytes) = (program.p_paddr(endian), program.p_memsz(endian));
            let within = virtual_entry.wrapping_sub(program.p_vaddr(endian));
            if within < memory_bytes {
                entry = entry.or(Some((address.wrapping_add(within), program.p_vaddr(endian).wrapping_sub(address))));
            }
            segments.push(without_headers(
                Segment {
                    name: segment_name(header, endian, data, index, program),
                    gpa: GuestPhys(address),
                    file_offset: program.p_offset(endian).into(),
                    file_bytes: program.p_filesz(endian),
                    memory_bytes,
                },
                program.p_vaddr(endian).wrapping_sub(address),
                &allocated,
            ));
        }
    }
    let (entry, link_offset) = match entry {
        Some(entry) => entry,
        None if segments.is_empty() => return Err("it has no loadable segment".into()),
        None => return Err(format!("its entry {virtual_entry:#010x} lies in no loadable segment")),
    };
    let min_ram = note.map_or(0, |note| note.min_ram);
    let image = Image::new(bytes.clone(), GuestPhys(entry), segments, min_ram).map_err(|e| e.to_string())?;
    Ok(Loaded { image: Arc::new(image), sections: sections(header, endian, data), code: addresses(header, endian, data, SHF_EXECINSTR), link_offset })
}

/// The HVK note in a `PT_NOTE`, if it is one. A note that is ours but strange is refused.
fn hvk_note<P: ProgramHeader<Endian = Endianness>>(program: &P, endian: Endianness, data: &[u8]) -> Result<Option<Note>, String> {
    let Ok(Some(mut notes)) = program.notes(endian, data) else { return Ok(None) };
    // A damaged note of somebody else is not ours to judge.
    while let Ok(Some(note)) = notes.next() {
        if note.name_bytes() == NOTE_NAME && note.n_type(endian).0 == NOTE_TYPE {
            return Note::from_description(note.desc()).map(Some).map_err(|e| e.to_string());
        }
    }
    Ok(None)
}

/// `segment 1 (.data .bss)`: by the allocated sections that lie in it.
fn segment_name<P: ProgramHeader<Endian = Endianness>>(header: &FileHeader32<Endianness>, endian: Endianness, data: &[u8], index: usize, program: &P) -> String {
    let (start, size): (u64, u64) = (program.p_vaddr(endian).into(), program.p_memsz(endian).into());
    let mut names = Vec::new();
    if let Ok(table) = header.sections(endian, data) {
        for section in table.iter() {
            let inside = u64::from(section.sh_addr(endian)).checked_sub(start).is_some_and(|offset| offset < size);
            let allocated = section.sh_flags(endian).0 & SHF_ALLOC.0 != 0 && section.sh_size(endian) != 0;
            if let (true, true, Ok(name)) = (inside, allocated, table.section_name(endian, section)) {
                names.push(String::from_utf8_lossy(name).into_owned());
            }
        }
    }
    names.truncate(8);
    match names.is_empty() {
        true => format!("segment {index}"),
        false => format!("segment {index} ({})", names.join(" ")),
    }
}

fn sections(header: &FileHeader32<Endianness>, endian: Endianness, data: &[u8]) -> Vec<Section> {
    let Ok(table) = header.sections(endian, data) else { return Vec::new() };
    let in_memory = table.iter().filter(|s| s.sh_flags(endian).0 & SHF_ALLOC.0 != 0 && s.sh_size(endian) != 0);
    in_memory
        .map(|s| Section { name: String::from_utf8_lossy(table.section_name(endian, s).unwrap_or(b"?")).into_owned(), size: s.sh_size(endian) })
        .collect()
}

/// Virtual addresses of the sections with these flags.
fn addresses(header: &FileHeader32<Endianness>, endian: Endianness, data: &[u8], flags: object::elf::SectionFlags) -> Vec<Range<u32>> {
    let Ok(table) = header.sections(endian, data) else { return Vec::new() };
    let chosen = table.iter().filter(|s| s.sh_flags(endian).0 & flags.0 == flags.0);
    chosen.map(|s| s.sh_addr(endian)..s.sh_addr(endian).saturating_add(s.sh_size(endian))).collect()
}

/// GNU ld puts the ELF headers into the first segment, in the page before the first section: `-Ttext=0x80000000`
/// gives a segment from 0x7ffff000. Where no section lies below RAM, that part is headers, and is left out.
fn without_headers(segment: Segment, link_offset: u32, sections: &[Range<u32>]) -> Segment {
    let below = RAM.base.saturating_sub(segment.gpa.0);
    let is_headers = segment.file_offset == 0 && below != 0 && below < segment.file_bytes;
    let holds_section = sections.iter().any(|section| section.start.wrapping_sub(link_offset).wrapping_sub(segment.gpa.0) < below);
    if !is_headers || holds_section || sections.is_empty() {
        return segment;
    }
    Segment {
        gpa: GuestPhys(RAM.base),
        file_offset: below.into(),
        file_bytes: segment.file_bytes - below,
        memory_bytes: segment.memory_bytes.saturating_sub(below),
        ..segment
    }
}

/// Where a RISC-V Linux `Image` wants to be loaded, if it is one.
#[must_use]
pub fn linux_address(bytes: &[u8]) -> Option<u32> {
    let offset = bytes.get(0x08..0x10).filter(|_| is_linux(bytes))?;
    RAM.base.checked_add(u64::from_le_bytes(offset.try_into().ok()?).try_into().ok()?)
}

fn is_linux(bytes: &[u8]) -> bool {
    bytes.get(0x38..0x3c) == Some(b"RSC\x05")
}

/// A flat binary at an address, which is also the entry. A RISC-V Linux `Image` says in its header how much
/// memory it needs behind its bytes; that is kept free.
pub fn flat(bytes: &Arc<[u8]>, address: u32) -> Result<Loaded, String> {
    let file_bytes = u32::try_from(bytes.len()).map_err(|_| "it is larger than a guest can be".to_string())?;
    if file_bytes == 0 {
        return Err("it is empty".into());
    }
    let kept = bytes.get(0x10..0x18).filter(|_| is_linux(bytes)).and_then(|size| u64::from_le_bytes(size.try_into().ok()?).try_into().ok());
    let segment = Segment { name: "the flat binary".into(), gpa: GuestPhys(address), file_offset: 0, file_bytes, memory_bytes: file_bytes.max(kept.unwrap_or(0)) };
    let image = Image::new(bytes.clone(), GuestPhys(address), vec![segment], 0).map_err(|e| e.to_string())?;
    Ok(Loaded { image: Arc::new(image), sections: vec![Section { name: "flat binary".into(), size: file_bytes }], code: Vec::new(), link_offset: 0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(bytes: &[u8]) -> String {
        elf(&Arc::from(bytes)).unwrap_err()
    }

    /// A minimal executable: header, one program header, four bytes of code.
    fn minimal() -> Vec<u8> {
        let mut file = vec![0; 88];
        file[..7].copy_from_slice(b"\x7fELF\x01\x01\x01");
        let mut half = |at: usize, value: u16| file[at..at + 2].copy_from_slice(&value.to_le_bytes());
        for (at, value) in [(16, 2), (18, 243), (40, 52), (42, 32), (44, 1), (46, 40)] {
            half(at, value);
        }
        let mut word = |at: usize, value: u32| file[at..at + 4].copy_from_slice(&value.to_le_bytes());
        for (at, value) in [(20, 1), (24, 0x8000_0000), (28, 52), (52, 1), (56, 84), (60, 0x8000_0000), (64, 0x8000_0000), (68, 4), (72, 4), (76, 5), (80, 4), (84, 0x13)] {
            word(at, value);
        }
        file
    }

    fn with_word(at: usize, value: u32) -> Vec<u8> {
        let mut file = minimal();
        file[at..at + 4].copy_from_slice(&value.to_le_bytes());
        file
    }

    #[test]
    fn a_minimal_executable_loads() {
        let loaded = elf(&Arc::from(minimal())).unwrap();
        assert_eq!(loaded.image.entry(), GuestPhys(0x8000_0000));
        assert_eq!(loaded.image.segments().len(), 1);
    }

    #[test]
    fn entry_follows_the_physical_address() {
        let mut file = with_word(60, 0xc000_0000);
        file[24..28].copy_from_slice(&0xc000_0002u32.to_le_bytes());
        let loaded = elf(&Arc::from(file)).unwrap();
        assert_eq!(loaded.image.entry(), GuestPhys(0x8000_0002));
        assert_eq!(loaded.link_offset, 0x4000_0000);
    }

    #[test]
    fn hostile_executables_are_refused_by_name() {
        assert!(refused(&with_word(64, 0x1000)).contains("segment 0"), "outside RAM");
        assert!(refused(&with_word(72, 0xffff_ffff)).contains("segment 0"), "wraps");
        assert!(refused(&with_word(56, 4000)).contains("segment 0"), "truncated");
        assert!(refused(&with_word(68, 40)).contains("segment 0"), "larger in the file than in memory");
        assert!(refused(&with_word(24, 0x8000_1000)).contains("entry"));
        assert!(refused(&with_word(28, 0xffff_fff0)).contains("program headers"));
        assert!(refused(&with_word(52, 3)).contains("dynamically"));
        assert!(refused(&minimal()[..20]).contains("ELF header") || !refused(&minimal()[..20]).is_empty());
        let mut wide = minimal();
        wide[4] = 2;
        assert!(refused(&wide).contains("64-bit"));
        assert!(flat(&Arc::from(&b""[..]), 0x8000_0000).is_err());
        assert!(flat(&Arc::from(&b"abcd"[..]), 0x7000_0000).is_err());
    }

    #[test]
    fn every_mutation_is_judged_without_panic() {
        let file = minimal();
        for at in 0..file.len() {
            for value in [0, 1, 0x7f, 0x80, 0xff] {
                let mut mutated = file.clone();
                mutated[at] = value;
                let _ = elf(&Arc::from(mutated));
            }
            let _ = elf(&Arc::from(&file[..at]));
        }
    }
}
