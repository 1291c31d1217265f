//! Every relocated instruction and word of an image means what its object says: the image is decoded
//! again, in step with the objects it was made from, by code that shares nothing with the linker.

#![allow(clippy::wildcard_enum_match_arm, reason = "what is not expected here panics")]
#![allow(clippy::print_stdout, reason = "what is skipped is said")]

mod common;

use common::{compile, have, libgcc, run};
use glink::{Discard, InputSpec, Options};
use host::OsHost;
use object::elf;
use object::read::elf::ElfFile32;
use object::{LittleEndian, Object, ObjectSection, ObjectSymbol, RelocationFlags, RelocationTarget, SymbolIndex, SymbolKind};
use rv32::{Op, Reloc};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::process::Command;

type File<'a> = ElfFile32<'a, LittleEndian>;

struct Image<'a> {
    file: File<'a>,
    /// Loaded sections: address, contents.
    memory: Vec<(u32, &'a [u8])>,
    gp: Option<u32>,
    tls: u32,
    globals: HashMap<Vec<u8>, u32>,
}

impl Image<'_> {
    fn bytes(&self, address: u32, count: usize) -> &[u8] {
        let (start, bytes) = self.memory.iter().find(|(start, bytes)| address.wrapping_sub(*start) < bytes.len() as u32).unwrap_or_else(|| panic!("nothing is at {address:#x}"));
        &bytes[(address - start) as usize..][..count]
    }

    fn word(&self, address: u32) -> u32 {
        u32::from_le_bytes(self.bytes(address, 4).try_into().expect("four bytes"))
    }

    /// The instruction at an address, expanded, and its length.
    fn insn(&self, address: u32) -> (rv32::Insn, u32) {
        let low = u16::from_le_bytes(self.bytes(address, 2).try_into().expect("two bytes"));
        let word = if low & 3 == 3 { self.word(address) } else { u32::from(low) };
        let decoded = rv32::decode(word).unwrap_or_else(|| panic!("no instruction at {address:#x}: {word:#x}"));
        (decoded.insn, u32::from(decoded.len))
    }
}

/// What was checked, so that a test that checks nothing fails.
#[derive(Default, Debug)]
struct Counts {
    calls: usize,
    short_calls: usize,
    addresses: usize,
    dropped: usize,
    branches: usize,
    words: usize,
    got: usize,
    strings: usize,
}

struct Checker<'i, 'a> {
    image: &'i Image<'a>,
    object: &'i File<'i>,
    name: String,
    /// Values of the object's symbols in the image.
    values: HashMap<SymbolIndex, u32>,
    counts: &'i mut Counts,
}

#[derive(Clone, Copy)]
struct Relocation {
    reloc: Reloc,
    symbol: SymbolIndex,
    addend: i32,
}

impl Checker<'_, '_> {
    fn value(&self, relocation: &Relocation) -> u32 {
        let value = self.values.get(&relocation.symbol).unwrap_or_else(|| panic!("{}: symbol {:?} is not in the image", self.name, relocation.symbol));
        value.wrapping_add_signed(relocation.addend)
    }
}

fn relocations(object: &File<'_>, section: object::SectionIndex) -> BTreeMap<u32, Vec<Relocation>> {
    let mut found: BTreeMap<u32, Vec<Relocation>> = BTreeMap::new();
    let section = object.section_by_index(section).expect("a section");
    for (offset, relocation) in section.relocations() {
        let RelocationFlags::Elf { r_type } = relocation.flags() else { panic!("not ELF") };
        let symbol = match relocation.target() {
            RelocationTarget::Symbol(symbol) => symbol,
            _ => SymbolIndex(0),
        };
        let reloc = Reloc::from_number(r_type.0).expect("a known relocation");
        if reloc != Reloc::Relax {
            found.entry(offset as u32).or_default().push(Relocation { reloc, symbol, addend: relocation.addend() as i32 });
        }
    }
    found
}

