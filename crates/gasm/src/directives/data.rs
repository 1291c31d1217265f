//! Numbers and strings.

use super::Directive;
use crate::assembler::{Assembler, Stmt};
use crate::lexer::{T, number};
use crate::parse::Args;
use crate::section::{Content, FixKind, Variable};
use diag::{Diagnostic, codes};
use rv32::Reloc;

pub static ROWS: &[Directive] = &[
    Directive {
        names: &[".byte", ".1byte", ".dc.b"],
        syntax: ".byte number, ...",
        summary: "Writes numbers of one byte.",
        example: ".data\n.byte 1, 0xff, 'a', -128\n",
        handler: |a, s| data(a, s, 1),
    },
    Directive {
        names: &[".half", ".2byte", ".short", ".hword", ".dc.w", ".dc", ".value"],
        syntax: ".half number, ...",
        summary: "Writes numbers of two bytes, without aligning.",
        example: ".data\n.half 1, 65535\n",
        handler: |a, s| data(a, s, 2),
    },
    Directive {
        names: &[".word", ".4byte", ".long", ".int", ".dc.l", ".dc.a"],
        syntax: ".word number or address, ...",
        summary: "Writes numbers or addresses of four bytes, without aligning.",
        example: ".data\ntable: .word table, table + 4, end - table\nend:\n",
        handler: |a, s| data(a, s, 4),
    },
    Directive {
        names: &[".dword", ".8byte", ".quad", ".xword"],
        syntax: ".dword number, ...",
        summary: "Writes numbers of eight bytes.",
        example: ".data\n.dword 0x123456789abcdef0\n",
        handler: |a, s| data(a, s, 8),
    },
    Directive {
        names: &[".dtprelword"],
        syntax: ".dtprelword symbol",
        summary: "Writes the offset of a thread-local symbol in its block, as debug information has it.",
        example: ".section .tdata, \"awT\"\nv: .word 1\n.section .debug_info\n.dtprelword v + 0x800\n",
        handler: dtprel,
    },
    Directive {
        names: &[".octa"],
        syntax: ".octa number, ...",
        summary: "Writes numbers of sixteen bytes.",
        example: ".data\n.octa 0x000102030405060708090a0b0c0d0e0f\n",
        handler: octa,
    },
    Directive {
        names: &[".float", ".single", ".dc.s"],
        syntax: ".float real, ...",
        summary: "Writes IEEE 754 numbers of four bytes.",
        example: ".data\n.float 1.5, -2e3\n",
        handler: |a, s| real(a, s, 4),
    },
    Directive {
        names: &[".double", ".dc.d"],
        syntax: ".double real, ...",
        summary: "Writes IEEE 754 numbers of eight bytes.",
        example: ".data\n.double 3.25\n",
        handler: |a, s| real(a, s, 8),
    },
    Directive {
        names: &[".ascii"],
        syntax: ".ascii \"text\", ...",
        summary: "Writes the bytes of strings.",
        example: ".data\n.ascii \"Hello\\n\"\n",
        handler: |a, s| strings(a, s, 1, false),
    },
    Directive {
        names: &[".asciz", ".string", ".string8"],
        syntax: ".asciz \"text\", ...",
        summary: "Writes the bytes of strings, each followed by a zero byte.",
        example: ".data\n.asciz \"Hello\\n\"\n.string \"one\", \"two\"\n",
        handler: |a, s| strings(a, s, 1, true),
    },
    Directive {
        names: &[".string16"],
        syntax: ".string16 \"text\", ...",
        summary: "Writes the bytes of strings as halfwords, each string followed by a zero.",
        example: ".data\n.string16 \"wide\"\n",
        handler: |a, s| strings(a, s, 2, true),
    },
    Directive {
        names: &[".string32"],
        syntax: ".string32 \"text\", ...",
        summary: "Writes the bytes of strings as words, each string followed by a zero.",
        example: ".data\n.string32 \"wide\"\n",
        handler: |a, s| strings(a, s, 4, true),
    },
    Directive {
        names: &[".string64"],
        syntax: ".string64 \"text\", ...",
        summary: "Writes the bytes of strings as doublewords, each string followed by a zero.",
        example: ".data\n.string64 \"wide\"\n",
        handler: |a, s| strings(a, s, 8, true),
    },
    Directive {
        names: &[".uleb128"],
        syntax: ".uleb128 number, ...",
        summary: "Writes unsigned numbers in LEB128.",
        example: ".data\na: .uleb128 300, b - a\nb:\n",
        handler: |a, s| leb(a, s, false),
    },
    Directive {
        names: &[".sleb128"],
        syntax: ".sleb128 number, ...",
        summary: "Writes signed numbers in LEB128.",
        example: ".data\n.sleb128 -129\n",
        handler: |a, s| leb(a, s, true),
    },
];

