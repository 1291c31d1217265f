//! Runs of bytes.

use super::Directive;
use crate::assembler::{Assembler, Stmt};
use crate::expr::Value;
use crate::lexer::T;
use crate::parse::Args;
use crate::section::{Content, Variable};
use diag::{Diagnostic, codes};

pub static ROWS: &[Directive] = &[
    Directive {
        names: &[".zero", ".skip", ".space", ".ds.b"],
        syntax: ".space size [, byte]",
        summary: "Writes that many bytes, zeroes if no byte is given.",
        example: ".bss\nbuffer: .space 4 * 16\n.data\n.skip 3, 0xff\n.zero 8\n",
        handler: space,
    },
    Directive {
        names: &[".ds", ".ds.w"],
        syntax: ".ds count",
        summary: "Reserves that many halfwords.",
        example: ".bss\n.ds 3\n.ds.w 3\n",
        handler: |a, s| sized(a, s, 2),
    },
    Directive {
        names: &[".ds.l", ".ds.s", ".dcb.l", ".dcb.a"],
        syntax: ".dcb.l count [, value]",
        summary: "Writes a word that many times.",
        example: ".data\n.ds.l 2\n.ds.s 2\n.dcb.l 4, 7\n.dcb.a 1\n",
        handler: |a, s| sized(a, s, 4),
    },
    Directive {
        names: &[".ds.d"],
        syntax: ".ds.d count",
        summary: "Reserves that many doublewords.",
        example: ".bss\n.ds.d 2\n",
        handler: |a, s| sized(a, s, 8),
    },
    Directive {
        names: &[".dcb", ".dcb.w"],
        syntax: ".dcb count [, value]",
        summary: "Writes a halfword that many times.",
        example: ".data\n.dcb 4, 7\n.dcb.w 1\n",
        handler: |a, s| sized(a, s, 2),
    },
    Directive {
        names: &[".dcb.b"],
        syntax: ".dcb.b count [, value]",
        summary: "Writes a byte that many times.",
        example: ".data\n.dcb.b 4, 7\n",
        handler: |a, s| sized(a, s, 1),
    },
    Directive {
        names: &[".struct", ".offset"],
        syntax: ".struct offset",
        summary: "Labels up to the next section are numbers, counted from an offset: the fields of a structure.",
        example: ".struct 0\nnext: .space 4\ncount: .space 4\nsize:\n.text\nlw a0, count(a1)\n",
        handler: structure,
    },
    Directive {
        names: &[".fill"],
        syntax: ".fill count [, size [, value]]",
        summary: "Writes a value of up to eight bytes that many times.",
        example: ".data\n.fill 4, 2, 0x1234\n",
        handler: fill,
    },
    Directive {
        names: &[".org"],
        syntax: ".org offset [, byte]",
        summary: "Fills up to an offset from the start of the section.",
        example: ".data\n.org 16\n.byte 1\n",
        handler: |a, s| org(a, s, 1),
    },
];

/// Below this, zeroes are written at once.
const SMALL: i64 = 4096;

fn space(a: &mut Assembler<'_>, s: Stmt<'_>) {
    let mut args = Args::new(s);
    let from = args.i;
    let Some(count) = a.expr(&mut args) else { return };
    let span = s.span(s.toks[from].start, s.toks[args.i - 1].end);
    let mut byte = 0;
    if !args.at_end() {
        if !a.expect_comma(&mut args) {
            return;
        }
        let Some(n) = a.constant_now(&mut args, "the byte to fill with") else { return };
        byte = n;
    }
    if !a.expect_end(&args) {
        return;
    }
    let place = a.place(span);
    a.check_width(byte, 1, place);
    repeat(a, count, span, 1, byte as u8 as u64);
}

/// `count [, value]` of a size.
fn sized(a: &mut Assembler<'_>, s: Stmt<'_>, size: u8) {
    let mut args = Args::new(s);
    let from = args.i;
    let Some(count) = a.expr(&mut args) else { return };
    let span = s.span(s.toks[from].start, s.toks[args.i - 1].end);
    let mut value = 0;
    if args.eat(T::Comma) {
        let Some(n) = a.constant_now(&mut args, "a number") else { return };
        value = n;
    }
    if !a.expect_end(&args) {
        return;
    }
    let place = a.place(span);
    a.check_width(value, size, place);
    repeat(a, count, span, size, value as u64);
}

