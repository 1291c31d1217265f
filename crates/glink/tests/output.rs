//! What the output says of itself, read by code that shares nothing with the writer: notes, relocations that stay, compressed debug
//! sections, groups. The objects are made by GNU as.

mod common;

use common::{have, run};
use glink::{BuildId, Compress, InputSpec, Options};
use host::{FileData, Identity, OsHost};
use object::read::elf::{ElfFile32, ProgramHeader, SectionHeader};
use object::{LittleEndian, Object, ObjectSection, ObjectSymbol, elf};
use std::process::Command;

type File<'a> = ElfFile32<'a, LittleEndian>;

/// Assembles each text to an object.
fn assemble(texts: &[&str], flags: &[&str]) -> Vec<Vec<u8>> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (source, object) = (folder.path().join("a.s"), folder.path().join("a.o"));
    let make = |text: &&str| {
        std::fs::write(&source, text).expect("written");
        run(Command::new("riscv64-unknown-elf-as").args(["-march=rv32imac", "-mabi=ilp32"]).args(flags).arg(&source).arg("-o").arg(&object));
        std::fs::read(&object).expect("an object")
    };
    texts.iter().map(make).collect()
}

fn bytes_input(bytes: Vec<u8>) -> InputSpec {
    InputSpec::Bytes { name: "x.o".into(), data: FileData::new(bytes, Identity { device: 0, inode: 0 }) }
}

/// Links objects; the messages, if that fails.
fn link(objects: &[Vec<u8>], options: &Options) -> Result<Vec<u8>, String> {
    let specs: Vec<InputSpec> = objects.iter().cloned().map(bytes_input).collect();
    let mut sources = diag::Sources::new();
    let linked = glink::link(&specs, options, &mut sources, &mut OsHost::new());
    let messages = diag::render_text(&sources, &linked.diagnostics, false);
    linked.image.ok_or(messages)
}

fn parse(bytes: &[u8]) -> File<'_> {
    File::parse(bytes).expect("an ELF file")
}

fn section<'a>(file: &File<'a>, name: &str) -> Option<Vec<u8>> {
    let section = file.section_by_name(name)?;
    Some(section.data().expect("contents").to_vec())
}

const START: &str = ".globl _start\n_start: call f\nlui a0, %hi(x)\nlw a0, %lo(x)(a0)\nlla a1, y\nj .\n.globl f\nf: ret\n.data\nx: .word f\n.section .far, \"aw\"\n.skip 0x2000\ny: .word 1\n";

#[test]
fn the_build_id_is_the_files() {
    if !have("riscv64-unknown-elf-as") {
        return;
    }
    let objects = assemble(&[START], &[]);
    let id = |style: &str, objects: &[Vec<u8>]| {
        let options = Options { build_id: Some(BuildId::parse(style).expect("a style")), ..Options::default() };
        let image = link(objects, &options).expect("linked");
        let file = parse(&image);
        assert!(file.elf_program_headers().iter().any(|header| header.p_type(LittleEndian) == elf::PT_NOTE && header.p_vaddr(LittleEndian) != 0), "{style}: a segment leads to the note");
        file.build_id().expect("notes").expect("the note").to_vec()
    };
    assert_eq!(id("0x0123456789", &objects), [1, 0x23, 0x45, 0x67, 0x89]);
    assert_eq!((id("sha1", &objects).len(), id("md5", &objects).len()), (20, 16));
    assert_eq!(id("sha1", &objects), id("sha1", &objects));
    let others = assemble(&[&START.replace(".word 1", ".word 2")], &[]);
    assert_ne!(id("sha1", &objects), id("sha1", &others));
    assert_ne!(id("uuid", &objects), id("uuid", &objects));
}

