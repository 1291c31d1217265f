//! Linker scripts of the kinds that kernels, boot loaders, real-time systems and language runtimes use
//! (`tests/scripts/*.ld`): sections, addresses, load addresses and symbols are those that GNU ld gives.
//! Without relaxation, because the two shorten different things.

#![allow(clippy::print_stdout, reason = "what was compared is worth seeing")]

mod common;

use common::shape::shape;
use common::{have, run};
use glink::{InputSpec, Options};
use host::OsHost;
use std::path::Path;
use std::process::Command;

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
        let options = Options { scripts: vec![script.clone()], relax: false, ..Options::default() };
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
