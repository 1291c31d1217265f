//! Phase 1: the files. Names become bytes; nothing is interpreted but what names further files.

use crate::archive;
use crate::options::{InputSpec, Options};
use crate::problem::Problem;
use crate::script::ast::{Content, Origin, Script, ScriptInputs, Statement};
use crate::script::read;
use crate::strings::text;
use diag::{Diagnostic, Sources, codes};
use host::{FileData, FileError, Files, Identity};
use object::elf;
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
    /// Whether only its symbols count (`--just-symbols`).
    pub only_symbols: bool,
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

/// Reads every input of the command line, then those that the script names and that have no place there. An input
/// that is a script adds to the script; the whole script is given back.
pub fn load(specs: &[InputSpec], script: Script, options: &Options, sources: &mut Sources, files: &mut dyn Files, problems: &mut Vec<Problem>) -> Result<(Inputs, Script), Vec<Diagnostic>> {
    let mut loader = Loader { inputs: Inputs::default(), state: State::default(), saved: Vec::new(), open: Vec::new(), script, options, sources, files, problems };
    loader.add_all(specs)?;
    loader.state = State::default();
    loader.script = read::complete(loader.sources, options, loader.files, std::mem::take(&mut loader.script))?;
    let patterns = files_of_patterns(&loader.script, &loader.inputs, loader.files);
    let left = std::mem::take(&mut loader.script.inputs);
    for named in left.iter().chain(&patterns) {
        loader.add_named(named)?;
    }
    Ok((loader.inputs, loader.script))
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
    if found.is_empty() { Vec::new() } else { vec![ScriptInputs { names: found, is_group: false, comes_first: false, is_raw: false, origin: Origin::default() }] }
}

/// How the files that follow are taken.
#[derive(Clone, Copy, Default)]
struct State {
    whole_archive: bool,
    raw: bool,
}

/// Scripts among the inputs that name each other deeper than this are refused.
const DEEPEST: usize = 16;

