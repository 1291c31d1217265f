//! Macros and repetitions.

#![allow(clippy::wildcard_enum_match_arm, reason = "a kind of token that is not named here is not meant here")]

use super::Directive;
use crate::assembler::{Assembler, Stmt};
use crate::lexer::T;
use crate::macros::{Parameter, plain_argument, skip_spaces};
use crate::names::Head;
use crate::parse::Args;
use crate::place::Reason;
use diag::{Diagnostic, codes};

pub static ROWS: &[Directive] = &[
    Directive {
        names: &[".macro"],
        syntax: ".macro name [parameter [= default | :req | :vararg], ...]",
        summary: "Begins a macro; in its body `\\parameter` is the argument, `\\@` a number new in each use, `\\()` nothing.",
        example: ".macro push reg:req, offset=0\naddi sp, sp, -4\nsw \\reg, \\offset(sp)\n.endm\npush ra\n",
        handler: define,
    },
    Directive {
        names: &[".endm", ".endmacro"],
        syntax: ".endm",
        summary: "Ends a macro.",
        example: ".macro twice\nnop\nnop\n.endm\ntwice\n",
        handler: |a, s| orphan(a, s, ".macro"),
    },
    Directive {
        names: &[".exitm", ".mexit"],
        syntax: ".exitm",
        summary: "Leaves the macro.",
        example: ".macro m a\n.ifb \\a\n.exitm\n.endif\nli a0, \\a\n.endm\nm\n",
        handler: exit,
    },
    Directive { names: &[".purgem"], syntax: ".purgem name", summary: "Forgets a macro.", example: ".macro m\n.endm\n.purgem m\n", handler: purge },
    Directive {
        names: &[".rept", ".rep"],
        syntax: ".rept count",
        summary: "Repeats what follows up to .endr.",
        example: ".rept 3\nnop\n.endr\n",
        handler: repeat,
    },
    Directive {
        names: &[".irp", ".irep"],
        syntax: ".irp name, text, ...",
        summary: "Repeats what follows up to .endr, `\\name` being each text in turn.",
        example: ".irp reg, s0, s1\nmv \\reg, zero\n.endr\n",
        handler: |a, s| each(a, s, false),
    },
    Directive {
        names: &[".irpc", ".irepc"],
        syntax: ".irpc name, text",
        summary: "Repeats what follows up to .endr, `\\name` being each character in turn.",
        example: ".irpc n, 012\nli a\\n, 0\n.endr\n",
        handler: |a, s| each(a, s, true),
    },
    Directive {
        names: &[".endr"],
        syntax: ".endr",
        summary: "Ends a repetition.",
        example: ".rept 2\nnop\n.endr\n",
        handler: |a, s| orphan(a, s, ".rept"),
    },
    Directive {
        names: &[".altmacro"],
        syntax: ".altmacro",
        summary: "Macros from here: parameters without backslash, LOCAL, `<text>`, `%expression`.",
        example: ".altmacro\n.macro m x\nLOCAL again\nagain: bnez x, again\n.endm\nm a0\n.noaltmacro\n",
        handler: |a, s| {
            if a.expect_end(&Args::new(s)) {
                a.altmacro = true;
            }
        },
    },
    Directive {
        names: &[".noaltmacro"],
        syntax: ".noaltmacro",
        summary: "Ends .altmacro.",
        example: ".altmacro\n.noaltmacro\n",
        handler: |a, s| {
            if a.expect_end(&Args::new(s)) {
                a.altmacro = false;
            }
        },
    },
];

fn orphan(a: &mut Assembler<'_>, s: Stmt<'_>, opener: &str) {
    let word = s.show(0, 1);
    let d = Diagnostic::new(&codes::E0403, format!("`{word}` without `{opener}`")).at(s.head_span(), "nothing is open here");
    a.report(d.help(format!("delete it, or write the {opener} that it belongs to above")));
}

fn define(a: &mut Assembler<'_>, s: Stmt<'_>) {
    // A wrong end tells where the macro comes from, and explains a wrong beginning as well.
    let body = a.take_body(s, b".endm");
    let header = if body.is_some() || a.recovery.foreign_macro { header(a, s) } else { None };
    a.recovery.foreign_macro = false;
    match (header, body) {
        (Some((name, parameters)), Some(body)) => a.define_macro(s, name, parameters, body),
        _ => {
            if let Some(tok) = s.toks.get(1).filter(|t| t.kind == T::Word) {
                let name = a.names.intern(s.bytes(*tok));
                a.break_macro(name);
            }
        }
    }
}

