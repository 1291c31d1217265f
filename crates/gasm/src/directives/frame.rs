//! Call frame information: `.cfi_*`.

use super::Directive;
use crate::assembler::{Assembler, Stmt};
use crate::cfi::{self, Insn, OMIT};
use crate::lexer::T;
use crate::parse::Args;
use crate::symbols::Definition;
use diag::{Diagnostic, codes};

/// A row for a directive with a fixed shape.
macro_rules! row {
    ($name:literal $syntax:literal $summary:literal $body:literal $handler:expr) => {
        Directive {
            names: &[$name],
            syntax: concat!($name, " ", $syntax),
            summary: $summary,
            example: concat!(".cfi_startproc\nnop\n", $body, "\nnop\n.cfi_endproc\n"),
            handler: $handler,
        }
    };
}

pub static ROWS: &[Directive] = &[
    Directive {
        names: &[".cfi_sections"],
        syntax: ".cfi_sections section, ...",
        summary: "Says which of .eh_frame and .debug_frame to make.",
        example: ".cfi_sections .eh_frame, .debug_frame\n.cfi_startproc\nret\n.cfi_endproc\n",
        handler: sections,
    },
    Directive {
        names: &[".cfi_startproc"],
        syntax: ".cfi_startproc [simple]",
        summary: "Begins a function's frame.",
        example: ".cfi_startproc\nret\n.cfi_endproc\n",
        handler: start,
    },
    Directive {
        names: &[".cfi_endproc"],
        syntax: ".cfi_endproc",
        summary: "Ends a function's frame.",
        example: ".cfi_startproc\nret\n.cfi_endproc\n",
        handler: |a, s| {
            if a.expect_end(&Args::new(s)) && !a.end_frame() {
                outside(a, s);
            }
        },
    },
    row!(".cfi_def_cfa" "register, offset" "The frame address is register plus offset." ".cfi_def_cfa s0, 16" |a, s| two(a, s, |a, r, n| {
        set_offset(a, n);
        Insn::Bytes(cfi::def_cfa(r, n))
    })),
    row!(".cfi_def_cfa_register" "register" "The frame address is this register plus the offset of before." ".cfi_def_cfa_register s0" |a, s| one(a, s, |_, r| {
        Insn::Bytes(cfi::registers(0x0d, &[r]))
    })),
    row!(".cfi_def_cfa_offset" "offset" "The frame address is the register of before plus this offset." ".cfi_def_cfa_offset 16" |a, s| number(a, s, |a, n| {
        set_offset(a, n);
        Insn::Bytes(cfi::def_cfa_offset(n))
    })),
    row!(".cfi_adjust_cfa_offset" "offset" "Adds to the offset of the frame address." ".cfi_adjust_cfa_offset 16" |a, s| number(a, s, |a, n| {
        let n = a.frame().map_or(n, |f| f.cfa_offset.wrapping_add(n));
        set_offset(a, n);
        Insn::Bytes(cfi::def_cfa_offset(n))
    })),
    row!(".cfi_offset" "register, offset" "The register is saved at the frame address plus offset." ".cfi_offset ra, -4" |a, s| two(a, s, |_, r, n| Insn::Bytes(cfi::offset(r, n)))),
    row!(".cfi_rel_offset" "register, offset" "The register is saved at the frame's register plus offset." ".cfi_rel_offset ra, 4" |a, s| two(a, s, |a, r, n| {
        let base = a.frame().map_or(0, |f| f.cfa_offset);
        Insn::Bytes(cfi::offset(r, n.wrapping_sub(base)))
    })),
    row!(".cfi_val_offset" "register, offset" "The register's value is the frame address plus offset." ".cfi_val_offset sp, 0" |a, s| two(a, s, |_, r, n| Insn::Bytes(cfi::val_offset(r, n)))),
    row!(".cfi_register" "register, register" "The first register is saved in the second." ".cfi_register ra, t0" |a, s| {
        let mut args = Args::new(s);
        let Some(first) = register(a, &mut args) else { return };
        if !a.expect_comma(&mut args) {
            return;
        }
        let Some(second) = register(a, &mut args) else { return };
        if a.expect_end(&args) {
            add(a, s, Insn::Bytes(cfi::registers(0x09, &[first, second])));
        }
    }),
    row!(".cfi_restore" "register, ..." "The register is as it was at the start." ".cfi_restore ra" |a, s| each(a, s, |r| Insn::Bytes(cfi::restore(r)))),
    row!(".cfi_undefined" "register, ..." "The register's old value is lost." ".cfi_undefined t0" |a, s| each(a, s, |r| Insn::Bytes(cfi::registers(0x07, &[r])))),
    row!(".cfi_same_value" "register, ..." "The register has its old value." ".cfi_same_value s1" |a, s| each(a, s, |r| Insn::Bytes(cfi::registers(0x08, &[r])))),
    row!(".cfi_remember_state" "" "Keeps the rules of this place." ".cfi_remember_state\n.cfi_restore_state" |a, s| {
        if a.expect_end(&Args::new(s)) && !a.frame_remember() {
            outside(a, s);
        }
    }),
    Directive {
        names: &[".cfi_restore_state"],
        syntax: ".cfi_restore_state",
        summary: "Takes back the rules kept last.",
        example: ".cfi_startproc\n.cfi_remember_state\nnop\n.cfi_restore_state\n.cfi_endproc\n",
        handler: |a, s| {
            if a.expect_end(&Args::new(s)) {
                match a.frame_restore_state() {
                    Some(true) => {}
                    Some(false) => outside(a, s),
                    None => a.error(&codes::E0419, "`.cfi_restore_state` without `.cfi_remember_state`", s.head_span(), "nothing was remembered"),
                }
            }
        },
    },
    row!(".cfi_window_save" "" "Rule for register windows, and other uses of its opcode." ".cfi_window_save" |a, s| {
        if a.expect_end(&Args::new(s)) {
            add(a, s, Insn::Bytes(vec![0x2d]));
        }
    }),
    row!(".cfi_escape" "number, ..." "Writes bytes into the frame's instructions." ".cfi_escape 0x2e, 0x10" escape),
    row!(".cfi_signal_frame" "" "The frame is that of a signal handler." ".cfi_signal_frame" |a, s| {
        if a.expect_end(&Args::new(s)) {
            match a.frame_here() {
                Some(f) => f.signal = true,
                None => outside(a, s),
            }
        }
    }),
    row!(".cfi_return_column" "register" "The column that holds the return address." ".cfi_return_column ra" |a, s| {
        let mut args = Args::new(s);
        let Some(r) = register(a, &mut args) else { return };
        if a.expect_end(&args) {
            match a.frame_here() {
                Some(f) => f.return_column = r,
                None => outside(a, s),
            }
        }
    }),
    row!(".cfi_personality" "encoding [, symbol]" "The routine that handles exceptions." ".cfi_personality 0x9b, handler" |a, s| pointer(a, s, true)),
    row!(".cfi_lsda" "encoding [, symbol]" "The data that the routine uses." ".cfi_lsda 0x1b, table" |a, s| pointer(a, s, false)),
    row!(".cfi_val_encoded_addr" "register, encoding, symbol" "The register's value is an address." ".cfi_val_encoded_addr ra, 0x1b, somewhere" encoded_address),
    row!(".cfi_label" "name" "A label in the frame's instructions." ".cfi_label here" |a, s| {
        let mut args = Args::new(s);
        let Some((name, span)) = super::symbol::name(a, &mut args) else { return };
        if a.expect_end(&args) {
            let place = a.place(span);
            let here = a.here();
            let id = a.define_symbol(name, Definition::Label(here), place);
            add(a, s, Insn::Label(id));
        }
    }),
];

