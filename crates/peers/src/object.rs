//! Objects compared by meaning: what a linker can see of them.

use object::elf;
use object::read::elf::{ElfFile32, FileHeader, Rela, SectionHeader, Sym};
use object::Endianness;
use std::collections::{BTreeMap, BTreeSet};

const LE: Endianness = Endianness::Little;

/// A section: flags, alignment, size, bytes with relocated fields zero, relocations.
#[derive(PartialEq, Eq, Debug)]
struct Section {
    flags: u64,
    align: u64,
    bytes: Vec<u8>,
    size: u64,
    relocations: Vec<Relocation>,
}

/// (offset, kind, place or name, addend)
type Relocation = (u64, u32, String, i64);
/// (name, value, size, binding, type, visibility, section)
type Symbol = (String, u64, u64, u8, u8, u8, String);

/// What is compared of an object.
#[derive(Debug)]
pub struct Object {
    sections: BTreeMap<String, Section>,
    symbols: BTreeSet<Symbol>,
    attributes: Option<Vec<u8>>,
    flags: u32,
}

fn name_of(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

impl Object {
    /// Reads an object or an image.
    ///
    /// # Errors
    /// If it is no well-formed ELF32 file.
    pub fn read(bytes: &[u8]) -> object::read::Result<Object> {
        let file = ElfFile32::<Endianness>::parse(bytes)?;
        let header = file.elf_header();
        let sections = header.sections(LE, bytes)?;
        let symbols = sections.symbols(LE, bytes, elf::SHT_SYMTAB)?;
        let section_name = |index: usize| -> String {
            sections.section(object::SectionIndex(index)).map_or("?".into(), |s| name_of(sections.section_name(LE, s).unwrap_or(b"?")))
        };
        let mut out = Object { sections: BTreeMap::new(), symbols: BTreeSet::new(), attributes: None, flags: header.e_flags(LE).0 };
        for (index, section) in sections.iter().enumerate() {
            let kind = section.sh_type(LE).0;
            let name = section_name(index);
            if kind == 0x7000_0003 {
                out.attributes = Some(section.data(LE, bytes)?.to_vec());
            }
            let contents = matches!(kind, 1 | 7 | 8 | 14 | 15 | 16);
            let (flags, size) = (section.sh_flags(LE).0, u64::from(section.sh_size(LE)));
            if !contents || flags & elf::SHF_ALLOC.0 == 0 || size == 0 {
                continue;
            }
            let mut data = if kind == 8 { Vec::new() } else { section.data(LE, bytes)?.to_vec() };
            let mut relocations = Vec::new();
            for other in sections.iter() {
                let Ok(Some((list, _))) = other.rela(LE, bytes) else { continue };
                if other.sh_info(LE) as usize != index {
                    continue;
                }
                for rela in list {
                    let kind = rela.r_type(LE).0;
                    let offset = u64::from(rela.r_offset(LE));
                    mask(&mut data, offset as usize, kind);
                    let mut addend = i64::from(rela.r_addend(LE));
                    let target = match rela.symbol(LE, false) {
                        _ if kind == 51 => {
                            addend = 0;
                            "*".into()
                        }
                        None => "*ABS*".into(),
                        Some(index) => {
                            let symbol = symbols.symbol(index)?;
                            let shndx = symbol.st_shndx(LE).0;
                            if symbol.st_bind() == elf::STB_LOCAL && shndx > 0 && shndx < 0xff00 {
                                let at = i64::from(symbol.st_value(LE)) + addend;
                                // Bytes of code may go: a section plus an offset is no label.
                                let code = sections.section(object::SectionIndex(usize::from(shndx))).is_ok_and(|s| s.sh_flags(LE).0 & elf::SHF_EXECINSTR.0 != 0);
                                let mark = if symbol.st_type() == elf::STT_SECTION && code && addend != 0 { "SECTION-SYMBOL " } else { "" };
                                addend = 0;
                                format!("{mark}{}+{at}", section_name(usize::from(shndx)))
                            } else {
                                name_of(symbol.name(LE, symbols.strings()).unwrap_or(b"?"))
                            }
                        }
                    };
                    relocations.push((offset, kind, target, addend));
                }
            }
            relocations.sort_by_key(|r| r.0);
            let mut key = name.clone();
            let mut n = 1;
            while out.sections.contains_key(&key) {
                n += 1;
                key = format!("{name}#{n}");
            }
            out.sections.insert(key, Section { flags: flags & !elf::SHF_GROUP.0, align: u64::from(section.sh_addralign(LE)), bytes: data, size, relocations });
        }
        for symbol in symbols.iter() {
            let name = name_of(symbol.name(LE, symbols.strings()).unwrap_or(b"?"));
            let local = symbol.st_bind() == elf::STB_LOCAL;
            let skipped = matches!(symbol.st_type(), elf::STT_SECTION | elf::STT_FILE) || (local && (name.is_empty() || name.starts_with(".L") || name.starts_with("$x") || name.starts_with("$d")));
            if skipped {
                continue;
            }
            let section = match symbol.st_shndx(LE).0 {
                0 => "UND".into(),
                0xfff1 => "ABS".into(),
                0xfff2 => "COM".into(),
                n => section_name(usize::from(n)),
            };
            let value = if section == "UND" { 0 } else { u64::from(symbol.st_value(LE)) };
            out.symbols.insert((name, value, u64::from(symbol.st_size(LE)), symbol.st_bind().0, symbol.st_type().0, symbol.st_other.0, section));
        }
        Ok(out)
    }

    /// Names that the object uses and does not define.
    pub fn undefined(&self) -> impl Iterator<Item = &str> {
        self.symbols.iter().filter(|symbol| symbol.6 == "UND").map(|symbol| symbol.0.as_str())
    }

    /// The bytes of an image's allocated sections.
    pub fn loaded(&self) -> BTreeMap<String, Vec<u8>> {
        self.sections.iter().map(|(name, s)| (name.clone(), s.bytes.clone())).collect()
    }
}

/// Zeroes the field that a relocation fills: what stands there before linking is not observable.
fn mask(data: &mut [u8], offset: usize, kind: u32) {
    let (size, mask): (usize, u32) = match kind {
        16 => (4, 0xfe00_0f80),
        17 | 20..=23 | 26 | 29 => (4, 0xffff_f000),
        24 | 27 | 30 => (4, 0xfff0_0000),
        25 | 28 | 31 => (4, 0xfe00_0f80),
        44 => (2, 0x1c7c),
        45 => (2, 0x1ffc),
        46 => (2, 0x107c),
        1 | 35 | 39 | 56 | 57 => (4, !0),
        34 | 38 | 55 => (2, !0),
        33 | 37 | 54 => (1, !0),
        52 | 53 => (1, 0x3f),
        _ => return,
    };
    for (i, byte) in mask.to_le_bytes().iter().enumerate().take(size) {
        if let Some(b) = data.get_mut(offset + i) {
            *b &= !byte;
        }
    }
}

/// What two assemblers may do in two ways without a linker noticing.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// What [`Rules::LLVM`] forgives.
    lenient: bool,
}

