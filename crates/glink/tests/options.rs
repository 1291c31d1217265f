//! Options one by one, beside GNU ld where it says what is right. The page of all options is made from their table:
//! `BLESS=1 cargo test -p glink --test options` writes it.

mod common;

use common::{Folder, have, run};
use object::read::elf::ElfFile32;
use object::{LittleEndian, Object, ObjectSection, ObjectSymbol};
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

#[test]
fn the_page_of_options_is_fresh() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/glink-options.md");
    let page = glink::options_reference();
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, &page).expect("written");
    }
    assert!(std::fs::read_to_string(&path).is_ok_and(|text| text == page), "{} is not fresh; run BLESS=1 cargo test -p glink --test options", path.display());
    for option in ["`-T FILE`, `--script FILE`", "`-Ur`", "`--build-id[=STYLE]`", "`-O[LEVEL]`", "## Refused by name", "`--error-handling-script SCRIPT`"] {
        assert!(page.contains(option), "{option}");
    }
}

/// Every option that GNU ld's `--help` lists is on the page: done, without effect, or refused.
#[test]
fn every_option_of_gnu_ld_is_known() {
    if !have("riscv64-unknown-elf-ld") {
        return;
    }
    let help = String::from_utf8(run(Command::new("riscv64-unknown-elf-ld").arg("--help"))).expect("text");
    let page = glink::options_reference();
    let spellings: BTreeSet<&str> = page.split(|c: char| c.is_whitespace() || "`,[|".contains(c)).filter(|word| word.starts_with('-')).collect();
    // clap has these; the groups are shown with the options that begin them.
    let elsewhere = ["--help", "--version", "-v", "-V", "-(", "-)", "-h", "-z"];
    let mut count = 0;
    let mut missing = Vec::new();
    for line in help.lines().filter(|line| line.starts_with("  -")) {
        let options = line.trim_start().split("  ").next().unwrap_or_default();
        for option in options.split(", ").map(|option| option.split([' ', '=', '[']).next().unwrap_or_default()) {
            count += 1;
            let (short, long) = (option.replacen("--", "-", 1), option.replacen('-', "--", 1));
            if ![option, &short, &long].iter().any(|spelling| spellings.contains(spelling)) && !elsewhere.contains(&option) {
                missing.push(option);
            }
        }
    }
    assert!(count > 200, "{count} options: the help is not understood");
    assert!(missing.is_empty(), "{missing:?} are neither done nor accepted nor refused");
}

struct Done {
    ok: bool,
    out: String,
    err: String,
}

/// Runs one of the linkers in the folder; `-o NAME` is the caller's.
fn link(folder: &Folder, gnu: bool, line: &str) -> Done {
    let mut command = if gnu { Command::new("riscv64-unknown-elf-ld") } else { Command::new(env!("CARGO_BIN_EXE_glink")) };
    command.args(if gnu { &["-melf32lriscv", "--no-warn-rwx-segments"][..] } else { &[] }).args(line.split_whitespace()).current_dir(folder.0.path());
    let output = command.output().expect("it runs");
    Done { ok: output.status.success(), out: String::from_utf8_lossy(&output.stdout).into_owned(), err: String::from_utf8_lossy(&output.stderr).into_owned() }
}

/// Links with both, to `ours` and `theirs`, which must work.
fn both(folder: &Folder, line: &str) {
    for (gnu, name) in [(false, "ours"), (true, "theirs")] {
        let done = link(folder, gnu, &format!("{} -o {name}", line.replace("%o", name)));
        assert!(done.ok, "{name}: {line}\n{}", done.err);
    }
}