struct Loader<'l> {
    inputs: Inputs,
    state: State,
    /// What `--push-state` remembers.
    saved: Vec<State>,
    /// The scripts among the inputs that are being read, so that a ring is seen.
    open: Vec<Identity>,
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
                InputSpec::WholeArchive(on) => self.state.whole_archive = *on,
                InputSpec::Raw(on) => self.state.raw = *on,
                InputSpec::PushState => self.saved.push(self.state),
                InputSpec::PopState => match self.saved.pop() {
                    // The format of files is not part of what is remembered, as in GNU ld.
                    Some(saved) => self.state.whole_archive = saved.whole_archive,
                    None => self.problems.push(Problem::plain(&codes::E0501, "--pop-state without a --push-state before it")),
                },
                InputSpec::GroupStart => self.inputs.steps.push(Step::GroupStart),
                InputSpec::GroupEnd => self.inputs.steps.push(Step::GroupEnd),
                InputSpec::Bytes { name, data } => self.add(name.clone(), data.clone()),
                InputSpec::File(path) => {
                    let path = self.options.rooted(path);
                    match self.files.view(&path) {
                        Ok(data) => self.add_data(path.display().to_string(), data)?,
                        Err(error) => self.problems.push(Problem::Plain(Box::new(unreadable(&path, &error)))),
                    }
                }
                InputSpec::JustSymbols(path) => self.add_symbols(path),
                InputSpec::Library(name) => self.add_library(name)?,
                InputSpec::OfScript(number) => {
                    let is_here = |named: &ScriptInputs| named.origin.number == Some(*number) && !named.comes_first;
                    let (here, others) = std::mem::take(&mut self.script.inputs).into_iter().partition(is_here);
                    self.script.inputs = others;
                    let here: Vec<ScriptInputs> = here;
                    here.iter().try_for_each(|named| self.add_named(named))?;
                }
            }
        }
        Ok(())
    }

    /// A file's contents: an object, an archive or a script, or raw bytes if that was said.
    fn add_data(&mut self, name: String, data: FileData) -> Result<(), Vec<Diagnostic>> {
        if self.state.raw {
            let object = FileData::new(crate::raw::object(&name, &data), data.identity());
            self.add(name, object);
        } else if read::is_script(&data) {
            self.add_script(&name, &data)?;
        } else {
            self.add(name, data);
        }
        Ok(())
    }

    /// A script among the inputs: the files that it names stand in its place.
    fn add_script(&mut self, name: &str, data: &FileData) -> Result<(), Vec<Diagnostic>> {
        if self.open.contains(&data.identity()) || self.open.len() == DEEPEST {
            return Err(vec![Diagnostic::new(&codes::E0507, format!("the script {name} names itself among its inputs"))]);
        }
        self.open.push(data.identity());
        let before = self.script.inputs.len();
        self.script = read::add(std::mem::take(&mut self.script), name, data, self.sources, self.options, self.files)?;
        let named = self.script.inputs.split_off(before);
        let state = self.state;
        named.iter().try_for_each(|named| self.add_named(named))?;
        self.state = state;
        self.open.pop();
        Ok(())
    }

    /// The files of `INPUT`, `GROUP` or `STARTUP`.
    fn add_named(&mut self, named: &ScriptInputs) -> Result<(), Vec<Diagnostic>> {
        let raw = std::mem::replace(&mut self.state.raw, named.is_raw);
        let before = self.inputs.steps.len();
        if named.is_group {
            self.inputs.steps.push(Step::GroupStart);
        }
        for name in &named.names {
            match name.strip_prefix("-l") {
                Some(library) => self.add_library(library)?,
                None => match self.find_named(name, &named.origin) {
                    Ok((name, data)) => self.add_data(name, data)?,
                    Err(diagnostic) => self.problems.push(Problem::Plain(diagnostic)),
                },
            }
        }
        if named.is_group {
            self.inputs.steps.push(Step::GroupEnd);
        }
        if named.comes_first {
            let count = self.inputs.steps.len() - before;
            self.inputs.steps.rotate_right(count);
        }
        self.state.raw = raw;
        Ok(())
    }

    /// A file that a script names: beside a script that stands among the inputs, here, then in the search folders. For a
    /// script in the folder of `--sysroot` an absolute name is one there.
    fn find_named(&mut self, name: &str, origin: &Origin) -> Result<(String, FileData), Box<Diagnostic>> {
        let given = Path::new(name);
        let path = self.options.rooted(given);
        let has_root = path != given;
        let (own, folders): (PathBuf, Vec<PathBuf>) = match path.is_absolute() {
            true if origin.in_sysroot && !has_root => (PathBuf::from(format!("{}{name}", self.options.sysroot)), Vec::new()),
            true => (path, Vec::new()),
            false => (path, search_folders(self.options, &self.script)),
        };
        let beside = origin.folder.as_ref().filter(|_| own.is_relative() && !has_root).map(|folder| folder.join(&own));
        let candidates = beside.into_iter().chain([own.clone()]).chain(folders.iter().map(|folder| folder.join(&own)));
        let mut tried: Vec<String> = Vec::new();
        for candidate in candidates {
            match self.files.view(&candidate) {
                Ok(data) => return Ok((candidate.display().to_string(), data)),
                Err(FileError::NotFound) if tried.contains(&candidate.display().to_string()) => {}
                Err(FileError::NotFound) => tried.push(candidate.display().to_string()),
                Err(error) => return Err(Box::new(unreadable(&candidate, &error))),
            }
        }
        let place = if tried == [name] { String::new() } else { ", which a script names".to_string() };
        let diagnostic = Diagnostic::new(&codes::E0501, format!("cannot find {name}{place}"));
        Err(Box::new(if tried == [name] { diagnostic.note("a script names it") } else { tried.into_iter().fold(diagnostic, |diagnostic, path| diagnostic.note(format!("tried {path}"))) }))
    }

    fn add_library(&mut self, name: &str) -> Result<(), Vec<Diagnostic>> {
        let folders = search_folders(self.options, &self.script);
        match find_library(name, &folders, self.options, self.files, self.problems) {
            Ok((name, data)) => self.add_data(name, data),
            Err(diagnostic) => {
                self.problems.push(Problem::Plain(diagnostic));
                Ok(())
            }
        }
    }

    fn add_symbols(&mut self, path: &Path) {
        let name = path.display().to_string();
        let diagnostic = match self.files.view(path) {
            Ok(data) => match crate::just_symbols::object(&data) {
                Ok(object) => {
                    self.add(name, FileData::new(object, data.identity()));
                    if let Some(file) = self.inputs.files.last_mut() {
                        file.only_symbols = true;
                    }
                    return;
                }
                Err(what) => Diagnostic::new(&codes::E0504, format!("{name}: {what}")).help("--just-symbols takes an object or an image"),
            },
            // A folder is one of shared libraries (GNU ld's `-R`), which there are not.
            Err(FileError::IsDirectory) => return,
            Err(error) => unreadable(path, &error),
        };
        self.problems.push(Problem::Plain(Box::new(diagnostic)));
    }

    fn add(&mut self, name: String, data: FileData) {
        add(&mut self.inputs, name, data, self.state.whole_archive, self.files, self.problems);
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
    inputs.files.push(InputFile { name, data, whole_archive, only_symbols: false, thin_members });
}

