//! What a script says, as data. Section numbers are those of GNU ld's manual.

use super::pattern::Pattern;
use crate::options::Format;
use diag::Span;
use std::path::PathBuf;

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

impl Binary {
    /// The value for these operands; arithmetic wraps at 64 bits. None: division by zero.
    #[must_use]
    pub fn apply(self, a: u64, b: u64) -> Option<u64> {
        Some(match self {
            Binary::Mul => a.wrapping_mul(b),
            Binary::Div | Binary::Rem if b == 0 => return None,
            // Signed, as in GNU ld.
            Binary::Div => (a as i64).wrapping_div(b as i64) as u64,
            Binary::Rem => (a as i64).wrapping_rem(b as i64) as u64,
            Binary::Add => a.wrapping_add(b),
            Binary::Sub => a.wrapping_sub(b),
            Binary::Shl => u32::try_from(b).ok().and_then(|b| a.checked_shl(b)).unwrap_or(0),
            Binary::Shr => u32::try_from(b).ok().and_then(|b| a.checked_shr(b)).unwrap_or(0),
            Binary::Less => u64::from(a < b),
            Binary::LessEqual => u64::from(a <= b),
            Binary::Greater => u64::from(a > b),
            Binary::GreaterEqual => u64::from(a >= b),
            Binary::Equal => u64::from(a == b),
            Binary::NotEqual => u64::from(a != b),
            Binary::And => a & b,
            Binary::Xor => a ^ b,
            Binary::Or => a | b,
            Binary::LogicalAnd => u64::from(a != 0 && b != 0),
            Binary::LogicalOr => u64::from(a != 0 || b != 0),
        })
    }

    /// Whether the result is a truth, which is a plain number whatever its operands are.
    #[must_use]
    pub fn is_truth(self) -> bool {
        match self {
            Binary::Less | Binary::LessEqual | Binary::Greater | Binary::GreaterEqual | Binary::Equal | Binary::NotEqual | Binary::LogicalAnd | Binary::LogicalOr => true,
            Binary::Mul | Binary::Div | Binary::Rem | Binary::Add | Binary::Sub | Binary::Shl | Binary::Shr | Binary::And | Binary::Xor | Binary::Or => false,
        }
    }
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

impl Unary {
    /// The value for this operand.
    #[must_use]
    pub fn apply(self, a: u64) -> u64 {
        match self {
            Unary::Negate => a.wrapping_neg(),
            Unary::Invert => !a,
            Unary::Not => u64::from(a == 0),
        }
    }
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
    /// End of the part that becomes read-only: an offset, and the address it is added to.
    DataSegmentRelroEnd(Expr, Expr),
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

impl Expr {
    /// The value, if it is made of numbers alone.
    #[must_use]
    pub fn constant(&self) -> Option<u64> {
        match self {
            Expr::Number(number) => Some(*number),
            Expr::Unary(op, a) => Some(op.apply(a.constant()?)),
            Expr::Binary(op, a, b) => op.apply(a.constant()?, b.constant()?),
            Expr::Call(function) => match &**function {
                Function::Max(a, b) => Some(a.constant()?.max(b.constant()?)),
                Function::Min(a, b) => Some(a.constant()?.min(b.constant()?)),
                Function::Log2ceil(a) => Some(log2ceil(a.constant()?)),
                Function::Absolute(_)
                | Function::Addr(_)
                | Function::Alignof(_)
                | Function::Align(..)
                | Function::Constant(_)
                | Function::Defined(_)
                | Function::Length(_)
                | Function::Loadaddr(_)
                | Function::Origin(_)
                | Function::SegmentStart(..)
                | Function::Sizeof(_)
                | Function::SizeofHeaders
                | Function::DataSegmentAlign(..)
                | Function::DataSegmentRelroEnd(..)
                | Function::DataSegmentEnd(_)
                | Function::Assert(..) => None,
            },
            Expr::Dot | Expr::Symbol(_) | Expr::Conditional(..) => None,
        }
    }