/// With `--emit-relocs` each relocation, applied to the image by what it says, gives what is there.
#[test]
fn relocations_that_stay_fit_the_image() {
    if !have("riscv64-unknown-elf-as") {
        return;
    }
    let objects = assemble(&[START], &[]);
    for relax in [true, false] {
        let image = link(&objects, &Options { emit_relocs: true, relax, ..Options::default() }).expect("linked");
        let file = parse(&image);
        let text = file.section_by_name(".text").expect("code");
        let word = |address: u64| {
            let at = (address - text.address()) as usize;
            u32::from_le_bytes(text.data().expect("code")[at..at + 4].try_into().expect("a word"))
        };
        let mut seen = Vec::new();
        for (address, relocation) in text.relocations() {
            let object::RelocationFlags::Elf { r_type } = relocation.flags() else { panic!("not ELF") };
            let object::RelocationTarget::Symbol(symbol) = relocation.target() else { panic!("no symbol") };
            let symbol = file.symbol_by_index(symbol).expect("a symbol");
            let value = (symbol.address() as u32).wrapping_add(relocation.addend() as u32);
            let distance = value.wrapping_sub(address as u32);
            let insn = word(address);
            match r_type {
                elf::R_RISCV_CALL_PLT => assert_eq!((distance.wrapping_add(0x800)) >> 12, insn >> 12),
                elf::R_RISCV_RVC_JUMP => assert!(matches!(insn & 0xe003, 0x2001 | 0xa001), "c.jal, c.j"),
                elf::R_RISCV_HI20 => assert_eq!(value.wrapping_add(0x800) >> 12, insn >> 12),
                elf::R_RISCV_PCREL_HI20 => assert_eq!(distance.wrapping_add(0x800) >> 12, insn >> 12),
                elf::R_RISCV_LO12_I => assert_eq!(value & 0xfff, insn >> 20),
                // Of the symbol at the high part, whose target is not said here.
                elf::R_RISCV_PCREL_LO12_I => assert_eq!(word(u64::from(value)) & 0x7f, 0x17),
                // `gp`-relative.
                other => assert_eq!((other.0, insn >> 15 & 31), (47, 3), "{address:#x}"),
            }
            seen.push(r_type);
        }
        let has = |kind: elf::RelocationType| seen.contains(&kind);
        assert_eq!(has(elf::R_RISCV_CALL_PLT), !relax);
        assert!(has(elf::R_RISCV_PCREL_HI20) && has(elf::R_RISCV_PCREL_LO12_I), "{seen:?}");
        let data: Vec<_> = file.section_by_name(".data").expect("data").relocations().collect();
        assert_eq!(data.len(), 1);
    }
}

#[test]
fn local_names_can_be_made_unique() {
    if !have("riscv64-unknown-elf-as") {
        return;
    }
    let objects = assemble(&[START, ".text\nx: ret\n"], &[]);
    let image = link(&objects, &Options { unique_symbols: true, ..Options::default() }).expect("linked");
    let file = parse(&image);
    let symbols = file.symbols().filter(|symbol| symbol.kind() != object::SymbolKind::File);
    let names: Vec<String> = symbols.filter_map(|symbol| symbol.name().ok().map(str::to_string)).filter(|name| name.starts_with('x')).collect();
    assert_eq!(names, ["x.0", "x.1"]);
}

#[test]
fn debug_sections_are_expanded_and_compressed() {
    if !have("riscv64-unknown-elf-as") {
        return;
    }
    let text = format!("{START}.section .debug_str\n{}\n.section .debug_info\n.word x, y\n{}", ".asciz \"the same again\"\n".repeat(40), ".word 7\n".repeat(100));
    let plain = assemble(&[&text], &["--compress-debug-sections=none"]);
    let expected = link(&plain, &Options::default()).expect("linked");
    for form in ["zlib-gabi", "zlib-gnu"] {
        let objects = assemble(&[&text], &[&format!("--compress-debug-sections={form}")]);
        assert_ne!(objects, plain, "{form}: GNU as compresses");
        let image = link(&objects, &Options::default()).expect("linked");
        for name in [".debug_str", ".debug_info"] {
            assert_eq!(section(&parse(&image), name), section(&parse(&expected), name), "{form}: {name}");
        }
    }
    for (compress, relocatable) in [(Compress::Zlib, false), (Compress::Gnu, false), (Compress::Zlib, true)] {
        let image = link(&plain, &Options { compress, relocatable, ..Options::default() }).expect("linked");
        // Linked or read again, it is what it was.
        let again = if relocatable { link(std::slice::from_ref(&image), &Options::default()).expect("linked") } else { image.clone() };
        let name = if compress == Compress::Gnu { ".zdebug_info" } else { ".debug_info" };
        let file = parse(&image);
        let packed = file.section_by_name(name).expect("the section");
        assert!(packed.compressed_file_range().expect("a range").compressed_size < 400, "{compress:?}");
        if compress == Compress::Zlib && !relocatable {
            let header = packed.elf_section_header();
            assert_eq!(header.sh_flags(LittleEndian) & elf::SHF_COMPRESSED, elf::SHF_COMPRESSED);
        }
        if relocatable {
            assert_eq!(section(&parse(&again), ".debug_info"), section(&parse(&expected), ".debug_info"));
        }
    }
}

