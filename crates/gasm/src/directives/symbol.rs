//! Symbols: binding, visibility, type, size, value.

#![allow(clippy::wildcard_enum_match_arm, reason = "a kind of token that is not named here is not meant here")]

use super::Directive;
use crate::assembler::{Assembler, Stmt};
use crate::elf::*;
use crate::expr::{Node, Value};
use crate::lexer::T;
use crate::names::Name;
use crate::parse::Args;
use crate::symbols::{Binding, Definition, SymbolId};
use diag::{Diagnostic, codes};

pub static ROWS: &[Directive] = &[
    Directive {
        names: &[".globl", ".global"],
        syntax: ".globl symbol, ...",
        summary: "Makes symbols visible to other files.",
        example: ".globl main\nmain: ret\n",
        handler: |a, s| each(a, s, |a, id| bind(a, id, Binding::Global)),
    },
    Directive {
        names: &[".local"],
        syntax: ".local symbol, ...",
        summary: "Keeps symbols inside this file.",
        example: ".local counter\n.comm counter, 4, 4\n",
        handler: |a, s| each(a, s, |a, id| bind(a, id, Binding::Local)),
    },
    Directive {
        names: &[".weak"],
        syntax: ".weak symbol, ...",
        summary: "Lets a definition in another file win; undefined weak symbols are 0.",
        example: ".weak handler\nhandler: ret\n",
        handler: |a, s| each(a, s, |a, id| bind(a, id, Binding::Weak)),
    },
    Directive {
        names: &[".hidden"],
        syntax: ".hidden symbol, ...",
        summary: "Hides symbols outside the linked image.",
        example: ".globl f\n.hidden f\nf: ret\n",
        handler: |a, s| each(a, s, |a, id| set_visibility(a, id, 2)),
    },
    Directive {
        names: &[".protected"],
        syntax: ".protected symbol, ...",
        summary: "Symbols that no other image can override.",
        example: ".globl f\n.protected f\nf: ret\n",
        handler: |a, s| each(a, s, |a, id| set_visibility(a, id, 3)),
    },
    Directive {
        names: &[".internal"],
        syntax: ".internal symbol, ...",
        summary: "Like .hidden, with a processor's meaning.",
        example: ".globl f\n.internal f\nf: ret\n",
        handler: |a, s| each(a, s, |a, id| set_visibility(a, id, 1)),
    },
    Directive {
        names: &[".extern"],
        syntax: ".extern symbol, ...",
        summary: "Has no effect: undefined symbols are external.",
        example: ".extern puts\n",
        handler: |_, _| {},
    },
    Directive {
        names: &[".type"],
        syntax: ".type symbol, @function | @object | @tls_object | @common | @notype | @gnu_indirect_function | @gnu_unique_object",
        summary: "Says what a symbol is.",
        example: ".type main, @function\nmain: ret\n",
        handler: kind,
    },
    Directive {
        names: &[".size"],
        syntax: ".size symbol, expression",
        summary: "Sets the size of a symbol.",
        example: "f: ret\n.size f, . - f\n",
        handler: size,
    },
    Directive {
        names: &[".set", ".equ"],
        syntax: ".equ symbol, expression",
        summary: "Gives a symbol a value, which may change later.",
        example: ".equ SIZE, 4 * 16\n.set SIZE, SIZE + 1\nli a0, SIZE\n",
        handler: |a, s| set(a, s, false),
    },
    Directive {
        names: &[".equiv", ".eqv"],
        syntax: ".equiv symbol, expression",
        summary: "Gives a symbol a value once and for all.",
        example: ".equiv LIMIT, 100\nli a0, LIMIT\n",
        handler: |a, s| set(a, s, true),
    },
    Directive {
        names: &[".comm", ".common", ".common.s"],
        syntax: ".comm symbol, size [, alignment]",
        summary: "Declares zeroed storage that the linker makes, shared with other files.",
        example: ".comm buffer, 64, 4\n",
        handler: |a, s| {
            common(a, s, false);
        },
    },
    Directive {
        names: &[".tls_common"],
        syntax: ".tls_common symbol, size [, alignment]",
        summary: "Declares common storage of each thread.",
        example: ".tls_common buffer, 64, 4\n",
        handler: |a, s| {
            if let Some(id) = common(a, s, false) {
                a.symbols[id].kind = STT_TLS;
            }
        },
    },
    Directive {
        names: &[".lcomm"],
        syntax: ".lcomm symbol, size",
        summary: "Reserves zeroed storage in .bss for a symbol of this file.",
        example: ".lcomm scratch, 16\n",
        handler: |a, s| {
            common(a, s, true);
        },
    },
    Directive {
        names: &[".variant_cc"],
        syntax: ".variant_cc symbol, ...",
        summary: "Marks functions that do not follow the usual calling convention.",
        example: ".variant_cc f\nf: ret\n",
        handler: |a, s| each(a, s, |a, id| a.symbols[id].visibility |= 0x80),
    },
    Directive {
        names: &[".weakref"],
        syntax: ".weakref name, symbol",
        summary: "A name for a symbol of another file that may be missing.",
        example: ".weakref maybe, perhaps\n.data\n.word maybe\n",
        handler: weakref,
    },
    Directive {
        names: &[".addrsig", ".addrsig_sym"],
        syntax: ".addrsig_sym symbol",
        summary: "Tells LLVM's linker whose addresses matter when it folds equal functions; this toolchain folds none.",
        example: ".addrsig\n.addrsig_sym main\nmain: ret\n",
        handler: address_significant,
    },
];

