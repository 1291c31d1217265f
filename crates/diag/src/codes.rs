//! Every diagnostic that the programs can give: one row, one page.
//!
//! Ranges: E01xx syntax, E02xx operands, E03xx symbols and expressions, E04xx directives, E05xx
//! linking, E06xx images and running. Named ones (`data-range`) are warnings, or errors that can be
//! turned into warnings; `-Wname`, `-Wno-name`, `-Werror=name` change them. A code is never used
//! again for something else.

use crate::{Severity, suggest};

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
        E0100 "unexpected character";
        E0101 "unknown instruction";
        E0102 "operand out of range";
        E0103 "string without end";
        E0104 "comment without end";
        E0105 "unknown directive";
        E0106 "unexpected text after a statement";
        E0107 "unknown escape in a string";
        E0108 "malformed number";
        E0109 "malformed expression";
        E0110 "unbalanced parentheses";
        E0111 "expression nested too deeply";
        E0112 "missing comma or parentheses";
        E0113 "statement too long";
        // E02xx: operands
        E0201 "wrong number of operands";
        E0202 "wrong kind of operand";
        E0203 "not a register";
        E0204 "not a control and status register";
        E0205 "extension missing";
        E0206 "misaligned target";
        E0207 "no compressed form";
        E0208 "relocation operator";
        E0209 "number needed";
        // E03xx: symbols and expressions
        E0301 "symbol defined twice";
        E0302 "local label not defined";
        E0303 "symbol not known";
        E0304 "not a number";
        E0305 "division by zero";
        E0306 "symbol defined by itself";
        E0307 "expression that no object can hold";
        E0309 "jump target too far";
        E0310 "sizes do not settle";
        // E04xx: directives
        E0401 "wrong argument of a directive";
        E0402 "body without end";
        E0403 "end without beginning";
        E0404 "conditional without end";
        E0405 "file cannot be read";
        E0406 "files include each other";
        E0407 "macros nested too deeply";
        E0408 "wrong argument of a macro";
        E0409 "macros produce too much";
        E0410 "section too large";
        E0412 "pop without push";
        E0413 "error of the source";
        E0414 ".org goes back";
        E0415 "contents in a section without contents";
        E0416 "an option is missing";
        E0417 "malformed attribute";
        E0418 "macro defined twice";
        E0419 "call frame information";
        E0420 "malformed alignment";
        E0421 "line information";
        E0422 "output cannot be written";
        E0423 "nothing to disassemble";
        E0424 "memory is used up";
        // E05xx: linking
        E0501 "an input cannot be read";
        E0502 "a library is not found";
        E0503 "an object is for another machine or ABI";
        E0504 "an input is no object or archive";
        E0505 "an object or archive is damaged";
        E0506 "a value does not fit its relocation";
        E0507 "the linker script cannot be read";
        E0508 "the linker script cannot be carried out";
        E0509 "an assertion of the linker script does not hold";
        E0510 "a section that is not in the image is used";
        E0511 "a relocation is not supported";
        E0512 "a low part without its high part";
        E0513 "code cannot be aligned";
        E0514 "the image does not fit";
        E0515 "an undefined symbol";
        E0516 "a symbol is defined twice";
        E0517 "the entry is local to its file";
        E0518 "there is no entry";
        E0519 "the linker's output cannot be written";
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
        E0613 "a disk cannot be used";
        E0614 "swap does not work";
        E0615 "a configuration file is refused";
    }
    named {
        // constant     name           default   on     what
        DATA_RANGE      "data-range"   Error     true   "data does not fit its width";
        RELAXED_DIFFERENCE "relaxed-difference" Warning true "a distance in code that linking may change";
        ULEB128_RELOCATION "uleb128-relocation" Warning true "a LEB128 distance in code";
        REPEAT_NEGATIVE "repeat-negative" Warning true "a negative count";
        SECTION_ATTRIBUTES "section-attributes" Warning true "section attributes change";
        WRITE_TO_ZERO "write-to-zero" Warning true "a result that goes nowhere";
        REGISTER_AS_SYMBOL "register-as-symbol" Warning true "a register name where only a symbol can stand";
        UNKNOWN_OPTION "unknown-option" Warning true "an option that is not known";
        FALL_THROUGH    "fall-through" Warning     true   "control runs where no code is meant";
        UNREACHABLE_CODE "unreachable-code" Warning true  "code that control never reaches";
        CODE_AS_DATA    "code-as-data" Warning     true   "instructions are taken as data";
        MISSPELT_LABEL  "misspelt-label" Warning   true   "a label that is nearly another";
        WIDE_NUMBER     "wide-number"  Warning     true   "a number of more than 32 bits";
        MACRO_BODY      "macro-body"   Warning     true   "a macro that cannot be right";
        UNUSED_MACRO    "unused-macro" Warning     false  "a macro that nothing uses";
        USER_WARNING "user-warning" Warning true "a warning of the source";
        C_PREPROCESSOR "c-preprocessor" Warning true "a C preprocessor line is a comment";
        GC_SECTIONS     "gc-sections"  Note      true   "what --gc-sections removed and kept";
        LINK_WARNING    "link-warning" Warning   true   "an object warns of what it defines";
        PASSED_OVER     "passed-over"  Warning   true   "a library is for another machine";
        OVERRIDDEN      "overridden"   Warning   true   "a script defines what an object defines";
        PRIV_SPEC       "priv-spec"    Warning   true   "objects are for different versions of the privileged architecture";
        NO_ENTRY        "no-entry"     Warning   true   "nothing says where the image starts";
        INDIRECT_FUNCTION "indirect-function" Warning true "nothing calls the resolver of an indirect function";
        ORPHAN_SECTION  "orphan-section" Warning   true   "the script names no place for a section";
        EXIT_CODE_RANGE "exit-code-range" Warning  true   "the guest's code is no exit status";
        GUEST_HALTED    "guest-halted" Note        true   "the guest waits for an interrupt that cannot come";
        REBOOT_LIMIT    "reboot-limit" Warning     true   "the guest reboots without end";
        DISK_SIZE       "disk-size" Warning        true   "the last sector of a disk is not whole";
        DISK_ERROR      "disk-error" Warning       true   "a disk could not be read or written";
        LOST_OUTPUT     "lost-output"  Warning     true   "console output that nobody took";
    }
}

/// A code that no diagnostic has; said in the same words by every program's `--explain`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownCode {
    /// What was asked for.
    pub id: String,
    /// A code that is written nearly so.
    pub suggestion: Option<&'static str>,
}

impl std::fmt::Display for UnknownCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "no diagnostic has the code `{}`", self.id)?;
        match self.suggestion {
            Some(id) => write!(f, "; did you mean `{id}`?"),
            None => Ok(()),
        }
    }
}

/// The page of a code, by its id in any case: `E0102`, `e0102`, `data-range`.
pub fn explain(id: &str) -> Result<&'static str, UnknownCode> {
    match ALL.iter().find(|code| code.id.eq_ignore_ascii_case(id)) {
        Some(code) => Ok(code.page),
        None => Err(UnknownCode { id: id.to_string(), suggestion: suggest(id, ALL.iter().map(|code| code.id)) }),
    }
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
        assert!(explain("data-range").is_ok() && explain("e0102").is_ok());
        assert_eq!(explain("data-rnage").unwrap_err().to_string(), "no diagnostic has the code `data-rnage`; did you mean `data-range`?");
        assert_eq!(explain("frobnicate").unwrap_err().to_string(), "no diagnostic has the code `frobnicate`");
    }
}