impl Checker<'_, '_> {
    /// Walks a section of code; gives the address of each instruction by its offset in the object.
    fn code(&mut self, section: object::SectionIndex, base: u32) {
        let source = self.object.section_by_index(section).expect("a section");
        let data = source.data().expect("contents").to_vec();
        let relocations = relocations(self.object, section);
        let mut moved: BTreeMap<u32, u32> = BTreeMap::new();
        let mut lows: Vec<(u32, u32, u32, Relocation)> = Vec::new();
        let (mut at, mut here) = (0u32, base);
        while (at as usize) < data.len() {
            moved.insert(at, here);
            let all = relocations.get(&at).map_or(&[][..], Vec::as_slice);
            let low = u16::from_le_bytes([data[at as usize], data[at as usize + 1]]);
            let length: u32 = if low & 3 == 3 { 4 } else { 2 };
            let original = if length == 4 { u32::from_le_bytes(data[at as usize..at as usize + 4].try_into().expect("four")) } else { u32::from(low) };
            let Some(relocation) = all.first().copied() else {
                assert_eq!(self.image.bytes(here, length as usize), &data[at as usize..(at + length) as usize], "{} at {at:#x}, {here:#x}", self.name);
                at += length;
                here += length;
                continue;
            };
            let place = format!("{}: {} at {at:#x}, now {here:#x}", self.name, relocation.reloc.name());
            match relocation.reloc {
                Reloc::Align => {
                    let padding = relocation.addend as u32;
                    let aligned = here.next_multiple_of((padding + 1).next_power_of_two());
                    assert!(aligned - here <= padding, "{place}");
                    while here < aligned {
                        let (insn, length) = self.image.insn(here);
                        assert_eq!((insn.op, insn.rd, insn.rs1, insn.imm), (Op::Addi, 0, 0, 0), "{place}: padding");
                        here += length;
                    }
                    assert_eq!(here, aligned, "{place}");
                    at += padding;
                    continue;
                }
                Reloc::Call | Reloc::CallPlt => {
                    let (insn, length) = self.image.insn(here);
                    let (target, taken, rd) = match insn.op {
                        Op::Jal => (here.wrapping_add_signed(insn.imm), length, insn.rd),
                        Op::Jalr => (insn.imm as u32, length, insn.rd),
                        Op::Auipc => {
                            let (jalr, _) = self.image.insn(here + 4);
                            assert_eq!((jalr.op, jalr.rs1), (Op::Jalr, insn.rd), "{place}");
                            (here.wrapping_add_signed(insn.imm).wrapping_add_signed(jalr.imm), 8, jalr.rd)
                        }
                        other => panic!("{place}: a call became {other:?}"),
                    };
                    let jalr = u32::from_le_bytes(data[at as usize + 4..at as usize + 8].try_into().expect("four"));
                    assert_eq!(u32::from(rd), jalr >> 7 & 31, "{place}: link register");
                    assert_eq!(target, self.value(&relocation), "{place}");
                    self.counts.calls += 1;
                    self.counts.short_calls += usize::from(taken < 8);
                    at += 8;
                    here += taken;
                    continue;
                }
                Reloc::Hi20 | Reloc::TprelHi20 | Reloc::PcrelHi20 | Reloc::GotHi20 | Reloc::TlsGotHi20 => {
                    let mut value = self.value(&relocation);
                    let (insn, taken) = self.image.insn(here);
                    let rd = (original >> 7 & 31) as u8;
                    let op = match relocation.reloc {
                        Reloc::Hi20 | Reloc::TprelHi20 => Op::Lui,
                        _ => Op::Auipc,
                    };
                    if relocation.reloc == Reloc::TprelHi20 {
                        value = value.wrapping_sub(self.image.tls);
                    }
                    if matches!(relocation.reloc, Reloc::GotHi20 | Reloc::TlsGotHi20) {
                        assert_eq!((insn.op, insn.rd), (Op::Auipc, rd), "{place}");
                        moved.insert(at, here);
                    } else {
                        let base = if op == Op::Auipc { here } else { 0 };
                        let (high, _) = rv32::format::split_hi_lo(value.wrapping_sub(base));
                        if (insn.op, insn.rd, insn.imm as u32) != (op, rd, high) {
                            let near = |base: u32| (-2048..2048).contains(&(value.wrapping_sub(base) as i32));
                            let thread = relocation.reloc == Reloc::TprelHi20 && near(0);
                            assert!(near(0) || thread || self.image.gp.is_some_and(near), "{place}: the upper part is gone, and nothing is near {value:#x}");
                            self.counts.dropped += 1;
                            at += length;
                            continue;
                        }
                    }
                    self.counts.addresses += 1;
                    at += length;
                    here += taken;
                    continue;
                }
                Reloc::TprelAdd => {
                    let (insn, taken) = self.image.insn(here);
                    let same = insn.op == Op::Add && insn.rs2 == 4 && u32::from(insn.rd) == original >> 7 & 31;
                    at += length;
                    here += if same { taken } else { 0 };
                    continue;
                }
                Reloc::Branch | Reloc::Jal | Reloc::RvcBranch | Reloc::RvcJump => {
                    let (insn, _) = self.image.insn(here);
                    assert_eq!(here.wrapping_add_signed(insn.imm), self.value(&relocation), "{place}");
                    self.counts.branches += 1;
                }
                Reloc::Lo12I | Reloc::Lo12S | Reloc::TprelLo12I | Reloc::TprelLo12S | Reloc::PcrelLo12I | Reloc::PcrelLo12S => lows.push((at, here, original >> 15 & 31, relocation)),
                other => panic!("{place}: {} in code is not checked", other.name()),
            }
            at += length;
            here += length;
        }
        for (at, here, base, relocation) in lows {
            self.low(at, here, base, &relocation, &relocations, &moved, section);
        }
        // Symbols stand where their instructions went.
        for symbol in self.object.symbols().filter(|symbol| symbol.section_index() == Some(section) && symbol.kind() != SymbolKind::Section) {
            if let (Some(&value), Some(&expected)) = (self.values.get(&symbol.index()), moved.get(&(symbol.address() as u32))) {
                // A label in front of padding stays there.
                assert!(value == expected, "{}: `{}` is at {value:#x}, not {expected:#x}", self.name, symbol.name().unwrap_or("?"));
            }
        }
    }