/// `.addrsig` and `.addrsig_sym`, which only LLVM writes: from here on objects are what llvm-mc makes of them, where
/// it and GNU as go different ways. A symbol that is named goes to the symbol table, as it does there.
fn address_significant(a: &mut Assembler<'_>, s: Stmt<'_>) {
    a.llvm = true;
    if !Args::new(s).at_end() {
        each(a, s, |a, id| a.symbols[id].used = true);
    }
}

/// A symbol's name at the cursor.
pub fn name(a: &mut Assembler<'_>, args: &mut Args<'_>) -> Option<(Name, diag::Span)> {
    let s = args.s;
    match args.next() {
        Some(tok) if tok.kind == T::Word => Some((a.names.intern(s.bytes(tok)), s.span_of(tok))),
        Some(tok) if tok.kind == T::Str => Some((a.quoted_name(s, tok)?, s.span_of(tok))),
        found => {
            if !a.bad_tokens(s) {
                let i = args.i - usize::from(found.is_some());
                let message = match found {
                    Some(_) => format!("`{}` is not a name", s.show(i, i + 1)),
                    None => "a name is missing".to_string(),
                };
                a.error(&codes::E0401, message, s.span_at(i), "expected the name of a symbol");
            }
            None
        }
    }
}

/// Does something for each symbol of a list.
fn each(a: &mut Assembler<'_>, s: Stmt<'_>, f: fn(&mut Assembler<'_>, SymbolId)) {
    let mut args = Args::new(s);
    loop {
        let Some((name, span)) = name(a, &mut args) else { return };
        let place = a.place(span);
        let id = a.symbol(name, place);
        f(a, id);
        if args.at_end() {
            return;
        }
        if !a.expect_comma(&mut args) || args.at_end() {
            return;
        }
    }
}

/// The two low bits; others say how the function is called.
fn set_visibility(a: &mut Assembler<'_>, id: SymbolId, visibility: u8) {
    let other = &mut a.symbols[id].visibility;
    *other = *other & !3 | visibility;
}

fn bind(a: &mut Assembler<'_>, id: SymbolId, binding: Binding) {
    let symbol = &mut a.symbols[id];
    // .weak wins over .globl, whatever the order.
    if !(symbol.binding == Binding::Weak && binding == Binding::Global) {
        symbol.binding = binding;
    }
}

fn kind(a: &mut Assembler<'_>, s: Stmt<'_>) {
    let mut args = Args::new(s);
    let Some((name, span)) = name(a, &mut args) else { return };
    let Some(part) = a.parse_symbol_type(s, args.i) else { return };
    let tok = s.toks[args.i + part.start];
    let text = match tok.kind {
        T::Str => match a.string(s, tok) {
            Some(text) => text,
            None => return,
        },
        _ => s.bytes(tok).to_vec(),
    };
    let kind = match text.as_slice() {
        b"function" | b"STT_FUNC" | b"2" => STT_FUNC,
        b"object" | b"STT_OBJECT" | b"1" => STT_OBJECT,
        b"tls_object" | b"STT_TLS" | b"6" => STT_TLS,
        b"notype" | b"STT_NOTYPE" | b"0" => STT_NOTYPE,
        // Common storage is an object unless GNU as is told otherwise (--elf-stt-common).
        b"common" | b"STT_COMMON" | b"5" => STT_OBJECT,
        b"gnu_indirect_function" | b"STT_GNU_IFUNC" | b"10" => STT_GNU_IFUNC,
        b"gnu_unique_object" => STT_OBJECT,
        other => {
            let shown = String::from_utf8_lossy(other).into_owned();
            const KINDS: [&str; 7] = ["function", "object", "tls_object", "common", "notype", "gnu_indirect_function", "gnu_unique_object"];
            let mut d = Diagnostic::new(&codes::E0401, format!("unknown symbol type `{shown}`")).at(s.span_of(tok), "expected @function or @object");
            if let Some(near) = diag::suggest(&shown, KINDS) {
                d = d.help(format!("did you mean `@{near}`?"));
            }
            return a.report(d);
        }
    };
    let place = a.place(span);
    let id = a.symbol(name, place);
    a.symbols[id].kind = kind;
    if text == b"gnu_unique_object" {
        a.symbols[id].binding = Binding::Unique;
    }
}

fn size(a: &mut Assembler<'_>, s: Stmt<'_>) {
    let mut args = Args::new(s);
    let Some((name, span)) = name(a, &mut args) else { return };
    if !a.expect_comma(&mut args) {
        return;
    }
    let Some(value) = a.expr(&mut args) else { return };
    if !a.expect_end(&args) {
        return;
    }
    let place = a.place(span);
    let id = a.symbol(name, place);
    a.symbols[id].size = a.exprs.push(Node::Value(value));
}

fn set(a: &mut Assembler<'_>, s: Stmt<'_>, once: bool) {
    let mut args = Args::new(s);
    let Some((name, span)) = name(a, &mut args) else { return };
    if args.at_end() && crate::foreign::MIPS_SETTINGS.iter().any(|word| word.as_bytes() == a.names.text(name)) {
        let d = Diagnostic::new(&codes::E0401, format!("`{}` is a setting of MIPS assemblers", a.names.show(name))).at(span, "there is no such thing here");
        return a.report(d.help("delete this line"));
    }
    if !a.expect_comma(&mut args) {
        return;
    }
    if a.names.text(name) == b"." {
        return super::space::org(a, s, args.i);
    }
    give_value(a, args, name, span, once);
}

impl Assembler<'_> {
    /// `name = expression`, `name == expression`.
    pub fn assignment(&mut self, s: Stmt<'_>, name: Name) {
        let once = s.toks[1].kind == T::EqEq;
        if self.names.text(name) == b"." {
            return super::space::org(self, s, 2);
        }
        give_value(self, Args { s, i: 2 }, name, s.head_span(), once);
    }
}

