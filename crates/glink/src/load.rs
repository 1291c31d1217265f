//! Phase 1: the files. Names become bytes; nothing is interpreted but what names further files.

use crate::archive;
use crate::options::{InputSpec, Options};
use crate::problem::Problem;
use crate::script::ast::{Content, Script, ScriptInputs, Statement};
use crate::script::read;
use crate::strings::text;
use diag::{Diagnostic, Sources, codes};
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

/// Reads every input of the command line, then those that the script names. An input that is a script
/// adds to the script; the whole script is given back.
pub fn load(specs: &[InputSpec], script: Script, options: &Options, sources: &mut Sources, files: &mut dyn Files, problems: &mut Vec<Problem>) -> Result<(Inputs, Script), Vec<Diagnostic>> {
    let mut loader = Loader { inputs: Inputs::default(), whole_archive: false, raw: false, script, options, sources, files, problems };
    loader.add_all(specs)?;
    let Loader { mut inputs, script, sources, files, problems, .. } = loader;
    let script = read::complete(sources, options, files, script)?;
    for named in script.inputs.iter().chain(&files_of_patterns(&script, &inputs, files)) {
        let mut loader = Loader { inputs, whole_archive: false, raw: false, script: Script { search_dirs: script.search_dirs.clone(), ..Script::default() }, options, sources, files, problems };
        let before = loader.inputs.steps.len();
        loader.add_all(&specs_of(named))?;
        inputs = loader.inputs;
        if named.comes_first {
            let count = inputs.steps.len() - before;
            inputs.steps.rotate_right(count);
        }
    }
    Ok((inputs, script))
}

/// Files that the script's input sections name without wildcards: one that is there and was not given is
/// linked, as in GNU ld (its manual, 3.6.4.1).
fn files_of_patterns(script: &Script, inputs: &Inputs, files: &mut dyn Files) -> Vec<ScriptInputs> {
    let mut found: Vec<String> = Vec::new();
    for statement in &script.statements {
        let Statement::Output(rule) = statement else { continue };
        for content in &rule.contents {
            let Content::Input(pattern) = content else { continue };
            let name = pattern.file.as_str();
            let is_name = pattern.archive.is_none() && pattern.file.is_literal() && !name.is_empty();
            if is_name && !inputs.files.iter().any(|file| file.name == name) && !found.iter().any(|known| known == name) && files.view(Path::new(name)).is_ok() {
                found.push(name.to_string());
            }
        }
    }
    if found.is_empty() { Vec::new() } else { vec![ScriptInputs { names: found, is_group: false, comes_first: false }] }
}

/// The files of `INPUT`, `GROUP` or `STARTUP`.
fn specs_of(named: &ScriptInputs) -> Vec<InputSpec> {
    let files = named.names.iter().map(|name| match name.strip_prefix("-l") {
        Some(library) => InputSpec::Library(library.to_string()),
        None => InputSpec::File(PathBuf::from(name)),
    });
    let group = |spec: InputSpec| named.is_group.then_some(spec);
    group(InputSpec::GroupStart).into_iter().chain(files).chain(group(InputSpec::GroupEnd)).collect()
}

struct Loader<'l> {
    inputs: Inputs,
    whole_archive: bool,
    raw: bool,
    script: Script,
    options: &'l Options,
    sources: &'l mut Sources,
    files: &'l mut dyn Files,
    problems: &'l mut Vec<Problem>,
}

impl Loader<'_> {
    fn add_all(&mut self, specs: &[InputSpec]) -> Result<(), Vec<Diagnostic>> {
        for spec in specs {
            match spec {
                InputSpec::WholeArchive(on) => self.whole_archive = *on,
                InputSpec::Raw(on) => self.raw = *on,
                InputSpec::GroupStart => self.inputs.steps.push(Step::GroupStart),
                InputSpec::GroupEnd => self.inputs.steps.push(Step::GroupEnd),
                InputSpec::Bytes { name, data } => self.add(name.clone(), data.clone()),
                InputSpec::File(path) => self.add_file(path)?,
                InputSpec::JustSymbols(path) => self.add_symbols(path),
                InputSpec::Library(name) => {
                    let folders: Vec<&Path> = self.options.search_dirs.iter().map(PathBuf::as_path).chain(self.script.search_dirs.iter().map(Path::new)).collect();
                    match find_library(name, &folders, self.options, self.files) {
                        Ok((name, data)) => self.add(name, data),
                        Err(diagnostic) => self.problems.push(Problem::Plain(diagnostic)),
                    }
                }
            }
        }
        Ok(())
    }

    fn add_file(&mut self, path: &Path) -> Result<(), Vec<Diagnostic>> {
        let name = path.display().to_string();
        match self.files.view(path) {
            Ok(data) if self.raw => {
                let object = FileData::new(crate::raw::object(&name, &data), data.identity());
                self.add(name, object);
            }
            Ok(data) if read::is_script(&data) => self.script = read::add(std::mem::take(&mut self.script), &name, &data, self.sources, self.options, self.files)?,
            Ok(data) => self.add(name, data),
            Err(error) => self.problems.push(Problem::plain(&codes::E0501, format!("cannot read {name}: {error}"))),
        }
        Ok(())
    }

    fn add_symbols(&mut self, path: &Path) {
        let name = path.display().to_string();
        let diagnostic = match self.files.view(path) {
            Ok(data) => match crate::just_symbols::object(&data) {
                Ok(object) => return self.add(name, FileData::new(object, data.identity())),
                Err(what) => Diagnostic::new(&codes::E0504, format!("{name}: {what}")).help("--just-symbols takes an object or an image"),
            },
            Err(error) => Diagnostic::new(&codes::E0501, format!("cannot read {name}: {error}")),
        };
        self.problems.push(Problem::Plain(Box::new(diagnostic)));
    }

    fn add(&mut self, name: String, data: FileData) {
        add(&mut self.inputs, name, data, self.whole_archive, self.files, self.problems);
    }
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
