//! Every case under `tests/cases`, and every example.

use hvkit_tests::{files_below, root, run_case};
use libtest_mimic::{Arguments, Trial};

fn main() {
    let root = root();
    let cases = files_below(&root.join("tests/cases"), "s").into_iter().filter(|path| holds_orders(path));
    let examples = files_below(&root.join("examples"), "s").into_iter().filter(|path| path.file_name().is_some_and(|name| name == "main.s"));
    let trials = cases
        .chain(examples)
        .map(|path| {
            let name = path.strip_prefix(&root).unwrap_or(&path).display().to_string();
            Trial::test(name, move || run_case(&path).map_err(Into::into))
        })
        .collect();
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}

/// Files beside a case that it includes or links have no orders; a folder `inputs` holds them.
fn holds_orders(path: &std::path::Path) -> bool {
    !path.components().any(|part| part.as_os_str() == "inputs")
}
