//! The documentation's code blocks: a page's failing example fails with the page's code, every other block works.
//!
//! ` ```gasm ` is assembled, ` ```glink ` also linked, ` ```hvrun ` also run; with `,fail` it must fail with
//! the code of the page. In a block, `# --- file NAME` begins another file, `# args: …` gives arguments, `# fails: CODE`
//! says that the last step fails with this code, `# expect: …` what holds for the file that is made.

#[path = "pages/expect.rs"]
mod expect;

use hvkit_tests::{files_below, root, run_program};
use libtest_mimic::{Arguments, Failed, Trial};
use std::path::{Path, PathBuf};

struct Block {
    program: &'static str,
    fails: bool,
    line: usize,
    text: String,
}

fn main() {
    let root = root();
    let pages = files_below(&root.join("docs"), "md").into_iter().chain([root.join("README.md")]);
    let mut trials = Vec::new();
    for page in pages {
        let text = std::fs::read_to_string(&page).unwrap_or_default();
        let name = page.strip_prefix(&root).unwrap_or(&page).display().to_string();
        let code = code_of(&page, &text);
        let blocks = blocks(&text);
        if let Some(code) = &code {
            let has_failing = blocks.iter().any(|block| block.fails);
            let exempt = text.contains("<!-- no example: ");
            let code = code.clone();
            trials.push(Trial::test(format!("{name} has an example"), move || {
                if has_failing || exempt { Ok(()) } else { Err(format!("no block of the page fails with {code}").into()) }
            }));
        }
        for block in blocks {
            let code = code.clone();
            trials.push(Trial::test(format!("{name}:{}", block.line), move || check(&block, code.as_deref())));
        }
    }
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}

/// The code that an error page is about.
fn code_of(page: &Path, text: &str) -> Option<String> {
    let in_errors = page.parent().and_then(Path::file_name).is_some_and(|name| name == "errors");
    let heading = text.lines().next()?.strip_prefix("# ")?;
    heading.split_once(':').filter(|_| in_errors).map(|(code, _)| code.to_string())
}

fn blocks(text: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut lines = text.lines().enumerate();
    while let Some((index, line)) = lines.next() {
        let Some(info) = line.strip_prefix("```") else { continue };
        let body: Vec<&str> = lines.by_ref().map(|(_, line)| line).take_while(|line| !line.starts_with("```")).collect();
        let mut info = info.split(',').map(str::trim);
        let program = match info.next() {
            Some("gasm") => "gasm",
            Some("glink") => "glink",
            Some("hvrun") => "hvrun",
            _ => continue,
        };
        blocks.push(Block { program, fails: info.any(|word| word == "fail"), line: index + 1, text: body.join("\n") + "\n" });
    }
    blocks
}

fn check(block: &Block, code: Option<&str>) -> Result<(), Failed> {
    let scratch = tempfile::tempdir()?;
    let mut files: Vec<(String, String)> = vec![("a.s".into(), String::new())];
    let mut arguments = Vec::new();
    for line in block.text.lines() {
        if let Some(name) = line.strip_prefix("# --- file ") {
            files.push((name.trim().into(), String::new()));
            continue;
        }
        // What is expected is no part of a file.
        if line.starts_with("# expect:") || line.starts_with("# fails:") {
            continue;
        }
        if let Some(words) = line.strip_prefix("# args:") {
            arguments.extend(words.split_whitespace().map(|word| word.replace("%t", &scratch.path().to_string_lossy())));
        }
        if let Some((_, text)) = files.last_mut() {
            text.push_str(line);
            text.push('\n');
        }
    }
    let path = |name: &str| scratch.path().join(name).to_string_lossy().into_owned();
    for (name, text) in &files {
        std::fs::write(path(name), text)?;
    }
    let sources: Vec<PathBuf> = files.iter().map(|(name, _)| scratch.path().join(name)).filter(|p| p.extension().is_some_and(|e| e == "s")).collect();
    let source = |p: &PathBuf| p.to_string_lossy().into_owned();
    let words = |list: &[&str]| list.iter().map(ToString::to_string).collect::<Vec<String>>();
    let mut steps: Vec<Vec<String>> = Vec::new();
    match block.program {
        "hvrun" => {
            let guest = sources.iter().map(source).collect::<Vec<_>>().join(",");
            steps.push([words(&["hvrun", "--json"]), arguments, vec![guest]].concat());
        }
        program => {
            let assemble = |p: &PathBuf, arguments: &[String]| {
                [words(&["gasm", "--diagnostics=json"]), arguments.to_vec(), vec![source(p), "-o".into(), format!("{}.o", source(p))]].concat()
            };
            if program == "gasm" {
                steps.extend(sources.iter().take(1).map(|p| assemble(p, &arguments)));
            } else {
                steps.extend(sources.iter().map(|p| assemble(p, &words(&["-g"]))));
                let objects = sources.iter().map(|p| format!("{}.o", source(p))).collect();
                steps.push([words(&["glink", "--diagnostics=json", "-L", &path(""), "-o", &path("image")]), arguments, objects, words(&["-lhv"])].concat());
            }
        }
    }
    let given = block.text.lines().find_map(|line| line.strip_prefix("# fails:")).map(str::trim);
    let (fails, code) = (block.fails || given.is_some(), given.or(code));
    let mut said = String::new();
    let count = steps.len();
    for (index, step) in steps.into_iter().enumerate() {
        let outcome = run_program(&step, b"")?;
        let last = index + 1 == count;
        let codes: Vec<String> = outcome
            .stderr
            .lines()
            .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
            .filter_map(|value| value["code"].as_str().map(String::from))
            .collect();
        said = format!("{}{}", outcome.stdout, outcome.stderr);
        if fails && last {
            let code = code.ok_or("a failing block stands on a page without a code")?;
            if !codes.iter().any(|found| found == code) {
                return Err(format!("`{}` should give {code}, but gave {codes:?}, status {}\n{}", step.join(" "), outcome.status, outcome.stderr).into());
            }
        } else if outcome.status != 0 || codes.iter().any(|found| Some(found.as_str()) == code) {
            return Err(format!("`{}` should work, but ended with {} and {codes:?}\n{}", step.join(" "), outcome.status, outcome.stderr).into());
        }
    }
    let image = std::fs::read(path("image")).ok();
    expect::check(&block.text, image.as_deref(), &said)?;
    Ok(())
}
