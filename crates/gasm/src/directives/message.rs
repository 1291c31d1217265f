//! What the source itself has to say.

use super::Directive;
use crate::assembler::{Assembler, Stmt};
use crate::lexer::T;
use crate::parse::Args;
use diag::{Diagnostic, codes};

pub static ROWS: &[Directive] = &[
    Directive {
        names: &[".error"],
        syntax: ".error [\"message\"]",
        summary: "Fails with a message.",
        example: ".ifndef SIZE\n.error \"SIZE is not set: gasm --defsym SIZE=4\"\n.endif\n",
        handler: error,
    },
    Directive { names: &[".err"], syntax: ".err", summary: "Fails.", example: ".err\n", handler: error },
    Directive {
        names: &[".warning"],
        syntax: ".warning [\"message\"]",
        summary: "Warns with a message.",
        example: ".warning \"not tested\"\n",
        handler: warning,
    },
    Directive {
        names: &[".print"],
        syntax: ".print \"message\"",
        summary: "Shows a note.",
        example: ".print \"assembling the table\"\n",
        handler: print,
    },
    Directive {
        names: &[".abort"],
        syntax: ".abort",
        summary: "Fails and reads no further.",
        example: ".abort\n",
        handler: |a, s| {
            error(a, s);
            a.stop = true;
        },
    },
    Directive {
        names: &[".title", ".ttl", ".sbttl", ".eject", ".page", ".nopage", ".psize", ".plen", ".llen", ".list", ".nolist", ".lflags", ".format", ".noformat"],
        syntax: ".title \"text\"",
        summary: "Hints for printed listings; accepted and without effect.",
        example: ".title \"startup code\"\n.list\n.nolist\n.page\n",
        handler: |_, _| {},
    },
];

fn message(a: &mut Assembler<'_>, s: Stmt<'_>, default: &str) -> Option<String> {
    let mut args = Args::new(s);
    if args.at_end() {
        return Some(default.into());
    }
    match args.next().filter(|t| t.kind == T::Str) {
        Some(tok) => {
            let bytes = a.string(s, tok)?;
            a.expect_end(&args).then(|| String::from_utf8_lossy(&bytes).into_owned())
        }
        None => {
            if !a.bad_tokens(s) {
                a.error(&codes::E0401, "a message is missing", s.span_at(1), "expected text in double quotes");
            }
            None
        }
    }
}

fn error(a: &mut Assembler<'_>, s: Stmt<'_>) {
    let word = s.show(0, 1);
    if let Some(text) = message(a, s, &format!("{word} in the source")) {
        let d = Diagnostic::new(&codes::E0413, text).at(s.whole(), "the source says so");
        a.report(d);
    }
}

fn warning(a: &mut Assembler<'_>, s: Stmt<'_>) {
    if let Some(text) = message(a, s, ".warning in the source") {
        let d = Diagnostic::new(&codes::USER_WARNING, text).at(s.whole(), "the source says so");
        a.report(d);
    }
}

fn print(a: &mut Assembler<'_>, s: Stmt<'_>) {
    if let Some(text) = message(a, s, "") {
        a.printed.push(text);
    }
}
