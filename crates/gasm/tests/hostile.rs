//! Sources that mean harm, through the program itself, each as a process with limits: 10 seconds of processor time, and
//! 1 GiB of memory and 4 times the input. Each must assemble or give the code that is named here; a crash, a
//! processor-time limit or an exhausted memory is a failure.

#![expect(clippy::print_stdout, reason = "how many cases were tried is part of the result")]

use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::os::unix::fs::symlink;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Processor time of a case, in seconds, of the optimised program; of the other it is judged with patience.
const SECONDS: u64 = if cfg!(debug_assertions) { 40 } else { 10 };
/// Memory besides 4 times the input.
const MEMORY: u64 = 1 << 30;

/// What must come of it.
enum Outcome {
    /// It assembles.
    Fine,
    /// It is refused with this code among others.
    Code(&'static str),
}
use Outcome::{Code, Fine};

struct Case {
    name: &'static str,
    outcome: Outcome,
    /// It takes seconds, or writes a gigabyte: only with `HOSTILE=all`.
    heavy: bool,
    /// Writes the files; the source is `main.s`.
    make: Box<dyn Fn(&Path) + Send + Sync>,
}

/// A source of one text.
fn text(name: &'static str, outcome: Outcome, text: impl Fn() -> String + Send + Sync + 'static) -> Case {
    files(name, outcome, move |folder| std::fs::write(folder.join("main.s"), text()).expect("scratch space"))
}

/// A source with other files.
fn files(name: &'static str, outcome: Outcome, make: impl Fn(&Path) + Send + Sync + 'static) -> Case {
    Case { name, outcome, heavy: false, make: Box::new(make) }
}

/// A case that takes long.
fn heavy(case: Case) -> Case {
    Case { heavy: true, ..case }
}

/// A large source, written piece by piece: beginning, what is repeated up to a size, end.
fn large(name: &'static str, outcome: Outcome, size: usize, parts: [&'static str; 3]) -> Case {
    files(name, outcome, move |folder| {
        let mut out = BufWriter::new(File::create(folder.join("main.s")).expect("scratch space"));
        let chunk = parts[1].repeat((1 << 20) / parts[1].len());
        out.write_all(parts[0].as_bytes()).expect("scratch space");
        for _ in 0..size / chunk.len() {
            out.write_all(chunk.as_bytes()).expect("scratch space");
        }
        out.write_all(parts[2].as_bytes()).expect("scratch space");
    })
}

/// Lines made from numbers.
fn lines(count: usize, line: impl Fn(&mut String, usize)) -> String {
    let mut out = String::new();
    for i in 0..count {
        line(&mut out, i);
    }
    out
}

const GIB: usize = 1 << 30;
const MILLION: usize = 1_000_000;

macro_rules! each {
    ($i:ident, $count:expr, $($format:tt)*) => { lines($count, |out, $i| { let _ = writeln!(out, $($format)*); }) };
}

