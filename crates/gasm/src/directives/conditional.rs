//! The `.if` family.

use super::Directive;
use crate::assembler::{Assembler, Stmt};
use crate::lexer::T;
use crate::parse::Args;
use crate::symbols::{Definition, SymbolId};
use diag::{Diagnostic, codes};

pub static ROWS: &[Directive] = &[
    Directive {
        names: &[".if", ".ifne"],
        syntax: ".if expression",
        summary: "Reads what follows if the expression is not 0.",
        example: ".equ DEBUG, 1\n.if DEBUG == 1\nnop\n.endif\n",
        handler: |a, s| compare(a, s, |n| n != 0),
    },
    Directive { names: &[".ifeq"], syntax: ".ifeq expression", summary: "Reads what follows if the expression is 0.", example: ".ifeq 0\nnop\n.endif\n", handler: |a, s| compare(a, s, |n| n == 0) },
    Directive { names: &[".ifgt"], syntax: ".ifgt expression", summary: "... if it is above 0.", example: ".ifgt 1\nnop\n.endif\n", handler: |a, s| compare(a, s, |n| n > 0) },
    Directive { names: &[".ifge"], syntax: ".ifge expression", summary: "... if it is 0 or above.", example: ".ifge 0\nnop\n.endif\n", handler: |a, s| compare(a, s, |n| n >= 0) },
    Directive { names: &[".iflt"], syntax: ".iflt expression", summary: "... if it is below 0.", example: ".iflt -1\nnop\n.endif\n", handler: |a, s| compare(a, s, |n| n < 0) },
    Directive { names: &[".ifle"], syntax: ".ifle expression", summary: "... if it is 0 or below.", example: ".ifle 0\nnop\n.endif\n", handler: |a, s| compare(a, s, |n| n <= 0) },
    Directive { names: &[".ifdef"], syntax: ".ifdef symbol", summary: "Reads what follows if the symbol is defined above.", example: ".equ X, 1\n.ifdef X\nnop\n.endif\n", handler: |a, s| defined(a, s, true) },
    Directive {
        names: &[".ifndef", ".ifnotdef"],
        syntax: ".ifndef symbol",
        summary: "Reads what follows if the symbol is not defined above.",
        example: ".ifndef X\n.equ X, 1\n.endif\n",
        handler: |a, s| defined(a, s, false),
    },
    Directive { names: &[".ifb"], syntax: ".ifb text", summary: "Reads what follows if the text is blank, such as an argument left out.", example: ".macro m a\n.ifb \\a\nnop\n.endif\n.endm\nm\n", handler: |a, s| blank(a, s, true) },
    Directive { names: &[".ifnb"], syntax: ".ifnb text", summary: "Reads what follows if the text is not blank.", example: ".macro m a\n.ifnb \\a\nli a0, \\a\n.endif\n.endm\nm 1\n", handler: |a, s| blank(a, s, false) },
    Directive { names: &[".ifc"], syntax: ".ifc text, text", summary: "Reads what follows if the texts are the same.", example: ".ifc a0, a0\nnop\n.endif\n", handler: |a, s| same(a, s, true, false) },
    Directive { names: &[".ifnc"], syntax: ".ifnc text, text", summary: "Reads what follows if the texts differ.", example: ".ifnc a0, a1\nnop\n.endif\n", handler: |a, s| same(a, s, false, false) },
    Directive { names: &[".ifeqs"], syntax: ".ifeqs \"text\", \"text\"", summary: "Reads what follows if the strings are the same.", example: ".ifeqs \"a\", \"a\"\nnop\n.endif\n", handler: |a, s| same(a, s, true, true) },
    Directive { names: &[".ifnes"], syntax: ".ifnes \"text\", \"text\"", summary: "Reads what follows if the strings differ.", example: ".ifnes \"a\", \"b\"\nnop\n.endif\n", handler: |a, s| same(a, s, false, true) },
    Directive { names: &[".else"], syntax: ".else", summary: "Reads what follows if no branch before was read.", example: ".if 0\nnop\n.else\nret\n.endif\n", handler: otherwise },
    Directive { names: &[".elseif", ".elsif"], syntax: ".elseif expression", summary: "Like .else and .if in one.", example: ".if 0\nnop\n.elseif 1\nret\n.endif\n", handler: else_if },
    Directive { names: &[".endif", ".endc"], syntax: ".endif", summary: "Ends a conditional.", example: ".if 1\nnop\n.endif\n", handler: end_if },
];

/// The text of the arguments.
fn rest<'a>(s: Stmt<'a>) -> &'a [u8] {
    s.text[s.toks[0].end as usize..s.end() as usize].trim_ascii()
}