    /// Calls `visit` with each symbol that it uses. The parser bounds its depth.
    pub fn each_symbol<'e>(&'e self, visit: &mut dyn FnMut(&'e str)) {
        match self {
            Expr::Number(_) | Expr::Dot => {}
            Expr::Symbol(name) => visit(name),
            Expr::Unary(_, a) => a.each_symbol(visit),
            Expr::Binary(_, a, b) => {
                a.each_symbol(visit);
                b.each_symbol(visit);
            }
            Expr::Conditional(a, b, c) => {
                a.each_symbol(visit);
                b.each_symbol(visit);
                c.each_symbol(visit);
            }
            Expr::Call(function) => match &**function {
                Function::Absolute(a) | Function::Align(None, a) | Function::Log2ceil(a) | Function::SegmentStart(_, a) | Function::DataSegmentEnd(a) | Function::Assert(a, _) => a.each_symbol(visit),
                Function::Align(Some(a), b) | Function::Max(a, b) | Function::Min(a, b) | Function::DataSegmentAlign(a, b) | Function::DataSegmentRelroEnd(a, b) => {
                    a.each_symbol(visit);
                    b.each_symbol(visit);
                }
                Function::Addr(_)
                | Function::Alignof(_)
                | Function::Constant(_)
                | Function::Defined(_)
                | Function::Length(_)
                | Function::Loadaddr(_)
                | Function::Origin(_)
                | Function::Sizeof(_)
                | Function::SizeofHeaders => {}
            },
        }
    }
}

/// The base-2 logarithm, rounded up; of 0 it is 0.
#[must_use]
pub fn log2ceil(value: u64) -> u64 {
    value.checked_next_power_of_two().map_or(64, |power| u64::from(power.trailing_zeros()))
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

/// Which flags sections must have (`INPUT_SECTION_FLAGS`, 3.6.4.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FlagPattern {
    /// All of these `SHF_…`.
    pub with: u32,
    /// None of these.
    pub without: u32,
}

/// How files that match one pattern are ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SortFiles {
    /// As they come.
    None,
    /// By name (`SORT_BY_NAME(*)(.text)`).
    Name,
    /// As they come, and so do their sections, whatever `--sort-section` says (`SORT_NONE(*)(.text)`).
    Never,
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
    /// In which order the files are taken.
    pub sort_files: SortFiles,
    /// Not from these files.
    pub exclude: Vec<Pattern>,
    /// Which flags the sections have.
    pub flags: FlagPattern,
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
    /// `INCLUDE`; replaced by what the file says before anything else sees it.
    Include(Include),
}

/// `INCLUDE FILE`.
#[derive(Clone, Debug, PartialEq)]
pub struct Include {
    /// The file.
    pub name: String,
    /// Where.
    pub span: Span,
}

/// A section's place in an `OVERLAY` (3.6.9).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overlay {
    /// The first: the others have its address.
    First,
    /// One of the others.
    Next,
    /// The last of several: behind it the location counter stands behind the longest.
    Last,
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
    /// In an overlay, which of its sections it is.
    pub overlay: Option<Overlay>,
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
    /// `INCLUDE` in `SECTIONS`; replaced by what the file says before anything else sees it.
    Include(Include),
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
    /// Whether the file's header is in it (`FILEHDR`).
    pub file_header: bool,
    /// Whether the program headers are in it (`PHDRS`).
    pub program_headers: bool,
    /// Where.
    pub span: Span,
}

