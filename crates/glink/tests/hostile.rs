//! Objects and archives of which bytes were changed: an error or an image, never a panic, a hang or
//! more memory than inputs of that size can need.

mod common;

use common::have;
use glink::{Format, InputSpec, Options};
use host::{FileData, Identity, MemoryHost};
use object::{Object, ObjectSection, ObjectSymbol};
use proptest::prelude::*;
use std::process::Command;
use std::sync::OnceLock;

/// What is damaged: objects of GNU as with all that makes linking hard, and our own library.
fn victims() -> &'static [(String, Vec<u8>)] {
    static VICTIMS: OnceLock<Vec<(String, Vec<u8>)>> = OnceLock::new();
    VICTIMS.get_or_init(|| {
        let mut victims = Vec::new();
        #[cfg(feature = "program")]
        victims.push(("libhv.a".to_string(), guest_lib::LIBHV_A.to_vec()));
        if have("riscv64-unknown-elf-gcc") {
            let folder = tempfile::tempdir().expect("a temporary folder");
            for (flags, name) in [(&["-O1", "-g"][..], "debug"), (&["-O2", "-fPIC", "-ffunction-sections", "-ftls-model=initial-exec"], "pic")] {
                for object in common::compile(folder.path(), flags) {
                    let file = object.file_name().expect("a name").to_string_lossy().into_owned();
                    victims.push((format!("{name}-{file}"), std::fs::read(&object).expect("read")));
                }
            }
            let archive = folder.path().join("all.a");
            common::run(Command::new("riscv64-unknown-elf-ar").arg("rcs").arg(&archive).args(["sort.o", "strings.o", "tables.o"].map(|name| folder.path().join(name))));
            victims.push(("all.a".to_string(), std::fs::read(&archive).expect("read")));
        }
        victims
    })
}

fn link(files: &[(String, Vec<u8>)], options: &Options) {
    let identity = Identity { device: 0, inode: 0 };
    let specs: Vec<InputSpec> = std::iter::once(InputSpec::WholeArchive(true))
        .chain(files.iter().map(|(name, bytes)| InputSpec::Bytes { name: name.clone(), data: FileData::new(bytes.clone(), identity) }))
        .collect();
    let mut sources = diag::Sources::new();
    let linked = glink::link(&specs, options, &mut sources, &mut MemoryHost::new());
    let total: usize = files.iter().map(|(_, bytes)| bytes.len()).sum();
    if let Some(image) = &linked.image {
        assert!(image.len() < total * 64 + (200 << 20), "an image of {} bytes from {total}", image.len());
    }
    assert!(linked.image.is_some() || !linked.diagnostics.is_empty(), "no image, and no word why");
    // Messages about damaged files are shown too.
    let _ = diag::render_text(&sources, &linked.diagnostics, false);
}

/// A change to some bytes.
#[derive(Clone, Debug)]
enum Change {
    Set(prop::sample::Index, u8),
    Flip(prop::sample::Index, u8),
    Word(prop::sample::Index, u32),
    Cut(prop::sample::Index),
    Swap(prop::sample::Index, prop::sample::Index, usize),
}

fn change() -> impl Strategy<Value = Change> {
    let word = prop_oneof![Just(0), Just(1), Just(u32::MAX), Just(0x7fff_ffff), Just(0x8000_0000), Just(0xffff_fff0), any::<u32>()];
    prop_oneof![
        4 => (any::<prop::sample::Index>(), any::<u8>()).prop_map(|(at, byte)| Change::Set(at, byte)),
        4 => (any::<prop::sample::Index>(), 0u8..8).prop_map(|(at, bit)| Change::Flip(at, bit)),
        4 => (any::<prop::sample::Index>(), word).prop_map(|(at, word)| Change::Word(at, word)),
        1 => any::<prop::sample::Index>().prop_map(Change::Cut),
        2 => (any::<prop::sample::Index>(), any::<prop::sample::Index>(), 1usize..64).prop_map(|(a, b, length)| Change::Swap(a, b, length)),
    ]
}

