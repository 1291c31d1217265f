//! What can go wrong, as data. Phases collect problems; [`crate::report`] turns them into
//! diagnostics, with source lines where the objects have them.

use crate::resolve::{ObjectId, SectionId, SymbolId};
use diag::{Code, Diagnostic, Severity};

/// A place in an input section.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Site {
    /// Section.
    pub section: SectionId,
    /// Offset into the section as it stands in the object.
    pub offset: u32,
}

/// Something to tell the user.
#[derive(Clone, Debug)]
pub enum Problem {
    /// A finished message without a place in an input section.
    Plain(Box<Diagnostic>),
    /// A message about a place in an input section.
    At(Site, Box<Diagnostic>),
    /// Used, and defined nowhere.
    Undefined {
        /// The symbol.
        symbol: SymbolId,
        /// Every use, in the order of inputs; none if only the command line or the script asks.
        uses: Vec<Site>,
    },
    /// Two definitions, neither of them weak.
    Duplicate {
        /// The symbol.
        symbol: SymbolId,
        /// Object and symbol index of the first definition.
        first: (ObjectId, u32),
        /// Object and symbol index of the second.
        second: (ObjectId, u32),
    },
}

impl Problem {
    /// Whether it makes no sense to go on: something is missing or damaged.
    #[must_use]
    pub fn stops(&self) -> bool {
        match self {
            Problem::Plain(diagnostic) | Problem::At(_, diagnostic) => diagnostic.severity == Severity::Error,
            Problem::Undefined { .. } => true,
            Problem::Duplicate { .. } => false,
        }
    }

    /// A message without a place.
    #[must_use]
    pub fn plain(code: Code, message: impl Into<String>) -> Problem {
        Problem::Plain(Box::new(Diagnostic::new(code, message)))
    }
}
