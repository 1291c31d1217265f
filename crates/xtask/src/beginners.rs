//! `docs/beginners.md`: made of the cases below `tests/cases/gasm/beginners`, which hold the messages fast.
//!
//! A case is the wrong source, then in comments what the mistake is (`MISTAKE:`), why it is one (`WHY:`) and the
//! lines of the cured source (`CURE:`). What gasm says stands in the `.stderr` beside it.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

const INTRODUCTION: &str = "# Mistakes of beginners\n\n\
Generated from `tests/cases/gasm/beginners` by `cargo xtask generate`. Each mistake is shown as it is made, then what\n\
`gasm` says of it, then the cure. Each gives one message, which names the place, the reason and the cure; a test holds\n\
each. `gasm --explain CODE` says more about a code.\n";

/// The page; a case without its parts is left out and shows as stale.
pub fn page(root: &Path) -> String {
    let mut cases: Vec<PathBuf> = fs::read_dir(root.join("tests/cases/gasm/beginners"))
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|e| e == "s"))
        .collect();
    cases.sort();
    let mut out = String::from(INTRODUCTION);
    for case in cases {
        let source = fs::read_to_string(&case).unwrap_or_default();
        let message = fs::read_to_string(case.with_extension("stderr")).unwrap_or_default();
        let order = |name: &str| -> Vec<&str> { source.lines().filter_map(|line| line.strip_prefix("# ")?.strip_prefix(name)?.strip_prefix(": ")).collect() };
        let wrong: String = source.lines().take_while(|line| !line.starts_with("# MISTAKE: ")).flat_map(|line| [line, "\n"]).collect();
        let (title, why, cure) = (order("MISTAKE").concat(), order("WHY").join(" "), order("CURE").join("\n"));
        // Writing into a string cannot fail.
        let _ = write!(out, "\n## {title}\n");
        if !why.is_empty() {
            let _ = write!(out, "\n{why}\n");
        }
        let _ = write!(out, "\n```asm\n{wrong}```\n\n```text\n{}\n```\n\nInstead:\n\n```gasm\n{cure}\n```\n", message.replace("%d/", "").trim_end());
    }
    out
}