fn damage(bytes: &mut Vec<u8>, changes: &[Change]) {
    for change in changes {
        if bytes.is_empty() {
            return;
        }
        let length = bytes.len();
        match change {
            Change::Set(at, byte) => bytes[at.index(length)] = *byte,
            Change::Flip(at, bit) => bytes[at.index(length)] ^= 1 << bit,
            Change::Word(at, word) => {
                let at = at.index(length) & !3;
                let end = (at + 4).min(length);
                bytes[at..end].copy_from_slice(&word.to_le_bytes()[..end - at]);
            }
            Change::Cut(at) => bytes.truncate(at.index(length)),
            Change::Swap(a, b, count) => {
                let (a, b) = (a.index(length), b.index(length));
                for offset in 0..*count {
                    if a + offset < length && b + offset < length {
                        bytes.swap(a + offset, b + offset);
                    }
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn damaged_inputs_are_errors_or_images(
        victim in any::<prop::sample::Index>(),
        partner in any::<prop::sample::Index>(),
        changes in prop::collection::vec(change(), 1..12),
        relax in any::<bool>(),
        gc_sections in any::<bool>(),
        format in 0..3,
        relocatable in any::<bool>(),
    ) {
        let victims = victims();
        if victims.is_empty() {
            return Ok(());
        }
        let mut victim = victims[victim.index(victims.len())].clone();
        damage(&mut victim.1, &changes);
        let partner = victims[partner.index(victims.len())].clone();
        let format = [Format::Elf, Format::Binary, Format::Ihex][format as usize].into();
        let options = Options { entry: Some("0x80000000".into()), relax, gc_sections, format, relocatable, map: true, cross_references: true, ..Options::default() };
        link(&[victim, partner], &options);
    }
}

/// Damage where it hurts most: the headers, every word of them in turn.
#[test]
fn every_header_word_may_be_wrong() {
    let options = Options { entry: Some("0x80000000".into()), map: true, ..Options::default() };
    for (name, bytes) in victims().iter().filter(|(name, _)| name.ends_with("tables.o") || name.ends_with("start.o")) {
        let table = u32::from_le_bytes([bytes[32], bytes[33], bytes[34], bytes[35]]) as usize;
        for at in (0..52).step_by(2).chain((table..bytes.len()).step_by(4)) {
            for value in [0u32, 1, 0xffff_ffff, 0x8000_0000, 0x0fff_fff0] {
                let mut changed = bytes.clone();
                let end = (at + 4).min(changed.len());
                changed[at..end].copy_from_slice(&value.to_le_bytes()[..end - at]);
                link(&[(name.clone(), changed)], &options);
            }
        }
    }
}

/// Every script of the tests, and the built-in layout.
fn scripts() -> Vec<Vec<u8>> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scripts");
    let files = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let mut scripts: Vec<_> = files.filter(|path| path.extension().is_some_and(|e| e == "ld")).collect();
    scripts.sort();
    let read = scripts.into_iter().map(|path| std::fs::read(path).expect("read"));
    read.chain([glink::DEFAULT_SCRIPT.as_bytes().to_vec()]).collect()
}

fn link_with_script(script: &[u8], objects: &[(String, Vec<u8>)]) -> glink::Linked {
    link_with(script, objects, false)
}

/// Links by a script in the language of GNU ld or, if that is asked for, of the MRI linker.
fn link_with(script: &[u8], objects: &[(String, Vec<u8>)], mri: bool) -> glink::Linked {
    let identity = Identity { device: 0, inode: 0 };
    let specs: Vec<InputSpec> = objects.iter().map(|(name, bytes)| InputSpec::Bytes { name: name.clone(), data: FileData::new(bytes.clone(), identity) }).collect();
    let (scripts, mri_scripts) = if mri { (vec![], vec!["k.ld".into()]) } else { (vec!["k.ld".into()], vec![]) };
    let options = Options { entry: Some("0x80000000".into()), scripts, mri_scripts, map: true, memory_usage: true, ..Options::default() };
    let mut sources = diag::Sources::new();
    let mut host = MemoryHost::new().with_file("k.ld", script.to_vec());
    let linked = glink::link(&specs, &options, &mut sources, &mut host);
    assert!(linked.image.is_some() || !linked.diagnostics.is_empty(), "no image, and no word why");
    let _ = diag::render_text(&sources, &linked.diagnostics, false);
    linked
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn damaged_scripts_are_errors_or_images(
        script in any::<prop::sample::Index>(),
        victim in any::<prop::sample::Index>(),
        changes in prop::collection::vec(change(), 0..4),
        lines in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 0..6),
    ) {
        let scripts = scripts();
        let mut text = scripts[script.index(scripts.len())].clone();
        damage(&mut text, &changes);
        // Lines change places: most of what comes out can be read, and means something else.
        let mut rows: Vec<Vec<u8>> = text.split(|&b| b == b'\n').map(<[u8]>::to_vec).collect();
        for (a, b) in lines {
            let (a, b) = (a.index(rows.len()), b.index(rows.len()));
            rows.swap(a, b);
        }
        let victims = victims();
        let objects = if victims.is_empty() { Vec::new() } else { vec![victims[victim.index(victims.len())].clone()] };
        link_with_script(&rows.join(&b'\n'), &objects);
    }
}

const MRI: &str = "* all commands\nORDER .text, .data .bss\nSECT .text = $1000 ; here\nSECT .data,2000h\nBASE 101b\nALIGN .data = 8\nALIGNMOD .text=4\nALIAS .data, .rodata\nABSOLUTE .text,.data\n\
PUBLIC one = # on\n 1 + (2 * 3)\nEXTERN two, three\nSTART one\nLIST x\nCASE a\nCHIP b\nTRUNCATE 8\nEND\nNAME x\nFORMAT S\nLOAD k.ld\nINCLUDE k.ld\n";

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn damaged_mri_scripts_are_errors_or_images(
        victim in any::<prop::sample::Index>(),
        changes in prop::collection::vec(change(), 0..6),
        lines in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 0..6),
        left_out in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
    ) {
        let mut rows: Vec<Vec<u8>> = MRI.split('\n').map(|row| row.as_bytes().to_vec()).collect();
        for (a, b) in lines {
            let (a, b) = (a.index(rows.len()), b.index(rows.len()));
            rows.swap(a, b);
        }
        left_out.iter().for_each(|row| rows[row.index(22)].clear());
        let mut text = rows.join(&b'\n');
        damage(&mut text, &changes);
        let victims = victims();
        let objects = if victims.is_empty() { Vec::new() } else { vec![victims[victim.index(victims.len())].clone()] };
        link_with(&text, &objects, true);
    }
}