fn lexical() -> Vec<Case> {
    vec![
        heavy(large("a comment of 1 GB", Fine, GIB, ["# ", "comment ", "\nnop\n"])),
        large("a comment of 128 MB", Fine, GIB / 8, ["# ", "comment ", "\nnop\n"]),
        large("a line of 128 MB with numbers", Code("E0113"), GIB / 8, [".data\n.word 1", ",1", "\n"]),
        heavy(large("a block comment of 1 GB", Fine, GIB, ["/* ", "comment\n", "*/\nnop\n"])),
        heavy(large("a name of 256 MB", Fine, GIB / 4, ["", "name", ": nop\n"])),
        heavy(large("a string of 256 MB", Fine, GIB / 4, [".data\n.ascii \"", "text", "\"\n"])),
        heavy(large("a number of 256 MB", Code("E0108"), GIB / 4, [".data\n.word ", "1234", "\n"])),
        heavy(large("a line of 1 GB with numbers", Code("E0113"), GIB, [".data\n.word 1", ",1", "\n"])),
        heavy(large("a line of 1 GB with parentheses", Code("E0113"), GIB, [".data\n.word ", "(", "\n"])),
        heavy(large("a line of 1 GB with operands", Code("E0113"), GIB, ["addi a0", ", a0", "\n"])),
        heavy(large("1 GB without an end", Code("E0103"), GIB, [".ascii \"", "text", ""])),
        heavy(large("a comment without end, 1 GB", Code("E0104"), GIB, ["nop /* ", "text\n", ""])),
        heavy(large("256 MB of blanks", Fine, GIB / 4, ["nop ", "    ", "\n"])),
        heavy(large("256 MB of semicolons", Fine, GIB / 4, ["nop ", ";;;;", "\n"])),
        heavy(large("256 MB of empty lines", Fine, GIB / 4, ["nop\n", "\n", "\n"])),
        large("NUL bytes", Code("E0100"), 1 << 24, ["nop\n", "\0", "\n"]),
        large("invalid UTF-8", Code("E0100"), 0, ["nop\n", "x", "\u{1}\u{2}\n"]),
        files("every byte a line", Code("E0100"), |folder| {
            let bytes: Vec<u8> = (0..=255u8).flat_map(|b| [b, b, b'\n']).collect();
            std::fs::write(folder.join("main.s"), bytes).expect("scratch space");
        }),
        files("bytes above 0x7f", Code("E0101"), |folder| {
            std::fs::write(folder.join("main.s"), [&[0xff; 1 << 20][..], b" a0\r\n"].concat()).expect("scratch space");
        }),
        text("a million lines with CRLF", Fine, || "nop\r\n".repeat(MILLION)),
        text("carriage returns alone", Fine, || "nop\r;".repeat(1000)),
    ]
}

fn expressions() -> Vec<Case> {
    vec![
        text("10^5 parentheses", Code("E0111"), || format!(".data\n.word {}1{}\n", "(".repeat(100_000), ")".repeat(100_000))),
        text("10^5 open parentheses", Code("E0111"), || format!(".data\n.word {}\n", "(".repeat(100_000))),
        text("10^5 signs", Code("E0111"), || format!(".data\n.word {}1\n", "-".repeat(100_000))),
        text("10^5 complements in an operand", Code("E0111"), || format!("li a0, {}1\n", "~!-".repeat(40_000))),
        text("a sum of 10^6", Fine, || format!(".data\n.word 1{}\n", "+1".repeat(MILLION))),
        text("a sum of 10^5 names", Fine, || format!(".data\na:\n.word a{}\n", "-a+a".repeat(100_000))),
        text("a sum of 10^5 labels to come", Fine, || format!(".data\n.word 0{}\na: .byte 1\nb:\n", "+b-a".repeat(100_000))),
        text("operators of rising precedence", Fine, || format!(".data\n.word 1{}\n", "||1&&1==1+1|1*1".repeat(20_000))),
        text("division by zero", Code("E0305"), || ".data\n.word 1/0, 1%0, 5/(3-3)\n".into()),
        text("division by zero after layout", Code("E0305"), || ".data\n.word 1/(b-a)\na:\nb:\n".into()),
        text("the smallest number by -1", Fine, || ".data\n.quad -0x8000000000000000/-1, -0x8000000000000000%-1\n".into()),
        text("shifts by anything", Fine, || ".data\n.quad 1<<64, 1>>-1, 1<<0x7fffffffffffffff, -1>>63\n".into()),
        text("two names in a circle", Code("E0306"), || ".set a, b\n.set b, a\n.data\n.word a\n".into()),
        text("a name that is itself", Code("E0306"), || ".data\n.word a\n.set a, a + 1\n".into()),
        text("a circle of 10^5 names", Code("E0306"), || each!(i, 100_000, ".equ n{i}, n{} + 1", (i + 1) % 100_000) + ".data\n.word n0\n"),
        text("a chain of 10^5 names", Code("E0306"), || each!(i, 100_000, ".equ n{i}, n{} + 1", i + 1) + ".data\n.word n0\n"),
        text("a chain of 10^5 names, backwards", Fine, || ".equ n0, 1\n".to_string() + &each!(i, 100_000, ".equ n{}, n{i} + 1", i + 1) + ".data\n.word n100000\n"),
        text("names that double", Code("E0307"), || each!(i, 60, ".equ n{i}, n{} + n{}", i + 1, i + 1) + ".data\n.word n0\n"),
        text("names that double 40 times and end", Code("E0306"), || each!(i, 40, ".equ n{i}, n{} + n{}", i + 1, i + 1) + "n40 = 1\n.data\n.word n0\n"),
        text("10^6 assignments of one name", Fine, || format!("x = 0\n{}", "x = x + 1\n".repeat(MILLION))),
    ]
}

