//! The page of all options is made from the table of options: `BLESS=1 cargo test -p glink --test options` writes it.

use std::path::Path;

#[test]
fn the_page_of_options_is_fresh() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/glink-options.md");
    let page = glink::options_reference();
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, &page).expect("written");
    }
    assert!(std::fs::read_to_string(&path).is_ok_and(|text| text == page), "{} is not fresh; run BLESS=1 cargo test -p glink --test options", path.display());
    for option in ["`-T FILE`, `--script FILE`", "`-Ur`", "`--build-id[=STYLE]`", "## Refused by name", "`--error-handling-script SCRIPT`"] {
        assert!(page.contains(option), "{option}");
    }
}