#[test]
fn groups_stay_together() {
    if !have("riscv64-unknown-elf-as") {
        return;
    }
    let objects = assemble(&[".section .text.f, \"axG\", @progbits, f_group\n.globl f\nf: ret\n.section .note.f, \"G\", @progbits, f_group\n.word 1\n.section .text.g, \"axG\", @progbits, g, comdat\n.globl g\ng: ret\n"], &[]);
    let groups = |options: &Options| {
        let object = link(&objects, options).expect("joined");
        let file = parse(&object);
        let headers: Vec<_> = file.elf_section_table().iter().filter(|header| header.sh_type(LittleEndian) == elf::SHT_GROUP).collect();
        headers.iter().map(|header| header.data_as_array::<u32, _>(LittleEndian, &*object).expect("words").to_vec()).collect::<Vec<_>>()
    };
    let kept = groups(&Options { relocatable: true, ..Options::default() });
    let sizes: Vec<(u32, usize)> = kept.iter().map(|words| (words[0], words.len() - 1)).collect();
    assert_eq!(sizes, [(0, 2), (elf::GRP_COMDAT.0, 1)]);
    assert!(groups(&Options { relocatable: true, force_group_allocation: true, ..Options::default() }).is_empty());
}

/// Notes of one alignment are one table, with a segment of its own.
#[test]
fn notes_of_an_alignment_share_a_segment() {
    if !have("riscv64-unknown-elf-as") {
        return;
    }
    let note = |name: &str, align: u32| format!(".section {name}, \"a\", @note\n.balign {align}\n.word 4, 8, 1\n.asciz \"GNU\"\n.quad 0\n.balign {align}\n");
    let text = format!("{START}{}{}{}", note(".note.a", 8), note(".note.b", 4), note(".note.c", 8));
    let image = link(&assemble(&[&text], &[]), &Options::default()).expect("linked");
    let file = parse(&image);
    let sizes: Vec<u32> = file.elf_program_headers().iter().filter(|header| header.p_type(LittleEndian) == elf::PT_NOTE && header.p_vaddr(LittleEndian) != 0).map(|header| header.p_filesz(LittleEndian)).collect();
    assert_eq!(sizes, [48, 24], "two of 8 bytes' alignment, one of 4");
}

