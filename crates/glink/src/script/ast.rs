//! What a script says, as data. Section numbers are those of GNU ld's manual.

use super::pattern::Pattern;
use diag::Span;

/// A binary operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binary {
    /// `*`
    Mul,
    /// `/`
    Div,
    /// `%`
    Rem,
    /// `+`
    Add,
    /// `-`
    Sub,
    /// `<<`
    Shl,
    /// `>>`
    Shr,
    /// `<`
    Less,
    /// `<=`
    LessEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterEqual,
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `&`
    And,
    /// `^`
    Xor,
    /// `|`
    Or,
    /// `&&`
    LogicalAnd,
    /// `||`
    LogicalOr,
}

/// A unary operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unary {
    /// `-`
    Negate,
    /// `~`
    Invert,
    /// `!`
    Not,
}

/// A builtin function (3.10.9).
#[derive(Clone, Debug, PartialEq)]
pub enum Function {
    /// The address without its section.
    Absolute(Expr),
    /// An output section's address.
    Addr(String),
    /// An output section's alignment.
    Alignof(String),
    /// The next multiple, of the location counter or of the first operand.
    Align(Option<Expr>, Expr),
    /// `COMMONPAGESIZE` or `MAXPAGESIZE`.
    Constant(String),
    /// Whether a symbol is defined before this point.
    Defined(String),
    /// A region's length.
    Length(String),
    /// An output section's load address.
    Loadaddr(String),
    /// Base-2 logarithm, rounded up.
    Log2ceil(Expr),
    /// The greater.
    Max(Expr, Expr),
    /// The lesser.
    Min(Expr, Expr),
    /// A region's first address.
    Origin(String),
    /// The address that `-Ttext` and the like set for a segment, else the default.
    SegmentStart(String, Expr),
    /// An output section's size.
    Sizeof(String),
    /// Size of the file's headers.
    SizeofHeaders,
    /// Start of the data segment.
    DataSegmentAlign(Expr, Expr),
    /// End of the part that becomes read-only.
    DataSegmentRelroEnd(Expr),
    /// End of the data segment.
    DataSegmentEnd(Expr),
    /// Fails unless the expression holds; gives its value.
    Assert(Expr, String),
}

/// An expression (3.10).
#[derive(Clone, Debug, PartialEq)]
pub enum Expr {
    /// A number.
    Number(u64),
    /// `.`
    Dot,
    /// A symbol's value.
    Symbol(String),
    /// A unary operator.
    Unary(Unary, Box<Expr>),
    /// A binary operator.
    Binary(Binary, Box<Expr>, Box<Expr>),
    /// `a ? b : c`
    Conditional(Box<Expr>, Box<Expr>, Box<Expr>),
    /// A function.
    Call(Box<Function>),
}

/// What fills gaps (3.6.8.5).
#[derive(Clone, Debug, PartialEq)]
pub enum Fill {
    /// A hexadecimal number, digit for digit: `0x00ff` is two bytes. At most 16.
    Bytes(Vec<u8>),
    /// The low four bytes of a value, the most significant first.
    Value(Expr),
}

impl Fill {
    /// The expression, if it is one.
    #[must_use]
    pub fn value(&self) -> Option<&Expr> {
        match self {
            Fill::Bytes(_) => None,
            Fill::Value(value) => Some(value),
        }
    }
}

/// How an assignment makes its symbol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Assigns {
    /// `a = b`
    Plain,
    /// `HIDDEN(a = b)`
    Hidden,
    /// `PROVIDE(a = b)`: only if something uses it and nothing defines it.
    Provide,
    /// `PROVIDE_HIDDEN(a = b)`
    ProvideHidden,
}

/// An assignment (3.5); compound ones are spelt out.
#[derive(Clone, Debug, PartialEq)]
pub struct Assignment {
    /// The symbol, or `.`.
    pub name: String,
    /// Its value.
    pub value: Expr,
    /// How.
    pub assigns: Assigns,
    /// Where.
    pub span: Span,
}

/// An assertion.
#[derive(Clone, Debug, PartialEq)]
pub struct Assertion {
    /// What must hold.
    pub condition: Expr,
    /// What to say if it does not.
    pub message: String,
    /// Where.
    pub span: Span,
}

/// How sections that match one pattern are ordered (3.6.4.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// As the objects come, unless `--sort-section` says otherwise.
    None,
    /// As the objects come, whatever is said (`SORT_NONE`).
    Never,
    /// By name.
    Name,
    /// By alignment, greatest first.
    Alignment,
    /// By the number that ends the name.
    InitPriority,
    /// By name, then alignment.
    NameAlignment,
    /// By alignment, then name.
    AlignmentName,
}

/// A section pattern in an input description.
#[derive(Clone, Debug, PartialEq)]
pub struct SectionPattern {
    /// Which sections.
    pub name: Pattern,
    /// Not from these files.
    pub exclude: Vec<Pattern>,
    /// In which order.
    pub sort: Sort,
}

