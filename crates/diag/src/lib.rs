//! Diagnostics: one type, one look, in all three programs.
//!
//! A program keeps the texts that it read in [`Sources`], says what is wrong with [`Diagnostic`]s
//! whose [`Span`]s point into them, and prints them as text ([`render_text`]) or as JSON lines
//! ([`render_json`]). What can be said at all stands in one table, [`codes`]; each code has a page
//! that [`explain`] shows.
//!
//! Nothing here knows RISC-V or ELF.

pub mod codes;
mod json;
mod levels;
mod source;
mod suggest;
mod text;

pub use codes::{Code, UnknownCode, explain};
pub use json::render_json;
pub use levels::{Levels, UnknownWarning};
pub use source::{FileId, Position, Sources, Span};
pub use suggest::suggest;
pub use text::render_text;

/// How bad it is, by consequence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing; nothing is wrong.
    Note,
    /// Probably not what was meant; the output is made.
    Warning,
    /// Cannot be done; no output is made.
    Error,
}

impl Severity {
    /// The word that stands before the code.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Severity::Note => "note",
            Severity::Warning => "warning",
            Severity::Error => "error",
        }
    }
}

/// A place and what to say about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// The place.
    pub span: Span,
    /// What to say there; may be empty.
    pub text: String,
}

/// Text to paste in place of a span.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cure {
    /// What to replace.
    pub span: Span,
    /// The replacement.
    pub text: String,
}

/// Something to tell the user: the message says what is, the label where and why, the help what to
/// do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// The row of the table.
    pub code: Code,
    /// The row's default severity, as [`Levels`] changed it.
    pub severity: Severity,
    /// What is, in one line without a full stop.
    pub message: String,
    /// Where, and why there.
    pub primary: Option<Label>,
    /// Other places that matter.
    pub related: Vec<Label>,
    /// Facts that help to understand.
    pub notes: Vec<String>,
    /// Cures in words, with text to paste.
    pub helps: Vec<String>,
    /// The cure as an edit, for editors.
    pub cure: Option<Cure>,
    /// How the place was reached (macro, include), innermost first.
    pub backtrace: Vec<Label>,
}

impl Diagnostic {
    /// A diagnostic of this code with the code's default severity.
    #[must_use]
    pub fn new(code: Code, message: impl Into<String>) -> Diagnostic {
        Diagnostic {
            code,
            severity: code.severity,
            message: message.into(),
            primary: None,
            related: Vec::new(),
            notes: Vec::new(),
            helps: Vec::new(),
            cure: None,
            backtrace: Vec::new(),
        }
    }

    /// Sets the place, and what to say there.
    #[must_use]
    pub fn at(mut self, span: Span, label: impl Into<String>) -> Diagnostic {
        self.primary = Some(Label { span, text: label.into() });
        self
    }

    /// Adds another place that matters.
    #[must_use]
    pub fn also(mut self, span: Span, label: impl Into<String>) -> Diagnostic {
        self.related.push(Label { span, text: label.into() });
        self
    }

    /// Adds a fact.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Diagnostic {
        self.notes.push(note.into());
        self
    }

    /// Adds a cure in words.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Diagnostic {
        self.helps.push(help.into());
        self
    }

    /// Sets the cure as an edit.
    #[must_use]
    pub fn cure(mut self, span: Span, text: impl Into<String>) -> Diagnostic {
        self.cure = Some(Cure { span, text: text.into() });
        self
    }

    /// Adds a step outwards to the backtrace, such as "in this call of macro `push`".
    #[must_use]
    pub fn through(mut self, span: Span, text: impl Into<String>) -> Diagnostic {
        self.backtrace.push(Label { span, text: text.into() });
        self
    }
}