/// A section that describes another is in the image if that one is.
#[test]
fn what_describes_a_section_goes_with_it() {
    if !have("riscv64-unknown-elf-as") {
        return;
    }
    let text = format!("{START}.section .text.used, \"ax\"\n.globl used\nused: ret\n.section .text.unused, \"ax\"\nret\n.section .sizes, \"o\", @progbits, .text.used\n.byte 1\n.section .sizes, \"o\", @progbits, .text.unused, unique, 1\n.byte 2\n");
    let objects = assemble(&[&text.replace("call f", "call used")], &[]);
    let image = link(&objects, &Options { gc_sections: true, ..Options::default() }).expect("linked");
    let file = parse(&image);
    assert_eq!(section(&file, ".sizes"), Some(vec![1]));
    let header = file.section_by_name(".sizes").expect("sizes").elf_section_header();
    assert_eq!(header.sh_link(LittleEndian), file.section_by_name(".text").expect("code").index().0 as u32);
    let tables = assemble(&[&format!("{START}.section __patchable_function_entries, \"aw\"\n.word f\n")], &[]);
    let refused = link(&tables, &Options { gc_sections: true, ..Options::default() }).expect_err("nobody can tell what needs it");
    assert!(refused.contains("need linked-to section for --gc-sections: `__patchable_function_entries`"), "{refused}");
    // A note stays of itself, but not one that describes what is gone.
    let notes = assemble(&[&format!("{START}.section .unused, \"ax\"\nret\n.section .note.of, \"o\", %note, .unused\n.word 2\n.section .note.free, \"\", %note\n.word 3\n")], &[]);
    let specs: Vec<InputSpec> = notes.into_iter().map(bytes_input).collect();
    let linked = glink::link(&specs, &Options { gc_sections: true, print_gc_sections: true, ..Options::default() }, &mut diag::Sources::new(), &mut OsHost::new());
    let messages: Vec<&str> = linked.diagnostics.iter().map(|diagnostic| diagnostic.message.as_str()).filter(|message| !message.contains("'.far'")).collect();
    assert_eq!(messages, ["removing unused section '.unused' in file 'x.o'", "removing unused section '.note.of' in file 'x.o'"]);
    assert_eq!(section(&parse(&linked.image.expect("linked")), ".note.free"), Some(vec![3, 0, 0, 0]));
}

/// Attributes name versions of the privileged architecture; the newest is the image's, and who differs is told.
#[test]
fn versions_of_the_privileged_architecture() {
    if !have("riscv64-unknown-elf-as") {
        return;
    }
    let version = |minor: u32| format!(".attribute priv_spec, 1\n.attribute priv_spec_minor, {minor}\n");
    let objects = assemble(&[&format!("{}{START}", version(10)), &format!("{}.globl other\nother: ret\n", version(12))], &[]);
    let specs: Vec<InputSpec> = objects.into_iter().map(bytes_input).collect();
    let linked = glink::link(&specs, &Options::default(), &mut diag::Sources::new(), &mut OsHost::new());
    let image = linked.image.expect("a warning is no error");
    let messages: Vec<&str> = linked.diagnostics.iter().map(|diagnostic| diagnostic.message.as_str()).collect();
    assert!(matches!(messages[..], [message] if message.contains("privileged spec version 1.12.0") && message.contains("1.10.0")), "{messages:?}");
    let attributes = section(&parse(&image), ".riscv.attributes").expect("attributes");
    assert!(attributes.ends_with(&[8, 1, 10, 12]), "priv_spec 1, minor 12: {attributes:?}");
}

/// Common entries of `.eh_frame` that are alike are one, and functions that are gone have no entry. What stays says the same as before.
#[test]
fn unwind_tables_are_joined() {
    if !have("riscv64-unknown-elf-as") {
        return;
    }
    let function = |name: &str, size: u32| format!(".section .text.{name}, \"ax\"\n.globl {name}\n{name}: .cfi_startproc\naddi sp, sp, -16\n.cfi_def_cfa_offset 16\n.skip {size}\nret\n.cfi_endproc\n");
    let first = format!("{START}{}{}", function("one", 4), function("gone", 8));
    let second = format!("{}{}", function("two", 12), function("three", 20));
    let objects = assemble(&[&first.replace("call f", "call one\ncall two\ncall three"), &second], &[]);
    let input: usize = objects.iter().map(|object| section(&parse(object), ".eh_frame").expect("frames").len()).sum();
    let image = link(&objects, &Options { gc_sections: true, ..Options::default() }).expect("linked");
    let file = parse(&image);
    let frames = file.section_by_name(".eh_frame").expect("frames");
    assert!(frames.size() < input as u64, "{} of {input}", frames.size());
    let (data, start) = (frames.data().expect("contents"), frames.address() as u32);
    let word = |at: usize| u32::from_le_bytes(data[at..at + 4].try_into().expect("a word"));
    let (mut at, mut cies, mut functions) = (0, Vec::new(), Vec::new());
    while at < data.len() && word(at) != 0 {
        match word(at + 4) {
            0 => cies.push(at),
            back => {
                assert_eq!(at + 4 - back as usize, cies[0], "every function's common entry");
                functions.push((start + at as u32 + 8).wrapping_add(word(at + 8)));
                assert_eq!(word(at + 12) % 2, 0);
            }
        }
        at += 4 + word(at) as usize;
    }
    assert_eq!(cies.len(), 1);
    let address = |name: &str| file.symbol_by_name(name).expect("a symbol").address() as u32;
    assert_eq!(functions, [address("one"), address("two"), address("three")]);
}