/// `KEEP(file(sections))` (3.6.4).
#[derive(Clone, Debug, PartialEq)]
pub struct InputPattern {
    /// Whether garbage collection keeps what matches.
    pub keep: bool,
    /// Which files; `archive:member` is split.
    pub file: Pattern,
    /// The archive, if the pattern names one.
    pub archive: Option<Pattern>,
    /// Whether the files are taken by name.
    pub sort_files: bool,
    /// Not from these files.
    pub exclude: Vec<Pattern>,
    /// Which sections; none: all.
    pub sections: Vec<SectionPattern>,
    /// Where.
    pub span: Span,
}

/// A line between the braces of an output section.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    /// An assignment.
    Assign(Assignment),
    /// Input sections.
    Input(InputPattern),
    /// `BYTE`, `SHORT`, `LONG`, `QUAD`: size in bytes and value.
    Data(u8, Expr),
    /// `FILL(x)`: what fills gaps from here.
    Fill(Fill),
    /// An assertion.
    Assert(Assertion),
}

/// `ONLY_IF_RO`, `ONLY_IF_RW`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Constraint {
    /// Only if all inputs are read-only.
    ReadOnly,
    /// Only if some input is writable.
    Writable,
}

/// The type in parentheses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutputType {
    /// Takes addresses, loads nothing.
    NoLoad,
    /// Takes no addresses (`COPY`, `INFO`, `DSECT`).
    NotAllocated,
    /// Is not writable whatever its inputs say.
    ReadOnly,
    /// Has this `SHT_…` (`TYPE = …`).
    Kind(u32),
    /// Both (`READONLY (TYPE = …)`).
    ReadOnlyKind(u32),
}

/// An output section (3.6).
#[derive(Clone, Debug, PartialEq)]
pub struct OutputRule {
    /// Its name; `/DISCARD/` takes away.
    pub name: String,
    /// Where it begins.
    pub address: Option<Expr>,
    /// Its type.
    pub kind: Option<OutputType>,
    /// `AT(x)`.
    pub load_address: Option<Expr>,
    /// `ALIGN(x)`.
    pub align: Option<Expr>,
    /// `SUBALIGN(x)`.
    pub subalign: Option<Expr>,
    /// `ALIGN_WITH_INPUT`.
    pub align_with_input: bool,
    /// When it exists at all.
    pub constraint: Option<Constraint>,
    /// What is in it.
    pub contents: Vec<Content>,
    /// `>region`.
    pub region: Option<String>,
    /// `AT>region`.
    pub load_region: Option<String>,
    /// `:phdr`; empty: as the section before.
    pub segments: Vec<String>,
    /// `=fill`.
    pub fill: Option<Fill>,
    /// Where.
    pub span: Span,
}

/// A line of `SECTIONS`.
#[derive(Clone, Debug, PartialEq)]
pub enum Statement {
    /// An assignment.
    Assign(Assignment),
    /// An output section.
    Output(Box<OutputRule>),
    /// An assertion.
    Assert(Assertion),
    /// `INCLUDE`; replaced by what the file says before anything else sees it.
    Include {
        /// The file.
        name: String,
        /// Whether it stands in `SECTIONS`.
        in_sections: bool,
        /// Where.
        span: Span,
    },
}

/// A region of `MEMORY` (3.7).
#[derive(Clone, Debug, PartialEq)]
pub struct Region {
    /// Its name.
    pub name: String,
    /// `rxw!…`
    pub attributes: String,
    /// First address.
    pub origin: Expr,
    /// Bytes.
    pub length: Expr,
    /// Where.
    pub span: Span,
}

/// A line of `PHDRS` (3.8).
#[derive(Clone, Debug, PartialEq)]
pub struct Segment {
    /// Its name.
    pub name: String,
    /// `PT_…`
    pub kind: u32,
    /// `AT(x)`.
    pub load_address: Option<Expr>,
    /// `FLAGS(x)`.
    pub flags: Option<Expr>,
    /// Whether the file's header (`FILEHDR`) or the program headers (`PHDRS`) are in it.
    pub headers: bool,
}

/// `SECTIONS { … } INSERT AFTER name`: statements for the middle of another script.
#[derive(Clone, Debug, PartialEq)]
pub struct Insertion {
    /// Behind the named section, else before it.
    pub after: bool,
    /// The output section.
    pub name: String,
    /// What is inserted.
    pub statements: Vec<Statement>,
    /// Where.
    pub span: Span,
}

/// A whole script.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Script {
    /// `ENTRY`.
    pub entry: Option<String>,
    /// `EXTERN`.
    pub externs: Vec<String>,
    /// `MEMORY`.
    pub regions: Vec<Region>,
    /// `REGION_ALIAS(alias, region)`.
    pub aliases: Vec<(String, String)>,
    /// `PHDRS`.
    pub segments: Vec<Segment>,
    /// Assignments, assertions and `SECTIONS`, in order.
    pub statements: Vec<Statement>,
    /// `SEARCH_DIR`.
    pub search_dirs: Vec<String>,
    /// `INSERT`.
    pub insertions: Vec<Insertion>,
    /// `NOCROSSREFS(a b)`: output sections that must not refer to each other.
    pub strangers: Vec<(Vec<String>, Span)>,
    /// `INPUT` and `GROUP`: the files, and whether they are a group.
    pub inputs: Vec<(Vec<String>, bool)>,
}
