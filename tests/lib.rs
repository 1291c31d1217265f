//! What the suites share: running the programs in process, and test cases that carry their own orders.
//!
//! A case is an assembly source with orders in comments:
//!
//! ```text
//! # RUN: gasm %s -o %t/a.o         %s the case, %d its folder, %t a temporary folder
//! # RUN: glink %t/a.o -lhv -o %t/a
//! # RUN: hvrun --stats %t/a
//! # EXIT: 3                        exit status of the last RUN (0 if not given); the earlier must end with 0
//! # STDIN: two\nlines\n            standard input of the last RUN
//! # STDERR: text                   must occur in what the last RUN writes to standard error; may be repeated
//!     addi a0, a0, 5000            # error[E0102]
//! ```
//!
//! A line that ends with `# error[CODE]` or `# warning[NAME]` expects that diagnostic at that line, and the
//! diagnostics of all RUNs must then be exactly the expected ones. `name.stdout` and `name.stderr` beside the case (for
//! an example `expected.txt`) are what the last RUN must print; `BLESS=1 cargo test` writes them.

use host::MemoryHost;
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

/// The workspace's folder.
#[must_use]
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests lie in the workspace").to_path_buf()
}

/// What a program did.
#[derive(Debug)]
pub struct Outcome {
    /// Exit status.
    pub status: u8,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

/// Runs `gasm`, `glink` or `hvrun` in this process; `words` begins with the program's name.
pub fn run_program(words: &[String], input: &[u8]) -> Result<Outcome, String> {
    let mut host = MemoryHost::new().with_input(input);
    host.below = Some(Box::new(host::OsHost::new()));
    let mut arguments: Vec<OsString> = words.iter().map(OsString::from).collect();
    // A guest that runs for ever is a failure, not a test run that never ends.
    if words.first().is_some_and(|name| name == "hvrun") && !words.iter().any(|word| word == "--timeout") {
        arguments.splice(1..1, ["--timeout".into(), "60".into()]);
    }
    let program: fn(&[OsString], &mut dyn host::Host) -> u8 = match words.first().map(String::as_str) {
        Some("gasm") => gasm::run,
        Some("glink") => glink::run,
        Some("hvrun") => hvrun::run,
        other => return Err(format!("a RUN line begins with gasm, glink or hvrun, not {other:?}")),
    };
    let status = program(&arguments, &mut host);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ok(Outcome { status, stdout: text(&host.output), stderr: text(&host.errors) })
}

/// The orders that a case carries.
#[derive(Debug, Default)]
struct Orders {
    runs: Vec<String>,
    exit: u8,
    stdin: Vec<u8>,
    stderr: Vec<String>,
    /// (line, severity, code)
    diagnostics: BTreeSet<(u64, String, String)>,
}

fn orders(text: &str) -> Result<Orders, String> {
    let mut orders = Orders::default();
    for (index, line) in text.lines().enumerate() {
        let Some((_, comment)) = line.split_once('#') else { continue };
        let comment = comment.trim();
        if let Some(run) = comment.strip_prefix("RUN:") {
            orders.runs.push(run.trim().to_string());
        } else if let Some(exit) = comment.strip_prefix("EXIT:") {
            orders.exit = exit.trim().parse().map_err(|_| format!("EXIT: {exit}: not a status"))?;
        } else if let Some(input) = comment.strip_prefix("STDIN:") {
            orders.stdin.extend(input.trim().replace("\\n", "\n").bytes());
        } else if let Some(part) = comment.strip_prefix("STDERR:") {
            orders.stderr.push(part.trim().to_string());
        }
        let last_comment = line.rsplit('#').next().unwrap_or("").trim();
        for severity in ["error", "warning"] {
            let mut rest = last_comment;
            while let Some(after) = rest.strip_prefix(severity).and_then(|r| r.strip_prefix('[')) {
                let (code, next) = after.split_once(']').ok_or("an expectation is not closed by `]`")?;
                orders.diagnostics.insert((index as u64 + 1, severity.into(), code.into()));
                rest = next.trim_start();
            }
        }
    }
    if orders.runs.is_empty() {
        return Err("the case has no `# RUN:` line".into());
    }
    Ok(orders)
}

/// Splits a command at blanks; `'…'` keeps blanks together.
fn words(command: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut quoted = false;
    let mut word: Option<String> = None;
    for c in command.chars() {
        match c {
            '\'' => {
                quoted = !quoted;
                word.get_or_insert_default();
            }
            c if c.is_whitespace() && !quoted => words.extend(word.take()),
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

/// Runs a case and compares; an error says what differs.
pub fn run_case(case: &Path) -> Result<(), String> {
    let text = String::from_utf8_lossy(&fs::read(case).map_err(|e| e.to_string())?).into_owned();
    let orders = orders(&text)?;
    let scratch = tempfile::tempdir().map_err(|e| e.to_string())?;
    let folder = case.parent().unwrap_or(Path::new("."));
    let expects_diagnostics = !orders.diagnostics.is_empty();
    let mut found = BTreeSet::new();
    let mut outcome = None;
    for (index, run) in orders.runs.iter().enumerate() {
        let place = |word: String| {
            word.replace("%s", &case.to_string_lossy()).replace("%d", &folder.to_string_lossy()).replace("%t", &scratch.path().to_string_lossy())
        };
        let mut command: Vec<String> = words(run).into_iter().map(place).collect();
        if expects_diagnostics && command.len() > 1 {
            command.insert(1, if command[0] == "hvrun" { "--json" } else { "--diagnostics=json" }.into());
        }
        let last = index + 1 == orders.runs.len();
        let result = run_program(&command, if last { &orders.stdin } else { b"" })?;
        if expects_diagnostics {
            collect(&result.stderr, case, &mut found)?;
        }
        let expected = if last { orders.exit } else { 0 };
        if result.status != expected {
            return Err(format!("`{run}` ended with {}, not {expected}\n{}{}", result.status, result.stdout, result.stderr));
        }
        outcome = Some(result);
    }
    let outcome = outcome.ok_or("nothing was run")?;
    if expects_diagnostics && found != orders.diagnostics {
        let missing: Vec<_> = orders.diagnostics.difference(&found).collect();
        let extra: Vec<_> = found.difference(&orders.diagnostics).collect();
        return Err(format!("diagnostics expected and not given: {missing:?}\ngiven and not expected: {extra:?}\n{}", outcome.stderr));
    }
    for part in &orders.stderr {
        if !outcome.stderr.contains(part.as_str()) {
            return Err(format!("standard error does not hold {part:?}; it is:\n{}", outcome.stderr));
        }
    }
    let from_here = folder.strip_prefix(current_dir()).unwrap_or(folder);
    let tidy = |text: &str| {
        [(scratch.path(), "%t"), (folder, "%d"), (from_here, "%d")].iter().fold(text.to_string(), |text, (path, name)| text.replace(&*path.to_string_lossy(), name))
    };
    golden(&case.with_extension("stdout"), &tidy(&outcome.stdout))?;
    golden(&folder.join("expected.txt"), &tidy(&outcome.stdout))?;
    golden(&case.with_extension("stderr"), &tidy(&outcome.stderr))
}

fn current_dir() -> PathBuf {
    std::env::current_dir().unwrap_or_default()
}

/// Adds the diagnostics that are among the JSON lines, as far as they point into the case.
fn collect(lines: &str, case: &Path, found: &mut BTreeSet<(u64, String, String)>) -> Result<(), String> {
    for line in lines.lines() {
        let value: serde_json::Value = serde_json::from_str(line).map_err(|_| format!("not a line of JSON: {line}"))?;
        let (Some(severity), Some(code)) = (value["severity"].as_str(), value["code"].as_str()) else { continue };
        let place = &value["place"];
        // Linkers name sources as debug information does, from the current folder.
        let here = place["file"].as_str().is_some_and(|file| current_dir().join(file) == case);
        let line = if here { place["line"].as_u64().unwrap_or(0) } else { 0 };
        found.insert((line, severity.into(), code.into()));
    }
    Ok(())
}

/// Compares with a file if it exists; `BLESS=1` writes it anew.
fn golden(file: &Path, text: &str) -> Result<(), String> {
    let Ok(expected) = fs::read_to_string(file) else { return Ok(()) };
    if expected == text {
        return Ok(());
    }
    if std::env::var_os("BLESS").is_some_and(|value| value == "1") {
        return fs::write(file, text).map_err(|e| e.to_string());
    }
    let line = expected.lines().zip(text.lines()).position(|(a, b)| a != b).unwrap_or(expected.lines().count().min(text.lines().count()));
    Err(format!(
        "{} differs from line {}:\nexpected {:?}\nfound    {:?}\n--- all that was found\n{text}",
        file.display(),
        line + 1,
        expected.lines().nth(line).unwrap_or("(end)"),
        text.lines().nth(line).unwrap_or("(end)"),
    ))
}

/// Every file below a folder with this extension, in order.
#[must_use]
pub fn files_below(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == extension) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// Runs a peer program; gives its standard output. It must end with 0.
///
/// # Panics
/// If it does not.
#[must_use]
pub fn run_peer(program: &str, arguments: &[&std::ffi::OsStr]) -> Outcome {
    let output = std::process::Command::new(program).args(arguments).stdin(std::process::Stdio::null()).output().unwrap_or_else(|error| panic!("{program}: {error}"));
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let outcome = Outcome { status: output.status.code().unwrap_or(255) as u8, stdout: text(&output.stdout), stderr: text(&output.stderr) };
    assert!(output.status.success(), "{program} {arguments:?}: {}\n{}{}", output.status, outcome.stdout, outcome.stderr);
    outcome
}