#[test]
fn mri_scripts_and_inputs_without_end_are_errors() {
    let said = |script: &str| link_with(script.as_bytes(), &[], true).diagnostics.iter().map(|diagnostic| (diagnostic.code.id, diagnostic.message.clone())).collect::<Vec<_>>();
    for script in ["INCLUDE k.ld", "PUBLIC x=1 +", "SECT", "SECT .x", "ALIAS .x", "\u{e9}", "ORDER \u{e9},,"] {
        assert_eq!(said(script).first().map(|(code, _)| *code), Some("E0507"), "{script}");
    }
    assert_eq!(said(&format!("PUBLIC x={}1{}", "(".repeat(50_000), ")".repeat(50_000)))[0].0, "E0507");
    // Scripts among the inputs that name each other.
    let mut host = MemoryHost::new().with_file("a", "INPUT(b b b b b b b b)").with_file("b", "INPUT(c c c c c c c c)").with_file("c", "GROUP(a)").with_file("d", "INPUT(d)");
    for start in 1..=40 {
        host = host.with_file(format!("n{start}"), format!("INPUT(n{})", start + 1));
    }
    // Few files that name each other without a ring, more often than can be read.
    for level in 0..12 {
        host = host.with_file(format!("m{level}"), format!("INPUT({})", format!("m{} ", level + 1).repeat(10)));
        host = host.with_file(format!("i{level}"), format!("INCLUDE i{}\n", level + 1).repeat(10));
    }
    host = host.with_file("m12", "x = 1;").with_file("i12", "x = 1;");
    for start in ["a", "d", "n1", "m0", "i0"] {
        let linked = glink::link(&[InputSpec::File(start.into())], &Options::default(), &mut diag::Sources::new(), &mut host);
        assert_eq!(linked.diagnostics[0].code.id, "E0507", "{start}: {}", linked.diagnostics[0].message);
    }
}

/// The codes of what a script leads to.
fn codes_of(script: &str) -> Vec<&'static str> {
    link_with_script(script.as_bytes(), &[]).diagnostics.iter().map(|diagnostic| diagnostic.code.id).collect()
}