/// Symbols by name, with their values.
fn symbols(image: &[u8]) -> Vec<(String, u64)> {
    let file = parse(image);
    let mut symbols: Vec<(String, u64)> = file.symbols().filter(|symbol| symbol.is_global() && symbol.is_definition()).map(|symbol| (symbol.name().expect("a name").to_string(), symbol.address())).collect();
    symbols.sort();
    symbols
}

/// A use without a version means the default version, one with a version that version, wherever the definitions stand.
#[test]
fn symbols_have_versions() {
    if !have("riscv64-unknown-elf-as") || !have("riscv64-unknown-elf-ar") {
        return;
    }
    let user = ".globl _start\n_start: nop\n.data\n.word f, f1, f2\n.symver f1, f@V1\n.symver f2, f@V2\n";
    let library = ".globl old, new\n.symver old, f@V1\n.symver new, f@@V2\nold: ret\n.skip 2\nnew: ret\n";
    let objects = assemble(&[user, library, ".globl f\nf: ret\n", ".weak f\nf: ret\n"], &[]);
    let of = |numbers: &[usize], options: &Options| link(&numbers.iter().map(|&number| objects[number].clone()).collect::<Vec<_>>(), options);
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(folder.path().join("lib.o"), &objects[1]).expect("written");
    run(Command::new("riscv64-unknown-elf-ar").arg("rcs").arg(folder.path().join("lib.a")).arg(folder.path().join("lib.o")));
    let archive = std::fs::read(folder.path().join("lib.a")).expect("an archive");
    let from_archive = link(&[objects[0].clone(), archive], &Options::default());
    for image in [of(&[0, 1], &Options::default()), of(&[1, 0], &Options::default()), of(&[3, 0, 1], &Options::default()), of(&[1, 3, 0], &Options::default()), from_archive] {
        let image = image.expect("linked");
        let all = symbols(&image);
        let address = |name: &str| all.iter().find(|(symbol, _)| symbol == name).map(|(_, address)| *address as u32);
        let (old, new) = (address("old").expect("defined"), address("new").expect("defined"));
        assert_eq!((address("f@V1"), address("f@@V2"), address("f@V2"), address("f")), (Some(old), Some(new), None, None), "{all:?}");
        let words: Vec<u32> = section(&parse(&image), ".data").expect("data").as_chunks::<4>().0.iter().map(|word| u32::from_le_bytes(*word)).collect();
        assert_eq!(words, [new, old, new]);
    }
    for order in [[0, 1, 2], [0, 2, 1]] {
        assert!(of(&order, &Options::default()).expect_err("two of them").contains("`f`"));
    }
    // What is to be linked again leaves open which default will count.
    let joined = of(&[0, 1], &Options { relocatable: true, ..Options::default() }).expect("joined");
    let file = parse(&joined);
    let open: Vec<&str> = file.symbols().filter(|symbol| symbol.is_undefined()).filter_map(|symbol| symbol.name().ok()).filter(|name| !name.is_empty()).collect();
    assert_eq!(open, ["f"]);
    let again = link(std::slice::from_ref(&joined), &Options::default()).expect("linked");
    assert_eq!(section(&parse(&again), ".data"), section(&parse(&of(&[0, 1], &Options::default()).expect("linked")), ".data"));
}

