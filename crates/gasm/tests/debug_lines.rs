//! `-g` for assembly sources: what listing, objdump, gasm --disassemble, GNU as and gdb say of the lines of one program.
//!
//! Without the peers a line that begins with `skipped:` says so; with `HVKIT_REQUIRE_PEERS=1` that is a failure.

use host::{MemoryHost, OsHost};
use peers::have;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::Command;

const AS: &str = "riscv64-unknown-elf-as";
const LD: &str = "riscv64-unknown-elf-ld";
const OBJDUMP: &str = "riscv64-unknown-elf-objdump";
const GDB: &str = "gdb-multiarch";

const INCLUDED: &str = "\
        .macro  bump reg
        addi    \\reg, \\reg, 1
        addi    \\reg, \\reg, 2
        .endm
inside:
        li      t0, 5
";

const MAIN: &str = "\
        .globl  _start
_start:
        li      a0, 1
        .macro  twice
        nop
        mv      a1, a0
        .endm
        twice
        .include \"inc.s\"
        bump    a2
        .rept   2
        add     a0, a0, a1
        .endr
        .irp    r, a3, a4
        li      \\r, 7
        .endr
        call    f
        j       _start; nop
        .section .text.f, \"ax\"
f:      nop
        twice
        la      a0, d
        ret
        .data
d:      .word   1
        .text
        beqz    a0, f
";

fn gasm(args: &[&str]) -> String {
    let args: Vec<OsString> = std::iter::once("gasm").chain(args.iter().copied()).map(OsString::from).collect();
    let mut host = MemoryHost { below: Some(Box::new(OsHost::new())), ..MemoryHost::new() };
    let status = gasm::run(&args, &mut host);
    assert_eq!(status, 0, "{}", String::from_utf8_lossy(&host.errors));
    String::from_utf8_lossy(&host.output).into_owned()
}