    #[expect(clippy::too_many_arguments, reason = "a test")]
    fn low(&mut self, at: u32, here: u32, base: u32, relocation: &Relocation, relocations: &BTreeMap<u32, Vec<Relocation>>, moved: &BTreeMap<u32, u32>, section: object::SectionIndex) {
        let (insn, _) = self.image.insn(here);
        let place = format!("{}: {} at {at:#x}, now {here:#x}: {insn:?}", self.name, relocation.reloc.name());
        // The register in the object; another means that the upper part is gone.
        let rewritten = u32::from(insn.rs1) != base;
        let low = |value: u32| rv32::format::split_hi_lo(value).1;
        let value = match relocation.reloc {
            Reloc::PcrelLo12I | Reloc::PcrelLo12S => {
                let label = self.object.symbol_by_index(relocation.symbol).expect("a label");
                assert_eq!(label.section_index(), Some(section), "{place}");
                let upper = relocations[&(label.address() as u32)][0];
                let auipc = moved[&(label.address() as u32)];
                let value = self.value(&upper);
                if matches!(upper.reloc, Reloc::GotHi20 | Reloc::TlsGotHi20) {
                    let (high, _) = self.image.insn(auipc);
                    let slot = auipc.wrapping_add_signed(high.imm).wrapping_add_signed(insn.imm);
                    let expected = if upper.reloc == Reloc::GotHi20 { value } else { value.wrapping_sub(self.image.tls) };
                    assert_eq!(self.image.word(slot), expected, "{place}: the table's entry at {slot:#x}");
                    self.counts.got += 1;
                    return;
                }
                if !rewritten {
                    assert_eq!(insn.imm, low(value.wrapping_sub(auipc)), "{place}");
                    return;
                }
                value
            }
            Reloc::TprelLo12I | Reloc::TprelLo12S => {
                let offset = self.value(relocation).wrapping_sub(self.image.tls);
                let expected = if rewritten { offset as i32 } else { low(offset) };
                assert_eq!(insn.imm, expected, "{place}");
                return;
            }
            _ => self.value(relocation),
        };
        match insn.rs1 {
            _ if !rewritten => assert_eq!(insn.imm, low(value), "{place}"),
            0 => assert_eq!(insn.imm, value as i32, "{place}"),
            3 => assert_eq!(self.image.gp.expect("gp").wrapping_add_signed(insn.imm), value, "{place}"),
            other => panic!("{place}: base x{other}"),
        }
    }