#[test]
fn scripts_without_end_are_errors() {
    assert_eq!(codes_of("INCLUDE k.ld"), ["E0507"]);
    assert_eq!(codes_of("a = b + 4; b = a + 4;"), ["E0508"]);
    assert_eq!(codes_of("SECTIONS { .a : { LONG(1) . = x; } x = ADDR(.b) + 4; .b : { LONG(1) } }"), ["E0508"]);
    assert_eq!(codes_of(&format!("a = {}1{};", "(".repeat(50_000), ")".repeat(50_000))), ["E0507"]);
    assert_eq!(codes_of(&format!("a = 0{};", " + 1".repeat(200))), Vec::<&str>::new());
    assert_eq!(codes_of(&format!("a = 0{};", " + 1".repeat(20_000))), ["E0507"]);
    assert_eq!(codes_of("SECTIONS { .a 0x80000000 : { . += 0xf0000000; LONG(1) } }"), ["E0514"]);
    assert_eq!(codes_of("SECTIONS { .a 0x80000000 : { LONG(1) . = ALIGN(0x80000000); LONG(1) } }").first(), Some(&"E0514"));
    assert_eq!(codes_of("a = 1 / (2 - 2);"), ["E0508"]);
}

/// An object written by hand: many sections of a few bytes, many symbols.
fn large_object(sections: u32, symbols: u32) -> Vec<u8> {
    let mut names = b"\0.symtab\0.strtab\0.shstrtab\0.symtab_shndx\0.text.".to_vec();
    let mut name_offsets = Vec::new();
    for section in 0..sections {
        name_offsets.push(names.len() as u32);
        names.extend_from_slice(format!(".text.f{section}\0").as_bytes());
    }
    let mut strings = vec![0];
    let (mut table, mut extended) = (vec![0u8; 16], vec![0u8; 4]);
    for symbol in 0..symbols {
        let section = 1 + symbol % sections;
        table.extend_from_slice(&(strings.len() as u32).to_le_bytes());
        table.extend_from_slice(&[0; 8]);
        // STB_GLOBAL; SHN_XINDEX: the section's number is in the other table.
        table.extend_from_slice(&[0x10, 0, 0xff, 0xff]);
        extended.extend_from_slice(&section.to_le_bytes());
        strings.extend_from_slice(format!("symbol_{symbol}\0").as_bytes());
    }
    let count = sections + 5;
    let mut file = vec![0u8; 52];
    let mut headers: Vec<[u32; 10]> = vec![[0, 0, 0, 0, 0, count, count - 1, 0, 0, 0]];
    for name in name_offsets {
        headers.push([name, 1, 6, 0, file.len() as u32, 2, 0, 0, 2, 0]);
        // c.nop
        file.extend_from_slice(&[1, 0]);
    }
    for (name, kind, link, info, entry, bytes) in [(1u32, 2u32, sections + 2, 1u32, 16u32, &table), (9, 3, 0, 0, 0, &strings), (27, 18, sections + 1, 0, 4, &extended), (17, 3, 0, 0, 0, &names)] {
        file.resize(file.len().next_multiple_of(4), 0);
        headers.push([name, kind, 0, 0, file.len() as u32, bytes.len() as u32, link, info, 4, entry]);
        file.extend_from_slice(bytes);
    }
    file.resize(file.len().next_multiple_of(4), 0);
    let at = file.len() as u32;
    file.extend(headers.iter().flatten().flat_map(|word| word.to_le_bytes()));
    file[..20].copy_from_slice(&[0x7f, b'E', b'L', b'F', 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 243, 0]);
    file[20] = 1;
    file[32..36].copy_from_slice(&at.to_le_bytes());
    file[40] = 52;
    file[46] = 40;
    // More sections than the header counts: the number is in the first section's header.
    file[50..52].copy_from_slice(&[0xff, 0xff]);
    file
}

