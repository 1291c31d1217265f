//! Scripts as the map shows them: in the words of GNU ld's, which tools read.

use super::ast::{Assignment, Assigns, Expr, Fill, Function, InputPattern, Sort, SortFiles, Unary};
use super::pattern::Pattern;
use super::words;
use std::fmt::Write;

/// An expression, with a parenthesis for each operator and numbers in hexadecimal.
#[must_use]
pub fn expression(expr: &Expr) -> String {
    if let Some(number) = expr.constant() {
        return format!("{number:#x}");
    }
    match expr {
        Expr::Number(number) => format!("{number:#x}"),
        Expr::Dot => ".".into(),
        Expr::Symbol(name) => name.clone(),
        Expr::Unary(op, a) => {
            let op = match op {
                Unary::Negate => "-",
                Unary::Invert => "~",
                Unary::Not => "!",
            };
            format!("{op} ({})", expression(a))
        }
        Expr::Binary(op, a, b) => {
            let text = words::OPERATORS.iter().flat_map(|row| row.iter()).find(|(_, _, binary)| binary == op).map_or("", |(text, ..)| text);
            format!("({} {text} {})", expression(a), expression(b))
        }
        Expr::Conditional(condition, yes, no) => format!("{}?{}:{}", expression(condition), expression(yes), expression(no)),
        Expr::Call(function) => call(function),
    }
}

fn call(function: &Function) -> String {
    let one = |name: &str, a: &Expr| format!("{name} ({})", expression(a));
    let two = |name: &str, a: &Expr, b: &Expr| format!("{name} ({}, {})", expression(a), expression(b));
    match function {
        Function::Absolute(a) => one("ABSOLUTE", a),
        Function::Addr(name) => format!("ADDR ({name})"),
        Function::Alignof(name) => format!("ALIGNOF ({name})"),
        Function::Align(None, align) => one("ALIGN", align),
        Function::Align(Some(start), align) => two("ALIGN", start, align),
        Function::Constant(name) => format!("CONSTANT ({name})"),
        Function::Defined(name) => format!("DEFINED ({name})"),
        Function::Length(name) => format!("LENGTH ({name})"),
        Function::Loadaddr(name) => format!("LOADADDR ({name})"),
        Function::Log2ceil(a) => one("LOG2CEIL", a),
        Function::Max(a, b) => two("MAX", a, b),
        Function::Min(a, b) => two("MIN", a, b),
        Function::Origin(name) => format!("ORIGIN ({name})"),
        Function::SegmentStart(name, default) => format!("SEGMENT_START (\"{name}\", {})", expression(default)),
        Function::Sizeof(name) => format!("SIZEOF ({name})"),
        Function::SizeofHeaders => "SIZEOF_HEADERS".into(),
        Function::DataSegmentAlign(a, b) => two("DATA_SEGMENT_ALIGN", a, b),
        Function::DataSegmentRelroEnd(a, b) => two("DATA_SEGMENT_RELRO_END", a, b),
        Function::DataSegmentEnd(a) => one("DATA_SEGMENT_END", a),
        Function::Assert(condition, message) => format!("ASSERT ({}, {message})", expression(condition)),
    }
}

/// An assignment.
#[must_use]
pub fn assignment(assignment: &Assignment) -> String {
    let plain = format!("{} = {}", assignment.name, expression(&assignment.value));
    match assignment.assigns {
        Assigns::Plain | Assigns::Hidden => plain,
        Assigns::Provide | Assigns::ProvideHidden => format!("PROVIDE ({plain})"),
    }
}

/// What fills gaps.
#[must_use]
pub fn fill(fill: &Fill) -> String {
    match fill {
        Fill::Bytes(bytes) => bytes.iter().fold("0x".to_string(), |shown, byte| format!("{shown}{byte:02x}")),
        Fill::Value(value) => expression(value),
    }
}

fn excluded(files: &[Pattern], out: &mut String) {
    if !files.is_empty() {
        let names: Vec<&str> = files.iter().map(Pattern::as_str).collect();
        let _ = write!(out, "EXCLUDE_FILE({}) ", names.join(" "));
    }
}

/// A line of input sections.
#[must_use]
pub fn input(pattern: &InputPattern) -> String {
    let mut out = String::new();
    excluded(&pattern.exclude, &mut out);
    let file = match &pattern.archive {
        Some(archive) => format!("{}:{}", archive.as_str(), pattern.file.as_str()),
        None => pattern.file.as_str().to_string(),
    };
    match pattern.sort_files {
        SortFiles::None => out.push_str(&file),
        SortFiles::Name => out.push_str(&format!("SORT_BY_NAME({file})")),
        SortFiles::Never => out.push_str(&format!("SORT_NONE({file})")),
    }
    out.push('(');
    for (number, section) in pattern.sections.iter().enumerate() {
        if number > 0 {
            out.push(' ');
        }
        let (open, close) = match section.sort {
            Sort::None => ("", ""),
            Sort::Never => ("SORT_NONE(", ")"),
            Sort::Name => ("SORT_BY_NAME(", ")"),
            Sort::Alignment => ("SORT_BY_ALIGNMENT(", ")"),
            Sort::InitPriority => ("SORT_BY_INIT_PRIORITY(", ")"),
            Sort::NameAlignment => ("SORT_BY_NAME(SORT_BY_ALIGNMENT(", "))"),
            Sort::AlignmentName => ("SORT_BY_ALIGNMENT(SORT_BY_NAME(", "))"),
        };
        out.push_str(open);
        excluded(&section.exclude, &mut out);
        out.push_str(section.name.as_str());
        out.push_str(close);
    }
    out.push(')');
    out
}