    fn data(&mut self, section: object::SectionIndex, base: u32) {
        for (offset, all) in relocations(self.object, section) {
            if let [Relocation { reloc: Reloc::Abs32, .. }] = all[..] {
                assert_eq!(self.image.word(base + offset), self.value(&all[0]), "{}: word at {:#x}", self.name, base + offset);
                self.counts.words += 1;
            }
        }
    }

    /// Strings that symbols name are the same in the image.
    fn strings(&mut self) {
        for symbol in self.object.symbols() {
            let Some(section) = symbol.section_index().and_then(|index| self.object.section_by_index(index).ok()) else { continue };
            let is_string = section.name().is_ok_and(|name| name.starts_with(".rodata.str"));
            if let (true, Some(&value)) = (is_string && symbol.kind() != SymbolKind::Section, self.values.get(&symbol.index())) {
                let text = &section.data().expect("contents")[symbol.address() as usize..];
                let length = text.iter().position(|&b| b == 0).expect("an end") + 1;
                assert_eq!(self.image.bytes(value, length), &text[..length], "{}", self.name);
                self.counts.strings += 1;
            }
        }
    }
}

/// Addresses of input sections from the map: (object, section) → address.
fn placed(map: &str) -> HashMap<(String, String), u32> {
    let mut found = HashMap::new();
    let mut long: Option<String> = None;
    for line in map.lines().skip_while(|line| !line.starts_with("Linker script and memory map")) {
        let Some(rest) = line.strip_prefix(' ') else { continue };
        let words: Vec<&str> = rest.split_whitespace().collect();
        match (words[..].first(), &long) {
            (Some(name), None) if words.len() == 1 => long = Some((*name).to_string()),
            (Some(_), Some(name)) if words.len() >= 3 && words[0].starts_with("0x") => {
                found.insert((words[2].to_string(), name.clone()), number(words[0]));
                long = None;
            }
            (Some(name), None) if words.len() >= 4 && words[1].starts_with("0x") && words[2].starts_with("0x") => {
                found.insert((words[3].to_string(), (*name).to_string()), number(words[1]));
            }
            _ => long = None,
        }
    }
    found
}

fn number(text: &str) -> u32 {
    u32::from_str_radix(text.trim_start_matches("0x"), 16).expect("hexadecimal")
}

/// Values of an object's symbols: globals by name, locals by their order, which is the objects' order
/// and in each the object's own.
fn values(image: &Image<'_>, object: &File<'_>, locals: &mut impl Iterator<Item = (Vec<u8>, u32)>) -> HashMap<SymbolIndex, u32> {
    let mut values = HashMap::new();
    for symbol in object.symbols() {
        let name = symbol.name_bytes().unwrap_or(b"").to_vec();
        if symbol.is_local() {
            let in_image = symbol.section_index().and_then(|index| object.section_by_index(index).ok()).is_some_and(|section| !matches!(section.name(), Ok(".note.GNU-stack" | ".riscv.attributes")));
            if name.is_empty() || matches!(symbol.kind(), SymbolKind::Section | SymbolKind::File) || !in_image && symbol.section_index().is_some() {
                continue;
            }
            let (found, value) = locals.next().expect("as many locals as in the objects");
            assert_eq!(String::from_utf8_lossy(&found), String::from_utf8_lossy(&name), "locals are in order");
            values.insert(symbol.index(), value);
        } else if let Some(&value) = image.globals.get(&name) {
            values.insert(symbol.index(), value);
        } else if symbol.is_weak() {
            values.insert(symbol.index(), 0);
        }
    }
    values
}