#[test]
fn a_million_symbols_and_a_hundred_thousand_sections() {
    let identity = Identity { device: 0, inode: 0 };
    let object = large_object(100_000, 1_000_000);
    for relocatable in [false, true] {
        let options = Options { entry: Some("symbol_0".into()), relocatable, ..Options::default() };
        let specs = [InputSpec::Bytes { name: "large.o".into(), data: FileData::new(object.clone(), identity) }];
        let mut sources = diag::Sources::new();
        let started = std::time::Instant::now();
        let linked = glink::link(&specs, &options, &mut sources, &mut MemoryHost::new());
        let text = diag::render_text(&sources, &linked.diagnostics, false);
        let image = linked.image.unwrap_or_else(|| panic!("{text}"));
        assert!(image.len() > 16 * 1_000_000, "every symbol is in the image");
        if relocatable {
            // More sections than the fields of the format count: each symbol still finds its own.
            let file = object::read::elf::ElfFile32::<object::LittleEndian>::parse(&*image).expect("an object");
            let symbol = file.symbols().find(|symbol| symbol.name() == Ok("symbol_199998")).expect("the symbol");
            let section = file.section_by_index(symbol.section_index().expect("a section")).expect("its section");
            assert_eq!(section.name(), Ok(".text.f99998"));
        }
        assert!(started.elapsed().as_secs() < 60, "{:?}", started.elapsed());
    }
}

#[test]
fn archives_that_lie_are_errors() {
    let member = |name: &str, size: &str, bytes: &[u8]| [format!("{name:<16}{:<12}{:<6}{:<6}{:<8}{size:<10}`\n", 0, 0, 0, 644).as_bytes(), bytes].concat();
    let archive = |members: &[Vec<u8>]| [b"!<arch>\n".to_vec(), members.concat()].concat();
    let table = |offset: u32| [1u32.to_be_bytes().to_vec(), offset.to_be_bytes().to_vec(), b"main\0\0\0\0".to_vec()].concat();
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("a member larger than the file", archive(&[member("/", "16", &table(84)), member("x.o/", "999999", b"abcd")])),
        ("a size that is no number", archive(&[member("/", "16", &table(84)), member("x.o/", "many", b"abcd")])),
        ("a table that counts to four thousand million", archive(&[member("/", "16", &[&u32::MAX.to_be_bytes()[..], &[0; 12]].concat())])),
        ("an offset outside", archive(&[member("/", "16", &table(0x7fff_ffff)), member("x.o/", "4", b"abcd")])),
        ("an offset between members", archive(&[member("/", "16", &table(90)), member("x.o/", "4", b"abcd")])),
        ("the table as its own member", archive(&[member("/", "16", &table(8))])),
        ("an archive in an archive", archive(&[member("/", "16", &table(84)), member("x.a/", "8", b"!<arch>\n")])),
        ("no magic's end", b"!<arch>".to_vec()),
        ("thin, and naming itself", [b"!<thin>\n".to_vec(), member("self.a/", "8", b"")].concat()),
    ];
    for (what, bytes) in cases {
        let specs = [InputSpec::GroupStart, InputSpec::File("self.a".into()), InputSpec::File("self.a".into()), InputSpec::GroupEnd];
        let options = Options { entry: Some("main".into()), ..Options::default() };
        let mut sources = diag::Sources::new();
        let linked = glink::link(&specs, &options, &mut sources, &mut MemoryHost::new().with_file("self.a", bytes));
        assert!(linked.image.is_none() && !linked.diagnostics.is_empty(), "{what}");
        let text = diag::render_text(&sources, &linked.diagnostics, false);
        assert!(text.contains("E05"), "{what}: {text}");
    }
}

/// An object's parts by offset, for writing lies into it.
struct Liar {
    bytes: Vec<u8>,
}

impl Liar {
    fn word(&self, at: usize) -> usize {
        u32::from_le_bytes(self.bytes[at..at + 4].try_into().expect("four bytes")) as usize
    }

    fn put(&mut self, at: usize, value: u32) {
        self.bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
    }

    /// Where the header of the first section of this type and name is; its fields are words.
    fn header(&self, kind: u32, name: &str) -> usize {
        let (table, count, names) = (self.word(32), self.bytes[48] as usize, self.bytes[50] as usize);
        let names = self.word(table + 40 * names + 16);
        let is_it = |at: &usize| {
            let text = &self.bytes[names + self.word(*at)..];
            self.word(at + 4) == kind as usize && text.starts_with(name.as_bytes()) && text[name.len()] == 0
        };
        (0..count).map(|index| table + 40 * index).find(is_it).unwrap_or_else(|| panic!("the object has no {name}"))
    }

