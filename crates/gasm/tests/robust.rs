//! No input makes gasm panic, hang or eat memory; what is wrong is said with a code.

use diag::{Severity, Sources};
use gasm::{Assembly, Options, assemble};
use host::MemoryHost;
use proptest::prelude::*;
use std::time::{Duration, Instant};

fn assemble_bytes(text: &[u8]) -> Assembly {
    let mut sources = Sources::new();
    let main = sources.add("test.s", text.to_vec());
    let mut host = MemoryHost::new().with_file("test.s", text.to_vec()).with_file("inc.s", ".byte 1\n");
    let options = Options { debug_info: text.len().is_multiple_of(2), listing: text.len().is_multiple_of(3), expand: text.len().is_multiple_of(5), ..Options::default() };
    let assembly = assemble(&mut sources, main, &options, &mut host);
    let failed = assembly.diagnostics.iter().any(|d| d.severity == Severity::Error);
    assert_eq!(failed, assembly.object.is_none(), "an object if and only if there are no errors");
    // What is reported can be shown.
    let text = diag::render_text(&sources, &assembly.diagnostics, false);
    assert_eq!(text.is_empty(), assembly.diagnostics.is_empty());
    assembly
}

fn codes(assembly: &Assembly) -> Vec<&'static str> {
    assembly.diagnostics.iter().map(|d| d.code.id).collect()
}

/// Words of which random sources are made.
const WORDS: &[&str] = &[
    "addi", "lw", "sw", "beq", "beqz", "j", "jal", "jalr", "call", "la", "li", "lui", "auipc", "csrrw", "fence", "c.addi", "c.lw", "c.j", "nop", "ret", "lr.w.aq", "amoadd.w", ".word",
    ".byte", ".half", ".dword", ".ascii", ".asciz", ".align", ".balign", ".p2align", ".space", ".fill", ".org", ".section", ".pushsection", ".popsection", ".previous", ".subsection",
    ".text", ".data", ".bss", ".globl", ".weak", ".type", ".size", ".set", ".equ", ".equiv", ".comm", ".lcomm", ".macro", ".endm", ".exitm", ".purgem", ".rept", ".irp", ".irpc", ".endr",
    ".if", ".ifdef", ".ifb", ".ifc", ".else", ".elseif", ".endif", ".include", ".incbin", ".option", ".attribute", ".file", ".loc", ".cfi_startproc", ".cfi_endproc", ".cfi_offset",
    ".cfi_def_cfa_offset", ".cfi_restore_state", ".uleb128", ".sleb128", ".insn", ".altmacro", ".noaltmacro", "local", ".error", ".end", "a0", "sp", "zero", "s0", "x31", "label", "x", ".L1",
    "1f", "1b", "1:", "label:", ".", "0", "1", "-1", "4", "12", "255", "2048", "0x7fffffff", "0xffffffffffffffff", "1.5", "'a'", "\"text\"", "\"ax\"", "\"aw\"", "@progbits", "@function", "%hi", "%lo",
    "%pcrel_hi", "%pcrel_lo", "%tprel_add", "(", ")", "(sp)", ",", ",", ",", "+", "-", "*", "/", "%", "<<", ">>", "|", "&", "^", "!", "~", "==", "=", ":", "@", "\\x", "\\@", "\\()", "<", ">",
    "\n", "\n", "\n", ";", "# comment\n", "/* */", "/*", "\"open", "\u{1}", "é", "push", "pop", "rvc", "norvc", "arch", "r", "CUSTOM_0", "mstatus", "rw", "\"inc.s\"", "md5", "view", "is_stmt",
];

fn snippets() -> Vec<Vec<u8>> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snippets");
    let mut paths: Vec<_> = std::fs::read_dir(folder).expect("the folder is part of the crate").map(|e| e.expect("it can be read").path()).collect();
    paths.sort();
    // The large one costs time and has nothing that the others lack.
    paths.iter().filter(|p| !p.ends_with("relaxation.s")).map(|p| std::fs::read(p).expect("a snippet")).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        assemble_bytes(&bytes);
    }

    #[test]
    fn any_words(words in proptest::collection::vec(proptest::sample::select(WORDS), 0..120)) {
        assemble_bytes(words.join(" ").as_bytes());
    }

    #[test]
    fn mutated_sources(which in 0usize..16, changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0u8..5), 1..8)) {
        let all = snippets();
        let mut text = all[which % all.len()].clone();
        for (at, byte, kind) in changes {
            let i = at.index(text.len());
            match kind {
                0 => text.insert(i, byte),
                1 => text[i] = byte,
                2 => { text.drain(i..(i + usize::from(byte)).min(text.len())); }
                3 => {
                    // A line twice.
                    let end = text[i..].iter().position(|b| *b == b'\n').map_or(text.len(), |n| i + n + 1);
                    let line = text[i..end].to_vec();
                    text.splice(i..i, line);
                }
                _ => text.truncate(i),
            }
            if text.is_empty() {
                text.push(byte);
            }
        }
        assemble_bytes(&text);
    }
}