fn expansions() -> Vec<Case> {
    vec![
        text("a macro that uses itself", Code("E0407"), || ".macro m\nm\n.endm\nm\n".into()),
        text("macros that use each other", Code("E0407"), || ".macro a\nb\n.endm\n.macro b\na\n.endm\na\n".into()),
        text("a macro that uses itself twice", Code("E0407"), || ".macro m\nm\nm\n.endm\nm\n".into()),
        text("a macro that doubles 90 times", Code("E0409"), || ".macro m n\n.if \\n\nm \"(\\n-1)\"\nm \"(\\n-1)\"\n.endif\n.endm\nm 90\n".into()),
        heavy(text("an argument that doubles", Code("E0409"), || ".macro m a\nm \\a\\a\n.endm\nm xxxxxxxx\n".into())),
        heavy(text("an argument that grows eightfold", Code("E0409"), || ".macro m a:vararg\nm \\a,\\a,\\a,\\a,\\a,\\a,\\a,\\a\n.endm\nm 1\n".into())),
        heavy(text("a string that doubles", Code("E0409"), || ".macro m a\n.ascii \"\\a\"\nm \"\\a\\a\"\n.endm\n.data\nm x\n".into())),
        text("macros that define macros", Code("E0407"), || ".macro m n\n.macro m\\n\n.endm\nm \\n\\@\n.endm\nm 1\n".into()),
        text(".rept 2^31", Code("E0409"), || ".rept 1<<31\nnop\n.endr\n".into()),
        text(".rept 2^31 of nothing", Code("E0409"), || ".rept 1<<31\n.endr\n".into()),
        text(".rept 2^62", Code("E0409"), || ".rept 1<<62\nnop\n.endr\n".into()),
        text(".rept 2^31 in one line", Code("E0409"), || ".rept 1<<31; ; .endr\n".into()),
        heavy(text(".rept in .rept", Code("E0409"), || ".rept 1<<20\n.rept 1<<20\nnop\n.endr\n.endr\n".into())),
        heavy(text(".rept of empty .rept", Code("E0409"), || ".rept 1<<20\n.rept 1<<20\n.endr\n.endr\n".into())),
        heavy(text(".irp nests of 2^40", Code("E0409"), || {
            let values = (0..1024).map(|i| i.to_string()).collect::<Vec<_>>().join(",");
            let open: String = (0..4).map(|i| format!(".irp v{i},{values}\n")).collect();
            format!("{open}nop\n{}", ".endr\n".repeat(4))
        })),
        heavy(text(".irpc nests of 2^40", Code("E0409"), || format!("{}nop\n{}", ".irpc c, 0123456789abcdef\n".repeat(10), ".endr\n".repeat(10)))),
        text("10^4 nested .rept", Code("E0407"), || format!("{}nop\n{}", ".rept 1\n".repeat(10_000), ".endr\n".repeat(10_000))),
        text("10^4 nested .macro", Code("E0418"), || format!("{}nop\n{}m\n", ".macro m\n".repeat(10_000), ".endm\n".repeat(10_000))),
        text("10^6 macros", Fine, || each!(i, MILLION, ".macro m{i}\n.endm")),
        heavy(text("10^6 uses of a macro", Fine, || format!(".macro m a\nli a0, \\a\n.endm\n{}", each!(i, MILLION, "m {i}")))),
        text("10^5 parameters", Code("E0401"), || format!(".macro m p0{}\n.endm\nm 1\n", lines(100_000, |out, i| { let _ = write!(out, ",p{}", i + 1); }))),
        text("10^5 arguments", Code("E0408"), || format!(".macro m a\n.endm\nm 1{}\n", ",1".repeat(100_000))),
        text("10^6 values of .irp", Fine, || format!(".irp x,1{}\nnop\n.endr\n", ",1".repeat(MILLION))),
        heavy(text("10^6 values of .irp and 10^3 lines", Code("E0409"), || format!(".irp x,1{}\n{}.endr\n", ",1".repeat(MILLION), "nop\n".repeat(1000)))),
        heavy(text("a body of 16 MB, often", Code("E0409"), || format!(".macro m\n{}.endm\n{}", "# text that says nothing\n".repeat(700_000), "m\n".repeat(1000)))),
        text("macro without end", Code("E0402"), || ".macro m\nnop\n".repeat(100_000)),
        text("10^6 ends", Code("E0403"), || ".endm\n.endr\n".repeat(MILLION / 2)),
        text(".altmacro nests", Code("E0407"), || ".altmacro\n.macro m a\nlocal l\nl: m 1\n.endm\nm 1\n".into()),
        text("10^5 names of LOCAL", Fine, || format!(".altmacro\n.macro m\n{}.endm\nm\n", each!(i, 100_000, "local n{i}"))),
        text("10^6 open conditionals", Code("E0404"), || ".if 1\n".repeat(MILLION)),
        text("10^6 open conditionals that are skipped", Code("E0404"), || ".if 0\n".repeat(MILLION)),
        text("10^5 conditionals inside each other", Fine, || format!("{}nop\n{}", ".if 1\n".repeat(100_000), ".endif\n".repeat(100_000))),
        heavy(text("10^6 conditionals one after the other", Fine, || ".if 0\nbad\n.else\nnop\n.endif\n".repeat(MILLION / 2))),
        text("10^6 .elseif", Fine, || format!(".if 0\n{}.endif\n", ".elseif 0\n".repeat(MILLION))),
    ]
}