fn give_value(a: &mut Assembler<'_>, mut args: Args<'_>, name: Name, span: diag::Span, once: bool) {
    let value = a.expr(&mut args);
    let ok = value.is_some() && a.expect_end(&args);
    // A name whose value is wrong counts as defined: one mistake, one message.
    let value = a.fold_fixed(value.filter(|_| ok).unwrap_or(Value::number(0)));
    let place = a.place(span);
    let old = a.symbol(name, place);
    let symbol = &a.symbols[old];
    if symbol.fixed || (once && symbol.definition != Definition::Undefined) || matches!(symbol.definition, Definition::Common { .. }) {
        let first = symbol.place;
        let shown = a.names.show(name);
        let d = Diagnostic::new(&codes::E0301, format!("`{shown}` is defined already"))
            .at(span, "and cannot be given another value")
            .also(first.span, "first defined here")
            .help(if symbol.fixed { "use another name, or .set in both places for a value that changes" } else { "use another name" });
        return a.report(d);
    }
    let definition = Definition::Value(value);
    let id = if symbol.variable && symbol.used {
        // What used the name before keeps the value that it had then.
        let fresh = a.symbols.add(name, definition, place);
        let (binding, visibility, kind, temporary) = (a.symbols[old].binding, a.symbols[old].visibility, a.symbols[old].kind, a.symbols[old].temporary);
        a.symbols[old].internal = true;
        let new = &mut a.symbols[fresh];
        (new.binding, new.visibility, new.kind, new.temporary) = (binding, visibility, kind, temporary);
        a.names.info_mut(name).symbol = fresh.0;
        fresh
    } else {
        a.symbols[old].definition = definition;
        a.symbols[old].place = place;
        old
    };
    a.symbols[id].variable = true;
    a.symbols[id].fixed = once;
}

