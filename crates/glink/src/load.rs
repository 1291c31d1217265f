//! Phase 1: the files. Names become bytes; nothing is interpreted but what names further files.

use crate::archive;
use crate::options::{InputSpec, Options};
use crate::problem::Problem;
use crate::script::ast::Script;
use crate::strings::text;
use diag::{Diagnostic, codes};
use host::{FileData, Files};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// A file that takes part in the link.
#[derive(Clone, Debug)]
pub struct InputFile {
    /// What messages call it.
    pub name: String,
    /// Contents.
    pub data: FileData,
    /// Whether every member is taken.
    pub whole_archive: bool,
    /// The members of a thin archive, in its order.
    pub thin_members: Vec<FileData>,
}

/// The command line's order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The file at this index.
    File(usize),
    /// A group begins.
    GroupStart,
    /// A group ends.
    GroupEnd,
}

/// All files, in order.
#[derive(Clone, Debug, Default)]
pub struct Inputs {
    /// The files.
    pub files: Vec<InputFile>,
    /// In which order, with groups.
    pub steps: Vec<Step>,
}

/// Reads every input of the command line, then those that the script names.
pub fn load(specs: &[InputSpec], script: &Script, options: &Options, files: &mut dyn Files, problems: &mut Vec<Problem>) -> Inputs {
    let mut inputs = Inputs::default();
    let mut whole_archive = false;
    let mut raw = false;
    let named = named_by_script(script);
    let folders: Vec<&Path> = options.search_dirs.iter().map(PathBuf::as_path).chain(script.search_dirs.iter().map(Path::new)).collect();
    for spec in specs.iter().chain(&named) {
        match spec {
            InputSpec::WholeArchive(on) => whole_archive = *on,
            InputSpec::Raw(on) => raw = *on,
            InputSpec::GroupStart => inputs.steps.push(Step::GroupStart),
            InputSpec::GroupEnd => inputs.steps.push(Step::GroupEnd),
            InputSpec::Bytes { name, data } => add(&mut inputs, name.clone(), data.clone(), whole_archive, files, problems),
            InputSpec::File(path) => match files.view(path) {
                Ok(data) if raw => {
                    let name = path.display().to_string();
                    let object = FileData::new(crate::raw::object(&name, &data), data.identity());
                    add(&mut inputs, name, object, false, files, problems);
                }
                Ok(data) => add(&mut inputs, path.display().to_string(), data, whole_archive, files, problems),
                Err(error) => problems.push(Problem::plain(&codes::E0501, format!("cannot read {}: {error}", path.display()))),
            },
            InputSpec::Library(name) => match find_library(name, &folders, options, files) {
                Ok((name, data)) => add(&mut inputs, name, data, whole_archive, files, problems),
                Err(diagnostic) => problems.push(Problem::Plain(diagnostic)),
            },
        }
    }
    inputs
}

/// `INPUT` and `GROUP`.
fn named_by_script(script: &Script) -> Vec<InputSpec> {
    let mut specs = Vec::new();
    for (names, is_group) in &script.inputs {
        specs.extend(is_group.then_some(InputSpec::GroupStart));
        specs.extend(names.iter().map(|name| match name.strip_prefix("-l") {
            Some(library) => InputSpec::Library(library.to_string()),
            None => InputSpec::File(PathBuf::from(name)),
        }));
        specs.extend(is_group.then_some(InputSpec::GroupEnd));
    }
    specs
}

fn add(inputs: &mut Inputs, name: String, data: FileData, whole_archive: bool, files: &mut dyn Files, problems: &mut Vec<Problem>) {
    let mut thin_members = Vec::new();
    if data.starts_with(archive::THIN_MAGIC)
        && let Ok(parsed) = archive::parse(&data)
    {
        let folder = Path::new(&name).parent().unwrap_or(Path::new("")).to_path_buf();
        for member in &parsed.members {
            let path = folder.join(Path::new(OsStr::from_bytes(member.name)));
            match files.view(&path) {
                Ok(data) => thin_members.push(data),
                Err(error) => {
                    let message = format!("cannot read {}, a member of the thin archive {name}: {error}", path.display());
                    problems.push(Problem::Plain(Box::new(Diagnostic::new(&codes::E0501, message).help("make the archive again, or give its members by name"))));
                    return;
                }
            }
        }
    }
    inputs.steps.push(Step::File(inputs.files.len()));
    inputs.files.push(InputFile { name, data, whole_archive, thin_members });
}

fn find_library(name: &str, folders: &[&Path], options: &Options, files: &mut dyn Files) -> Result<(String, FileData), Box<Diagnostic>> {
    let file_name = match name.strip_prefix(':') {
        Some(exact) => exact.to_string(),
        None => format!("lib{name}.a"),
    };
    let mut tried: Vec<String> = Vec::new();
    for folder in folders {
        let path: PathBuf = folder.join(&file_name);
        match files.view(&path) {
            Ok(data) => return Ok((path.display().to_string(), data)),
            Err(host::FileError::NotFound) => tried.push(path.display().to_string()),
            Err(error) => tried.push(format!("{} ({error})", path.display())),
        }
    }
    for (builtin, data) in &options.builtin_archives {
        if *builtin == file_name {
            return Ok((format!("<built-in>/{builtin}"), data.clone()));
        }
        tried.push(format!("<built-in>/{builtin}"));
    }
    let mut diagnostic = Diagnostic::new(&codes::E0502, format!("no library `{file_name}` for -l{name}"));
    for path in &tried {
        diagnostic = diagnostic.note(format!("tried {path}"));
    }
    if folders.is_empty() {
        diagnostic = diagnostic.note("no folder was given to look in");
    }
    let help = match name.strip_prefix("lib").or(name.strip_suffix(".a")) {
        Some(short) if !name.starts_with(':') => format!("-l adds `lib` and `.a` itself: -l{}", text(short.trim_end_matches(".a").as_bytes())),
        _ => "name its folder with -L FOLDER before it".to_string(),
    };
    Err(Box::new(diagnostic.help(help)))
}