fn file_names() -> Vec<Case> {
    let main = |folder: &Path, text: &str| std::fs::write(folder.join("main.s"), text).expect("scratch space");
    vec![
        files("include of itself", Code("E0406"), move |f| main(f, ".include \"main.s\"\n")),
        files("includes by turns", Code("E0406"), move |f| {
            main(f, ".include \"b.s\"\n");
            std::fs::write(f.join("b.s"), ".include \"main.s\"\n").expect("scratch space");
        }),
        files("include of itself by a link", Code("E0406"), move |f| {
            main(f, ".include \"link.s\"\n");
            symlink("main.s", f.join("link.s")).expect("scratch space");
        }),
        files("include of itself by a link to a folder", Code("E0406"), move |f| {
            main(f, ".include \"up/main.s\"\n");
            symlink(".", f.join("up")).expect("scratch space");
        }),
        files("a link to itself", Code("E0405"), move |f| {
            main(f, ".include \"link.s\"\n");
            symlink("link.s", f.join("link.s")).expect("scratch space");
        }),
        files("300 files inside each other", Code("E0406"), move |f| {
            main(f, ".include \"f0.s\"\n");
            for i in 0..300 {
                std::fs::write(f.join(format!("f{i}.s")), format!(".include \"f{}.s\"\n", i + 1)).expect("scratch space");
            }
        }),
        files("includes that double", Code("E0406"), move |f| {
            main(f, ".include \"f0.s\"\n");
            for i in 0..100 {
                std::fs::write(f.join(format!("f{i}.s")), format!(".include \"f{}.s\"\n", i + 1).repeat(2)).expect("scratch space");
            }
            std::fs::write(f.join("f100.s"), "nop\n").expect("scratch space");
        }),
        files(".include of /dev/zero", Code("E0405"), move |f| main(f, ".include \"/dev/zero\"\n")),
        files(".include of a folder", Code("E0405"), move |f| main(f, ".include \"/\"\n")),
        files(".incbin of /dev/zero", Code("E0405"), move |f| main(f, ".incbin \"/dev/zero\"\n")),
        files(".incbin of /dev/zero, 4 bytes", Code("E0405"), move |f| main(f, ".incbin \"/dev/zero\", 0, 4\n")),
        files(".incbin of a folder", Code("E0405"), move |f| main(f, ".incbin \".\"\n")),
        files(".incbin of a pipe", Code("E0405"), move |f| {
            main(f, ".incbin \"pipe\"\n");
            let made = Command::new("mkfifo").arg(f.join("pipe")).status().expect("mkfifo runs");
            assert!(made.success());
        }),
        files(".incbin of 1 TiB of holes", Code("E0405"), move |f| {
            main(f, ".data\n.incbin \"hole\"\n");
            File::create(f.join("hole")).and_then(|file| file.set_len(1 << 40)).expect("scratch space");
        }),
        heavy(files(".incbin often", Code("E0424"), move |f| {
            main(f, &format!(".data\n{}", ".incbin \"data\"\n".repeat(300)));
            File::create(f.join("data")).and_then(|file| file.set_len(16 << 20)).expect("scratch space");
        })),
        files(".incbin with odd numbers", Code("E0401"), move |f| main(f, ".incbin \"main.s\", -1\n.incbin \"main.s\", 0, 1<<40\n.incbin \"main.s\", 1<<62, 1<<62\n")),
        files("a name with NUL", Code("E0405"), move |f| main(f, ".include \"a\\0b\"\n")),
        large("a name of a file of 16 MB", Code("E0405"), 1 << 24, [".include \"", "name/", "\"\n"]),
    ]
}

