//! Linker scripts of the kinds that kernels, boot loaders, real-time systems and language runtimes use
//! (`tests/scripts/*.ld`): sections, addresses, load addresses, contents, symbols and segments are those that GNU ld gives.
//! Without relaxation, because the two shorten different things.

#![allow(clippy::print_stdout, reason = "what was compared is worth seeing")]

mod common;

use common::shape::{Shape, shape};
use common::{have, run};
use glink::{InputSpec, Options};
use host::OsHost;
use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Ways to link: options of GNU ld, and ours.
const WAYS: [(&str, &[&str]); 5] = [("plain", &[]), ("gc", &["--gc-sections", "-u", "main"]), ("-N", &["-N"]), ("-n", &["-n"]), ("large pages", &["-z", "max-page-size=0x4000"])];

fn options(way: &str, script: &Path) -> Options {
    let all = Options { scripts: vec![script.to_path_buf()], relax: false, ..Options::default() };
    match way {
        "gc" => Options { gc_sections: true, undefined: vec!["main".into()], ..all },
        "-N" => Options { omagic: true, ..all },
        "-n" => Options { nmagic: true, ..all },
        "large pages" => Options { page_size: 0x4000, ..all },
        _ => all,
    }
}

#[test]
fn scripts_of_kernels_give_what_gnu_ld_gives() {
    if !have("riscv64-unknown-elf-as") || !have("riscv64-unknown-elf-ld") {
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scripts");
    let with = |extension: &str| -> Vec<PathBuf> {
        let mut paths: Vec<_> = std::fs::read_dir(&scripts).expect("a folder").map(|entry| entry.expect("an entry").path()).filter(|path| path.extension().is_some_and(|e| e == extension)).collect();
        paths.sort();
        paths
    };
    let mut objects = Vec::new();
    for source in with("s") {
        let object = folder.path().join(source.file_name().expect("a name")).with_extension("o");
        run(Command::new("riscv64-unknown-elf-as").args(["-march=rv32imac_zicsr", "-mabi=ilp32"]).arg(&source).arg("-o").arg(&object));
        objects.push(object);
    }
    let (mut differences, mut compared, mut refused) = (String::new(), 0, 0);
    for script in &with("ld") {
        for object in &objects {
            for (way, flags) in WAYS {
                let name = format!("{} with {}, {way}", file_name(script), file_name(object));
                let theirs = folder.path().join("gnu.elf");
                let ld = Command::new("riscv64-unknown-elf-ld").args(["-melf32lriscv", "--no-warn-rwx-segments", "--no-relax"]).args(flags).arg("-T").arg(script).arg(object).arg("-o").arg(&theirs).output().expect("it runs");
                let mut sources = diag::Sources::new();
                let linked = glink::link(&[InputSpec::File(object.clone())], &options(way, script), &mut sources, &mut OsHost::new());
                let said = diag::render_text(&sources, &linked.diagnostics, false);
                match (linked.image, ld.status.success()) {
                    (Some(ours), true) => {
                        compare(&name, &shape(&ours), &shape(&std::fs::read(&theirs).expect("written")), &mut differences);
                        compared += 1;
                    }
                    (None, false) => refused += 1,
                    (Some(_), false) => writeln!(differences, "{name}: GNU ld refuses it: {}", String::from_utf8_lossy(&ld.stderr)).expect("memory"),
                    (None, true) => writeln!(differences, "{name}: GNU ld links it\n{said}").expect("memory"),
                }
            }
        }
    }
    println!("{compared} links compared, {refused} refused by both");
    assert!(compared >= 150 && refused < compared / 4, "{compared} links compared, {refused} refused");
    assert!(differences.is_empty(), "{differences}");
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn compare(name: &str, ours: &Shape, theirs: &Shape, differences: &mut String) {
    let mut differ = |what: &str, own: String, other: String| {
        if own != other {
            writeln!(differences, "{name}: {what}: {own}, GNU ld {other}").expect("memory");
        }
    };
    differ("entry", format!("{:#x}", ours.entry), format!("{:#x}", theirs.entry));
    differ("segments", format!("{:x?}", ours.segments), format!("{:x?}", theirs.segments));
    for section in ours.sections.keys().chain(theirs.sections.keys()).collect::<BTreeSet<_>>() {
        differ(section, format!("{:x?}", ours.sections.get(section)), format!("{:x?}", theirs.sections.get(section)));
        differ(section, format!("{:x?}", ours.bytes.get(section)), format!("{:x?}", theirs.bytes.get(section)));
    }
    for (symbol, other) in &theirs.symbols {
        // The last symbols may belong to a section that is not in memory, as long as ours are somewhere.
        let own = ours.symbols.get(symbol).map(|own| if theirs.sections.get(&other.1).is_some_and(|section| section.flags & 2 == 2) { own.clone() } else { (own.0, other.1.clone()) });
        differ(symbol, format!("{own:x?}"), format!("{:x?}", Some(other)));
    }
}