fn outside(a: &mut Assembler<'_>, s: Stmt<'_>) {
    let word = s.show(0, 1);
    let d = Diagnostic::new(&codes::E0419, format!("`{word}` outside a frame")).at(s.head_span(), "no `.cfi_startproc` is open in this section").help(".cfi_startproc");
    a.report(d);
}

fn set_offset(a: &mut Assembler<'_>, n: i64) {
    if let Some(frame) = a.frame() {
        frame.cfa_offset = n;
    }
}

fn add(a: &mut Assembler<'_>, s: Stmt<'_>, insn: Insn) {
    if !a.frame_insn(insn) {
        outside(a, s);
    }
}

/// The DWARF number of a register, by name or number (psABI, "DWARF Register Numbers").
fn register(a: &mut Assembler<'_>, args: &mut Args<'_>) -> Option<u64> {
    let s = args.s;
    if let Some(tok) = args.peek().filter(|t| t.kind == T::Word) {
        let text = s.bytes(tok);
        let number = match rv32::Reg::parse(text) {
            Some(r) => Some(u64::from(r.number())),
            None => float_register(text).or_else(|| rv32::csr::by_name(text).map(|row| 4096 + u64::from(row.number))),
        };
        if let Some(n) = number {
            args.i += 1;
            return Some(n);
        }
    }
    let from = args.i;
    let n = a.constant_now(args, "a register")?;
    let span = s.span(s.toks[from].start, s.toks[args.i - 1].end);
    match u64::try_from(n) {
        Ok(n) if n < 1 << 32 => Some(n),
        _ => {
            a.error(&codes::E0419, format!("{n} is no register"), span, "expected a register");
            None
        }
    }
}

