//! Against GNU as: the same sources give the same objects.
//!
//! Sources are the snippets beside this file, every documented example of a directive, and what gcc
//! makes of the C files, at several levels. Compared are all allocated sections (flags, alignment,
//! bytes outside relocated fields, relocations by the place that they name), symbols and attributes;
//! and after linking with relaxation the images and their line tables.
//!
//! Without the peers a line that begins with `skipped:` says so; with `HVKIT_REQUIRE_PEERS=1` that
//! is a failure.

use peers::have;
use peers::object::{Object, Rules, differences};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const AS: &str = "riscv64-unknown-elf-as";
const GCC: &str = "riscv64-unknown-elf-gcc";
const LD: &str = "riscv64-unknown-elf-ld";
const OBJDUMP: &str = "riscv64-unknown-elf-objdump";
const MARCH: &str = "-march=rv32imac_zicsr_zifencei_zba_zbb_zbs";

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(name)
}

fn files(name: &str, extension: &str) -> Vec<PathBuf> {
    let mut out: Vec<PathBuf> = fs::read_dir(folder(name)).expect("the folder is part of the crate").map(|e| e.expect("it can be read").path()).collect();
    out.retain(|p| p.extension().is_some_and(|e| e == extension));
    out.sort();
    out
}

fn run(program: &str, args: &[&str]) -> std::process::Output {
    Command::new(program).args(args).output().unwrap_or_else(|e| panic!("{program}: {e}"))
}

/// The object that GNU as makes, or its complaint.
fn theirs(source: &Path, object: &Path, flags: &[&str]) -> Result<Vec<u8>, String> {
    let mut args = vec![MARCH, "-mabi=ilp32", "-o", object.to_str().expect("paths are text"), source.to_str().expect("paths are text")];
    args.extend(flags);
    let out = run(AS, &args);
    if !out.status.success() {
        return Err(String::from_utf8_lossy(&out.stderr).into_owned());
    }
    Ok(fs::read(object).expect("as wrote it"))
}

/// The object that gasm makes, or its diagnostics.
fn ours(source: &Path, object: &Path, flags: &[&str]) -> Result<Vec<u8>, String> {
    let mut args = vec!["gasm", "--color=never", "-o", object.to_str().expect("paths are text"), source.to_str().expect("paths are text")];
    args.extend(flags);
    let args: Vec<std::ffi::OsString> = args.iter().map(Into::into).collect();
    let mut host = host::MemoryHost { below: Some(Box::new(host::OsHost::new())), ..host::MemoryHost::new() };
    let status = gasm::run(&args, &mut host);
    if status != 0 {
        return Err(String::from_utf8_lossy(&host.errors).into_owned());
    }
    Ok(fs::read(object).expect("gasm wrote it"))
}

/// What differs between the two objects of a source.
fn compare_source(source: &Path, scratch: &Path, flags: &[&str]) -> Vec<String> {
    let reference = match theirs(source, &scratch.join("theirs.o"), flags) {
        Ok(bytes) => bytes,
        Err(message) => return vec![format!("GNU as refuses it: {message}")],
    };
    let bytes = match ours(source, &scratch.join("ours.o"), flags) {
        Ok(bytes) => bytes,
        Err(message) => return vec![format!("gasm refuses it: {message}")],
    };
    let read = |bytes: &[u8]| Object::read(bytes).expect("an ELF file");
    differences(&read(&reference), &read(&bytes), Rules::GNU)
}