fn sizes() -> Vec<Case> {
    vec![
        text(".align 2^31", Code("E0420"), || ".align 1<<31\n.balign 1<<40\n.p2align 64\n.balign -1\n.balign 3\n".into()),
        text(".align 31", Code("E0410"), || ".option norelax\nnop\n.align 31\nnop\n.align 31\nnop\n".into()),
        text(".space 2^63", Code("E0410"), || ".data\n.space 1<<62\n".into()),
        text(".space of almost 2^63", Code("E0410"), || ".data\n.space 0x7fffffffffffffff\n".into()),
        text(".space 2^31 in .data", Code("E0410"), || ".data\n.space 1<<31\n.byte 1\n".into()),
        text(".space 2^31 in .bss", Fine, || ".bss\n.space 1<<31\n".into()),
        text(".space 2^32 in .bss", Code("E0410"), || ".bss\n.space 1<<32\n".into()),
        text("three times 1 GiB", Code("E0410"), || ".data\n.space 1<<30\n.space 1<<30\n.space 1<<30\n".into()),
        text("1 GiB in each of three sections", Code("E0424"), || ".data\n.space 1<<30\n.section a,\"aw\"\n.space 1<<30\n.section b,\"aw\"\n.space 1<<30\n".into()),
        text(".fill 2^40", Code("E0410"), || ".data\n.fill 1<<40, 8, 1\n".into()),
        text(".fill of 2^62 times 8", Code("E0410"), || ".data\n.fill 1<<62, 8, 1\n.fill 1<<62, 1<<62, 1\n".into()),
        text(".org 2^40", Code("E0410"), || ".data\n.org 1<<40\n".into()),
        text(".org backwards", Code("E0414"), || ".data\n.word 1\n.org 0\n.org -1\n".into()),
        text(".org to and fro", Code("E0414"), || ".data\n".to_string() + &each!(i, 100_000, ".org {}", 1000 - i % 1000)),
        text(".comm of 2^63", Code("E0401"), || ".comm a, 1<<63\n.comm b, -1\n.lcomm c, 1<<62\n".into()),
        text("sizes that need each other", Code("E0310"), || ".data\na: .space 3 - (b - a)\nb:\n".into()),
        text("10^4 sizes that need each other", Fine, || ".data\n".to_string() + &each!(i, 10_000, "a{i}: .space b{i} - a{i} + 1 - (b{i} - a{i})\nb{i}:")),
        text("10^5 .space of what is to come", Fine, || format!(".data\n{}a: .word 1\nb:\n", ".space (b - a) / 4\n".repeat(100_000))),
        heavy(text("10^6 .uleb128 of what is to come", Fine, || ".data\n".to_string() + &each!(i, MILLION, "a{i}: .uleb128 a{} - a{i}", i + 1) + "a1000000:\n")),
        text("10^6 .uleb128 over all that follow", Fine, || ".data\n".to_string() + &each!(i, MILLION, "a{i}: .uleb128 end - a{i}") + "end:\n"),
        text("branches that lengthen each other", Fine, || ".option norvc\n".to_string() + &each!(i, 200_000, "l{i}: beqz a0, l{}", if i < 1000 { i + 1000 } else { i - 1000 })),
        text("branches, each just out of reach once the next grows", Fine, || each!(i, 100_000, "l{i}: beqz a0, l{}", (i + 64).min(99_999))),
        text("a chain of li of differences", Fine, || ".text\n".to_string() + &each!(i, 100_000, "li a0, b{i} - a{i}\n.data\na{i}: .space {}\nb{i}:\n.text", i % 5000)),
        text("alignments and branches", Fine, || ".option norelax\n".to_string() + &each!(i, 100_000, "l{i}: beqz a0, l{}\n.p2align {}", (i + 50).min(99_999), i % 5)),
    ]
}