fn dtprel(a: &mut Assembler<'_>, s: Stmt<'_>) {
    let mut args = Args::new(s);
    let from = args.i;
    let Some(value) = a.expr(&mut args) else { return };
    if !a.expect_end(&args) {
        return;
    }
    a.content(Content::Data);
    let place = a.place(s.span(s.toks[from].start, s.toks[args.i - 1].end));
    a.fix_here(FixKind::Reloc(Reloc::TlsDtprel32), value, place, false);
    a.out().push(&[0; 4]);
}

/// A fixup for data at the next byte, and its bytes.
fn data(a: &mut Assembler<'_>, s: Stmt<'_>, size: u8) {
    let mut args = Args::new(s);
    if args.at_end() {
        return;
    }
    a.content(Content::Data);
    loop {
        let from = args.i;
        let Some(value) = a.expr(&mut args) else { return };
        let to = args.i - 1;
        match value.constant() {
            Some(0) if a.structure.is_some() => a.advance_structure(i64::from(size)),
            Some(n) => {
                if size < 8 && (n < -(1 << (u32::from(size) * 8 - 1)) || n >= 1 << (u32::from(size) * 8)) {
                    let span = s.span(s.toks[from].start, s.toks[to].end);
                    let place = a.place(span);
                    a.check_width(n, size, place);
                }
                if n != 0 && !a.may_hold_bytes("a number", s.span(s.toks[from].start, s.toks[to].end), ".data") {
                    return;
                }
                a.out().push(&n.to_le_bytes()[..usize::from(size)]);
            }
            None => {
                let span = s.span(s.toks[from].start, s.toks[to].end);
                let place = a.place(span);
                a.fix_here(FixKind::Data(size), value, place, false);
                a.out().push(&[0; 8][..usize::from(size)]);
            }
        }
        if args.at_end() {
            return;
        }
        // RARS and others: `.word 0 : 10` repeats.
        if args.kind() == Some(T::Colon) {
            let d = Diagnostic::new(&codes::E0106, "unexpected `:`").at(s.span_at(args.i), "repeat counts are written with .fill").help(format!(
                ".fill {}, {size}, {}",
                s.show(args.i + 1, s.toks.len()),
                s.show(from, args.i)
            ));
            return a.report(d);
        }
        if !a.expect_comma(&mut args) {
            return;
        }
    }
}

fn octa(a: &mut Assembler<'_>, s: Stmt<'_>) {
    let mut args = Args::new(s);
    a.content(Content::Data);
    while !args.at_end() {
        let negative = args.eat(T::Minus);
        let Some(tok) = args.next() else { break };
        let text = s.bytes(tok);
        let value = match (tok.kind, text) {
            (T::Number, [b'0', b'x' | b'X', digits @ ..]) => std::str::from_utf8(digits).ok().and_then(|d| u128::from_str_radix(d, 16).ok()),
            (T::Number, _) if text[0] != b'0' => std::str::from_utf8(text).ok().and_then(|d| d.parse().ok()),
            (T::Number, _) => number(text).map(u128::from),
            _ => None,
        };
        let Some(value) = value else {
            return a.error(&codes::E0108, format!("`{}` is no number of 128 bits", s.show(args.i - 1, args.i)), s.span_of(tok), "expected a number");
        };
        let value = if negative { value.wrapping_neg() } else { value };
        a.out().bytes.extend_from_slice(&value.to_le_bytes());
        if args.at_end() {
            return;
        }
        if !a.expect_comma(&mut args) {
            return;
        }
    }
}