/// What only GNU's ABI has makes the file say so.
#[test]
fn unique_symbols_stay_unique() {
    if !have("riscv64-unknown-elf-as") {
        return;
    }
    let objects = assemble(&[&format!("{START}.type u, %gnu_unique_object\nu: .word 1\n"), START], &[]);
    for (options, object) in [(Options::default(), 0), (Options { relocatable: true, ..Options::default() }, 0), (Options::default(), 1)] {
        let file = link(&objects[object..=object], &options).expect("linked");
        let file = parse(&file);
        let expected = if object == 0 { elf::ELFOSABI_GNU } else { elf::ELFOSABI_NONE };
        assert_eq!(file.elf_header().e_ident.os_abi, expected);
        let binds: Vec<_> = file.symbols().filter(|symbol| symbol.name() == Ok("u")).map(|symbol| symbol.elf_symbol().st_bind()).collect();
        assert_eq!(binds, vec![elf::STB_GNU_UNIQUE; usize::from(object == 0)]);
    }
}

/// Local symbols stand behind the name of their file, which is that of the object if it names none.
#[test]
fn local_symbols_follow_their_file() {
    if !have("riscv64-unknown-elf-as") {
        return;
    }
    let objects = assemble(&[&format!(".file \"first.c\"\n{START}"), "second: ret\n"], &[]);
    for relocatable in [false, true] {
        let image = link(&objects, &Options { relocatable, ..Options::default() }).expect("linked");
        let file = parse(&image);
        let mut of: Vec<(String, String)> = Vec::new();
        let mut current = String::new();
        for symbol in file.symbols().filter(|symbol| symbol.is_local()) {
            let name = symbol.name().expect("a name").to_string();
            if symbol.kind() == object::SymbolKind::File {
                current = name;
            } else if ["x", "y", "second"].contains(&name.as_str()) {
                of.push((name, current.clone()));
            }
        }
        let expected = [("x", "first.c"), ("y", "first.c"), ("second", "x.o")].map(|(name, file)| (name.to_string(), file.to_string()));
        assert_eq!(of, expected, "-r: {relocatable}");
    }
}

/// A link of objects with a script.
fn with_script(objects: &[Vec<u8>], script: &str, options: Options) -> Vec<u8> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("script.ld");
    std::fs::write(&path, script).expect("written");
    link(objects, &Options { scripts: vec![path], ..options }).expect("linked")
}

/// With -r sections come in an order of their own, without addresses; a script gives them both.
#[test]
fn objects_are_laid_out() {
    if !have("riscv64-unknown-elf-as") {
        return;
    }
    let objects = assemble(&[&format!(".section .note.x\n.word 1\n.text\n{START}")], &[]);
    let sections = |object: &[u8]| {
        let file = parse(object);
        let named = file.sections().filter(|section| section.size() > 0).map(|section| (section.name().expect("a name").to_string(), section.address()));
        named.filter(|(name, _)| [".text", ".data", ".note.x", ".riscv.attributes"].contains(&name.as_str())).collect::<Vec<_>>()
    };
    let expected = |rows: &[(&str, u64)]| rows.iter().map(|&(name, address)| (name.to_string(), address)).collect::<Vec<_>>();
    let options = || Options { relocatable: true, ..Options::default() };
    let plain = link(&objects, &options()).expect("joined");
    assert_eq!(sections(&plain), expected(&[(".text", 0), (".data", 0), (".note.x", 0), (".riscv.attributes", 0)]));
    let script = "SECTIONS { . = 0x900000; .data : { *(.data) } . = 0x800000; .text : { *(.text) } .far : { *(.far) } /DISCARD/ : { *(.*) } }";
    let placed = with_script(&objects, script, options());
    assert_eq!(sections(&placed), expected(&[(".data", 0x90_0000), (".text", 0x80_0000)]));
    // Addresses are no part of what is linked again.
    let first = link(&[plain], &Options::default()).expect("linked");
    let second = link(&[placed], &Options::default()).expect("linked");
    assert_eq!(section(&parse(&first), ".text"), section(&parse(&second), ".text"));
}

