//! Linker scripts of the kinds that kernels, boot loaders, real-time systems and language runtimes use
//! (`tests/scripts/*.ld`): sections, addresses, load addresses and symbols are those that GNU ld gives.
//! Without relaxation, because the two shorten different things.

#![allow(clippy::print_stdout, reason = "what was compared is worth seeing")]

mod common;

use common::{have, run};
use glink::{InputSpec, Options};
use host::OsHost;
use object::read::elf::{ElfFile32, ProgramHeader};
use object::{LittleEndian, Object, ObjectSection, ObjectSymbol, SectionFlags};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

/// What is compared.
#[derive(Debug, Default, PartialEq, Eq)]
struct Shape {
    entry: u64,
    /// Allocated sections that are not empty: address, load address, size.
    sections: BTreeMap<String, (u64, Option<u64>, u64)>,
    /// Global symbols: address.
    symbols: BTreeMap<String, u64>,
}

fn shape(bytes: &[u8]) -> Shape {
    let file = ElfFile32::<LittleEndian>::parse(bytes).expect("an ELF file");
    let endian = file.endian();
    let load = |address: u64, size: u64| {
        let segments = file.elf_program_headers().iter().filter(|segment| segment.p_type(endian) == object::elf::PT_LOAD);
        let holds = |segment: &&object::elf::ProgramHeader32<LittleEndian>| {
            let start = u64::from(segment.p_vaddr(endian));
            start <= address && address + size <= start + u64::from(segment.p_memsz(endian))
        };
        segments.into_iter().find(holds).map(|segment| address - u64::from(segment.p_vaddr(endian)) + u64::from(segment.p_paddr(endian)))
    };
    let mut shape = Shape { entry: file.entry(), ..Shape::default() };
    for section in file.sections() {
        let SectionFlags::Elf { sh_flags, .. } = section.flags() else { continue };
        let allocated = sh_flags & object::elf::SHF_ALLOC == object::elf::SHF_ALLOC;
        // A thread's zeroed data has no place of its own.
        let is_tbss = section.kind() == object::SectionKind::UninitializedTls;
        if allocated && section.size() > 0 {
            let load = if is_tbss { None } else { load(section.address(), section.size()) };
            shape.sections.insert(section.name().expect("a name").to_string(), (section.address(), load, section.size()));
        }
    }
    for symbol in file.symbols().filter(|symbol| symbol.is_global() && symbol.is_definition()) {
        shape.symbols.insert(symbol.name().expect("a name").to_string(), symbol.address());
    }
    shape
}

#[test]
fn scripts_of_kernels_give_what_gnu_ld_gives() {
    if !have("riscv64-unknown-elf-as") || !have("riscv64-unknown-elf-ld") {
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scripts");
    let object = folder.path().join("parts.o");
    run(Command::new("riscv64-unknown-elf-as").args(["-march=rv32imac_zicsr", "-mabi=ilp32"]).arg(scripts.join("parts.s")).arg("-o").arg(&object));
    let mut paths: Vec<_> = std::fs::read_dir(&scripts).expect("a folder").map(|entry| entry.expect("an entry").path()).filter(|path| path.extension().is_some_and(|e| e == "ld")).collect();
    paths.sort();
    let mut differences = String::new();
    for script in &paths {
        let theirs = folder.path().join("gnu.elf");
        run(Command::new("riscv64-unknown-elf-ld").args(["-melf32lriscv", "--no-warn-rwx-segments", "--no-relax", "-T"]).arg(script).arg(&object).arg("-o").arg(&theirs));
        let options = Options { script: Some(script.clone()), relax: false, ..Options::default() };
        let mut sources = diag::Sources::new();
        let linked = glink::link(&[InputSpec::File(object.clone())], &options, &mut sources, &mut OsHost::new());
        let name = script.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let Some(ours) = linked.image else { panic!("{name}:\n{}", diag::render_text(&sources, &linked.diagnostics, false)) };
        let (ours, theirs) = (shape(&ours), shape(&std::fs::read(&theirs).expect("written")));
        println!("{name}: {} sections, {} symbols", theirs.sections.len(), theirs.symbols.len());
        assert!(theirs.sections.len() >= 3, "{name}: the script places next to nothing");
        if ours.entry != theirs.entry {
            differences.push_str(&format!("{name}: entry {:#x}, GNU ld {:#x}\n", ours.entry, theirs.entry));
        }
        for section in ours.sections.keys().chain(theirs.sections.keys()).collect::<std::collections::BTreeSet<_>>() {
            let (own, other) = (ours.sections.get(section), theirs.sections.get(section));
            if own != other {
                differences.push_str(&format!("{name}: {section}: {own:x?}, GNU ld {other:x?}\n"));
            }
        }
        for (symbol, address) in &theirs.symbols {
            if ours.symbols.get(symbol) != Some(address) {
                differences.push_str(&format!("{name}: {symbol}: {:x?}, GNU ld {address:x}\n", ours.symbols.get(symbol)));
            }
        }
    }
    assert!(paths.len() >= 7, "the scripts are gone");
    assert!(differences.is_empty(), "{differences}");
}