fn real(a: &mut Assembler<'_>, s: Stmt<'_>, size: u8) {
    let mut args = Args::new(s);
    a.content(Content::Data);
    while !args.at_end() {
        let from = args.i;
        while !args.at_comma_or_end() {
            args.i += 1;
        }
        let Some(value) = (from < args.i).then(|| &s.text[s.toks[from].start as usize..s.toks[args.i - 1].end as usize]).and_then(parse_real) else {
            let span = if from < args.i { s.span(s.toks[from].start, s.toks[args.i - 1].end) } else { s.span_at(from) };
            return a.error(&codes::E0108, "not a number", span, "expected a number such as 1.5 or -2e3");
        };
        let bytes = if size == 4 { (value as f32).to_le_bytes().to_vec() } else { value.to_le_bytes().to_vec() };
        a.out().bytes.extend_from_slice(&bytes);
        if args.at_end() {
            return;
        }
        if !a.expect_comma(&mut args) {
            return;
        }
    }
}

/// A decimal number, `inf`, `nan`, or with GNU as's prefix `0f`.
fn parse_real(text: &[u8]) -> Option<f64> {
    let text = std::str::from_utf8(text).ok()?.replace(char::is_whitespace, "").to_ascii_lowercase();
    let (sign, rest) = match text.strip_prefix('-') {
        Some(rest) => (-1.0, rest),
        None => (1.0, text.strip_prefix('+').unwrap_or(&text)),
    };
    let rest = ["0f", "0d", "0r", "0e"].iter().find_map(|p| rest.strip_prefix(p).filter(|r| !r.is_empty())).unwrap_or(rest);
    let (sign, rest) = match rest.strip_prefix('-') {
        Some(inner) => (-sign, inner),
        None => (sign, rest),
    };
    match rest {
        "inf" | "infinity" => Some(sign * f64::INFINITY),
        "nan" => Some(f64::NAN.copysign(sign)),
        _ if rest.starts_with(|c: char| c.is_ascii_digit() || c == '.') => rest.parse::<f64>().ok().map(|v| sign * v),
        _ => None,
    }
}

fn strings(a: &mut Assembler<'_>, s: Stmt<'_>, width: usize, terminated: bool) {
    let mut args = Args::new(s);
    if args.at_end() {
        return;
    }
    a.content(Content::Data);
    loop {
        let Some(tok) = args.peek().filter(|t| t.kind == T::Str) else {
            if !a.bad_tokens(s) {
                let found = args.peek();
                let mut d = Diagnostic::new(&codes::E0401, "a string is missing").at(s.span_at(args.i), "expected text in double quotes");
                if let Some(tok) = found
                    && tok.kind == T::Word
                {
                    d = d.help(format!("\"{}\"", s.show(args.i, s.toks.len())));
                }
                a.report(d);
            }
            return;
        };
        // Strings side by side are one.
        let Some(mut bytes) = a.string(s, tok) else { return };
        args.i += 1;
        while let Some(tok) = args.peek().filter(|t| t.kind == T::Str) {
            let Some(part) = a.string(s, tok) else { return };
            bytes.extend_from_slice(&part);
            args.i += 1;
        }
        if bytes.iter().any(|b| *b != 0) && !a.may_hold_bytes("text", s.span_of(tok), ".data") {
            return;
        }
        if terminated {
            bytes.push(0);
        }
        let out = a.out();
        if width == 1 {
            out.bytes.extend_from_slice(&bytes);
        } else {
            for b in bytes {
                out.bytes.push(b);
                out.bytes.resize(out.bytes.len() + width - 1, 0);
            }
        }
        if args.at_end() {
            return;
        }
        if !a.expect_comma(&mut args) {
            return;
        }
    }
}

fn leb(a: &mut Assembler<'_>, s: Stmt<'_>, signed: bool) {
    let mut args = Args::new(s);
    a.content(Content::Data);
    while !args.at_end() {
        let from = args.i;
        let Some(value) = a.expr(&mut args) else { return };
        match value.constant() {
            Some(n) if signed => crate::layout::push_sleb(&mut a.out().bytes, n),
            Some(n) => crate::layout::push_uleb(&mut a.out().bytes, n as u64),
            None => {
                let span = s.span(s.toks[from].start, s.toks[args.i - 1].end);
                let place = a.place(span);
                a.out().push_variable(Variable::Leb { value, signed, place }, 1);
            }
        }
        if args.at_end() {
            return;
        }
        if !a.expect_comma(&mut args) {
            return;
        }
    }
}
