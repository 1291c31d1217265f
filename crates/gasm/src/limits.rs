//! Every limit of the assembler, in one place. Each is enforced with its own diagnostic.

/// Macro expansions (`.macro`, `.rept`, `.irp`, `.irpc`) inside each other.
pub const MACRO_DEPTH: usize = 100;
/// Files that include each other.
pub const INCLUDE_DEPTH: usize = 200;
/// Parentheses and unary operators inside each other in one expression.
pub const EXPRESSION_DEPTH: usize = 256;
/// Symbols defined through each other (`.equ a, b` · `.equ b, c` …).
pub const SYMBOL_DEPTH: usize = 256;
/// Lines that macros and repetitions may produce in one assembly.
pub const EXPANSION_LINES: u64 = 1 << 26;
/// Bytes that one use of a macro may produce.
pub const EXPANSION_BYTES: usize = 32 << 20;
/// Bytes that all macros and repetitions together may produce.
pub const EXPANSION_TOTAL: u64 = 1 << 30;
/// Files that `.include` reads in one assembly, each time counted.
pub const INCLUDES: usize = 1 << 15;
/// Tokens of one statement.
pub const STATEMENT_TOKENS: usize = 1 << 25;
/// Parameters of one macro.
pub const PARAMETERS: usize = 1 << 12;
/// Bytes of one section.
pub const SECTION_BYTES: u64 = 2 << 30;
/// Bytes of one source file: positions are 32 bits.
pub const SOURCE_BYTES: usize = u32::MAX as usize - 1;
/// Conditionals (`.if`) inside each other.
pub const CONDITIONAL_DEPTH: usize = 100_000;
/// Largest alignment, as a power of two.
pub const ALIGN_POWER: u32 = 31;
/// Diagnostics kept; the assembly ends at the first error after them.
pub const DIAGNOSTICS: usize = 1_000;
/// Messages on one name that is missing; its further uses are counted.
pub const SAME_NAME: usize = 20;
/// Errors, repeated ones too, after which the assembly ends.
pub const ERRORS: usize = 100_000;
/// Symbols followed to find the value of one expression: names that are sums of names grow as fast as one likes.
pub const EVALUATION_STEPS: u32 = 1 << 20;
/// Layouts of all sections before sizes that depend on other sections count as not settling.
pub const LAYOUT_PASSES: usize = 100;
/// Rounds over one section's fragments before their sizes count as not settling.
pub const LAYOUT_ROUNDS: usize = 1_000;
