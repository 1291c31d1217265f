//! Scripts and files on the command line: which come first, which are found by what a script says, and when
//! symbols of `--defsym` are assigned.

mod common;

use common::{have, run};
use glink::{Defsym, InputSpec, Options};
use host::MemoryHost;
use object::read::elf::ElfFile32;
use object::{LittleEndian, Object, ObjectSection, ObjectSymbol};
use std::process::Command;

/// Assembles a source of a few lines.
fn object(source: &str) -> Vec<u8> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (input, output) = (folder.path().join("a.s"), folder.path().join("a.o"));
    std::fs::write(&input, source).expect("written");
    run(Command::new("riscv64-unknown-elf-as").args(["-march=rv32imac", "-mabi=ilp32"]).arg(&input).arg("-o").arg(&output));
    std::fs::read(output).expect("read")
}

/// Links `a.o` and the other inputs with these files at hand; gives the image.
fn link(files: &[(&str, &[u8])], inputs: &[&str], options: Options) -> Vec<u8> {
    let specs: Vec<InputSpec> = inputs.iter().map(|name| InputSpec::File(name.into())).collect();
    let options = Options { entry: Some("0".into()), ..options };
    let mut host = files.iter().fold(MemoryHost::new(), |host, (name, bytes)| host.with_file(name, bytes.to_vec()));
    let mut sources = diag::Sources::new();
    let linked = glink::link(&specs, &options, &mut sources, &mut host);
    linked.image.unwrap_or_else(|| panic!("{}", diag::render_text(&sources, &linked.diagnostics, false)))
}

fn symbol(image: &[u8], name: &str) -> Option<u64> {
    let file = ElfFile32::<LittleEndian>::parse(image).expect("an ELF file");
    file.symbols().find(|symbol| symbol.name() == Ok(name)).map(|symbol| symbol.address())
}

fn bytes(image: &[u8], section: &str) -> Vec<u8> {
    let file = ElfFile32::<LittleEndian>::parse(image).expect("an ELF file");
    file.section_by_name(section).expect("the section").data().expect("its bytes").to_vec()
}

#[test]
fn scripts_and_files_come_in_the_order_that_gnu_ld_has() {
    if !have("riscv64-unknown-elf-as") {
        return;
    }
    let (one, two) = (object(".section .d, \"a\"\n.byte 1"), object(".section .d, \"a\"\n.byte 2"));
    let plain: &[u8] = b"SECTIONS { .d 0x1000 : { *(.d) } }";
    let all = |script: &'static [u8]| -> Vec<(&'static str, Vec<u8>)> { vec![("a.o", one.clone()), ("b.o", two.clone()), ("k.ld", script.to_vec()), ("more.ld", b"x = size + 1;".to_vec())] };
    let with = |script: &'static [u8], inputs: &[&str], options: Options| {
        let files = all(script);
        let files: Vec<(&str, &[u8])> = files.iter().map(|(name, bytes)| (*name, bytes.as_slice())).collect();
        link(&files, inputs, options)
    };
    let script = || Options { scripts: vec!["k.ld".into()], ..Options::default() };
    // A file that a pattern names is linked if it was not given; once, behind the others.
    assert_eq!(bytes(&with(b"SECTIONS { .d 0x1000 : { b.o(.d) *(.d) } }", &["a.o"], script()), ".d"), [2, 1]);
    assert_eq!(bytes(&with(b"SECTIONS { .d 0x1000 : { b.o(.d) *(.d) nowhere.o(.d) } }", &["a.o", "b.o"], script()), ".d"), [2, 1]);
    // Its sections come first in other patterns too.
    assert_eq!(bytes(&with(b"SECTIONS { .e : { b.o(.nothing) } .d 0x1000 : { *(.d) } }", &["a.o", "b.o"], script()), ".d"), [2, 1]);
    // STARTUP comes first, INPUT last.
    assert_eq!(bytes(&with(b"STARTUP(b.o) SECTIONS { .d 0x1000 : { *(.d) } }", &["a.o"], script()), ".d"), [2, 1]);
    assert_eq!(bytes(&with(b"INPUT(b.o) SECTIONS { .d 0x1000 : { *(.d) } }", &["a.o"], script()), ".d"), [1, 2]);
    // Several scripts add up, and one among the inputs adds to them.
    let both = Options { scripts: vec!["more.ld".into(), "k.ld".into()], defsyms: vec![Defsym::new("size", "4")], ..Options::default() };
    assert_eq!(symbol(&with(plain, &["a.o"], both.clone()), "x"), Some(5));
    let among = Options { defsyms: vec![Defsym::new("size", "8")], ..script() };
    assert_eq!(symbol(&with(plain, &["a.o", "more.ld"], among.clone()), "x"), Some(9));
    // So it does to the default script.
    let default = Options { default_script: Some("k.ld".into()), scripts: Vec::new(), ..among };
    let image = with(plain, &["more.ld", "a.o"], default);
    assert_eq!((symbol(&image, "x"), bytes(&image, ".d")), (Some(9), vec![1]));
    // A symbol of the command line counts for the scripts behind it.
    let asks: &[u8] = b"known = DEFINED(size) ? size : 100; SECTIONS { .d 0x1000 : { *(.d) } }";
    let at = |scripts_before| Options { defsyms: vec![Defsym { scripts_before, ..Defsym::new("size", "4") }], ..script() };
    assert_eq!(symbol(&with(asks, &["a.o"], at(0)), "known"), Some(4));
    assert_eq!(symbol(&with(asks, &["a.o"], at(1)), "known"), Some(100));
    // Regions may be made of symbols that come later.
    let region: &[u8] = b"MEMORY { r : ORIGIN = DEFINED(size) ? size : 0x100, LENGTH = 1K } SECTIONS { .d : { *(.d) } >r } start = ADDR(.d);";
    assert_eq!(symbol(&with(region, &["a.o"], at(1)), "start"), Some(4));
}

#[test]
fn symbols_bound_sections() {
    if !have("riscv64-unknown-elf-as") {
        return;
    }
    let source = ".section named, \"a\"\n.zero 24\n.section .d, \"a\"\n.word __start_named, __stop_named, .startof.named, .sizeof.named\n";
    let image = link(&[("a.o", &object(source)), ("k.ld", b"SECTIONS { named 0x1000 : { *(named) } .d : { *(.d) } }")], &["a.o"], Options { scripts: vec!["k.ld".into()], ..Options::default() });
    let words: Vec<u32> = bytes(&image, ".d").chunks(4).map(|word| u32::from_le_bytes(word.try_into().expect("four"))).collect();
    assert_eq!(words, [0x1000, 0x1018, 0x1000, 24]);
}