impl Rules {
    /// Against GNU as nothing is forgiven.
    pub const GNU: Rules = Rules { lenient: false };
    /// Against llvm-mc: `R_RISCV_CALL` is `R_RISCV_CALL_PLT`, the attributes are each assembler's own spelling of the
    /// same set, and `.eh_frame` is to be compared decoded.
    pub const LLVM: Rules = Rules { lenient: true };
}

/// What differs, in words.
#[must_use]
pub fn differences(a: &Object, b: &Object, rules: Rules) -> Vec<String> {
    let mut out = Vec::new();
    let compared = |name: &str| !(rules.lenient && name.starts_with(".eh_frame"));
    for (name, x) in a.sections.iter().filter(|(name, _)| compared(name)) {
        let Some(y) = b.sections.get(name) else {
            out.push(format!("section {name} is missing"));
            continue;
        };
        if (x.flags, x.align, x.size) != (y.flags, y.align, y.size) {
            out.push(format!("{name}: flags, alignment, size {:?} and {:?}", (x.flags, x.align, x.size), (y.flags, y.align, y.size)));
        }
        if x.bytes != y.bytes {
            let at = x.bytes.iter().zip(&y.bytes).position(|(p, q)| p != q).unwrap_or(x.bytes.len().min(y.bytes.len()));
            let show = |v: &[u8]| v.iter().skip(at & !1).take(8).map(|b| format!("{b:02x}")).collect::<String>();
            out.push(format!("{name}: bytes differ at {at:#x}: {} and {}", show(&x.bytes), show(&y.bytes)));
        }
        let same = |p: &Relocation, q: &Relocation| {
            let kind = |kind: u32| if rules.lenient && kind == elf::R_RISCV_CALL.0 { elf::R_RISCV_CALL_PLT.0 } else { kind };
            (p.0, kind(p.1), &p.2, p.3) == (q.0, kind(q.1), &q.2, q.3)
        };
        if x.relocations.len() != y.relocations.len() || x.relocations.iter().zip(&y.relocations).any(|(p, q)| !same(p, q)) {
            let first = x.relocations.iter().zip(&y.relocations).find(|(p, q)| !same(p, q));
            out.push(format!("{name}: {} and {} relocations, first: {first:?}", x.relocations.len(), y.relocations.len()));
        }
    }
    for name in b.sections.keys().filter(|n| compared(n) && !a.sections.contains_key(*n)) {
        out.push(format!("section {name} is too many"));
    }
    if a.symbols != b.symbols {
        let only = |p: &BTreeSet<Symbol>, q: &BTreeSet<Symbol>| p.difference(q).take(3).map(|s| format!("{s:?}")).collect::<Vec<_>>().join(" ");
        out.push(format!("symbols: theirs {} ours {}", only(&a.symbols, &b.symbols), only(&b.symbols, &a.symbols)));
    }
    if !rules.lenient && a.attributes != b.attributes {
        let show = |x: &Option<Vec<u8>>| x.as_ref().map(|v| String::from_utf8_lossy(v).into_owned());
        out.push(format!("attributes: {:?} and {:?}", show(&a.attributes), show(&b.attributes)));
    }
    if a.flags != b.flags {
        out.push(format!("flags: {:#x} and {:#x}", a.flags, b.flags));
    }
    out
}
