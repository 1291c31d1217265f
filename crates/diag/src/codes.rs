//! Every diagnostic that the programs can give: one row, one page.
//!
//! Ranges: E01xx syntax, E02xx operands, E03xx symbols and expressions, E04xx directives, E05xx
//! linking, E06xx images and running. Named ones (`data-range`) are warnings, or errors that can be
//! turned into warnings; `-Wname`, `-Wno-name`, `-Werror=name` change them. A code is never used
//! again for something else.

use crate::Severity;

/// A row of the table.
#[derive(Debug, PartialEq, Eq)]
pub struct CodeRow {
    /// `E0102`, or the name of a warning.
    pub id: &'static str,
    /// Severity unless the command line says otherwise.
    pub severity: Severity,
    /// Whether a named diagnostic is given without being asked for.
    pub on: bool,
    /// What is wrong, in a few words.
    pub title: &'static str,
    /// The page: markdown from `docs/errors/`.
    pub page: &'static str,
}

/// A row, by reference: rows are compared by identity of their id.
pub type Code = &'static CodeRow;

impl CodeRow {
    /// Whether the code is a name that `-W` flags know.
    #[must_use]
    pub fn is_named(&self) -> bool {
        !self.id.starts_with('E') || !self.id[1..].bytes().all(|b| b.is_ascii_digit())
    }
}

macro_rules! codes {
    (errors { $($code:ident $title:literal;)* } named { $($name:ident $id:literal $severity:ident $on:literal $title_named:literal;)* }) => {
        $(#[doc = $title]
        pub static $code: CodeRow = CodeRow {
            id: stringify!($code),
            severity: Severity::Error,
            on: true,
            title: $title,
            page: include_str!(concat!("../../../docs/errors/", stringify!($code), ".md")),
        };)*
        $(#[doc = $title_named]
        pub static $name: CodeRow = CodeRow {
            id: $id,
            severity: Severity::$severity,
            on: $on,
            title: $title_named,
            page: include_str!(concat!("../../../docs/errors/", $id, ".md")),
        };)*
        /// Every row.
        pub static ALL: &[Code] = &[$(&$code,)* $(&$name,)*];
    };
}

codes! {
    errors {
        // E01xx: syntax
        // E02xx: operands
        E0102 "placeholder";
        // E03xx: symbols and expressions
        // E04xx: directives
        // E05xx: linking
        // E06xx: images and running
        E0601 "a file of a guest cannot be read";
        E0602 "not a source, an object or an image";
        E0603 "the image cannot be booted";
        E0604 "the image does not fit the guest";
        E0605 "the guest is refused";
        E0606 "the guest crashed";
        E0607 "the guest panicked";
        E0608 "a limit was reached";
        E0609 "host memory is used up";
        E0610 "the console cannot be written";
        E0611 "an output file cannot be written";
        E0612 "nothing can wake the guest";
    }
    named {
        // constant     name           default   on     what
        DATA_RANGE      "data-range"   Error     true   "data does not fit its width";
        EXIT_CODE_RANGE "exit-code-range" Warning  true   "the guest's code is no exit status";
        GUEST_HALTED    "guest-halted" Note        true   "the guest waits for an interrupt that cannot come";
    }
}

/// The page of a code, by its id in any case: `E0102`, `e0102`, `data-range`.
#[must_use]
pub fn explain(id: &str) -> Option<&'static str> {
    ALL.iter().find(|code| code.id.eq_ignore_ascii_case(id)).map(|code| code.page)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_begin_with_their_code_and_title() {
        for code in ALL {
            let heading = format!("# {}: {}\n", code.id, code.title);
            assert!(code.page.starts_with(&heading), "docs/errors/{}.md should begin with {heading:?}", code.id);
        }
        assert!(ALL.iter().enumerate().all(|(i, a)| ALL[..i].iter().all(|b| a.id != b.id)), "ids are unique");
        assert!(explain("data-range").is_some() && explain("E9999").is_none());
    }
}
