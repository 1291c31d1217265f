//! What every message on a mistake of a beginner must be: the only one, at a place of the source, with a reason and a
//! cure; and if the cure is an edit, the edit is one. The cases themselves hold the words (suite `cases`), and the
//! cured sources are assembled from the page that is made of them (suite `pages`).

use hvkit_tests::{files_below, root, run_program};
use libtest_mimic::{Arguments, Failed, Trial};
use std::path::Path;

/// Cases that there must be (issue 3).
const LEAST: usize = 30;

fn main() {
    let cases = files_below(&root().join("tests/cases/gasm/beginners"), "s");
    let count = cases.len();
    let mut trials = vec![Trial::test("there are enough cases", move || if count >= LEAST { Ok(()) } else { Err(format!("{count} cases").into()) })];
    trials.extend(cases.into_iter().map(|case| {
        let name = case.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        Trial::test(name, move || check(&case))
    }));
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}

fn assemble(case: &Path, source: &Path, object: &Path) -> Result<Vec<serde_json::Value>, Failed> {
    let text = std::fs::read_to_string(case)?;
    let run = text.lines().find_map(|line| line.strip_prefix("# RUN: gasm ")).ok_or("no RUN line")?;
    let options = run.split_whitespace().take_while(|word| *word != "%s").map(str::to_string);
    let mut words: Vec<String> = ["gasm", "--diagnostics=json"].map(String::from).into();
    words.extend(options);
    words.extend([source.display().to_string(), "-o".into(), object.display().to_string()]);
    let outcome = run_program(&words, b"")?;
    outcome.stderr.lines().map(|line| serde_json::from_str(line).map_err(|e| format!("{line}: {e}").into())).collect()
}

fn check(case: &Path) -> Result<(), Failed> {
    if !case.with_extension("stderr").exists() {
        return Err("no .stderr holds the message".into());
    }
    let scratch = tempfile::tempdir()?;
    let object = scratch.path().join("a.o");
    let found = assemble(case, case, &object)?;
    let [message] = found.as_slice() else { return Err(format!("{} messages, not one: {found:#?}", found.len()).into()) };
    let text = |value: &serde_json::Value| value.as_str().unwrap_or("").to_string();
    let place = &message["place"];
    let source = std::fs::read(case)?;
    let (start, end) = (place["start"].as_u64().unwrap_or(u64::MAX) as usize, place["end"].as_u64().unwrap_or(u64::MAX) as usize);
    let wrong = source.windows(11).position(|w| w == b"# MISTAKE: ").ok_or("no MISTAKE")?;
    if start > end || end > wrong {
        return Err(format!("the place {start}..{end} is not in the source").into());
    }
    // Columns count bytes.
    let line_start = source[..start].iter().rposition(|b| *b == b'\n').map_or(0, |n| n + 1);
    if place["column"].as_u64() != Some((start - line_start + 1) as u64) {
        return Err(format!("column {} is not that of byte {start}", place["column"]).into());
    }
    if text(&message["message"]).is_empty() || text(&place["text"]).is_empty() {
        return Err("no reason is given".into());
    }
    if message["helps"].as_array().is_none_or(Vec::is_empty) {
        return Err(format!("no cure is given: {message:#}").into());
    }
    // The edit does what it says: that message is gone, and nothing new comes.
    if let (Some(start), Some(end)) = (message["cure"]["start"].as_u64(), message["cure"]["end"].as_u64()) {
        let edited = [&source[..start as usize], text(&message["cure"]["text"]).as_bytes(), &source[end as usize..]].concat();
        let file = scratch.path().join("edited.s");
        std::fs::write(&file, edited)?;
        let left = assemble(case, &file, &object)?;
        if left.iter().any(|m| m["message"] == message["message"] && m["place"]["start"] == message["place"]["start"]) {
            return Err(format!("the edit does not cure: {left:#?}").into());
        }
    }
    Ok(())
}