fn many() -> Vec<Case> {
    vec![
        text("10^6 symbols", Fine, || each!(i, MILLION, "label_{i}: .globl label_{i}")),
        text("10^6 undefined symbols", Fine, || ".data\n".to_string() + &each!(i, MILLION, ".word u{i}")),
        text("10^6 numeric labels", Fine, || format!("{}1:\n", "1: j 1b\n".repeat(MILLION))),
        text("10^6 numeric labels forward", Fine, || format!("{}1:\n", "j 1f\n1:\n".repeat(MILLION / 2))),
        text("10^5 numbers of numeric labels", Fine, || each!(i, 100_000, "{i}: j {i}b")),
        text("10^6 references to a label that never comes", Code("E0302"), || "j 1f\n".repeat(MILLION)),
        text("10^6 errors", Code("E0101"), || "bad\n".repeat(MILLION)),
        text("10^6 different errors", Code("E0101"), || each!(i, MILLION, "bad{i} a0")),
        text("10^6 errors in a line", Code("E0101"), || "bad;".repeat(MILLION)),
        heavy(text("10^6 errors in a macro", Code("E0101"), || format!(".macro m\nbad\n.endm\n{}", "m\n".repeat(MILLION)))),
        text("10^6 warnings", Fine, || ".warning \"w\"\n".repeat(MILLION)),
        text("10^6 .print", Fine, || ".print \"text\"\n".repeat(MILLION)),
        text("10^5 sections", Fine, || each!(i, 100_000, ".section s{i}\n.byte 1")),
        text("10^5 sections with code", Fine, || each!(i, 100_000, ".section s{i},\"ax\"\ncall f")),
        text("10^5 groups", Fine, || each!(i, 100_000, ".section s{i},\"axG\",@progbits,g{i},comdat\nnop")),
        text("10^5 subsections", Fine, || ".text\n".to_string() + &each!(i, 8193, ".subsection {i}\nnop")),
        text("10^5 subsections without end", Fine, || ".text\n".to_string() + &each!(i, 100_000, ".subsection {i}\nnop")),
        text("10^6 pushes", Fine, || ".pushsection .data\n".repeat(MILLION)),
        text("10^6 pops", Code("E0412"), || ".popsection\n".repeat(MILLION)),
        text("10^6 changes of section", Fine, || ".text\n.data\n".repeat(MILLION / 2)),
        text("10^6 options pushed", Fine, || ".option push\n".repeat(MILLION)),
        text("10^6 options", Fine, || ".option rvc\nnop\n.option norvc\nnop\n".repeat(MILLION / 4)),
        heavy(text("10^6 .loc", Fine, || ".file 1 \"a.c\"\n".to_string() + &each!(i, MILLION, ".loc 1 {i} 1\nnop"))),
        heavy(text("10^6 files", Fine, || each!(i, MILLION, ".file {} \"f{i}.c\"\n.loc {} 1\nnop", i + 1, i + 1))),
        text("a file of number 2^32", Code("E0401"), || ".file 4294967295 \"a.c\"\n.loc 4294967295 1\nnop\n.file 4294967296 \"b.c\"\n.file -1 \"c\"\n".into()),
        text("10^6 line markers", Fine, || each!(i, MILLION / 2, "# {i} \"f{}.c\"\nnop", i % 1000)),
        text("10^6 errors behind line markers", Code("E0101"), || each!(i, MILLION / 2, "# {i} \"f{}.c\"\nbad{i}", i % 1000)),
        text("10^5 frames", Fine, || each!(i, 100_000, ".cfi_startproc\nnop\n.cfi_def_cfa_offset {}\nnop\n.cfi_endproc", i % 1000)),
        text("10^6 instructions of a frame", Fine, || format!(".cfi_startproc\n{}.cfi_endproc\n", "nop\n.cfi_remember_state\n".repeat(MILLION / 2))),
        text("10^6 .ident", Fine, || ".ident \"me\"\n".repeat(MILLION)),
        text("10^6 attributes", Fine, || ".attribute stack_align, 16\n".repeat(MILLION)),
        text("10^6 sizes and types", Fine, || each!(i, MILLION / 2, "f{i}:\n.type f{i}, @function\n.size f{i}, . - f{i}")),
        text("10^6 %pcrel_lo of one label", Fine, || format!("1: auipc a0, %pcrel_hi(x)\n{}", "lw a0, %pcrel_lo(1b)(a0)\n".repeat(MILLION / 2))),
        text("10^6 weakrefs and versions", Fine, || each!(i, 100_000, ".weak w{i}\n.hidden w{i}\n.weakref r{i}, w{i}")),
    ]
}