/// The global offset table begins as GNU ld's does, and its symbol is the image's own.
#[test]
fn the_table_of_addresses_has_a_header() {
    if !have("riscv64-unknown-elf-as") {
        return;
    }
    let objects = assemble(&[".globl _start, x\n.option pic\n_start: la a0, x\nlla a1, _GLOBAL_OFFSET_TABLE_\n.data\nx: .word _GLOBAL_OFFSET_TABLE_\n", START], &[]);
    let image = with_script(&objects[..1], "SECTIONS { .text 0x80000000 : { *(.text) } .data : { *(.data) } .got : { *(.got) } .got.plt : { *(.got.plt) } }", Options::default());
    let file = parse(&image);
    let table = file.section_by_name(".got").expect("a table");
    assert_eq!(table.elf_section_header().sh_entsize(LittleEndian), 4);
    let x = file.section_by_name(".data").expect("data").address() as u32;
    assert_eq!(table.data().expect("contents"), [[0; 4], x.to_le_bytes()].concat());
    assert_eq!(section(&file, ".got.plt"), Some([[0xff; 4], [0; 4]].concat()));
    assert_eq!(section(&file, ".data"), Some((table.address() as u32).to_le_bytes().to_vec()));
    let own = file.symbols().find(|symbol| symbol.name() == Ok("_GLOBAL_OFFSET_TABLE_")).expect("a symbol");
    assert!(own.is_local() && own.address() == table.address());
    let without = link(&objects[1..], &Options::default()).expect("linked");
    assert!(section(&parse(&without), ".got").is_none() && section(&parse(&without), ".got.plt").is_none());
}

/// Whatever the script and the objects' order, no two variables of a thread share room in its block.
#[test]
fn thread_data_shares_no_room() {
    if !have("riscv64-unknown-elf-as") {
        return;
    }
    let part = |name: &str, kind: &str, size: u32| format!(".section {name}, \"awT\", @{kind}\n.type {0}, @object\n.size {0}, {size}\n.globl {0}\n{0}: .zero {size}\n", name.trim_start_matches('.').replace('.', "_"));
    let all = [part(".tbss.a", "nobits", 5), part(".tdata.b", "progbits", 3), part(".tbss", "nobits", 4), part(".tdata", "progbits", 7), part(".tbss.c", "nobits", 6)];
    let texts = [all.concat(), all.iter().rev().map(String::as_str).collect::<String>()].map(|text| format!("{text}.text\n.globl _start\n_start: lui a0, %tprel_hi(tbss_a)\nj .\n.section .after, \"aw\"\n.zero 64\n"));
    let objects = assemble(&[&texts[0], &texts[1]], &[]);
    let lines = ["", ".tbss : { *(.tbss) }", ".tdata : { *(.tdata) } .tbss : { *(.tbss) } .more : { *(.tbss.*) }", ".tbss : { *(.tbss) } .tbss.c : { *(.tbss.c) }"];
    for (object, line) in objects.iter().flat_map(|object| lines.map(|line| (object, line))) {
        let image = with_script(std::slice::from_ref(object), &format!("SECTIONS {{ . = 0x80000000; .text : {{ *(.text) }} .data : {{ *(.data) }} {line} .after : {{ *(.after) }} }}"), Options::default());
        let file = parse(&image);
        let segment = file.elf_program_headers().iter().find(|header| header.p_type(LittleEndian) == elf::PT_TLS).expect("a thread's block");
        let mut spans: Vec<(u64, u64)> = file.symbols().filter(|symbol| symbol.kind() == object::SymbolKind::Tls).map(|symbol| (symbol.address(), symbol.address() + symbol.size())).collect();
        spans.sort_unstable();
        assert_eq!(spans.len(), 5);
        assert!(spans.windows(2).all(|pair| pair[0].1 <= pair[1].0), "{line}: {spans:?}");
        assert!(spans[4].1 <= u64::from(segment.p_memsz(LittleEndian)), "{line}: {spans:?}");
        // What follows is not moved by what takes no room.
        assert!(file.section_by_name(".after").expect("a section").address() < 0x8000_0000 + 64, "{line}");
    }
}
