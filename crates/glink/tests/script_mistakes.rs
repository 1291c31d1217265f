//! Usual mistakes in scripts: what is said, where, and that GNU ld refuses them too.

mod common;

use common::{Folder, have};
use glink::{InputSpec, Options};
use host::OsHost;
use std::process::Command;

/// The script, what the message says, the line and column that it points at (0: none), and whether GNU ld refuses the script too
/// (none: it is not asked).
type Mistake = (&'static str, &'static [&'static str], (u32, u32), Option<bool>);
const MISTAKES: [Mistake; 22] = [
    ("SECTIONS\n{\n  . = 0x80000000\n  .text : { *(.text) }\n}\n", &["syntax error", "expected ',' or ';'"], (4, 3), Some(true)),
    ("SECTIONS\n{\n  .text : { *(.text)\n  .data : { *(.data) }\n}\n", &["syntax error", "A `}` may be missing"], (4, 11), Some(true)),
    ("SECTIONS\n{\n  .text : { *(.text) }\n", &["ends inside a block"], (2, 1), Some(true)),
    ("SECTIONS { .text : { *(.text) } /* the rest\n}\n", &["ends inside a comment"], (1, 33), Some(true)),
    ("SECTIONS\n{\n  .text : { KEPE(*(.text)) }\n}\n", &["did you mean `KEEP`?"], (3, 19), Some(true)),
    ("SECTION\n{\n  .text : { *(.text) }\n}\n", &["did you mean `SECTIONS`?"], (2, 1), Some(true)),
    ("SECTIONS { .text : { *(.text) . = ALING(4); } }\n", &["did you mean `ALIGN`?"], (1, 40), Some(true)),
    ("MEMORY { ram : ORIGIN = 0, LENGHT = 1M }\nSECTIONS { .text : { *(.text) } }\n", &["did you mean `LENGTH`?"], (1, 28), Some(true)),
    ("PHDRS { text PT_LOD; }\nSECTIONS { .text : { *(.text) } :text }\n", &["did you mean `PT_LOAD`?"], (1, 14), Some(true)),
    ("SECTIONS { .text { *(.text) } }\n", &["expected '(' or ':'"], (1, 18), Some(true)),
    ("SECTIONS { // addresses\n  .text : { *(.text) } }\n", &["a comment is /* … */"], (2, 3), Some(true)),
    // GNU ld makes the region up, at address 0.
    ("MEMORY { ram : ORIGIN = 0x80000000, LENGTH = 1M }\nSECTIONS { .text : { *(*) } >rma }\n", &["memory region `rma` not declared"], (2, 12), Some(false)),
    ("MEMORY { ram : ORIGIN = 0x80000000, LENGTH = 4 }\nSECTIONS { .text : { *(*) } >ram }\n", &["region `ram` overflowed by", "`.text` takes"], (1, 10), Some(true)),
    ("SECTIONS\n{\n  . = 0x80000000;\n  .text : { *(.text) . = 1; }\n}\n", &["cannot move location counter backwards"], (4, 22), Some(true)),
    // GNU ld writes 2 GiB, and what follows begins at 0 again.
    ("SECTIONS\n{\n  . = 0x80000000;\n  .text : { . = 0x80000000; *(.text) }\n}\n", &["past the last address", "counts from its start", "set an address outside"], (0, 0), None),
    ("SECTIONS { .text 0x80000000 : { *(.text) } .rodata 0x80000002 : { *(.rodata) } }\n", &["section `.rodata` at 0x80000002 overlaps section `.text`"], (0, 0), Some(true)),
    ("SECTIONS\n{\n  .text 0x80000000 : { *(.text) }\n  .data 0x80002000 : AT(0x80000002) { *(.data) }\n}\n", &["section .data LMA", "overlaps section .text LMA", "AT(LOADADDR(.text) + SIZEOF(.text))"], (4, 3), Some(true)),
    ("SECTIONS { . = 0x80000000; .text : { *(.text) } end = . + stack; }\n", &["undefined symbol `stack` referenced in expression"], (1, 49), Some(true)),
    ("SECTIONS { . = 0x80000000; .text : { *(.text) } size = SIZEOF(.txet); }\n", &["undefined section `.txet` referenced in expression"], (1, 49), Some(true)),
    // To GNU ld this is worth a warning.
    ("SECTIONS { . = 0x80000000; .text : { *(.text) } begin = ORIGIN(rom); }\n", &["undefined MEMORY region `rom`"], (1, 49), Some(false)),
    ("SECTIONS { . = 0x80000000; .text : { *(.text) } ASSERT(0, \"too large\") }\n", &["too large"], (1, 49), Some(true)),
    ("SECTIONS { . = 0x80000000; .text : { *(.text) } } INSERT AFTER .nothing;\nSECTIONS { .data : { *(.data) } }\n", &["`.nothing` not found for insert"], (1, 51), Some(true)),
];

#[test]
fn mistakes_are_told_with_place_and_cure() {
    let Some(folder) = Folder::new() else { return };
    let object = folder.object("a", ".globl _start\n_start: nop\n nop\n.section .rodata, \"a\"\n.word 1\n.data\n.word 2\n");
    let mut wrong = String::new();
    for (number, (script, said, (line, column), refused)) in MISTAKES.iter().enumerate() {
        let name = format!("{number}.ld");
        folder.write(&name, script);
        let options = Options { scripts: vec![folder.path(&name)], ..Options::default() };
        let mut sources = diag::Sources::new();
        let linked = glink::link(&[InputSpec::File(object.clone())], &options, &mut sources, &mut OsHost::new());
        let text = diag::render_text(&sources, &linked.diagnostics, false);
        let place = format!("{name}:{line}:{column} ");
        if linked.image.is_some() || said.iter().any(|phrase| !text.contains(phrase)) || *line > 0 && !text.contains(&place) {
            wrong.push_str(&format!("{script}{text}\n"));
        }
        if let Some(refused) = refused.filter(|_| have("riscv64-unknown-elf-ld")) {
            let output = Command::new("riscv64-unknown-elf-ld").args(["-melf32lriscv", "-T"]).arg(folder.path(&name)).arg(&object).arg("-o").arg(folder.path("x")).output().expect("it runs");
            if output.status.success() == refused {
                wrong.push_str(&format!("{script}GNU ld: {}\n", String::from_utf8_lossy(&output.stderr)));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// Sections that begin at one address take turns there, without OVERLAY too.
#[test]
fn sections_at_one_address_are_overlays() {
    let Some(folder) = Folder::new() else { return };
    let object = folder.object("a", ".globl _start\n_start: nop\n.section .one, \"a\"\n.word 1\n.section .two, \"a\"\n.word 2, 3\n");
    folder.write("k.ld", "SECTIONS { . = 0x80000000; .text : { *(.text) } .one 0x80001000 : AT(ADDR(.text) + 16) { *(.one) } .two 0x80001000 : AT(LOADADDR(.one) + SIZEOF(.one)) { *(.two) } }\n");
    let options = Options { scripts: vec![folder.path("k.ld")], ..Options::default() };
    let mut sources = diag::Sources::new();
    let linked = glink::link(&[InputSpec::File(object)], &options, &mut sources, &mut OsHost::new());
    assert!(linked.image.is_some(), "{}", diag::render_text(&sources, &linked.diagnostics, false));
}
