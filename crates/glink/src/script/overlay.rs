//! `OVERLAY`: output sections that share addresses, each loaded elsewhere (GNU ld's manual, 3.6.9).

use super::ast::{Assignment, Assigns, Binary, Expr, Function, OutputRule, Statement};

/// A section of an overlay, and behind it `__load_start_NAME` and `__load_stop_NAME`, which say where it is
/// loaded; of its name they have what is a letter, a digit or `_`.
pub fn with_bounds(rule: OutputRule) -> [Statement; 3] {
    let clean: String = rule.name.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
    let call = |function| Expr::Call(Box::new(function));
    let start = call(Function::Loadaddr(rule.name.clone()));
    let size = call(Function::Sizeof(rule.name.clone()));
    let stop = Expr::Binary(Binary::Add, Box::new(start.clone()), Box::new(size));
    let bound = |prefix: &str, value| Statement::Assign(Assignment { name: format!("{prefix}{clean}"), value, assigns: Assigns::Provide, span: rule.span });
    let (start, stop) = (bound("__load_start_", start), bound("__load_stop_", stop));
    [Statement::Output(Box::new(rule)), start, stop]
}