fn read(folder: &Folder, name: &str) -> Vec<u8> {
    std::fs::read(folder.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Global symbols with addresses, sections with contents.
type Parts = (BTreeSet<(String, u64)>, Vec<(String, Vec<u8>)>);

fn parts(bytes: &[u8]) -> Parts {
    let file = ElfFile32::<LittleEndian>::parse(bytes).expect("an ELF file");
    let symbols = file.symbols().filter(|symbol| symbol.is_global()).map(|symbol| (symbol.name().unwrap_or_default().to_string(), symbol.address())).collect();
    let sections = file.sections().filter(|section| section.address() != 0 && section.name() != Ok(".note.hvk")).map(|section| (section.name().unwrap_or_default().to_string(), section.data().unwrap_or_default().to_vec())).collect();
    (symbols, sections)
}

fn folder() -> Option<Folder> {
    let folder = Folder::new().filter(|_| have("riscv64-unknown-elf-ld") && have("riscv64-unknown-elf-objcopy"))?;
    folder.object("a", ".globl _start, shown\n_start: call other\nlui a0, %hi(value)\nret\n.data\nshown: .word 1, 2\n.comm block, 8, 4\n.section .odd.1, \"a\"\n.byte 1\n");
    folder.object("b", ".globl other, value, unused\n.hidden unused\nother: ret\n.section .text.unused, \"ax\"\nunused: ret\n.section .text.kept, \"ax\"\n.globl kept\nkept: ret\n.data\nvalue: .word 5\n.section .odd.1, \"a\"\n.byte 2\n.section .odd.2, \"a\"\n.byte 3\n");
    folder.write("k.ld", "SECTIONS { .text 0x12000 : { *(.text*) } .data 0x13000 : { *(.data) } .bss : { *(.bss COMMON) } }\n");
    Some(folder)
}

#[test]
fn images_are_those_of_gnu_ld() {
    let Some(folder) = folder() else { return };
    folder.write("note.ld", "SECTIONS { .text 0x12000 : { *(.text*) } .note : { *(.note.package) } .data 0x13000 : { *(.data) } .bss : { *(.bss COMMON) } }\n");
    folder.write("keep", "shown\nother\n\n");
    for (line, differs) in [
        ("-T k.ld a.o b.o --retain-symbols-file keep", "kept"),
        ("-T k.ld a.o b.o --unique", ""),
        ("-T k.ld a.o b.o --unique=.odd.*", ""),
        ("-T k.ld a.o b.o --unique=.text.*", ""),
        ("-T k.ld a.o b.o -e _start --gc-sections --gc-keep-exported", "unused"),
        ("-T k.ld a.o b.o -e _start --gc-sections", "kept"),
        // Without a line in the script GNU ld puts the note at address 0.
        ("-T note.ld a.o b.o --package-metadata={\"name\":\"x\"}", ""),
        ("-T k.ld a.o b.o --section-s=.data=0x15000 --no-gc-s", ""),
        ("-T k.ld a.o b.o -O2 -G 8 -Bdynamic -E -rpath /x -flto --hash-size=3 -assert pure-text", ""),
    ] {
        both(&folder, &format!("{line} --no-relax"));
        let (ours, theirs) = (parts(&read(&folder, "ours")), parts(&read(&folder, "theirs")));
        assert_eq!(ours, theirs, "{line}");
        assert!(theirs.1.len() >= 2 && !theirs.0.iter().any(|(name, _)| name == differs), "{line}: {theirs:?}");
    }
    // An import library has the addresses of what objects define for all.
    both(&folder, "-T k.ld a.o b.o --no-relax --out-implib=%o.lib");
    let (ours, theirs) = (parts(&read(&folder, "ours.lib")).0, parts(&read(&folder, "theirs.lib")).0);
    assert!(ours == theirs && ours.iter().any(|(name, address)| name == "shown" && *address == 0x13000), "{ours:?} {theirs:?}");
    folder.object("c", ".globl _start\n_start: lui a0, %hi(shown)\n addi a0, a0, %lo(shown)\n ret\n");
    both(&folder, "-Ttext=0x8000 a.o b.o --no-relax");
    std::fs::copy(folder.path("theirs"), folder.path("rom")).expect("copied");
    for order in ["c.o -R rom", "-R rom c.o", "-R theirs.lib begin.o"] {
        folder.object("begin", ".globl begin\nbegin: lui a0, %hi(shown)\n addi a0, a0, %lo(shown)\n ret\n");
        both(&folder, &format!("-T k.ld {order} --no-relax"));
        let start = |name: &str| parts(&read(&folder, name)).0.into_iter().find(|(name, _)| name == "_start");
        assert_eq!(parts(&read(&folder, "ours")).1, parts(&read(&folder, "theirs")).1, "{order}");
        assert_eq!(start("ours"), start("theirs"), "{order}");
    }
    assert!(!link(&folder, false, "-T k.ld c.o -R rom --disable-multiple-abs-defs -o x").ok);
    folder.object("same", ".globl same\nsame = 5\n");
    folder.object("again", ".globl same\nsame = 5\n");
    folder.object("other", ".globl same\nsame = 6\n");
    both(&folder, "-T k.ld same.o again.o");
    assert!(!link(&folder, false, "-T k.ld same.o other.o -o x").ok);
    folder.object("none", "nop\n");
    let none = link(&folder, false, "-T k.ld none.o --out-implib=x.lib -o x");
    assert!(!none.ok && none.err.contains("no symbol found for import library"), "{}", none.err);
}

#[test]
fn formats_without_headers_hold_what_those_of_gnu_ld_hold() {
    let Some(folder) = folder() else { return };
    folder.write("far.ld", "SECTIONS { .text 0x80000000 : { *(.text*) } .data 0x80010000 : { *(.data) } .bss : { *(.bss COMMON) } /DISCARD/ : { *(.odd*) } }\n");
    folder.write("near.ld", "SECTIONS { .text 0x1000 : { *(.text*) } .data 0x2000 : { *(.data) } .bss : { *(.bss COMMON) } /DISCARD/ : { *(.odd*) } }\n");
    folder.write("said.ld", "OUTPUT_FORMAT(srec) INCLUDE near.ld");
    // GNU ld makes only ELF of RISC-V objects; its objcopy makes the rest.
    let converted = |from: &str, input: &str, to: &str, output: &str| {
        run(Command::new("riscv64-unknown-elf-objcopy").args(["-I", from, "-O", to]).arg(folder.path(input)).arg(folder.path(output)));
        read(&folder, output)
    };
    for (line, format) in [("-T far.ld --oformat srec", "srec"), ("-T near.ld --oformat srec", "srec"), ("-T far.ld --oformat ihex", "ihex"), ("-T said.ld", "srec"), ("-T far.ld --oformat verilog", "verilog")] {
        let elf = line.split(" --oformat").next().unwrap_or_default().replace("said", "near");
        for (gnu, line) in [(true, format!("{elf} a.o b.o --no-relax -o theirs.elf")), (false, format!("{line} a.o b.o --no-relax -o ours -e 0x80000000"))] {
            let done = link(&folder, gnu, &line);
            assert!(done.ok, "{line}: {}", done.err);
        }
        let theirs = converted("elf32-littleriscv", "theirs.elf", format, "theirs");
        assert!(theirs.len() > 100, "{line}");
        // There is no reading Verilog; its words are its bytes.
        if format == "verilog" {
            let words = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text").split_whitespace().map(str::to_string).collect::<Vec<_>>();
            assert_eq!(words(read(&folder, "ours")), words(theirs));
        } else {
            assert_eq!(converted(format, "ours", "binary", "flat"), converted(format, "theirs", "binary", "flat"), "{line}");
        }
    }
    let near = link(&folder, false, "-T near.ld a.o b.o --oformat srec -e 0 -o near");
    assert!(near.ok && String::from_utf8_lossy(&read(&folder, "near")).contains("\nS1"), "{}", near.err);
}

#[test]
fn what_is_said_is_what_gnu_ld_says() {
    let Some(folder) = folder() else { return };
    folder.archive("libb.a", "rc", &[&folder.path("b.o")]);
    // -y names files, archives' members too.
    for traced in ["value", "_start", "nowhere"] {
        let line = format!("-T k.ld a.o -L. -lb -y {traced} -o x");
        let (ours, theirs) = (link(&folder, false, &line), link(&folder, true, &line));
        let lines = |text: &str| text.lines().map(|line| line.trim_start_matches("riscv64-unknown-elf-ld: ").replace("./libb.a", "libb.a").replace(&format!("`{traced}'"), traced)).collect::<BTreeSet<String>>();
        assert_eq!(lines(&ours.out), lines(&format!("{}{}", theirs.out, theirs.err)), "{traced}");
    }
    // Dependencies, as make reads them.
    both(&folder, "-T k.ld a.o -L. -lb --dependency-file=%o.d");
    let rule = |name: &str| String::from_utf8(read(&folder, &format!("{name}.d"))).expect("text").replace(name, "image").replace("./libb.a", "libb.a");
    let lines = |text: String| text.lines().map(|line| line.trim_end_matches('\\').trim().to_string()).collect::<BTreeSet<_>>();
    assert_eq!(lines(rule("ours")), lines(rule("theirs")));
    assert!(rule("ours").starts_with("image: \\\n  ") && rule("ours").contains("\na.o:\n"), "{}", rule("ours"));
    // Undefined symbols: forgiven one by one, or all.
    folder.object("lacks", ".globl _start\n_start: lui a0, %hi(missing)\n lui a0, %hi(gone)\n");
    for (line, made) in [
        ("", false),
        ("--ignore-unresolved-symbol missing", false),
        ("--ignore-unresolved-symbol missing --ignore-unresolved-symbol=gone", true),
        ("--noinhibit-exec", true),
        ("-z undefs", true),
        ("--warn-unresolved-symbols", true),
        ("--warn-unresolved-symbols --error-unresolved-symbols", false),
        ("--noinhibit-exec --require-defined=nothing", true),
        ("--require-defined=nothing --ignore-unresolved-symbol missing --ignore-unresolved-symbol=gone", false),
    ] {
        for gnu in [false, true] {
            let _ = std::fs::remove_file(folder.path("x"));
            // GNU ld stops at a required symbol in any case.
            if gnu && line.starts_with("--noinhibit-exec --req") {
                continue;
            }
            let done = link(&folder, gnu, &format!("-T k.ld lacks.o -o x {line}"));
            assert_eq!((done.ok, folder.path("x").exists()), (made, made), "{line}: {}", done.err);
            if line.starts_with("--require") {
                assert!(done.err.contains("required symbol"), "{}", done.err);
            }
        }
    }
    let quiet = link(&folder, false, "-T k.ld lacks.o -o x --warn-unresolved-symbols -w");
    assert!(quiet.ok && quiet.err.is_empty(), "{}", quiet.err);
    assert!(link(&folder, false, "-T k.ld lacks.o -o x --warn-unresolved-symbols --fatal-warnings --no-fatal-warnings").ok);
    // Overlaps.
    folder.write("over.ld", "SECTIONS { .text 0x100 : { *(.text*) } .data 0x102 : { *(.data) } .bss 0x900 : { *(.bss COMMON) } }");
    for (option, made) in [("", false), ("--check-sections", false), ("--no-check-sections", true), ("--no-check-sections --check-sections", false)] {
        for gnu in [false, true] {
            let done = link(&folder, gnu, &format!("-T over.ld a.o b.o --no-relax -o x {option}"));
            assert_eq!(done.ok, made, "{option}: {}", done.err);
            assert!(made || done.err.contains("section .data ") && done.err.contains("overlaps section .text "), "{}", done.err);
        }
    }
}

#[test]
fn objects_without_code_are_told() {
    let Some(folder) = folder().filter(|_| have("riscv64-unknown-elf-gcc")) else { return };
    folder.write("lto.c", "int lto(void) { return 1; }\n");
    folder.write("k.ld", "SECTIONS { .text 0x1000 : { *(.text*) } }\n");
    for (how, made) in [("-flto", false), ("-flto -ffat-lto-objects", true), ("-fno-lto", true)] {
        run(Command::new("riscv64-unknown-elf-gcc").args(["-march=rv32imac", "-mabi=ilp32", "-c", "-o"]).arg(folder.path("lto.o")).args(how.split(' ')).arg(folder.path("lto.c")));
        let done = link(&folder, false, "-T k.ld lto.o -e lto -o x");
        assert_eq!((done.ok, done.err.contains("plugin needed to handle lto object")), (made, !made), "{how}: {}", done.err);
        assert!(link(&folder, false, "-r lto.o -o x").ok, "{how}");
    }
}

#[test]
fn states_pages_and_questions() {
    let Some(folder) = folder() else { return };
    folder.archive("libb.a", "rc", &[&folder.path("b.o")]);
    folder.object("lone", ".globl _start\n_start: nop\n");
    folder.write("page.ld", "SECTIONS { .text 0x1000 : { *(.text*) } } common = CONSTANT(COMMONPAGESIZE); most = CONSTANT(MAXPAGESIZE); far = SEGMENT_START(\"ldata-segment\", 1);");
    for line in ["--push-state --whole-archive --pop-state libb.a", "--push-state --whole-archive libb.a --pop-state", "-z common-page-size=2048", "-z max-page-size=65536", "-z max-page-size=0x800 -z common-page-size=0x800", "-Tldata-segment 0x9000"] {
        both(&folder, &format!("-T page.ld lone.o {line} --no-relax"));
        assert_eq!(parts(&read(&folder, "ours")), parts(&read(&folder, "theirs")), "{line}");
    }
    assert!(link(&folder, false, "-T page.ld lone.o --pop-state -o x").err.contains("--push-state before it"));
    for question in ["--print-output-format", "--sysroot=/some/where --print-sysroot", "--oformat binary --print-output-format"] {
        let (ours, theirs) = (link(&folder, false, question), link(&folder, true, question));
        assert!(ours.ok && ours.out == theirs.out, "{question}: {} {}", ours.out, theirs.out);
    }
    // -v links too, as gcc -v expects.
    for version in ["-v", "-V"] {
        let _ = std::fs::remove_file(folder.path("x"));
        let done = link(&folder, false, &format!("{version} -T page.ld lone.o -o x"));
        assert!(done.ok && done.out.starts_with("glink ") && folder.path("x").exists(), "{version}: {}{}", done.out, done.err);
        assert!(link(&folder, false, version).ok);
    }
    assert!(link(&folder, false, "-V").out.contains("elf32lriscv") && link(&folder, false, "--version nothing.o").ok);
    let verbose = link(&folder, false, "--verbose");
    assert!(verbose.ok && verbose.out.contains(glink::DEFAULT_SCRIPT), "{}", verbose.out);
    assert!(link(&folder, false, "-t -T page.ld lone.o -L. -lb -o x").out.contains("lone.o\n./libb.a\n"));
    assert!(link(&folder, false, "--target-help").out.contains("--script"));
    // What is refused says why.
    for (option, why) in [("-shared", "ar rc"), ("-pie", "-Ttext"), ("--stats", "time"), ("-EB", "little-endian"), ("-f x", "shared"), ("--eh-frame-hdr", "__eh_frame_start"), ("-Y /x", "-L")] {
        let done = link(&folder, false, &format!("{option} lone.o -o x"));
        assert!(!done.ok && done.err.contains(why) && done.err.contains("is not supported"), "{option}: {}", done.err);
    }
    let kept = link(&folder, false, "--gc-sections -r lone.o -o x");
    assert!(!kept.ok && kept.err.contains("--gc-sections requires"), "{}", kept.err);
}
