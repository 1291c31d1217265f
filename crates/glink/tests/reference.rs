//! The reference of scripts has an example for each word and each operator that the parser knows. The examples
//! themselves are run with the other pages of the documentation.

use std::path::Path;

/// The scripts in the examples of the page, without comments and quoted texts.
fn scripts() -> String {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/linker-scripts.md");
    let page = std::fs::read_to_string(page).expect("the page");
    let mut scripts = String::new();
    for block in page.split("```glink\n").skip(1) {
        let block = block.split("```").next().expect("a block");
        for file in block.split("# --- file ").skip(1) {
            let (name, text) = file.split_once('\n').expect("a name");
            if !name.ends_with(".s") {
                scripts.extend(text.lines().filter(|line| !line.starts_with('#')).flat_map(|line| [line, "\n"]));
            }
        }
    }
    without(&without(&scripts, "/*", "*/"), "\"", "\"")
}

fn without(text: &str, open: &str, close: &str) -> String {
    let mut rest = text;
    let mut kept = String::new();
    while let Some((before, inside)) = rest.split_once(open) {
        kept.push_str(before);
        rest = inside.split_once(close).expect("an end").1;
    }
    kept + rest
}

#[test]
fn every_word_has_an_example() {
    let scripts = scripts();
    let words: std::collections::BTreeSet<&str> = scripts.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').collect();
    let missing: Vec<&str> = glink::script_words().chain(glink::mri_words()).filter(|word| !words.contains(word)).collect();
    assert!(missing.is_empty(), "docs/reference/linker-scripts.md has no example with {missing:?}");
    assert!(glink::script_words().count() > 80, "the table of words is gone");
}

#[test]
fn every_operator_has_an_example() {
    let scripts = scripts();
    let is_operator = |c: char| "+-*/%<>=!~&|^?".contains(c);
    let operators: std::collections::BTreeSet<&str> = scripts.split(|c: char| !is_operator(c)).filter(|operator| !operator.is_empty()).collect();
    let missing: Vec<&str> = glink::script_operators().filter(|operator| !operators.contains(operator)).collect();
    assert!(missing.is_empty(), "docs/reference/linker-scripts.md has no example with {missing:?}");
}