/// Floating-point registers have numbers 32 to 63.
fn float_register(text: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(text).ok()?;
    let number = |rest: &str, limit: u64| rest.parse::<u64>().ok().filter(|n| *n < limit && !rest.starts_with('+'));
    if let Some(n) = text.strip_prefix("ft").and_then(|r| number(r, 12)) {
        return Some(32 + if n < 8 { n } else { n + 20 });
    }
    if let Some(n) = text.strip_prefix("fs").and_then(|r| number(r, 12)) {
        return Some(32 + if n < 2 { n + 8 } else { n + 16 });
    }
    if let Some(n) = text.strip_prefix("fa").and_then(|r| number(r, 8)) {
        return Some(42 + n);
    }
    text.strip_prefix('f').and_then(|r| number(r, 32)).map(|n| 32 + n)
}

fn sections(a: &mut Assembler<'_>, s: Stmt<'_>) {
    let (mut eh, mut debug) = (false, false);
    let mut args = Args::new(s);
    while let Some(tok) = args.next() {
        match s.bytes(tok) {
            b".eh_frame" => eh = true,
            b".debug_frame" => debug = true,
            _ => return a.error(&codes::E0419, "unknown frame section", s.span_of(tok), "expected .eh_frame or .debug_frame"),
        }
        if !args.at_end() && !a.expect_comma(&mut args) {
            return;
        }
    }
    (a.cfi.eh_frame, a.cfi.debug_frame) = (eh, debug);
}

fn start(a: &mut Assembler<'_>, s: Stmt<'_>) {
    let simple = match s.toks.get(1) {
        None => false,
        Some(tok) if s.bytes(*tok) == b"simple" && s.toks.len() == 2 => true,
        Some(_) => {
            a.expect_end(&Args::new(s));
            return;
        }
    };
    let place = a.place(s.whole());
    if !a.begin_frame(simple, place) {
        let first = a.frame().map(|f| f.place.span);
        let mut d = Diagnostic::new(&codes::E0419, "a frame inside a frame").at(s.whole(), "the one before has no `.cfi_endproc`").help(".cfi_endproc");
        if let Some(first) = first {
            d = d.also(first, "it begins here");
        }
        a.report(d);
    }
}