/// Where `-l` looks, and what a script names is looked for.
fn search_folders(options: &Options, script: &Script) -> Vec<PathBuf> {
    options.search_dirs.iter().chain(&script.search_dirs).cloned().collect()
}

fn unreadable(path: &Path, error: &FileError) -> Diagnostic {
    let name = path.display();
    Diagnostic::new(&codes::E0501, if *error == FileError::NotFound { format!("cannot find {name}: {error}") } else { format!("cannot read {name}: {error}") })
}

/// Whether an object, or an archive's first member, is for another machine, so that `-l` looks on. RV64 does not count as one, as in
/// GNU ld: there are libraries for RV32 with an empty member for RV64.
fn is_for_another_machine(data: &[u8]) -> bool {
    let is_other = |object: &[u8]| object.starts_with(&elf::ELFMAG) && object.get(18..20).is_some_and(|machine| machine != elf::EM_RISCV.0.to_le_bytes());
    is_other(data) || archive::first_member(data).is_some_and(is_other)
}

fn find_library(name: &str, folders: &[PathBuf], options: &Options, files: &mut dyn Files, problems: &mut Vec<Problem>) -> Result<(String, FileData), Box<Diagnostic>> {
    let file_name = match name.strip_prefix(':') {
        Some(exact) => exact.to_string(),
        None => format!("lib{name}.a"),
    };
    let mut tried: Vec<String> = Vec::new();
    for folder in folders {
        let path: PathBuf = folder.join(&file_name);
        match files.view(&path) {
            Ok(data) if is_for_another_machine(&data) => {
                if options.warn_passed_over {
                    problems.push(Problem::plain(&codes::PASSED_OVER, format!("-l{name}: passing over {}, which is for another machine", path.display())));
                }
                tried.push(format!("{} (for another machine)", path.display()));
            }
            Ok(data) => return Ok((path.display().to_string(), data)),
            Err(FileError::NotFound) => tried.push(path.display().to_string()),
            Err(error) => tried.push(format!("{} ({error})", path.display())),
        }
    }
    for (builtin, data) in &options.builtin_archives {
        if *builtin == file_name {
            return Ok((format!("<built-in>/{builtin}"), data.clone()));
        }
        tried.push(format!("<built-in>/{builtin}"));
    }
    let mut diagnostic = Diagnostic::new(&codes::E0502, format!("cannot find -l{name}: there is no `{file_name}`"));
    for path in &tried {
        diagnostic = diagnostic.note(format!("tried {path}"));
    }
    if folders.is_empty() {
        diagnostic = diagnostic.note("no folder was given to look in");
    }
    let without_lib = format!("{name}.a");
    let is_there = folders.iter().map(|folder| folder.join(&without_lib)).find(|path| files.view(path).is_ok());
    let help = match (is_there, name.strip_prefix("lib").or(name.strip_suffix(".a"))) {
        (Some(path), _) => format!("{} is there: take it with -l:{without_lib}, or call it lib{without_lib}", path.display()),
        (None, Some(short)) if !name.starts_with(':') => format!("-l adds `lib` and `.a` itself: -l{}", text(short.trim_end_matches(".a").as_bytes())),
        _ => "name its folder with -L FOLDER before it".to_string(),
    };
    Err(Box::new(diagnostic.help(help)))
}
