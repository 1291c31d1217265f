//! Archives of GNU ar: order, groups, thin ones, whole ones, damaged ones.

mod common;

use common::Folder;
use glink::{InputSpec, Options};
use host::OsHost;
use std::path::Path;

/// The message of the only error, with its notes and helps; or the names of the linked functions.
fn link(specs: &[InputSpec]) -> Result<Vec<u8>, String> {
    let mut sources = diag::Sources::new();
    let linked = glink::link(specs, &Options::default(), &mut sources, &mut OsHost::new());
    linked.image.ok_or_else(|| diag::render_text(&sources, &linked.diagnostics, false))
}

fn file(path: &Path) -> InputSpec {
    InputSpec::File(path.to_path_buf())
}

fn has_symbol(image: &[u8], name: &str) -> bool {
    use object::{Object, ObjectSymbol};
    object::File::parse(image).expect("an ELF file").symbols().any(|symbol| symbol.name() == Ok(name))
}

const START: &str = ".globl _start\n_start: call a\n j _start\n";

#[test]
fn members_are_taken_when_they_are_needed() {
    let Some(folder) = Folder::new() else { return };
    let start = folder.object("start", START);
    let a = folder.object("a", ".globl a\na: call b\n ret\n");
    let b = folder.object("b_with_a_rather_long_file_name", ".globl b\nb: ret\n");
    let unused = folder.object("unused", ".globl c\nc: call nowhere\n ret\n");
    let library = folder.archive("liball.a", "rcs", &[&unused, &b, &a]);
    let image = link(&[file(&start), file(&library)]).expect("links");
    assert!(has_symbol(&image, "a") && has_symbol(&image, "b") && !has_symbol(&image, "c"));
    let early = link(&[file(&library), file(&start)]).unwrap_err();
    assert!(early.contains("liball.a(a.o) defines it, but its archive was searched before this use"), "{early}");
    let whole = link(&[file(&start), InputSpec::WholeArchive(true), file(&library)]).unwrap_err();
    assert!(whole.contains("undefined reference to `nowhere`"), "{whole}");
}

#[test]
fn archives_that_need_each_other_are_a_group() {
    let Some(folder) = Folder::new() else { return };
    let start = folder.object("start", START);
    let a = folder.object("a", ".globl a\na: call b\n ret\n");
    let b = folder.object("b", ".globl b\nb: call c\n ret\n");
    let c = folder.object("c", ".globl c\nc: ret\n");
    let one = folder.archive("libone.a", "rcs", &[&a, &c]);
    let two = folder.archive("libtwo.a", "rcs", &[&b]);
    let error = link(&[file(&start), file(&one), file(&two)]).unwrap_err();
    assert!(error.contains("--start-group"), "{error}");
    let grouped = [file(&start), InputSpec::GroupStart, file(&one), file(&two), InputSpec::GroupEnd];
    assert!(has_symbol(&link(&grouped).expect("links"), "c"));
    assert!(has_symbol(&link(&grouped[..4]).expect("a group that is not closed ends with the inputs"), "c"));
}

#[test]
fn thin_archives_name_their_members() {
    let Some(folder) = Folder::new() else { return };
    let start = folder.object("start", START);
    let a = folder.object("a", ".globl a\na: ret\n");
    let thin = folder.archive("libthin.a", "rcsT", &[&a]);
    assert!(has_symbol(&link(&[file(&start), file(&thin)]).expect("links"), "a"));
    std::fs::remove_file(&a).expect("removed");
    let error = link(&[file(&start), file(&thin)]).unwrap_err();
    assert!(error.contains("a.o, a member of the thin archive") && error.contains("E0501"), "{error}");
}

#[test]
fn an_archive_without_a_symbol_table_says_what_to_do() {
    let Some(folder) = Folder::new() else { return };
    let start = folder.object("start", START);
    let a = folder.object("a", ".globl a\na: ret\n");
    let bare = folder.archive("libbare.a", "rcS", &[&a]);
    let error = link(&[file(&start), file(&bare)]).unwrap_err();
    assert!(error.contains("ranlib"), "{error}");
    assert!(link(&[file(&start), InputSpec::WholeArchive(true), file(&bare)]).is_ok());
}

#[test]
fn definitions_meet_as_they_should() {
    let Some(folder) = Folder::new() else { return };
    let start = folder.object("start", START);
    let a = folder.object("a", ".globl a\na: ret\n");
    let again = folder.object("again", ".globl a\na: nop\n ret\n");
    let error = link(&[file(&start), file(&a), file(&again)]).unwrap_err();
    assert!(error.contains("multiple definition of `a`") && error.contains("a.s:2") && error.contains("again.s:2"), "{error}");
    // A member that defines what is defined already is not taken.
    let library = folder.archive("libagain.a", "rcs", &[&again]);
    assert!(link(&[file(&start), file(&a), file(&library)]).is_ok());
    let weak = folder.object("weak", ".weak a\na: ret\n");
    assert!(link(&[file(&weak), file(&start), file(&again)]).is_ok());
}

#[test]
fn two_links_give_the_same_bytes() {
    let Some(folder) = Folder::new() else { return };
    let objects = common::compile(folder.0.path(), &["-g", "-ffunction-sections"]);
    let specs: Vec<InputSpec> = objects.iter().map(|object| file(object)).chain([file(&common::libgcc())]).collect();
    let options = Options { map: true, gc_sections: true, ..Options::default() };
    let once = || glink::link(&specs, &options, &mut diag::Sources::new(), &mut OsHost::new());
    let (first, second) = (once(), once());
    assert!(first.image.is_some() && first.image == second.image && first.map == second.map);
}