fn one(a: &mut Assembler<'_>, s: Stmt<'_>, f: fn(&mut Assembler<'_>, u64) -> Insn) {
    let mut args = Args::new(s);
    let Some(r) = register(a, &mut args) else { return };
    if a.expect_end(&args) {
        let insn = f(a, r);
        add(a, s, insn);
    }
}

fn number(a: &mut Assembler<'_>, s: Stmt<'_>, f: fn(&mut Assembler<'_>, i64) -> Insn) {
    let mut args = Args::new(s);
    let Some(n) = a.constant_now(&mut args, "an offset") else { return };
    if a.expect_end(&args) {
        let insn = f(a, n);
        add(a, s, insn);
    }
}

fn two(a: &mut Assembler<'_>, s: Stmt<'_>, f: fn(&mut Assembler<'_>, u64, i64) -> Insn) {
    let mut args = Args::new(s);
    let Some(r) = register(a, &mut args) else { return };
    if !a.expect_comma(&mut args) {
        return;
    }
    let Some(n) = a.constant_now(&mut args, "an offset") else { return };
    if a.expect_end(&args) {
        let insn = f(a, r, n);
        add(a, s, insn);
    }
}

fn each(a: &mut Assembler<'_>, s: Stmt<'_>, f: fn(u64) -> Insn) {
    let mut args = Args::new(s);
    loop {
        let Some(r) = register(a, &mut args) else { return };
        add(a, s, f(r));
        if args.at_end() || !a.expect_comma(&mut args) {
            return;
        }
    }
}

fn escape(a: &mut Assembler<'_>, s: Stmt<'_>) {
    let mut args = Args::new(s);
    let mut bytes = Vec::new();
    loop {
        let Some(n) = a.constant_now(&mut args, "a byte") else { return };
        bytes.push(n as u8);
        if args.at_end() {
            break;
        }
        if !a.expect_comma(&mut args) {
            return;
        }
    }
    add(a, s, Insn::Escape(bytes));
}

/// `encoding [, symbol]` of a personality or an LSDA.
fn pointer(a: &mut Assembler<'_>, s: Stmt<'_>, personality: bool) {
    let mut args = Args::new(s);
    let Some((encoding, value)) = encoding(a, &mut args) else { return };
    if !a.expect_end(&args) {
        return;
    }
    let place = a.place(s.whole());
    let pair = (encoding, value.map(|v| (v, place)));
    match a.frame() {
        Some(f) if personality => f.personality = pair,
        Some(f) => f.lsda = pair,
        None => outside(a, s),
    }
}

fn encoding(a: &mut Assembler<'_>, args: &mut Args<'_>) -> Option<(u8, Option<crate::expr::Value>)> {
    let from = args.i;
    let n = a.constant_now(args, "an encoding")?;
    let s = args.s;
    if n == i64::from(OMIT) {
        return Some((OMIT, None));
    }
    let ok = u8::try_from(n).is_ok_and(|e| matches!(e & 0x7f, 0 | 2 | 3 | 4 | 0x0a | 0x0b | 0x0c | 0x1b));
    if !ok {
        a.error(&codes::E0419, format!("{n:#x} is no encoding of pointers"), s.span_at(from), "expected 0x1b, 0x9b, 0x00 or 0xff");
        return None;
    }
    if !a.expect_comma(args) {
        return None;
    }
    let value = a.expr(args)?;
    Some((n as u8, Some(value)))
}

fn encoded_address(a: &mut Assembler<'_>, s: Stmt<'_>) {
    let mut args = Args::new(s);
    let Some(r) = register(a, &mut args) else { return };
    if !a.expect_comma(&mut args) {
        return;
    }
    let Some((encoding, Some(value))) = encoding(a, &mut args) else { return };
    if a.expect_end(&args) {
        let place = a.place(s.whole());
        add(a, s, Insn::EncodedAddress(r, encoding, value, place));
    }
}
