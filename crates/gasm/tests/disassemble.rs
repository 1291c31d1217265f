//! `gasm --disassemble`: against GNU objdump, back through the assembler, and on damaged files.
//!
//! Without the peers a line that begins with `skipped:` says so; with `HVKIT_REQUIRE_PEERS=1` that is a failure.

use host::{FileKind, Host, MemoryHost, OsHost};
use peers::have;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const GCC: &str = "riscv64-unknown-elf-gcc";
const LD: &str = "riscv64-unknown-elf-ld";
const AR: &str = "riscv64-unknown-elf-ar";
const OBJDUMP: &str = "riscv64-unknown-elf-objdump";

/// Status, standard output, standard error.
fn gasm(args: &[&str]) -> (u8, String, String) {
    let args: Vec<OsString> = std::iter::once("gasm").chain(args.iter().copied()).map(OsString::from).collect();
    let mut host = MemoryHost { below: Some(Box::new(OsHost::new())), ..MemoryHost::new() };
    let status = gasm::run(&args, &mut host);
    (status, String::from_utf8_lossy(&host.output).into_owned(), String::from_utf8_lossy(&host.errors).into_owned())
}

fn text(path: &Path) -> &str {
    path.to_str().expect("paths are text")
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn sources() -> Vec<PathBuf> {
    let crate_folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders = vec![crate_folder.join("tests/snippets")];
    folders.extend(fs::read_dir(root().join("examples")).expect("examples are there").map(|e| e.expect("it can be read").path()).filter(|p| p.is_dir()));
    let mut out: Vec<PathBuf> = folders.iter().flat_map(|f| fs::read_dir(f).expect("a folder").map(|e| e.expect("it can be read").path())).collect();
    // Hints: objdump shows them in two ways, by the architecture that it takes the file to have. And two sections of a name.
    out.retain(|p| p.extension().is_some_and(|e| e == "s") && !p.ends_with("hints.s"));
    out.sort();
    assert!(out.len() > 20, "{out:?}");
    out
}

fn assembled(source: &Path, scratch: &Path, flags: &[&str]) -> PathBuf {
    let folder = source.parent().and_then(Path::file_name).and_then(|f| f.to_str()).expect("names are text");
    let object = scratch.join(format!("{folder}-{}.o", source.file_stem().and_then(|s| s.to_str()).expect("names are text")));
    let (status, _, errors) = gasm(&[&["-o", text(&object), text(source)], flags].concat());
    assert_eq!(status, 0, "{}: {errors}", source.display());
    object
}

/// What a disassembly says, whatever its columns: by section and address the labels and the instructions; relocations.
#[derive(Debug, Default, PartialEq, Eq)]
struct Meaning {
    labels: BTreeMap<(String, u32), String>,
    instructions: BTreeMap<(String, u32), String>,
    relocations: Vec<(String, String)>,
}

/// `relocatable`: what stands behind ` # ` is a guess that the linker's work makes void.
fn meaning(dump: &str, relocatable: bool) -> Meaning {
    let mut out = Meaning::default();
    let mut section = String::new();
    for line in dump.lines() {
        if let Some(name) = line.strip_prefix("Disassembly of section ") {
            section = name.trim_end_matches(':').into();
            continue;
        }
        if let Some((address, name)) = line.split_once(" <")
            && let Some(name) = name.strip_suffix(">:")
            && let Ok(address) = u32::from_str_radix(address, 16)
        {
            // A section without a symbol at its beginning is named by us and not by GNU, or the other way round.
            out.labels.insert((section.clone(), address), name.into());
            continue;
        }
        let trimmed = line.trim();
        if let Some((place, what)) = trimmed.split_once(": ").filter(|(_, what)| what.starts_with("R_RISCV")) {
            out.relocations.push((format!("{section} {place}"), what.replace(".L0 ", ".L0")));
            continue;
        }
        let mut columns = trimmed.splitn(3, '\t');
        if let (Some(address), Some(_), Some(what)) = (columns.next(), columns.next(), columns.next())
            && let Some(address) = address.strip_suffix(':').and_then(|a| u32::from_str_radix(a, 16).ok())
        {
            let what = if relocatable { what.split(" # ").next().unwrap_or(what) } else { what };
            // Both write data as they like; GNU 2.40 fails to read some of it.
            // Instructions of older privileged architectures are assembled, but are none of this machine's.
            let old = ["uret", "hret", "sfence.vm"].contains(&what.split('\t').next().unwrap_or(what));
            if !what.starts_with('.') && !what.starts_with("Address ") && !old {
                // Where a section has no symbol GNU counts back from one of another section; ours from the section's beginning.
                let what = match what.split_once(" <") {
                    Some((before, name)) if !relocatable && (name.starts_with('.') || name.contains("-0x")) => before,
                    _ => what,
                };
                out.instructions.insert((section.clone(), address), immediate_form(what.trim()));
            }
        }
    }
    out
}

/// GNU 2.40 prints compressed instructions with an immediate as `add`, `and`, `sll` …; later versions and ours as `addi` ….
fn immediate_form(text: &str) -> String {
    let last = text.split(" # ").next().unwrap_or(text).rsplit(',').next().unwrap_or("");
    match text.split_once('\t') {
        Some((head @ ("add" | "and" | "or" | "xor" | "sll" | "srl" | "sra" | "ror" | "bclr" | "bext" | "binv" | "bset" | "csrw" | "csrs" | "csrc" | "csrrw" | "csrrs" | "csrrc"), rest)) if last.starts_with(|c: char| c == '-' || c.is_ascii_digit()) => format!("{head}i\t{rest}"),
        _ => text.to_string(),
    }
}

/// What differs between two dumps, at most a few lines of each kind.
fn differences(ours: &Meaning, theirs: &Meaning) -> Vec<String> {
    let mut out = Vec::new();
    for (what, a, b) in [("label", &ours.labels, &theirs.labels), ("instruction", &ours.instructions, &theirs.instructions)] {
        let keys: std::collections::BTreeSet<_> = a.keys().chain(b.keys()).collect();
        out.extend(keys.into_iter().filter(|k| a.get(*k) != b.get(*k)).map(|k| format!("{what} {} {:x}: ours {:?}, objdump's {:?}", k.0, k.1, a.get(k), b.get(k))).take(5));
    }
    if ours.relocations != theirs.relocations {
        let at = ours.relocations.iter().zip(&theirs.relocations).position(|(a, b)| a != b).unwrap_or(0);
        out.push(format!("relocation: ours {:?}, objdump's {:?}", ours.relocations.get(at), theirs.relocations.get(at)));
    }
    out
}

/// Both dumps of a file, with and without aliases; the number of instructions compared.
fn compare(file: &Path, relocatable: bool, wrong: &mut Vec<String>) -> usize {
    let mut compared = 0;
    for options in [&["-M", "no-aliases"][..], &["-M", "numeric"], &[]] {
        let theirs = Command::new(OBJDUMP).args(["-d", "-r", "-z"]).args(options).arg(file).output().expect("objdump runs");
        assert!(theirs.status.success(), "{}", String::from_utf8_lossy(&theirs.stderr));
        let (status, ours, errors) = gasm(&[&["--disassemble", "-z", text(file)], options].concat());
        assert_eq!(status, 0, "{}: {errors}", file.display());
        let theirs = meaning(&String::from_utf8_lossy(&theirs.stdout), relocatable);
        compared += theirs.instructions.len();
        wrong.extend(differences(&meaning(&ours, relocatable), &theirs).into_iter().map(|d| format!("{} {options:?}: {d}", file.display())));
    }
    compared
}

fn verdict(wrong: &[String], compared: usize, least: usize) {
    assert!(wrong.is_empty(), "{} differences:\n{}", wrong.len(), wrong[..wrong.len().min(40)].join("\n"));
    assert!(compared >= least, "only {compared} instructions were compared");
}

#[test]
fn objects_and_images_of_sources_read_as_in_objdump() {
    if !have(OBJDUMP) || !have(LD) {
        return;
    }
    let scratch = tempfile::tempdir().expect("a temporary folder");
    let (mut wrong, mut compared) = (Vec::new(), 0);
    for source in sources() {
        let object = assembled(&source, scratch.path(), &[]);
        compared += compare(&object, true, &mut wrong);
        let image = scratch.path().join("image");
        let linked = Command::new(LD)
            .args(["-m", "elf32lriscv", "-e", "0", "-Ttext=0x80000000", "--defsym", "__global_pointer$=0x80100800", "--unresolved-symbols=ignore-all", "-o"])
            .args([&image, &object])
            .output()
            .expect("ld runs");
        // Some snippets are not meant to be linked.
        if linked.status.success() {
            compared += compare(&image, false, &mut wrong);
        }
    }
    verdict(&wrong, compared, 10_000);
}

#[test]
fn objects_of_gcc_read_as_in_objdump() {
    if !have(OBJDUMP) || !have(GCC) {
        return;
    }
    let scratch = tempfile::tempdir().expect("a temporary folder");
    let (mut wrong, mut compared) = (Vec::new(), 0);
    for source in ["many.c", "misc.c", "sort.c", "classes.cc"] {
        for flags in [&["-O0"][..], &["-O2", "-g"], &["-Os", "-ffunction-sections", "-msave-restore"]] {
            let object = scratch.path().join("c.o");
            let made = Command::new(GCC)
                .args(["-march=rv32imac_zicsr_zba_zbb_zbs", "-mabi=ilp32", "-ffreestanding", "-c", "-o"])
                .arg(&object)
                .args(flags)
                .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/c").join(source))
                .output()
                .expect("gcc runs");
            assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
            compared += compare(&object, true, &mut wrong);
        }
    }
    verdict(&wrong, compared, 5_000);
}

/// The bytes of `.text` of an object.
fn code(object: &Path) -> Vec<u8> {
    use object::{Object, ObjectSection};
    let bytes = fs::read(object).expect("gasm wrote it");
    let file = object::read::elf::ElfFile32::<object::Endianness>::parse(&*bytes).expect("an object");
    file.section_by_name(".text").map(|s| s.data().expect("it has contents").to_vec()).unwrap_or_default()
}

/// Disassembled code assembles to the same bytes: what `--disassemble` writes is what gasm reads.
#[test]
fn disassembly_assembles_to_the_same_bytes() {
    let scratch = tempfile::tempdir().expect("a temporary folder");
    let mut checked = 0;
    for source in sources() {
        let object = assembled(&source, scratch.path(), &["-mno-relax"]);
        let (status, dump, errors) = gasm(&["--disassemble", "-M", "no-aliases", "--section", ".text", text(&object)]);
        if status != 0 {
            assert!(errors.contains("E0423") && code(&object).is_empty(), "{errors}");
            continue;
        }
        // Relocated fields hold zeros: their targets are the instruction's own place or 0, and nothing is lost.
        let mut back = String::from(".option norelax\n.option norvc\n.equ origin, 0\nbegin:\n");
        for line in dump.lines() {
            let mut columns = line.trim().splitn(3, '\t');
            let (Some(address), Some(_), Some(text)) = (columns.next(), columns.next(), columns.next()) else { continue };
            if !address.ends_with(':') || address.contains(' ') {
                continue;
            }
            // GNU 2.40 and so ours shows c.nop as what its bits say, which no assembler takes.
            let text = text.split(" # ").next().unwrap_or(text).replace("c.addi\tzero,0", "c.nop");
            let rvc = text.starts_with("c.");
            // A target is an address in this section: as a distance from its beginning.
            let words: Vec<&str> = text.split([',', '\t']).collect();
            let target = words.last().and_then(|w| w.split_once(" <")).map(|(address, _)| address);
            let text = match target.and_then(|t| u32::from_str_radix(t, 16).ok().map(|n| (t, n))) {
                Some((shown, number)) => {
                    let cut = text.find(" <").unwrap_or(text.len()) - shown.len();
                    format!("{}begin{:+}", &text[..cut], i64::from(number as i32))
                }
                None => text.clone(),
            };
            back.push_str(if rvc { ".option rvc\n" } else { ".option norvc\n" });
            back.push_str(&text);
            back.push('\n');
        }
        let again = scratch.path().join("again.s");
        fs::write(&again, &back).expect("scratch space");
        let (status, _, errors) = gasm(&["-mno-relax", "-o", text(&scratch.path().join("again.o")), text(&again)]);
        assert_eq!(status, 0, "{}: {errors}", source.display());
        let (theirs, ours) = (code(&object), code(&scratch.path().join("again.o")));
        let at = theirs.iter().zip(&ours).position(|(a, b)| a != b);
        assert!(theirs == ours, "{}: byte {at:x?} of {} differs ({} bytes)", source.display(), theirs.len(), ours.len());
        checked += ours.len();
    }
    assert!(checked > 5_000, "only {checked} bytes were checked");
}

#[test]
fn archives_members_symbols_and_addresses() {
    if !have(AR) {
        return;
    }
    let scratch = tempfile::tempdir().expect("a temporary folder");
    let folder = scratch.path();
    let mut objects = Vec::new();
    for (name, source) in [("one", ".globl one\none: li a0, 1\n ret\ntwo: nop\n.word 0x64636261\n"), ("three", "three: j three\n.data\nd: .asciz \"text\"\n")] {
        fs::write(folder.join(format!("{name}.s")), source).expect("scratch space");
        objects.push(assembled(&folder.join(format!("{name}.s")), folder, &["-g"]));
    }
    for kind in ["rc", "rcT"] {
        let archive = folder.join(format!("{kind}.a"));
        let made = Command::new(AR).arg(kind).arg(&archive).args(&objects).output().expect("ar runs");
        assert!(made.status.success());
        let (status, dump, errors) = gasm(&["--disassemble", text(&archive)]);
        assert_eq!((status, errors.as_str()), (0, ""));
        assert!(dump.contains("one.o):     file format elf32-littleriscv") && dump.contains("<three>:"), "{dump}");
    }
    let object = text(&objects[0]);
    let (_, dump, _) = gasm(&["--disassemble", "--symbol", "two", "--no-show-raw-insn", object]);
    let body: Vec<&str> = dump.lines().filter(|l| !l.is_empty()).skip(2).collect();
    assert_eq!(body, ["00000004 <two>:", "   4:\tnop", "   6:\t.word\t0x64636261 # \"abcd\""], "{dump}");
    let (_, dump, _) = gasm(&["--disassemble", "--start-address=2", "--stop-address=4", "--no-show-raw-insn", object]);
    let body: Vec<&str> = dump.lines().filter(|l| !l.is_empty()).skip(2).collect();
    assert_eq!(body, ["00000002 <one+0x2>:", "   2:\tret"], "{dump}");
    let (_, dump, _) = gasm(&["--disassemble", "--section", ".data", text(&objects[1])]);
    assert!(dump.contains(".word\t0x74786574 # \"text\""), "{dump}");
    // The source's lines, from relocated tables of an object.
    let (_, dump, _) = gasm(&["--disassemble", "--source", object]);
    assert!(dump.contains("one.s:3:  ret\n   2:"), "{dump}");
    let (_, lines, _) = gasm(&["--disassemble", "-l", object]);
    assert!(lines.contains("one.s:4\n") && lines.matches("# ").count() == 4, "{lines}");
    let (_, json, _) = gasm(&["--disassemble", "--format=json", "-l", object]);
    let records: Vec<serde_json::Value> = json.lines().map(|l| serde_json::from_str(l).expect("JSON")).collect();
    let ret = records.iter().find(|r| r["text"] == "ret").expect("it is there");
    assert_eq!((ret["type"].as_str(), ret["address"].as_u64(), ret["bytes"].as_str(), ret["source"]["line"].as_u64()), (Some("instruction"), Some(2), Some("8280"), Some(3)));
    let (status, _, errors) = gasm(&["--disassemble", "--symbol", "none", "--section", ".none", object]);
    assert!(status == 1 && errors.matches("E0423").count() == 2, "{errors}");
}

#[test]
fn other_files_are_refused_by_name() {
    let scratch = tempfile::tempdir().expect("a temporary folder");
    let path = scratch.path().join("file");
    for (bytes, code) in [(&b""[..], "E0423"), (b"nop\n", "E0423"), (b"\x7fELF", "E0505"), (b"\x7fELF\x02\x01\x01", "E0423"), (b"\x7fELF\x01\x02\x01", "E0423"), (b"\x7fELF\x01\x01\x01", "E0505"), (b"!<arch>\nbroken", "E0505")] {
        OsHost::new().write(&path, bytes, FileKind::Plain).expect("scratch space");
        let (status, _, errors) = gasm(&["--disassemble", text(&path)]);
        assert!(status == 1 && errors.contains(code), "{bytes:?}: {errors}");
    }
    let (status, _, errors) = gasm(&["--disassemble", text(&scratch.path().join("none"))]);
    assert!(status == 1 && errors.contains("E0405"), "{errors}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    /// Damaged objects are shown or refused.
    #[test]
    fn damaged_objects_do_not_panic(changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12), cut in proptest::option::of(any::<prop::sample::Index>()), json in any::<bool>()) {
        static OBJECT: std::sync::OnceLock<Vec<u8>> = std::sync::OnceLock::new();
        let object = OBJECT.get_or_init(|| {
            let source = "f: call g\n la a0, msg\n1: beqz a0, 1b\n .word 1, f - 1b\n .data\nmsg: .asciz \"text\"\n .section .text.z,\"ax\"\n ret\n .zero 40\n";
            let mut host = MemoryHost::new().with_file("a.s", source);
            let args: Vec<OsString> = ["gasm", "-g", "-o", "a.o", "a.s"].iter().map(OsString::from).collect();
            assert_eq!(gasm::run(&args, &mut host), 0);
            host::Files::read(&mut host, Path::new("a.o")).expect("it was written").to_vec()
        });
        let mut bytes = object.clone();
        for (at, byte) in changes {
            // Headers and tables stand at the ends.
            let i = at.index(bytes.len());
            bytes[i] = byte;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        let mut host = MemoryHost::new().with_file("a.o", bytes);
        let args: Vec<OsString> = ["gasm", "--disassemble", "-D", "--source", if json { "--format=json" } else { "-z" }, "a.o"].iter().map(OsString::from).collect();
        let status = gasm::run(&args, &mut host);
        prop_assert_eq!(status == 0, host.errors.is_empty());
    }
}
