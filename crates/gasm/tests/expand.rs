//! `-E`: what it writes assembles to the same object.

use diag::Sources;
use gasm::{Assembly, Options, assemble};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

fn assemble_as(path: &Path, text: Vec<u8>, options: &Options) -> Assembly {
    let mut sources = Sources::new();
    // The same name, so that what stands beside the file is found.
    let main = sources.add(path.display().to_string(), text);
    assemble(&mut sources, main, options, &mut host::OsHost::new())
}

/// The sources below a folder.
fn sources_below(folder: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> = std::fs::read_dir(folder).expect("a folder of the repository").map(|entry| entry.expect("it can be read").path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            sources_below(&path, found);
        } else if path.extension() == Some(OsStr::new("s")) {
            found.push(path);
        }
    }
}

#[test]
fn what_is_expanded_gives_the_same_object() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths = Vec::new();
    for folder in ["tests/snippets", "../../examples", "../../tests/cases", "../../guest-lib"] {
        sources_below(&root.join(folder), &mut paths);
    }
    let options = Options { builtin_includes: vec![("abi.s", || guest_abi::abi_s().into_bytes())], expand: true, ..Options::default() };
    let mut compared = 0;
    for path in paths {
        let direct = assemble_as(&path, std::fs::read(&path).expect("a source"), &options);
        // Sources with mistakes have no object to compare.
        let Some(object) = direct.object else { continue };
        let expanded = direct.expanded.expect("it was asked for");
        let text = String::from_utf8_lossy(&expanded).into_owned();
        assert!(![".macro", ".endm", ".rept", ".irp", ".if", ".else", ".endif", ".include"].iter().any(|word| text.split_whitespace().any(|found| found == *word)), "{}:\n{text}", path.display());
        let again = assemble_as(&path, expanded, &options);
        assert!(again.object.as_ref() == Some(&object), "{}: {:?}\n{text}", path.display(), again.diagnostics.first().map(|d| &d.message));
        compared += 1;
    }
    assert!(compared > 150, "only {compared} sources assemble");
}

#[test]
fn lines_keep_their_places() {
    let source = "\
        .macro push reg, /* where */ n = 4
        addi sp, sp, -\\n  # room
        sw \\reg, 0(sp)
        .endm
        .ifdef DEEP
main:   push ra ; push a0, 8
        .else
main:   ret
        .endif
        .rept 2
        nop
        .endr
";
    let options = Options { defines: vec![("DEEP".into(), 1)], expand: true, ..Options::default() };
    let assembly = assemble_as(Path::new("a.s"), source.into(), &options);
    let expected = "\
\t.set DEEP, 1
# 6 \"a.s\"
main:
# 2 \"a.s\"
\taddi sp, sp, -4
\tsw ra, 0(sp)
# 2 \"a.s\"
\taddi sp, sp, -8
\tsw a0, 0(sp)







\tnop
# 11 \"a.s\"
\tnop
";
    assert_eq!(String::from_utf8(assembly.expanded.expect("it was asked for")).expect("text"), expected);
}
