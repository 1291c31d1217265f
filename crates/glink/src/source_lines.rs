//! Source lines of places in objects, from their DWARF line tables.

use crate::problem::Site;
use crate::resolve::Resolved;
use diag::{Sources, Span};
use host::Files;
use std::fmt;

/// A line of a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceLine {
    /// File as the compiler named it.
    pub file: String,
    /// Line from 1.
    pub line: u32,
    /// The line's text, if the file can be read.
    pub span: Option<Span>,
}

impl fmt::Display for SourceLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

/// Line tables that were read.
#[derive(Default)]
pub struct SourceLines {}

impl SourceLines {
    /// None read yet.
    #[must_use]
    pub fn new() -> SourceLines {
        SourceLines::default()
    }

    /// The line of a place.
    pub fn find(&mut self, _resolved: &Resolved<'_>, _site: Site, _sources: &mut Sources, _files: &mut dyn Files) -> Option<SourceLine> {
        None
    }
}
