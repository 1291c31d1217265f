//! Debug information: `.file`, `.loc`, `.ident`.

use super::Directive;
use crate::assembler::{Assembler, Stmt};
use crate::lexer::T;
use crate::parse::Args;
use diag::codes;

pub static ROWS: &[Directive] = &[
    Directive {
        names: &[".file"],
        syntax: ".file \"name\" | .file number [\"folder\"] \"name\" [md5 number]",
        summary: "Names the source file, or a file of the line table.",
        example: ".file \"prog.c\"\n.file 1 \"prog.c\"\n",
        handler: file,
    },
    Directive {
        names: &[".loc"],
        syntax: ".loc file line [column] [basic_block] [prologue_end] [epilogue_begin] [is_stmt n] [isa n] [discriminator n] [view v]",
        summary: "The next instruction comes from this line.",
        example: ".file 1 \"prog.c\"\n.loc 1 3 5\nnop\n",
        handler: loc,
    },
    Directive {
        names: &[".loc_mark_labels"],
        syntax: ".loc_mark_labels 0 | 1",
        summary: "Asks for marks of basic blocks in line tables, which debuggers do not use; accepted and without effect.",
        example: ".loc_mark_labels 1\n",
        handler: |_, _| {},
    },
    Directive {
        names: &[".func", ".endfunc"],
        syntax: ".func [name [, label]]",
        summary: "Marks a function for debug information that is no longer made; accepted and without effect.",
        example: ".func main\nmain: ret\n.endfunc\n",
        handler: |_, _| {},
    },
    Directive {
        names: &[".ident"],
        syntax: ".ident \"text\"",
        summary: "Adds a text to section .comment.",
        example: ".ident \"compiler 1.0\"\n",
        handler: ident,
    },
    Directive {
        names: &[".line", ".ln", ".appline"],
        syntax: ".line number",
        summary: "The next line is this line of the source that the file was made from.",
        example: ".line 12\nnop\n",
        handler: line,
    },
];

fn file(a: &mut Assembler<'_>, s: Stmt<'_>) {
    let mut args = Args::new(s);
    if args.kind() == Some(T::Str) {
        let Some(tok) = args.next() else { return };
        let Some(name) = a.string(s, tok) else { return };
        if a.expect_end(&args) {
            a.file_symbols.push(name);
            a.lints.on = false;
        }
        return;
    }
    let Some(number) = a.constant_now(&mut args, "a file number") else { return };
    let base = args.i;
    let Some(parsed) = a.parse_file_arguments(s, base) else { return };
    let mut parts = Vec::new();
    for part in &parsed.names {
        let Some(text) = a.string(s, s.toks[base + part.start]) else { return };
        parts.push(text);
    }
    let mut md5 = None;
    if let Some(part) = &parsed.md5 {
        let digits = s.bytes(s.toks[base + part.start]);
        let sum = std::str::from_utf8(digits).ok().and_then(|d| u128::from_str_radix(d.strip_prefix("0x").unwrap_or("-"), 16).ok());
        let Some(sum) = sum else {
            return a.error(&codes::E0401, "an MD5 sum is a hexadecimal number of 128 bits", s.span_at(base + part.start), "expected 0x and 32 digits");
        };
        md5 = Some(sum.to_be_bytes());
    }
    let Ok(number) = u32::try_from(number) else {
        return a.error(&codes::E0401, "a file number cannot be negative or above 2^32", s.span_at(1), "expected a small number");
    };
    let name = parts.pop().unwrap_or_default();
    let folder = parts.pop();
    a.lines.add_file(number, folder, name, md5);
}

fn line(a: &mut Assembler<'_>, s: Stmt<'_>) {
    let mut args = Args::new(s);
    let Some(number) = a.constant_now(&mut args, "a line number") else { return };
    if a.expect_end(&args) {
        let name = a.sources.name(s.head_span().file).to_string();
        let name = a.debug_path(&name);
        let end = s.map.span(s.end() as usize, s.end() as usize);
        a.lines.marker(end, u32::try_from(number).unwrap_or(0), name.as_bytes());
    }
}

fn loc(a: &mut Assembler<'_>, s: Stmt<'_>) {
    a.loc(s);
}

fn ident(a: &mut Assembler<'_>, s: Stmt<'_>) {
    let mut args = Args::new(s);
    let Some(tok) = args.next().filter(|t| t.kind == T::Str) else {
        return a.error(&codes::E0401, "a text is missing", s.span_at(1), "expected text in double quotes");
    };
    let Some(text) = a.string(s, tok) else { return };
    if a.expect_end(&args) {
        let place = a.place(s.whole());
        let before = (a.chain, a.previous);
        let section = a.section_named(b".comment", place);
        let first = a.sections[section].size == 0 && a.idents.is_empty();
        a.sections[section].flags |= crate::elf::SHF_MERGE | crate::elf::SHF_STRINGS;
        a.sections[section].entry_size = 1;
        a.chain = a.sections.chain(section, 0);
        if first {
            a.out().bytes.push(0);
        }
        a.out().bytes.extend_from_slice(&text);
        a.out().bytes.push(0);
        a.idents.push(text);
        a.lints.on = false;
        (a.chain, a.previous) = before;
    }
}
