//! Files that are made from the tables, committed so that people can read them, and checked fresh.

use std::fs;
use std::path::Path;

type Page = (&'static str, fn() -> String);

/// Every generated file but `hv.h`: its path from the root, and its text.
const PAGES: &[Page] = &[
    ("guest-lib/abi.s", guest_abi::abi_s),
    ("docs/reference/hypercalls.md", guest_abi::reference::hypercalls),
    ("docs/reference/memory-map.md", guest_abi::reference::memory_map),
    ("docs/reference/exits.md", guest_abi::reference::exits),
    ("docs/reference/instructions.md", rv32::reference::instructions),
    ("docs/reference/pseudo-instructions.md", rv32::reference::pseudo),
    ("docs/reference/csrs.md", rv32::reference::csrs),
    ("docs/reference/relocations.md", rv32::reference::relocations),
    ("docs/errors/README.md", error_index),
];

/// What the generated files should hold.
fn files(root: &Path) -> Vec<(&'static str, String)> {
    let mut files: Vec<(&'static str, String)> = PAGES.iter().map(|&(path, text)| (path, text())).collect();
    let prototypes = fs::read_to_string(root.join("guest-lib/hv-prototypes.h")).unwrap_or_default();
    let header = format!("#ifndef HV_H\n#define HV_H\n\n{}\n{prototypes}\n#endif /* HV_H */\n", guest_abi::hv_h());
    files.push(("guest-lib/hv.h", header));
    files.push(("docs/beginners.md", crate::beginners::page(root)));
    files
}

/// Writes them; returns what went wrong.
pub fn write(root: &Path) -> Vec<String> {
    let mut problems = Vec::new();
    for (path, text) in files(root) {
        let file = root.join(path);
        let written = fs::create_dir_all(file.parent().unwrap_or(root)).and_then(|()| fs::write(&file, text));
        if let Err(error) = written {
            problems.push(format!("{path}: {error}"));
        }
    }
    problems
}

/// The files that are not as they should be.
pub fn stale(root: &Path) -> Vec<String> {
    files(root)
        .into_iter()
        .filter(|(path, text)| fs::read_to_string(root.join(path)).ok().as_ref() != Some(text))
        .map(|(path, _)| format!("{path} is not fresh; run `cargo xtask generate`"))
        .collect()
}

fn error_index() -> String {
    let mut text = String::from(
        "# Diagnostics\n\nGenerated from `crates/diag` by `cargo xtask generate`. `gasm --explain CODE` shows a page, as do the other programs.\n\n| code | default | what |\n| --- | --- | --- |\n",
    );
    for code in diag::codes::ALL {
        let default = match (code.on, code.severity) {
            (false, _) => "off",
            (true, severity) => severity.name(),
        };
        text.push_str(&format!("| [{id}]({id}.md) | {default} | {title} |\n", id = code.id, title = code.title));
    }
    text
}

#[cfg(test)]
mod tests {
    #[test]
    fn generated_files_are_fresh() {
        let stale = super::stale(&crate::root());
        assert!(stale.is_empty(), "{stale:#?}");
    }
}