fn run(program: &str, args: &[&str]) -> String {
    let out = Command::new(program).args(args).output().unwrap_or_else(|e| panic!("{program}: {e}"));
    assert!(out.status.success(), "{program} {args:?}: {}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8_lossy(&out.stdout).into_owned()
}

fn text(path: &Path) -> &str {
    path.to_str().expect("paths are text")
}

/// `inc.s:6` by section and address, from a dump with lines: objdump's, or ours, where they stand behind `# `.
fn lines_of(dump: &str) -> BTreeMap<(String, u32), String> {
    let (mut section, mut line) = (String::new(), String::new());
    let mut out = BTreeMap::new();
    for row in dump.lines() {
        if let Some(name) = row.strip_prefix("Disassembly of section ") {
            section = name.trim_end_matches(':').into();
        } else if let Some((address, _)) = row.trim_start().split_once(":\t") {
            let address = u32::from_str_radix(address, 16).expect("an address");
            out.insert((section.clone(), address), line.clone());
        } else if let Some((path, number)) = row.rsplit_once(':')
            && number.starts_with(|c: char| c.is_ascii_digit())
            && let Some(name) = path.rsplit('/').next()
        {
            let number = number.split(' ').next().unwrap_or(number);
            line = format!("{}:{number}", name.trim_start_matches("# "));
        }
    }
    out
}

struct Program {
    folder: tempfile::TempDir,
}

impl Program {
    fn new() -> Program {
        let folder = tempfile::tempdir().expect("a temporary folder");
        fs::write(folder.path().join("main.s"), MAIN).expect("scratch space");
        fs::write(folder.path().join("inc.s"), INCLUDED).expect("scratch space");
        Program { folder }
    }

    fn path(&self, name: &str) -> String {
        text(&self.folder.path().join(name)).into()
    }
}

#[test]
fn listing_objdump_and_disassembly_agree_on_every_instruction() {
    if !have(OBJDUMP) {
        return;
    }
    let program = Program::new();
    let object = program.path("main.o");
    let listing = gasm(&["-g", "-al", &program.path("main.s"), "-o", &object]);
    let theirs = lines_of(&run(OBJDUMP, &["-d", "-l", "--no-show-raw-insn", &object]));
    let ours = lines_of(&gasm(&["--disassemble", "-l", "--no-show-raw-insn", &object]));
    assert_eq!(ours, theirs);
    assert!(theirs.len() > 18, "{theirs:?}");
    // The listing has all sections one after the other: an address and a line that stand in it together.
    let mut listed = 0;
    for row in listing.lines() {
        let mut columns = row.split_whitespace();
        let (Some(line), Some(address)) = (columns.next(), columns.next()) else { continue };
        let Ok(address) = u32::from_str_radix(address, 16) else { continue };
        if row[..15].trim().len() < 10 || row.contains(".word") {
            continue;
        }
        let found = theirs.iter().filter(|((_, a), l)| *a == address && l.rsplit(':').next() == Some(line)).count();
        assert!(found > 0, "listing: line {line} at {address:#x}; objdump: {theirs:?}\n{listing}");
        listed += 1;
    }
    assert!(listed > 12, "{listing}");
}

/// The same rows as GNU as, but for macros: there ours are the lines of the macro, so that a debugger steps through it.
#[test]
fn line_tables_are_those_of_gnu_as_outside_macros() {
    if !have(OBJDUMP) || !have(AS) {
        return;
    }
    let program = Program::new();
    let decoded = |object: &str| -> Vec<(String, String)> {
        let dump = run(OBJDUMP, &["--dwarf=decodedline", object]);
        let rows = dump.lines().map(|l| l.split_whitespace().collect::<Vec<_>>()).filter(|c| c.len() >= 3 && c[2].starts_with("0x") || c.len() >= 3 && c[2] == "0");
        rows.filter(|c| c[1] != "-").map(|c| (format!("{}:{}", c[0], c[1]), c[2].to_string())).collect()
    };
    let (ours, theirs) = (program.path("ours.o"), program.path("theirs.o"));
    gasm(&["-g", &program.path("main.s"), "-o", &ours]);
    let made = Command::new(AS).current_dir(program.folder.path()).args(["-march=rv32imac", "-mabi=ilp32", "-g", "main.s", "-o", &theirs]).status().expect("as runs");
    assert!(made.success());
    // The lines of the two macros, and of their uses.
    let of_macros = ["main.s:5", "main.s:6", "main.s:8", "main.s:10", "main.s:21", "inc.s:2", "inc.s:3"];
    let outside = |rows: Vec<(String, String)>| -> Vec<(String, String)> { rows.into_iter().filter(|(line, _)| !of_macros.contains(&line.as_str())).collect() };
    let (ours, theirs) = (decoded(&ours), decoded(&theirs));
    for line in ["main.s:5", "main.s:6", "inc.s:2", "inc.s:3"] {
        assert!(ours.iter().any(|(l, _)| l == line), "{line} is missing: {ours:?}");
    }
    assert_eq!(outside(ours), outside(theirs));
}

#[test]
fn gdb_shows_lines_also_inside_macros() {
    if !have(OBJDUMP) || !have(LD) || !have(GDB) {
        return;
    }
    let program = Program::new();
    let (object, image) = (program.path("main.o"), program.path("image"));
    gasm(&["-g", &program.path("main.s"), "-o", &object]);
    run(LD, &["-m", "elf32lriscv", "-Ttext=0x80000000", "-o", &image, &object]);
    let lines = lines_of(&run(OBJDUMP, &["-d", "-l", "--no-show-raw-insn", &image]));
    let mut commands = vec!["-batch".to_string(), "-nx".into(), "-ex".into(), format!("directory {}", program.path(""))];
    let mut ask = |command: String| commands.extend(["-ex".to_string(), command]);
    for (_, address) in lines.keys() {
        ask(format!("info line *{address:#x}"));
    }
    for command in ["break main.s:6", "info breakpoints", "list inc.s:3,3", "info symbol 0x80000000", "info scope _start"] {
        ask(command.into());
    }
    commands.push(image);
    let words: Vec<&str> = commands.iter().map(String::as_str).collect();
    let said = run(GDB, &words);
    let mut answers = said.lines().filter(|l| l.starts_with("Line "));
    for ((_, address), line) in &lines {
        let (file, number) = line.split_once(':').expect("file:line");
        let answer = answers.next().unwrap_or_else(|| panic!("no answer for {address:#x}: {said}"));
        let shown = answer.contains(&format!("Line {number} of ")) && answer.contains(&format!("{file}\""));
        assert!(shown, "{address:#x} is {line}, gdb says: {answer}");
    }
    assert!(said.contains("Breakpoint 1 at 0x80000004: file ") && said.contains("main.s, line 6."), "{said}");
    assert!(said.contains("3\t        addi    \\reg, \\reg, 2"), "{said}");
    assert!(said.contains("_start in section .text"), "{said}");
}