fn structure(a: &mut Assembler<'_>, s: Stmt<'_>) {
    let mut args = Args::new(s);
    let Some(offset) = a.constant_now(&mut args, "an offset") else { return };
    if a.expect_end(&args) {
        // `.previous` ends it.
        a.previous = a.chain;
        a.structure = Some(offset);
    }
}

impl Assembler<'_> {
    /// Room for a field of the structure being described.
    pub fn advance_structure(&mut self, bytes: i64) {
        if let Some(offset) = &mut self.structure {
            *offset = offset.wrapping_add(bytes);
        }
    }
}

fn fill(a: &mut Assembler<'_>, s: Stmt<'_>) {
    let mut args = Args::new(s);
    let from = args.i;
    let Some(count) = a.expr(&mut args) else { return };
    let span = s.span(s.toks[from].start, s.toks[args.i - 1].end);
    let mut numbers = [1, 0];
    for number in &mut numbers {
        if args.at_end() {
            break;
        }
        if !a.expect_comma(&mut args) {
            return;
        }
        if args.kind() == Some(T::Comma) {
            continue;
        }
        let Some(n) = a.constant_now(&mut args, "a number") else { return };
        *number = n;
    }
    if !a.expect_end(&args) {
        return;
    }
    let [size, value] = numbers;
    if size < 0 {
        return a.error(&codes::E0401, "a size cannot be negative", span, "expected 0 to 8 bytes");
    }
    // GNU as: more than 8 bytes count as 8, and only 4 of them come from the value.
    let size = size.min(8) as u8;
    let value = if size > 4 { value as u64 & 0xffff_ffff } else { value as u64 & (1u64 << (u32::from(size) * 8)).wrapping_sub(1) };
    repeat(a, count, span, size, value);
}

/// `count` times `size` bytes of `value`.
fn repeat(a: &mut Assembler<'_>, count: Value, span: diag::Span, size: u8, value: u64) {
    if a.structure.is_none() {
        a.content(Content::Data);
    }
    let place = a.place(span);
    let folded = a.fold_fixed(count);
    if folded != count {
        a.warn_relaxable(count, place);
    }
    if let Some(n) = folded.constant() {
        if a.structure.is_some() {
            if value == 0 || a.may_hold_bytes("a number", span, ".data") {
                a.advance_structure(n.max(0).saturating_mul(i64::from(size)));
            }
            return;
        }
        if n < 0 {
            let d = Diagnostic::new(&codes::REPEAT_NEGATIVE, format!("repeated {n} times")).at(span, "nothing is written");
            return a.report(d);
        }
        if n.saturating_mul(i64::from(size)) <= SMALL {
            let bytes = value.to_le_bytes();
            let out = a.out();
            for _ in 0..n {
                out.bytes.extend_from_slice(&bytes[..usize::from(size)]);
            }
            // GNU as begins a fragment here, which call frame information shows.
            out.split();
            return;
        }
    }
    let size_now = folded.constant().map_or(0, |n| n.saturating_mul(i64::from(size)).min(i64::from(u32::MAX)) as u32);
    a.out().push_variable(Variable::Repeat { count: folded, size, value, place }, size_now);
}

/// `.org`, and the assignment `. = offset` whose expression begins at token `from`.
pub fn org(a: &mut Assembler<'_>, s: Stmt<'_>, from: usize) {
    let mut args = Args { s, i: from };
    let Some(target) = a.expr(&mut args) else { return };
    let span = s.span(s.toks[from].start, s.toks[args.i - 1].end);
    let mut fill = 0;
    if !args.at_end() {
        if !a.expect_comma(&mut args) {
            return;
        }
        let Some(n) = a.constant_now(&mut args, "the byte to fill with") else { return };
        fill = n as u8;
    }
    if !a.expect_end(&args) {
        return;
    }
    if a.structure.is_some() {
        if let Some(n) = a.number_now(target, span, "an offset") {
            a.structure = Some(n);
        }
        return;
    }
    a.content(Content::Data);
    let place = a.place(span);
    a.out().push_variable(Variable::Org { target, fill, place }, 0);
}