    /// Where the contents of a section are.
    fn contents(&self, kind: u32, name: &str) -> usize {
        self.word(self.header(kind, name) + 16)
    }
}

const PROGBITS: u32 = 1;
const SYMTAB: u32 = 2;
const STRTAB: u32 = 3;
const RELA: u32 = 4;
const NOBITS: u32 = 8;
const GROUP: u32 = 17;

#[test]
fn objects_that_lie_are_errors() {
    if !have("riscv64-unknown-elf-as") {
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (source, object) = (folder.path().join("a.s"), folder.path().join("a.o"));
    let text = " .globl _start\n_start: call far_away\n la a0, table\n ret\n .globl far_away\nfar_away: ret\n .data\ntable: .word _start, table\n .bss\n .zero 8\n .section .text.g,\"axG\",@progbits,key,comdat\n .weak key\nkey: ret\n";
    std::fs::write(&source, text).expect("written");
    common::run(Command::new("riscv64-unknown-elf-as").args(["-march=rv32imac", "-mabi=ilp32"]).arg(&source).arg("-o").arg(&object));
    let honest = Liar { bytes: std::fs::read(&object).expect("read") };
    type Lie = fn(&mut Liar);
    // What is said, what the message must hold, the lie.
    let cases: &[(&str, &str, Lie)] = &[
        ("a relocation outside its section", "E0505", |o| o.put(o.contents(RELA, ".rela.text"), 0x7fff_fff0)),
        ("a relocation over its section's end", "E0505", |o| o.put(o.contents(RELA, ".rela.data"), 6)),
        ("a relocation with a symbol that is not there", "E0505", |o| o.put(o.contents(RELA, ".rela.text") + 4, 0x00ff_ff13)),
        ("a relocation of no known type", "250", |o| o.put(o.contents(RELA, ".rela.data") + 4, o.word(o.contents(RELA, ".rela.data") + 4) as u32 & !0xff | 250)),
        ("relocations for a section that is not there", "E0505", |o| o.put(o.header(RELA, ".rela.text") + 28, 4000)),
        ("relocations of a size that is no multiple", "E0505", |o| o.put(o.header(RELA, ".rela.text") + 20, 13)),
        ("a string table without NUL", "E0505", |o| {
            let header = o.header(STRTAB, ".strtab");
            let (at, size) = (o.word(header + 16), o.word(header + 20));
            o.bytes[at..at + size].fill(b'x');
        }),
        ("a name outside the strings", "E0505", |o| o.put(o.contents(SYMTAB, ".symtab") + 16 * (o.word(o.header(SYMTAB, ".symtab") + 28)), 0xffff_0000)),
        ("a section of 4 GiB", "E0505", |o| o.put(o.header(PROGBITS, ".text") + 20, 0xffff_ffff)),
        ("a section behind the file's end", "E0505", |o| o.put(o.header(PROGBITS, ".data") + 16, 0x7fff_ffff)),
        ("zeroed memory of 4 GiB", "E0514", |o| o.put(o.header(NOBITS, ".bss") + 20, 0xffff_fffc)),
        ("a symbol in a section that is not there", "E0505", |o| {
            let symbol = o.contents(SYMTAB, ".symtab") + 16 * o.word(o.header(SYMTAB, ".symtab") + 28);
            o.bytes[symbol + 14..symbol + 16].copy_from_slice(&[0xf0, 0]);
        }),
        ("an alignment that is no power of two", "E0505", |o| o.put(o.header(PROGBITS, ".data") + 32, 3)),
        ("a group with a member that is not there", "E0505", |o| o.put(o.contents(GROUP, ".group") + 4, 4000)),
        ("a group whose key is not there", "E0505", |o| o.put(o.header(GROUP, ".group") + 28, 4000)),
        ("more local symbols than symbols", "E0505", |o| o.put(o.header(SYMTAB, ".symtab") + 28, 4000)),
        ("more sections than the file holds", "E0505", |o| o.bytes[48..50].copy_from_slice(&[0xff, 0xfe])),
    ];
    let link = |bytes: &[u8]| {
        let specs = [InputSpec::Bytes { name: "a.o".into(), data: FileData::new(bytes.to_vec(), Identity { device: 0, inode: 0 }) }];
        let mut sources = diag::Sources::new();
        let linked = glink::link(&specs, &Options::default(), &mut sources, &mut MemoryHost::new());
        (linked.image.is_some(), diag::render_text(&sources, &linked.diagnostics, false))
    };
    let (links, text) = link(&honest.bytes);
    assert!(links, "{text}");
    let mut wrong = String::new();
    for (what, part, lie) in cases {
        let mut liar = Liar { bytes: honest.bytes.clone() };
        lie(&mut liar);
        let (links, text) = link(&liar.bytes);
        if links || !text.contains(part) || !text.contains("a.o") {
            wrong += &format!("{what}: {}{text}\n", if links { "it links! " } else { "" });
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn scripts_that_contradict_themselves_are_errors() {
    assert_eq!(codes_of("MEMORY { r : ORIGIN = 0, LENGTH = 1 } REGION_ALIAS(\"*default*\", r)"), ["E0507"]);
    assert_eq!(codes_of("MEMORY { r : ORIGIN = 0, LENGTH = 1 } REGION_ALIAS(\"other\", nowhere)"), ["E0507"]);
    assert_eq!(codes_of("MEMORY { r : ORIGIN = 0, LENGTH = 1 r : ORIGIN = 8, LENGTH = 1 }"), ["E0507"]);
    assert_eq!(codes_of("PHDRS { a PT_LOAD; b PT_LOAD FILEHDR PHDRS; }"), ["E0507"]);
    assert_eq!(codes_of("MEMORY { INCLUDE nowhere.x }"), ["E0501"]);
    assert_eq!(codes_of("SECTIONS { .a : { INCLUDE k.ld } }"), ["E0507"]);
    assert_eq!(codes_of("a = a + 1;"), ["E0508"]);
    assert_eq!(codes_of("SECTIONS { . = -1; .a : { BYTE(1) QUAD(2) } }"), ["E0514"], "behind the last address of all");
    assert_eq!(codes_of("PHDRS { p PT_LOAD; } SECTIONS { .a 0x1000 : { BYTE(1) } :p .b 0x80000000 : { BYTE(1) } :p }"), ["E0514"], "2 GiB of file");
    assert_eq!(codes_of("OVERLAY : { .a { BYTE(1) } }"), ["E0507"], "an overlay stands in SECTIONS");
}

/// The child's part of the next test: a script that nests as deep as is allowed, with a row of operators in each
/// parenthesis, is linked on a thread whose stack is no larger than other programs give theirs.
#[test]
fn deep_expressions_are_computed_in_little_stack() {
    const CHILD: &str = "GLINK_TEST_DEEP_EXPRESSIONS";
    if std::env::var_os(CHILD).is_none() {
        let test = std::env::current_exe().expect("this program");
        let status = Command::new(test).args(["--exact", "deep_expressions_are_computed_in_little_stack", "--nocapture"]).env(CHILD, "1").status().expect("runs");
        assert!(status.success(), "the stack was exhausted: {status}");
        return;
    }
    let operators = ["*", "+", "-", "<<", ">>", "<", "<=", "==", "!=", "&", "|", "&&", "||"];
    let row: String = operators.iter().cycle().take(200).map(|operator| format!(" 1 {operator}")).collect();
    let nested = (0..60).fold("1".to_string(), |inner, _| format!("({row} {inner} ? {inner_short} : 2)", inner_short = if inner.len() < 4096 { inner.clone() } else { "3".into() }));
    let scripts = [
        format!("a = {nested};"),
        format!("a = {}1{};", format!("({row} ").repeat(60), ")".repeat(60)),
        format!("a = {}1;", "~!-".repeat(20)),
        format!("SECTIONS {{ .a {}1{} : {{ LONG({row} 1) }} =MAX({row} 1, 2) }}", "MAX(1, ".repeat(60), ")".repeat(60)),
        format!("a = {}1;", "1 + ".repeat(100_000)),
    ];
    for script in scripts {
        let link = move || {
            link_with_script(script.as_bytes(), &[]);
        };
        std::thread::Builder::new().stack_size(1 << 20).spawn(link).expect("a thread").join().expect("no panic");
    }
}