/// Hostile sources, each with the code that it must give.
#[test]
fn hostile_sources_are_diagnosed_quickly() {
    let many = |text: &str, n: usize| text.repeat(n);
    let cases: Vec<(String, Vec<u8>, &str)> = vec![
        ("macro without end".into(), b".macro m\nm\n.endm\nm\n".to_vec(), "E0407"),
        ("macros by turns".into(), b".macro a\nb\n.endm\n.macro b\na\n.endm\na\n".to_vec(), "E0407"),
        ("a macro that doubles".into(), b".macro m n\n.if \\n\nm \"(\\n-1)\"\nm \"(\\n-1)\"\n.endif\n.endm\nm 90\n".to_vec(), "E0409"),
        (".rept 2^31".into(), b".rept 1<<31\nnop\n.endr\n".to_vec(), "E0409"),
        (".rept in .rept".into(), b".rept 1<<20\n.rept 1<<20\nnop\n.endr\n.endr\n".to_vec(), "E0409"),
        ("include of itself".into(), b".include \"test.s\"\n".to_vec(), "E0406"),
        (".align 31".into(), b".text\n.option norelax\nnop\n.align 31\nnop\n.align 31\nnop\n".to_vec(), "E0410"),
        (".align 2^31".into(), b".align 1<<31\n".to_vec(), "E0420"),
        (".space 2^63".into(), b".data\n.space 1<<62\n".to_vec(), "E0410"),
        (".fill".into(), b".data\n.fill 1<<40, 8, 1\n".to_vec(), "E0410"),
        (".org".into(), b".data\n.org 1<<40\n".to_vec(), "E0410"),
        ("deep parentheses".into(), format!(".data\n.word {}1{}\n", many("(", 100_000), many(")", 100_000)).into_bytes(), "E0111"),
        ("many signs".into(), format!(".data\n.word {}1\n", many("-", 100_000)).into_bytes(), "E0111"),
        ("names in a circle".into(), b".set a, b\n.set b, a\n.data\n.word a\n".to_vec(), "E0306"),
        ("a long chain of names".into(), {
            let mut text: String = (0..2000).map(|i| format!(".set n{i}, n{} + 1\n", i + 1)).collect();
            text.push_str(".data\n.word n0\n");
            text.into_bytes()
        }, "E0306"),
        ("division by zero".into(), b".data\n.word 1/0\n".to_vec(), "E0305"),
        ("division by zero, later".into(), b".data\n.word 1/(b-a)\na:\nb:\n".to_vec(), "E0305"),
        ("open string".into(), b".data\n.ascii \"abc\n".to_vec(), "E0103"),
        ("open comment".into(), b"nop /* abc\n\n".to_vec(), "E0104"),
        ("open macro".into(), b".macro m\nnop\n".to_vec(), "E0402"),
        ("open conditional".into(), b".if 1\nnop\n".to_vec(), "E0404"),
        ("many open conditionals".into(), many(".if 1\n", 200_000).into_bytes(), "E0404"),
        ("NUL".into(), b"nop\0\n".to_vec(), "E0100"),
        ("sizes that never settle".into(), b".data\na: .space 3 - (b - a)\nb:\n".to_vec(), "E0310"),
        ("errors without end".into(), many("bad\n", 100_000).into_bytes(), "E0101"),
    ];
    for (name, text, code) in cases {
        let begin = Instant::now();
        let assembly = assemble_bytes(&text);
        let found = codes(&assembly);
        assert!(found.contains(&code), "{name}: {code} expected, found {:?}", &found[..found.len().min(5)]);
        assert!(begin.elapsed() < Duration::from_secs(60), "{name} takes {:?}", begin.elapsed());
    }
}

/// Long but sound sources.
#[test]
fn large_sources_assemble() {
    let sum = format!(".data\n.word 1{}\n", "+1".repeat(100_000));
    let line = format!(".data\n.byte 0{}\n", ",1".repeat(1_000_000));
    let symbols: String = (0..100_000).map(|i| format!("label_{i}: j label_{}\n", (i * 7919) % 100_000)).collect();
    let numeric: String = "1: j 1b\nj 1f\n".repeat(50_000) + "1:\n";
    let comment = format!("# {}\nnop\n", "x".repeat(10_000_000));
    for text in [sum, line, symbols, numeric, comment, "nop\r\nnop\r\n".into(), "# é ü\n.data\n.ascii \"é\"\n".into()] {
        let assembly = assemble_bytes(text.as_bytes());
        assert!(assembly.object.is_some(), "{:?}", codes(&assembly));
    }
    // Bytes that are no UTF-8 may stand in comments and strings.
    assert!(assemble_bytes(b"# \xff\xfe\n.data\n.ascii \"\xff\xc0\"\n").object.is_some());
}

/// The same source gives the same bytes.
#[test]
fn objects_are_reproducible() {
    for text in snippets() {
        let (a, b) = (assemble_bytes(&text), assemble_bytes(&text));
        assert_eq!(a.object, b.object);
    }
}