impl Segment {
    /// Whether headers are in it.
    #[must_use]
    pub fn has_headers(&self) -> bool {
        self.file_header || self.program_headers
    }
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

/// Output sections that must not refer to each other (3.6.6, `NOCROSSREFS`).
#[derive(Clone, Debug, PartialEq)]
pub struct Strangers {
    /// Their names.
    pub names: Vec<String>,
    /// `NOCROSSREFS_TO`: the others must not refer to the first, which may refer to them.
    pub one_way: bool,
    /// Where.
    pub span: Span,
}

/// A line of `MEMORY`.
#[derive(Clone, Debug, PartialEq)]
pub enum MemoryLine {
    /// A region.
    Region(Region),
    /// `INCLUDE`.
    Include(Include),
}

/// A command at the top of a script (3.4), as the parser gives it.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// `ENTRY`.
    Entry(String),
    /// `EXTERN`.
    Extern(Vec<String>),
    /// `MEMORY`.
    Memory(Vec<MemoryLine>),
    /// `REGION_ALIAS(alias, region)`.
    Alias(String, String, Span),
    /// `PHDRS`.
    Segments(Vec<Segment>),
    /// Assignments, assertions and `SECTIONS`.
    Statements(Vec<Statement>),
    /// The lines of a file that is included between the braces of an output section.
    Contents(Vec<Content>),
    /// `SEARCH_DIR`.
    SearchDir(String),
    /// `INPUT` and `GROUP`, which is a group; `STARTUP`, whose file comes first.
    Inputs(ScriptInputs),
    /// `INSERT`.
    Insert(Insertion),
    /// `NOCROSSREFS` and `NOCROSSREFS_TO`.
    Strangers(Strangers),
    /// `INCLUDE` at the top.
    Include(Include),
    /// `LD_FEATURE("SANE_EXPR")`.
    SaneExpressions,
    /// `FORCE_GROUP_ALLOCATION`.
    ForceGroups,
    /// `FORCE_COMMON_ALLOCATION`.
    ForceCommon,
    /// `OUTPUT`.
    Output(String),
    /// `OUTPUT_FORMAT`.
    Format(Vec<String>),
    /// `TARGET`: the format of the files that are named from here on.
    Target(String),
    /// The map is shown (MRI's `LIST`).
    ShowMap,
    /// What changes nothing here: `OUTPUT_ARCH` and the like.
    Nothing,
}

/// Files that a script names.
#[derive(Clone, Debug, PartialEq)]
pub struct ScriptInputs {
    /// The files, `-lNAME` too.
    pub names: Vec<String>,
    /// Whether they are a group.
    pub is_group: bool,
    /// Whether they come before those of the command line (`STARTUP`).
    pub comes_first: bool,
    /// Whether they are raw bytes (behind `TARGET(binary)`).
    pub is_raw: bool,
    /// The script that names them.
    pub origin: Origin,
}

/// Where a script comes from, which says where the files that it names are looked for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Origin {
    /// Its number among the scripts of the options, those that it includes with it.
    pub number: Option<usize>,
    /// For a script among the inputs: its folder.
    pub folder: Option<PathBuf>,
    /// Whether it lies in the folder of `--sysroot`: then absolute names are names there.
    pub in_sysroot: bool,
}

/// A whole script, with what it includes in its place.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Script {
    /// `ENTRY`.
    pub entry: Option<String>,
    /// `EXTERN`.
    pub externs: Vec<String>,
    /// `MEMORY`.
    pub regions: Vec<Region>,
    /// `REGION_ALIAS(alias, region)`; the region is one of `MEMORY`.
    pub aliases: Vec<(String, String)>,
    /// `PHDRS`.
    pub segments: Vec<Segment>,
    /// Assignments, assertions and `SECTIONS`, in order; those of `--defsym` among them.
    pub statements: Vec<Statement>,
    /// `SEARCH_DIR`.
    pub search_dirs: Vec<PathBuf>,
    /// `INSERT`.
    pub insertions: Vec<Insertion>,
    /// `NOCROSSREFS` and `NOCROSSREFS_TO`.
    pub strangers: Vec<Strangers>,
    /// How many files it was made of so far.
    pub files: usize,
    /// `OUTPUT`: what the image is called if the command line does not say.
    pub output: Option<String>,
    /// `OUTPUT_FORMAT`, if it is one of ours.
    pub format: Option<Format>,
    /// Whether the map is shown (MRI's `LIST`).
    pub shows_map: bool,
    /// `INPUT`, `GROUP` and `STARTUP`.
    pub inputs: Vec<ScriptInputs>,
    /// Numbers outside all sections are plain numbers too (`LD_FEATURE("SANE_EXPR")`).
    pub sane_expressions: bool,
    /// With `-r`, groups are dissolved (`FORCE_GROUP_ALLOCATION`).
    pub force_groups: bool,
    /// With `-r`, common blocks get their room (`FORCE_COMMON_ALLOCATION`).
    pub force_common: bool,
}

impl Script {
    /// Whether some assignment defines this symbol, if only for want of another definition.
    #[must_use]
    pub fn assigns(&self, name: &str) -> bool {
        self.statements.iter().any(|statement| match statement {
            Statement::Assign(assignment) => assignment.name == name,
            Statement::Output(rule) => rule.contents.iter().any(|content| matches!(content, Content::Assign(assignment) if assignment.name == name)),
            Statement::Assert(_) | Statement::Include { .. } => false,
        })
    }
}