/// Runs a case; what went wrong.
fn run(case: &Case) -> Result<Duration, String> {
    let scratch = tempfile::tempdir().expect("a temporary folder");
    (case.make)(scratch.path());
    let size = std::fs::metadata(scratch.path().join("main.s")).expect("the case wrote it").len();
    let memory = (MEMORY + 4 * size) / 1024;
    let script = format!("ulimit -c 0; ulimit -t {SECONDS}; ulimit -v {memory}; exec timeout -s KILL 300 \"$0\" --diagnostics=json $1 main.s -o main.o 2>messages >printed");
    let begin = Instant::now();
    let status = Command::new("sh").current_dir(scratch.path()).args(["-c", &script, env!("CARGO_BIN_EXE_gasm"), if case.name.len().is_multiple_of(2) { "-g" } else { "" }]).status().expect("sh runs");
    let took = begin.elapsed();
    let messages = std::fs::read(scratch.path().join("messages")).expect("sh made it");
    let messages = String::from_utf8_lossy(&messages);
    let first = || messages.lines().take(2).map(|l| l.chars().take(300).collect::<String>()).collect::<Vec<_>>().join("\n");
    if let Some(signal) = status.signal() {
        return Err(format!("killed by signal {signal} after {took:.1?}: {}", first()));
    }
    match (status.code(), &case.outcome) {
        (Some(0), Fine) => Ok(took),
        (Some(1), Code(code)) if messages.contains(&format!("\"code\":\"{code}\"")) => Ok(took),
        (code, Fine) => Err(format!("status {code:?} after {took:.1?}: {}", first())),
        (status, Code(code)) => Err(format!("status {status:?} without {code} after {took:.1?}: {}", first())),
    }
}

#[test]
fn every_case_ends_in_time_and_memory() {
    let mut cases = lexical();
    for more in [expressions(), expansions(), file_names(), sizes(), many()] {
        cases.extend(more);
    }
    // HOSTILE=all: every case; HOSTILE=text: those whose names have it.
    let only = std::env::var("HOSTILE").unwrap_or_default();
    let count = cases.len();
    cases.retain(|c| if only.is_empty() { !c.heavy } else { only == "all" || c.name.contains(&only) });
    println!("{} of {count} hostile sources are tried; HOSTILE=all tries all", cases.len());
    let next = AtomicUsize::new(0);
    let results = Mutex::new((Vec::new(), Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from).min(4) {
            scope.spawn(|| {
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let result = run(case);
                    let mut results = results.lock().expect("no case panics while it holds this");
                    match result {
                        Ok(took) => results.0.push((took, case.name)),
                        Err(why) => {
                            println!("{}: {why}", case.name);
                            results.1.push(case.name);
                        }
                    }
                }
            });
        }
    });
    let (mut fine, wrong) = results.into_inner().expect("the threads ended");
    fine.sort();
    let slowest: Vec<String> = fine.iter().rev().take(5).map(|(took, name)| format!("{name} {took:.1?}")).collect();
    println!("{} hostile sources were tried; the slowest: {}", cases.len(), slowest.join(", "));
    assert!(wrong.is_empty(), "{} of {} went wrong: {wrong:?}", wrong.len(), cases.len());
    assert!(!cases.is_empty(), "no case is called {only}");
}