fn check(sources: &[(PathBuf, Vec<&str>)]) {
    let scratch = tempfile::tempdir().expect("a temporary folder");
    let mut wrong = Vec::new();
    for (source, flags) in sources {
        for difference in compare_source(source, scratch.path(), flags) {
            wrong.push(format!("{} {flags:?}: {difference}", source.display()));
        }
    }
    assert!(wrong.is_empty(), "{} differences:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn snippets_give_the_same_objects() {
    if !have(AS) {
        return;
    }
    let mut sources: Vec<(PathBuf, Vec<&str>)> = Vec::new();
    for file in files("snippets", "s") {
        sources.push((file.clone(), vec![]));
        // With other defaults; the snippet on options sets them itself.
        if !file.ends_with("options.s") {
            sources.push((file.clone(), vec!["-mno-relax"]));
            sources.push((file.clone(), vec!["-fpic"]));
        }
    }
    check(&sources);
}

/// Unwind tables, decoded: those for debuggers too, which are not allocated and not compared above.
fn frames(object: &Path) -> String {
    let output = run(OBJDUMP, &["--dwarf=frames", object.to_str().expect("paths are text")]);
    String::from_utf8_lossy(&output.stdout).lines().skip_while(|line| !line.starts_with("Contents of")).map(|line| format!("{line}\n")).collect()
}

#[test]
fn snippets_give_the_same_unwind_tables() {
    if !have(AS) || !have(OBJDUMP) {
        return;
    }
    let scratch = tempfile::tempdir().expect("a temporary folder");
    let (a, b) = (scratch.path().join("theirs.o"), scratch.path().join("ours.o"));
    let mut seen = 0;
    for source in files("snippets", "s") {
        theirs(&source, &a, &[]).expect("GNU as takes it");
        ours(&source, &b, &[]).expect("gasm takes it");
        seen += usize::from(!frames(&a).is_empty());
        assert_eq!(frames(&a), frames(&b), "{}", source.display());
    }
    assert!(seen >= 2, "the snippets have unwind tables");
}

/// What GNU as refuses because LLVM wrote it is compared with llvm-mc.
#[test]
fn what_llvm_writes_gives_what_llvm_mc_makes() {
    const LLVM_MC: &str = "llvm-mc";
    if !have(LLVM_MC) || !have(OBJDUMP) {
        return;
    }
    let scratch = tempfile::tempdir().expect("a temporary folder");
    let (a, b) = (scratch.path().join("theirs.o"), scratch.path().join("ours.o"));
    let ways: [(&str, &[&str]); 2] = [("-mattr=+m,+a,+c,+relax", &[]), ("-mattr=+m,+a,+c,-relax", &["-mno-relax"])];
    for (source, (attributes, flags)) in files("llvm", "s").into_iter().flat_map(|source| ways.map(|way| (source.clone(), way))) {
        let words = ["-triple=riscv32", attributes, "-filetype=obj", source.to_str().expect("text"), "-o", a.to_str().expect("text")];
        let made = run(LLVM_MC, &words);
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let bytes = ours(&source, &b, flags).expect("gasm takes it");
        let read = |bytes: &[u8]| Object::read(bytes).expect("an ELF file");
        let found = differences(&read(&fs::read(&a).expect("llvm-mc wrote it")), &read(&bytes), Rules::LLVM);
        assert!(found.is_empty(), "{}: {found:#?}", source.display());
        assert_eq!(frames(&a), frames(&b), "{}", source.display());
    }
}

/// Each C file at each level, as assembly.
fn compiled(scratch: &Path) -> Vec<PathBuf> {
    const LEVELS: [&[&str]; 9] = [
        &["-O0"],
        &["-O2"],
        &["-Os"],
        &["-O2", "-g"],
        &["-O1", "-g", "-gdwarf-4"],
        &["-O2", "-fpic"],
        &["-Os", "-ffunction-sections", "-fdata-sections", "-msave-restore"],
        &["-O2", "-mcmodel=medany", "-fexceptions", "-funwind-tables"],
        &["-O3", "-mno-relax", "-fno-common"],
    ];
    let mut out = Vec::new();
    for source in files("c", "c").into_iter().chain(files("c", "cc")) {
        for (n, level) in LEVELS.iter().enumerate() {
            let name = format!("{}-{n}.s", source.file_stem().and_then(|s| s.to_str()).expect("names are text"));
            let target = scratch.join(name);
            let mut args = vec!["-march=rv32imac_zicsr_zba_zbb_zbs", "-mabi=ilp32", "-ffreestanding", "-S", "-o", target.to_str().expect("paths are text")];
            args.extend(level.iter().copied());
            args.push(source.to_str().expect("paths are text"));
            let made = run(GCC, &args);
            assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
            out.push(target);
        }
    }
    out
}

#[test]
fn compiler_output_gives_the_same_objects_and_images() {
    if !have(AS) || !have(GCC) || !have(LD) || !have(OBJDUMP) {
        return;
    }
    let scratch = tempfile::tempdir().expect("a temporary folder");
    let sources = compiled(scratch.path());
    check(&sources.iter().map(|s| (s.clone(), vec![])).collect::<Vec<_>>());
    // Linked with relaxation, images and line tables are the same.
    for source in &sources {
        let mut dumps = Vec::new();
        for (name, assemble) in [("theirs", theirs as fn(&Path, &Path, &[&str]) -> Result<Vec<u8>, String>), ("ours", ours)] {
            let (object, image) = (scratch.path().join(format!("{name}.o")), scratch.path().join(name));
            assemble(source, &object, &[]).expect("it assembled before");
            let path = |p: &Path| p.to_str().expect("paths are text").to_string();
            let linked = run(
                LD,
                &["-m", "elf32lriscv", "-e", "0", "-Ttext=0x80000000", "--defsym", "__global_pointer$=0x80002000", "--unresolved-symbols=ignore-all", &path(&object), "-o", &path(&image)],
            );
            assert!(linked.status.success(), "{}: {}", source.display(), String::from_utf8_lossy(&linked.stderr));
            let contents = Object::read(&fs::read(&image).expect("ld wrote it")).expect("an ELF file").loaded();
            let lines = run(OBJDUMP, &["--dwarf=decodedline", &path(&image)]);
            let lines = String::from_utf8_lossy(&lines.stdout).replace(&path(&image), "image");
            dumps.push((contents, lines));
        }
        assert!(dumps[0] == dumps[1], "{} is another image, or has other lines", source.display());
    }
}

/// Lines of an assembly source (`-g`), also those of macros, as objdump shows them.
#[test]
fn lines_of_assembly_sources_are_seen() {
    if !have(OBJDUMP) {
        return;
    }
    let scratch = tempfile::tempdir().expect("a temporary folder");
    let source = scratch.path().join("lines.s");
    fs::write(&source, "    .globl _start\n_start:\n    li a0, 1\n    .macro twice\n    nop\n    nop\n    .endm\n    twice\n    ret\n").expect("scratch space");
    let object = scratch.path().join("lines.o");
    ours(&source, &object, &["-g"]).expect("it assembles");
    let out = run(OBJDUMP, &["-dl", object.to_str().expect("paths are text")]);
    let text = String::from_utf8_lossy(&out.stdout);
    let lines: Vec<&str> = text.lines().filter_map(|l| l.rsplit_once("lines.s:").map(|(_, n)| n)).collect();
    assert_eq!(lines, ["3", "5", "6", "9"], "{text}");
    assert!(out.stderr.is_empty(), "{}", String::from_utf8_lossy(&out.stderr));
}
