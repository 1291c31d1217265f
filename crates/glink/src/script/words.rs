//! The words of the language. The parser takes its keywords from here and nowhere else; the reference
//! page has an example for each.

use super::ast::{Assigns, Binary, Constraint, OutputType, Sort};
use object::elf;

/// Commands at the top of a script or in `SECTIONS`, and words that stand in them.
pub const COMMANDS: &[&str] = &[
    "ENTRY",
    "EXTERN",
    "FORCE_COMMON_ALLOCATION",
    "FORCE_GROUP_ALLOCATION",
    "GROUP",
    "AS_NEEDED",
    "INCLUDE",
    "INHIBIT_COMMON_ALLOCATION",
    "INPUT",
    "INSERT",
    "AFTER",
    "BEFORE",
    "LD_FEATURE",
    "MEMORY",
    "NOCROSSREFS",
    "NOCROSSREFS_TO",
    "OUTPUT",
    "OUTPUT_ARCH",
    "OUTPUT_FORMAT",
    "OVERLAY",
    "PHDRS",
    "REGION_ALIAS",
    "SEARCH_DIR",
    "SECTIONS",
    "STARTUP",
    "TARGET",
    "VERSION",
    "ASSERT",
];

/// What stands between the braces of an output section, but for data and ways to sort.
pub const CONTENTS: &[&str] = &["CONSTRUCTORS", "CREATE_OBJECT_SYMBOLS", "EXCLUDE_FILE", "FILL", "INPUT_SECTION_FLAGS", "KEEP"];

/// Numbers in an output section, with their sizes in bytes.
pub const DATA: &[(&str, u8)] = &[("BYTE", 1), ("SHORT", 2), ("LONG", 4), ("QUAD", 8), ("SQUAD", 8)];

/// How sections that match a pattern are ordered.
pub const SORTS: &[(&str, Sort)] = &[
    ("SORT_BY_NAME", Sort::Name),
    ("SORT_BY_ALIGNMENT", Sort::Alignment),
    ("SORT_BY_INIT_PRIORITY", Sort::InitPriority),
    ("SORT_NONE", Sort::Never),
    ("SORT", Sort::Name),
];

/// What stands between an output section's name and its braces, and behind them.
pub const ATTRIBUTES: &[&str] = &["AT", "ALIGN", "ALIGN_WITH_INPUT", "SUBALIGN", "TYPE", "NOCROSSREFS"];

/// Types of output sections in parentheses.
pub const OUTPUT_TYPES: &[(&str, OutputType)] = &[
    ("NOLOAD", OutputType::NoLoad),
    ("DSECT", OutputType::NotAllocated),
    ("COPY", OutputType::NotAllocated),
    ("INFO", OutputType::NotAllocated),
    ("OVERLAY", OutputType::NotAllocated),
    ("READONLY", OutputType::ReadOnly),
];

/// When an output section exists.
pub const CONSTRAINTS: &[(&str, Constraint)] = &[("ONLY_IF_RO", Constraint::ReadOnly), ("ONLY_IF_RW", Constraint::Writable)];

/// `TYPE = …`
pub const SECTION_TYPES: &[(&str, elf::SectionType)] = &[
    ("SHT_PROGBITS", elf::SHT_PROGBITS),
    ("SHT_STRTAB", elf::SHT_STRTAB),
    ("SHT_NOTE", elf::SHT_NOTE),
    ("SHT_NOBITS", elf::SHT_NOBITS),
    ("SHT_INIT_ARRAY", elf::SHT_INIT_ARRAY),
    ("SHT_FINI_ARRAY", elf::SHT_FINI_ARRAY),
    ("SHT_PREINIT_ARRAY", elf::SHT_PREINIT_ARRAY),
];

/// `INPUT_SECTION_FLAGS(…)`
pub const SECTION_FLAGS: &[(&str, elf::SectionFlags)] = &[
    ("SHF_WRITE", elf::SHF_WRITE),
    ("SHF_ALLOC", elf::SHF_ALLOC),
    ("SHF_EXECINSTR", elf::SHF_EXECINSTR),
    ("SHF_MERGE", elf::SHF_MERGE),
    ("SHF_STRINGS", elf::SHF_STRINGS),
    ("SHF_INFO_LINK", elf::SHF_INFO_LINK),
    ("SHF_LINK_ORDER", elf::SHF_LINK_ORDER),
    ("SHF_OS_NONCONFORMING", elf::SHF_OS_NONCONFORMING),
    ("SHF_GROUP", elf::SHF_GROUP),
    ("SHF_TLS", elf::SHF_TLS),
    ("SHF_COMPRESSED", elf::SHF_COMPRESSED),
    ("SHF_EXCLUDE", elf::SHF_EXCLUDE),
];