/// Links objects, and libraries behind them; gives image and map.
fn link(name: &str, objects: &[PathBuf], libraries: &[PathBuf], relax: bool) -> (Vec<u8>, String) {
    let specs: Vec<InputSpec> = objects.iter().chain(libraries).cloned().map(InputSpec::File).collect();
    let options = Options { relax, map: true, discard: Discard::Nothing, ..Options::default() };
    let mut sources = diag::Sources::new();
    let linked = glink::link(&specs, &options, &mut sources, &mut OsHost::new());
    (linked.image.unwrap_or_else(|| panic!("{name}: {}", diag::render_text(&sources, &linked.diagnostics, false))), linked.map.expect("a map"))
}

/// Links, and checks what became of the objects.
fn check(name: &str, objects: &[PathBuf], relax: bool) -> Counts {
    let (bytes, map) = link(name, objects, &[libgcc()], relax);
    let file = File::parse(&*bytes).expect("an ELF file");
    let memory: Vec<(u32, &[u8])> = file
        .sections()
        .filter(|section| matches!(section.flags(), object::SectionFlags::Elf { sh_flags, .. } if sh_flags & elf::SHF_ALLOC == elf::SHF_ALLOC))
        .map(|section| (section.address() as u32, section.data().expect("contents")))
        .filter(|(_, data)| !data.is_empty())
        .collect();
    let tls = file.sections().filter(|section| section.name().is_ok_and(|name| name == ".tdata" || name == ".tbss")).map(|section| section.address() as u32).min().unwrap_or(0);
    let address = |symbol: &object::read::elf::ElfSymbol32<'_, '_, LittleEndian>| {
        let thread = if symbol.kind() == SymbolKind::Tls { tls } else { 0 };
        (symbol.address() as u32).wrapping_add(thread)
    };
    // Hidden symbols, as all of libgcc are, became local.
    let mut globals: HashMap<Vec<u8>, u32> = HashMap::new();
    for symbol in file.symbols().filter(|symbol| !symbol.is_local()).chain(file.symbols().filter(ObjectSymbol::is_local)) {
        globals.entry(symbol.name_bytes().unwrap_or(b"").to_vec()).or_insert(address(&symbol));
    }
    let gp = globals.get(&b"__global_pointer$"[..]).copied();
    let local_symbols: Vec<(Vec<u8>, u32)> = file.symbols().filter(|symbol| symbol.is_local() && symbol.kind() != SymbolKind::File && symbol.index().0 != 0).map(|symbol| (symbol.name_bytes().unwrap_or(b"").to_vec(), address(&symbol))).collect();
    let image = Image { file, memory, gp, tls, globals };
    let _ = &image.file;
    let placed = placed(&map);
    let mut counts = Counts::default();
    let mut locals = local_symbols.into_iter();
    for path in objects {
        let bytes = std::fs::read(path).expect("read");
        let object = File::parse(&*bytes).expect("an object");
        let values = values(&image, &object, &mut locals);
        let mut checker = Checker { image: &image, object: &object, name: format!("{name}: {}", path.display()), values, counts: &mut counts };
        for section in object.sections() {
            let section_name = section.name().expect("a name");
            let Some(&base) = placed.get(&(path.display().to_string(), section_name.to_string())) else { continue };
            let object::SectionFlags::Elf { sh_flags, .. } = section.flags() else { continue };
            if sh_flags & elf::SHF_EXECINSTR == elf::SHF_EXECINSTR {
                checker.code(section.index(), base);
            } else if sh_flags & elf::SHF_ALLOC == elf::SHF_ALLOC {
                checker.data(section.index(), base);
            }
        }
        checker.strings();
    }
    counts
}