/// `name parameter, parameter=default, parameter:req`; commas between may be spaces, and the whole
/// list may stand in parentheses.
fn header(a: &mut Assembler<'_>, s: Stmt<'_>) -> Option<(crate::names::Name, Vec<Parameter>)> {
    let mut args = Args::new(s);
    let Some(tok) = args.next().filter(|t| t.kind == T::Word) else {
        a.error(&codes::E0401, "a macro needs a name", s.span_at(1), "expected a name");
        return None;
    };
    let name = a.names.intern(s.bytes(tok));
    args.eat(T::Comma);
    let parenthesised = args.eat(T::LParen);
    let mut parameters: Vec<Parameter> = Vec::new();
    while let Some(tok) = args.next() {
        match tok.kind {
            T::Comma => continue,
            T::RParen if parenthesised && args.at_end() => break,
            T::Percent if args.kind() == Some(T::Word) => {
                let shown = s.show(args.i, args.i + 1);
                let d = Diagnostic::new(&codes::E0401, format!("`%{shown}` is not a parameter"))
                    .at(s.span(tok.start, s.toks[args.i].end), "parameters are plain names, and used as `\\name`")
                    .help(format!(".macro {} {}", a.names.show(name), s.raw(2, s.toks.len()).replace(['%', '(', ')'], "").trim()))
                    .note("`%name` and .end_macro are the syntax of RARS; here it is `\\name` in the body, and .endm");
                a.report(d);
                return None;
            }
            T::Word => {}
            _ => {
                if !a.bad_tokens(s) {
                    a.error(&codes::E0401, format!("`{}` is not a parameter", s.show(args.i - 1, args.i)), s.span_of(tok), "expected a name");
                }
                return None;
            }
        }
        let mut parameter = Parameter { name: s.bytes(tok).to_vec(), default: Vec::new(), required: false, vararg: false };
        if args.eat(T::Colon) {
            match args.next().map(|t| s.bytes(t)) {
                Some(b"req") => parameter.required = true,
                Some(b"vararg") => parameter.vararg = true,
                _ => {
                    a.error(&codes::E0401, "unknown kind of parameter", s.span_at(args.i - 1), "expected `:req` or `:vararg`");
                    return None;
                }
            }
        }
        if args.kind() == Some(T::Eq) {
            args.i += 1;
            if let Some(first) = args.peek() {
                let text = &s.text[..s.end() as usize];
                let mut at = first.start as usize;
                parameter.default = if first.kind == T::Str {
                    at = first.end as usize;
                    let quoted = s.bytes(first);
                    quoted[1..quoted.len() - 1].to_vec()
                } else {
                    plain_argument(text, &mut at)
                };
                while args.peek().is_some_and(|t| (t.start as usize) < at) {
                    args.i += 1;
                }
            }
        }
        if parameters.len() >= crate::limits::PARAMETERS {
            a.error(&codes::E0401, "too many parameters", s.span_of(tok), format!("a macro takes {}", crate::limits::PARAMETERS));
            return None;
        }
        if parameters.iter().any(|p| p.name == parameter.name) {
            a.error(&codes::E0401, format!("parameter `{}` twice", String::from_utf8_lossy(&parameter.name)), s.span_of(tok), "named before");
            return None;
        }
        let vararg = parameter.vararg;
        parameters.push(parameter);
        if vararg && !args.at_end() {
            a.error(&codes::E0401, "`:vararg` comes last", s.span_at(args.i), "nothing may follow");
            return None;
        }
    }
    Some((name, parameters))
}

fn exit(a: &mut Assembler<'_>, s: Stmt<'_>) {
    if a.reading.iter().any(|r| matches!(r.reason, Reason::Macro(_) | Reason::Repetition)) {
        a.exit_macro = true;
    } else {
        orphan(a, s, ".macro");
    }
}

fn purge(a: &mut Assembler<'_>, s: Stmt<'_>) {
    let mut args = Args::new(s);
    let Some((name, span)) = super::symbol::name(a, &mut args) else { return };
    if !a.expect_end(&args) {
        return;
    }
    let key = a.macro_key(name);
    match a.names.info(key).head {
        Head::Macro(number) => {
            a.macros[number as usize].purged = true;
            a.names.info_mut(key).head = Head::Unresolved;
        }
        _ => {
            let shown = a.names.show(name);
            a.error(&codes::E0401, format!("`{shown}` is not a macro"), span, "nothing to forget");
        }
    }
}

fn repeat(a: &mut Assembler<'_>, s: Stmt<'_>) {
    let mut args = Args::new(s);
    let count = a.constant_now(&mut args, "how often to repeat");
    let ok = count.is_some() && a.expect_end(&args);
    let Some(body) = a.take_body(s, b".endr") else { return };
    let Some(count) = count.filter(|_| ok) else { return };
    if count < 0 {
        let d = Diagnostic::new(&codes::REPEAT_NEGATIVE, format!("repeated {count} times")).at(s.whole(), "nothing is read");
        return a.report(d);
    }
    a.repeat_body(s, &body, count as u64);
}

fn each(a: &mut Assembler<'_>, s: Stmt<'_>, characters: bool) {
    let mut args = Args::new(s);
    let name = args.next().filter(|t| t.kind == T::Word).map(|t| s.bytes(t).to_vec());
    if name.is_none() {
        a.error(&codes::E0401, "a name is missing", s.span_at(1), "expected the name that stands for each value");
    }
    args.eat(T::Comma);
    let mut values = Vec::new();
    if let Some(first) = args.peek() {
        let text = &s.text[..s.end() as usize];
        let mut at = first.start as usize;
        if characters {
            let raw = match first.kind {
                T::Str => s.bytes(first)[1..s.bytes(first).len() - 1].to_vec(),
                _ => text[at..].trim_ascii().to_vec(),
            };
            values.extend(raw.iter().map(|b| vec![*b]));
        } else {
            while at < text.len() {
                values.push(match text[at] {
                    b'"' => {
                        let from = at + 1;
                        let end = text[from..].iter().position(|b| *b == b'"').map_or(text.len(), |n| from + n);
                        at = (end + 1).min(text.len());
                        text[from..end].to_vec()
                    }
                    _ => plain_argument(text, &mut at),
                });
                skip_spaces(text, &mut at);
                if text.get(at) == Some(&b',') {
                    at += 1;
                    skip_spaces(text, &mut at);
                }
            }
        }
    } else {
        values.push(Vec::new());
    }
    let Some(body) = a.take_body(s, b".endr") else { return };
    if let Some(name) = name {
        a.repeat_with(s, &body, &name, &values);
    }
}