fn weakref(a: &mut Assembler<'_>, s: Stmt<'_>) {
    let mut args = Args::new(s);
    let Some((alias, span)) = name(a, &mut args) else { return };
    if !a.expect_comma(&mut args) {
        return;
    }
    let Some((target, target_span)) = name(a, &mut args) else { return };
    if !a.expect_end(&args) {
        return;
    }
    let place = a.place(target_span);
    let target = a.symbol(target, place);
    let place = a.place(span);
    let id = a.define_symbol(alias, Definition::Value(Value::symbol(target)), place);
    a.symbols[id].weak_reference = true;
}

fn common(a: &mut Assembler<'_>, s: Stmt<'_>, local: bool) -> Option<SymbolId> {
    let mut args = Args::new(s);
    let (name, span) = name(a, &mut args)?;
    if !a.expect_comma(&mut args) {
        return None;
    }
    let size = a.constant_now(&mut args, "a size")?;
    let mut align = 0;
    if args.eat(T::Comma) {
        let from = args.i;
        let n = a.constant_now(&mut args, "an alignment")?;
        if !(0..=1 << 31).contains(&n) || (n != 0 && n.count_ones() != 1) {
            a.error(&codes::E0420, format!("{n} is no power of two"), s.span(s.toks[from].start, s.toks[args.i - 1].end), "alignments are 1, 2, 4, 8, 16 ...");
            return None;
        }
        align = n as u32;
    }
    if !a.expect_end(&args) {
        return None;
    }
    let Ok(size) = u32::try_from(size) else {
        a.error(&codes::E0401, format!("{size} is no size"), s.whole(), "sizes are 0..=4294967295");
            return None;
    };
    let place = a.place(span);
    let id = a.symbol(name, place);
    if local || a.symbols[id].binding == Binding::Local {
        // GNU as: for .lcomm the size decides if no alignment is given.
        let natural = match size {
            8.. if local => 8,
            4.. if local => 4,
            2.. if local => 2,
            _ => 1,
        };
        let align = if align == 0 { natural } else { align };
        a.reserve_bss(name, size, align, place);
        return None;
    }
    if !matches!(a.symbols[id].definition, Definition::Undefined | Definition::Common { .. }) {
        a.define_symbol(name, Definition::Undefined, place);
        return None;
    }
    let align = if align == 0 { natural_alignment(size) } else { align };
    a.symbols[id].definition = Definition::Common { size, align };
    a.symbols[id].place = place;
    Some(id)
}

/// The alignment that GNU as gives common storage of a size when none is asked for.
fn natural_alignment(size: u32) -> u32 {
    if size >= 16 { 16 } else { size.next_power_of_two() }
}

impl Assembler<'_> {
    /// Storage in `.bss`, in subsection 1 as in GNU as.
    fn reserve_bss(&mut self, name: Name, size: u32, align: u32, place: crate::place::Where) {
        let section = self.section_named(b".bss", place);
        let chain = self.sections.chain(section, 1);
        let before = std::mem::replace(&mut self.chain, chain);
        let power = align.trailing_zeros();
        if power != 0 {
            let fill = crate::section::Fill::Bytes { value: 0, size: 1 };
            self.out().push_variable(crate::section::Variable::Align { power, max: 0, fill }, 0);
        }
        self.align_section(power);
        let at = self.here();
        let id = self.define_symbol(name, Definition::Label(at), place);
        self.symbols[id].kind = STT_OBJECT;
        let n = self.exprs.push(Node::Value(Value::number(i64::from(size))));
        self.symbols[id].size = n;
        self.out().push_variable(crate::section::Variable::Repeat { count: Value::number(i64::from(size)), size: 1, value: 0, place }, size);
        self.chain = before;
    }
}