fn compare(a: &mut Assembler<'_>, s: Stmt<'_>, test: fn(i64) -> bool) {
    let place = a.place(s.whole());
    let mut args = Args::new(s);
    let n = a.constant_now(&mut args, "a number");
    let ok = n.is_some() && a.expect_end(&args);
    // After an error neither branch is read wrongly: the first one is.
    a.open_conditional(n.filter(|_| ok).is_none_or(test), place);
}

fn defined(a: &mut Assembler<'_>, s: Stmt<'_>, wanted: bool) {
    let place = a.place(s.whole());
    let mut args = Args::new(s);
    let Some((name, _)) = super::symbol::name(a, &mut args) else {
        return a.open_conditional(true, place);
    };
    let id = a.names.info(name).symbol;
    let is = id != u32::MAX && a.symbols[SymbolId(id)].definition != Definition::Undefined || rv32::Reg::parse(a.names.text(name)).is_some();
    a.open_conditional(is == wanted, place);
}

fn blank(a: &mut Assembler<'_>, s: Stmt<'_>, wanted: bool) {
    let place = a.place(s.whole());
    a.open_conditional(rest(s).is_empty() == wanted, place);
}

fn same(a: &mut Assembler<'_>, s: Stmt<'_>, wanted: bool, strings: bool) {
    let place = a.place(s.whole());
    let text = rest(s);
    let parts = split_two(text);
    let Some((left, right)) = parts else {
        a.error(&codes::E0401, "two texts are needed", s.span_at(1), "expected `text, text`");
        return a.open_conditional(true, place);
    };
    let clean = |t: &[u8]| -> Vec<u8> {
        let t = t.trim_ascii();
        let inner = t.strip_prefix(b"'").and_then(|t| t.strip_suffix(b"'"));
        let t = inner.filter(|_| !strings && t.len() > 1).unwrap_or(t);
        // Runs of spaces count as one.
        let mut out = Vec::new();
        for &c in t {
            let space = c.is_ascii_whitespace();
            if !(space && out.last().is_some_and(|l: &u8| *l == b' ')) {
                out.push(if space { b' ' } else { c });
            }
        }
        out
    };
    a.open_conditional((clean(left) == clean(right)) == wanted, place);
}

/// Splits at the first comma outside quotes.
fn split_two(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut quote = None;
    for (i, &c) in text.iter().enumerate() {
        match quote {
            Some(q) if c == q => quote = None,
            Some(_) => {}
            None if c == b'"' || c == b'\'' => quote = Some(c),
            None if c == b',' => return Some((&text[..i], &text[i + 1..])),
            None => {}
        }
    }
    None
}

fn orphan(a: &mut Assembler<'_>, s: Stmt<'_>) {
    let word = s.show(0, 1);
    let d = Diagnostic::new(&codes::E0403, format!("`{word}` without `.if`")).at(s.head_span(), "no conditional is open here").help("delete it, or write the .if that it belongs to above");
    a.report(d);
}

fn otherwise(a: &mut Assembler<'_>, s: Stmt<'_>) {
    let Some(c) = a.conditionals.last_mut() else { return orphan(a, s) };
    if c.in_else {
        let first = c.place;
        let d = Diagnostic::new(&codes::E0403, "a second `.else`").at(s.head_span(), "this conditional has one already").also(first.span, "the conditional").help("for another condition write .elseif before the .else, or end this one with .endif");
        return a.report(d);
    }
    c.in_else = true;
    c.taken = !c.done;
    c.done = true;
    a.expect_end(&Args::new(s));
}

fn else_if(a: &mut Assembler<'_>, s: Stmt<'_>) {
    let Some(c) = a.conditionals.last().copied() else { return orphan(a, s) };
    if c.in_else {
        let d = Diagnostic::new(&codes::E0403, "`.elseif` after `.else`").at(s.head_span(), "`.else` comes last").also(c.place.span, "the conditional");
        return a.report(d);
    }
    let taken = if c.done {
        false
    } else {
        let mut args = Args::new(s);
        let n = a.constant_now(&mut args, "a number");
        a.expect_end(&args) && n.is_some_and(|n| n != 0)
    };
    if let Some(c) = a.conditionals.last_mut() {
        c.taken = taken;
        c.done |= taken;
    }
}

fn end_if(a: &mut Assembler<'_>, s: Stmt<'_>) {
    if a.conditionals.pop().is_none() {
        return orphan(a, s);
    }
    if s.toks.get(1).is_some_and(|t| t.kind != T::Word) {
        a.expect_end(&Args::new(s));
    }
}