/// Types of segments.
pub const SEGMENT_TYPES: &[(&str, elf::ProgramType)] = &[
    ("PT_NULL", elf::PT_NULL),
    ("PT_LOAD", elf::PT_LOAD),
    ("PT_DYNAMIC", elf::PT_DYNAMIC),
    ("PT_INTERP", elf::PT_INTERP),
    ("PT_NOTE", elf::PT_NOTE),
    ("PT_SHLIB", elf::PT_SHLIB),
    ("PT_PHDR", elf::PT_PHDR),
    ("PT_TLS", elf::PT_TLS),
];

/// Words of `PHDRS`.
pub const SEGMENT_WORDS: &[&str] = &["FILEHDR", "PHDRS", "AT", "FLAGS"];

/// Words of `MEMORY`, each with its short forms.
pub const REGION_WORDS: &[[&str; 3]] = &[["ORIGIN", "org", "o"], ["LENGTH", "len", "l"]];

/// Ways to define a symbol.
pub const ASSIGNS: &[(&str, Assigns)] = &[("PROVIDE_HIDDEN", Assigns::ProvideHidden), ("PROVIDE", Assigns::Provide), ("HIDDEN", Assigns::Hidden)];

/// Functions of expressions.
pub const FUNCTIONS: &[&str] = &[
    "ABSOLUTE",
    "ADDR",
    "ALIGN",
    "ALIGNOF",
    "ASSERT",
    "BLOCK",
    "CONSTANT",
    "DATA_SEGMENT_ALIGN",
    "DATA_SEGMENT_END",
    "DATA_SEGMENT_RELRO_END",
    "DEFINED",
    "LENGTH",
    "LOADADDR",
    "LOG2CEIL",
    "MAX",
    "MIN",
    "NEXT",
    "ORIGIN",
    "SEGMENT_START",
    "SIZEOF",
    "SIZEOF_HEADERS",
];

/// What `CONSTANT` takes.
pub const CONSTANTS: &[&str] = &["MAXPAGESIZE", "COMMONPAGESIZE"];

/// Operators between two values, by precedence, the tightest first: the operator, what may not follow
/// it, its meaning.
pub const OPERATORS: &[&[(&str, &str, Binary)]] = &[
    &[("*", "=", Binary::Mul), ("/", "=*", Binary::Div), ("%", "=", Binary::Rem)],
    &[("+", "=", Binary::Add), ("-", "=", Binary::Sub)],
    &[("<<", "=", Binary::Shl), (">>", "=", Binary::Shr)],
    &[("<=", "", Binary::LessEqual), (">=", "", Binary::GreaterEqual), ("<", "<", Binary::Less), (">", ">", Binary::Greater)],
    &[("==", "", Binary::Equal), ("!=", "", Binary::NotEqual)],
    &[("&", "&=", Binary::And)],
    &[("^", "=", Binary::Xor)],
    &[("|", "|=", Binary::Or)],
    &[("&&", "", Binary::LogicalAnd)],
    &[("||", "", Binary::LogicalOr)],
];

/// Assignments that change a value.
pub const ASSIGNMENTS: &[(&str, Binary)] = &[
    ("+=", Binary::Add),
    ("-=", Binary::Sub),
    ("*=", Binary::Mul),
    ("/=", Binary::Div),
    ("<<=", Binary::Shl),
    (">>=", Binary::Shr),
    ("&=", Binary::And),
    ("|=", Binary::Or),
    ("^=", Binary::Xor),
];

/// Every word that the parser knows.
pub fn all() -> impl Iterator<Item = &'static str> {
    fn names<T>(table: &'static [(&'static str, T)]) -> impl Iterator<Item = &'static str> {
        table.iter().map(|(name, _)| *name)
    }
    let plain = [COMMANDS, CONTENTS, ATTRIBUTES, SEGMENT_WORDS, FUNCTIONS, CONSTANTS].into_iter().flatten().copied();
    let types = names(OUTPUT_TYPES).chain(names(SECTION_TYPES)).chain(names(SECTION_FLAGS)).chain(names(SEGMENT_TYPES));
    plain.chain(names(DATA)).chain(names(SORTS)).chain(types).chain(names(CONSTRAINTS)).chain(names(ASSIGNS)).chain(REGION_WORDS.iter().flatten().copied())
}

/// Every operator that the parser knows.
pub fn operators() -> impl Iterator<Item = &'static str> {
    let binary = OPERATORS.iter().flat_map(|row| row.iter().map(|(text, ..)| *text));
    binary.chain(ASSIGNMENTS.iter().map(|(text, _)| *text)).chain(["=", "?", "!", "~"])
}
