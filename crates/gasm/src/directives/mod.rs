//! Directives: one row each. To add one, write its row in the file of its family; a new family adds
//! its list to [`LISTS`]. The example of every row is assembled by the tests.

mod align;
mod conditional;
mod data;
mod debug;
mod file;
mod frame;
mod insn;
mod macros;
mod message;
pub mod reloc;
mod section;
mod space;
mod symbol;
mod target;

use crate::assembler::{Assembler, Stmt};
use std::collections::HashMap;
use std::sync::OnceLock;

/// A directive.
pub struct Directive {
    /// Its names, in lower case; the first is the usual one.
    pub names: &'static [&'static str],
    /// Its arguments.
    pub syntax: &'static str,
    /// What it does, in one sentence.
    pub summary: &'static str,
    /// A source that uses it and assembles.
    pub example: &'static str,
    /// Does it.
    pub handler: fn(&mut Assembler<'_>, Stmt<'_>),
}

/// The lists of all families.
static LISTS: [&[Directive]; 15] = [
    section::ROWS,
    data::ROWS,
    space::ROWS,
    align::ROWS,
    symbol::ROWS,
    macros::ROWS,
    conditional::ROWS,
    file::OF_TEXT,
    file::ROWS,
    message::ROWS,
    target::ROWS,
    insn::ROWS,
    reloc::ROWS,
    debug::ROWS,
    frame::ROWS,
];

/// Families that decide which text is read.
static OF_TEXT: [&[Directive]; 3] = [macros::ROWS, conditional::ROWS, file::OF_TEXT];

impl Directive {
    /// Whether it decides which text is read, so that a source that has been read does without.
    pub fn makes_text(&self) -> bool {
        OF_TEXT.iter().any(|list| list.iter().any(|directive| std::ptr::eq(directive, self)))
    }
}

/// Every directive.
pub fn all() -> impl Iterator<Item = &'static Directive> {
    LISTS.iter().flat_map(|list| list.iter())
}

/// Every name of a directive.
pub fn names() -> impl Iterator<Item = &'static str> {
    all().flat_map(|d| d.names.iter().copied())
}

/// The reference page of all directives, as markdown.
pub fn reference() -> String {
    let mut out = String::from("# Directives\n\nMade from the table of directives; each example is assembled by the tests.\n");
    for directive in all() {
        let names: Vec<String> = directive.names.iter().map(|n| format!("`{n}`")).collect();
        out.push_str(&format!("\n## {}\n\n{}\n\n    {}\n\n```gasm\n{}```\n", names.join(", "), directive.summary, directive.syntax, directive.example));
    }
    out
}

/// The directive of a name in lower case.
pub fn find(name: &[u8]) -> Option<&'static Directive> {
    static INDEX: OnceLock<HashMap<&'static [u8], &'static Directive>> = OnceLock::new();
    INDEX.get_or_init(|| all().flat_map(|d| d.names.iter().map(move |n| (n.as_bytes(), d))).collect()).get(name).copied()
}

impl Assembler<'_> {
    /// Parses an expression that must be a number now.
    pub fn constant_now(&mut self, args: &mut crate::parse::Args<'_>, what: &str) -> Option<i64> {
        let from = args.i;
        let value = self.expr(args)?;
        let span = args.s.span(args.s.toks[from].start, args.s.toks[args.i - 1].end);
        self.number_now(value, span, what)
    }

    /// The number that a value is now; an error if it is none.
    pub fn number_now(&mut self, value: crate::expr::Value, span: diag::Span, what: &str) -> Option<i64> {
        use crate::evaluate::Failure;
        use diag::{Diagnostic, codes};
        if let Some(n) = value.constant() {
            return Some(n);
        }
        let d = match self.known_now(value) {
            Ok(n) => {
                let place = self.place(span);
                self.warn_relaxable(value, place);
                return Some(n);
            }
            Err(Failure::Undefined(id)) => {
                let name = self.names.show(self.symbols[id].name);
                let first = self.symbols[id].place.span;
                let inside = first.file == span.file && span.start <= first.start && first.end <= span.end;
                let span = if inside { first } else { span };
                let d = Diagnostic::new(&codes::E0303, format!("`{name}` is not known yet")).at(span, format!("{what} is needed now: define it above this line, or with --defsym"));
                self.with_suggestion(d, &name)
            }
            Err(Failure::NotConstant) => Diagnostic::new(&codes::E0304, "this is not a number that is known now")
                .at(span, format!("expected {what}"))
                .help("a number known here is one that is written, or the distance of two labels above with no branch between"),
            Err(failure) => {
                let place = self.place(span);
                self.failed(failure, place);
                return None;
            }
        };
        self.report(d);
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_lower_case_and_found() {
        let mut seen = std::collections::HashSet::new();
        for directive in all() {
            assert!(!directive.summary.is_empty() && !directive.example.is_empty(), "{:?}", directive.names);
            for name in directive.names {
                assert!(name.starts_with('.') || *name == "endm", "{name}");
                assert_eq!(*name, name.to_ascii_lowercase());
                assert!(seen.insert(*name), "{name} twice");
                assert!(find(name.as_bytes()).is_some());
            }
        }
    }

    #[test]
    fn every_example_assembles() {
        for directive in all() {
            let assembly = crate::testing::assemble_text(directive.example);
            let errors: Vec<_> = assembly.diagnostics.iter().filter(|d| d.severity == diag::Severity::Error).map(|d| d.message.clone()).collect();
            let expected = directive.names.iter().any(|n| matches!(*n, ".error" | ".err" | ".abort"));
            assert!(expected || errors.is_empty(), "{:?}: {errors:?}\n{}", directive.names, directive.example);
            let uses = directive.names.iter().any(|n| directive.example.contains(n));
            assert!(uses, "the example of {:?} does not use it", directive.names);
        }
    }
}