#[test]
fn every_relocated_instruction_means_what_its_object_says() {
    if !have("riscv64-unknown-elf-gcc") {
        return;
    }
    let mut strings = 0;
    for (name, flags) in [
        ("plain", &[][..]),
        ("sections", &["-ffunction-sections", "-fdata-sections"]),
        ("medany", &["-mcmodel=medany"]),
        ("pic", &["-fPIC", "-ftls-model=initial-exec"]),
        ("not compressed", &["-march=rv32ima", "-O1"]),
        ("large", &["-O0", "-fno-section-anchors"]),
        ("aligned", &["-falign-functions=32", "-falign-loops=16", "-falign-jumps=16"]),
    ] {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let objects = compile(folder.path(), flags);
        for relax in [true, false] {
            let counts = check(name, &objects, relax);
            assert!(counts.calls > 40 && counts.branches > 30 && counts.addresses + counts.dropped + counts.got > 20, "{name}: {counts:?}");
            assert!(counts.words >= 10, "{name}: {counts:?}");
            assert_eq!(relax, counts.short_calls > 0, "{name}: {counts:?}");
            assert!(relax || counts.dropped == 0, "{name}: {counts:?}");
            strings += counts.strings;
        }
    }
    assert!(strings > 50, "only {strings} strings in sections that are merged");
}

/// picolibc, as Debian installs it.
const LIBC: &str = "/usr/lib/picolibc/riscv64-unknown-elf/lib/release/rv32imac/ilp32/libc.a";

/// A program that needs much of a C library, and what the library leaves to it.
const USER: &str = "
        .globl  _start, stdin, stdout, stderr, _exit, __heap_start, __heap_end
_start: la      a0, table
        tail    _start
_exit:  j       _exit
        .data
stdin:
stdout:
stderr: .word   0
__heap_start:
        .zero   64
__heap_end:
table:  .word   printf, scanf, strtod, strtoll, strtoull, snprintf, qsort, bsearch, malloc, realloc, calloc, free, memmem, strstr, strtok, strcasecmp
        .word   sin, cos, tan, asin, acos, atan2, sinh, cosh, tanh, exp, log, log10, pow, fmod, cbrt, erf, lgamma, tgamma, j0, y1, hypot, floor, rint
        .word   sinf, cosf, tanf, expf, logf, powf, fmodf, cbrtf, erff, lgammaf, hypotf, frexp, ldexp, modf, fma, nextafter, remquo
        .word   asctime, gmtime, mktime, strftime, rand, srand, random, setlocale, wcstombs, mbstowcs, towupper, iswalpha, wcscmp, hcreate, hsearch, tsearch
";

#[test]
fn every_relocated_instruction_of_a_c_library_means_what_its_object_says() {
    if !have("riscv64-unknown-elf-gcc") || !have("riscv64-unknown-elf-ar") {
        return;
    }
    if !Path::new(LIBC).is_file() {
        assert!(std::env::var("HVKIT_REQUIRE_PEERS").as_deref() != Ok("1"), "picolibc is not installed");
        println!("skipped: picolibc is not installed");
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (source, user) = (folder.path().join("user.s"), folder.path().join("user.o"));
    std::fs::write(&source, USER).expect("written");
    run(Command::new("riscv64-unknown-elf-gcc").args(["-march=rv32imac", "-mabi=ilp32", "-c"]).arg(&source).arg("-o").arg(&user));
    // Which members it takes; then these as objects, so that they can be read beside the image.
    let (_, map) = link("picolibc", std::slice::from_ref(&user), &[LIBC.into(), libgcc()], true);
    let members: BTreeSet<String> = placed(&map).into_keys().filter_map(|(object, _)| Some(object.strip_prefix(LIBC)?.strip_prefix('(')?.strip_suffix(')')?.to_string())).collect();
    assert!(members.len() > 120, "only {} members of the library", members.len());
    run(Command::new("riscv64-unknown-elf-ar").arg("x").arg(LIBC).args(&members).current_dir(folder.path()));
    let objects: Vec<PathBuf> = std::iter::once(user).chain(members.iter().map(|member| folder.path().join(member))).collect();
    for relax in [true, false] {
        let counts = check("picolibc", &objects, relax);
        println!("relax {relax}: {counts:?}");
        assert!(counts.calls > 2000 && counts.branches > 3000 && counts.addresses > 1000 && counts.words > 300, "{counts:?}");
        assert_eq!((relax, relax), (counts.short_calls > 1000, counts.dropped > 10), "{counts:?}");
    }
}
