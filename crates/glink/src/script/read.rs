//! Reads a script and what it includes.

use super::ast::{Script, Statement};
use super::parse;
use crate::options::Options;
use diag::{Diagnostic, FileId, Sources, Span, codes};
use host::{FileData, FileError, Files, Identity};
use std::path::{Path, PathBuf};

/// Scripts that include each other deeper than this are refused.
const DEEPEST: usize = 16;

/// Reads the script that the options name, or the built-in layout.
pub fn read(sources: &mut Sources, options: &Options, files: &mut dyn Files) -> Result<Script, Vec<Diagnostic>> {
    let Some(path) = &options.script else {
        // The built-in layout says nothing about objects.
        if options.relocatable {
            return Ok(Script::default());
        }
        let file = sources.add("<built-in>/default.ld", super::DEFAULT.as_bytes().to_vec());
        return parse::parse(file, super::DEFAULT.as_bytes());
    };
    let (name, data) = find(path, options, files).map_err(|diagnostic| vec![*diagnostic])?;
    let file = sources.add(name, data.shared());
    let script = parse::parse(file, &data)?;
    let mut reader = Reader { sources, options, files, open: vec![data.identity()] };
    let script = reader.expand(script)?;
    insert(sources, script)
}

/// Carries out `INSERT`: into the script itself or, if that has no sections of its own, into the
/// built-in layout.
fn insert(sources: &mut Sources, mut script: Script) -> Result<Script, Vec<Diagnostic>> {
    if script.insertions.is_empty() {
        return Ok(script);
    }
    if !script.statements.iter().any(|statement| matches!(statement, Statement::Output(_))) {
        let file = sources.add("<built-in>/default.ld", super::DEFAULT.as_bytes().to_vec());
        let default = parse::parse(file, super::DEFAULT.as_bytes())?;
        script.entry = script.entry.or(default.entry);
        script.statements = default.statements.into_iter().chain(script.statements).collect();
    }
    for insertion in std::mem::take(&mut script.insertions) {
        let named = |statement: &Statement| matches!(statement, Statement::Output(rule) if rule.name == insertion.name);
        let Some(at) = script.statements.iter().position(named) else {
            return Err(vec![Diagnostic::new(&codes::E0507, format!("there is no output section `{}` to insert at", insertion.name)).at(insertion.span, "here")]);
        };
        let at = at + usize::from(insertion.after);
        script.statements.splice(at..at, insertion.statements);
    }
    Ok(script)
}

/// A script's file: under its name or, as `-l` does, in the folders of `-L`.
fn find(path: &Path, options: &Options, files: &mut dyn Files) -> Result<(String, FileData), Box<Diagnostic>> {
    let folders = options.search_dirs.iter().map(PathBuf::as_path).filter(|_| path.is_relative());
    let mut tried = Vec::new();
    for folder in std::iter::once(Path::new("")).chain(folders) {
        let candidate = folder.join(path);
        match files.read(&candidate) {
            Ok(data) => return Ok((candidate.display().to_string(), data)),
            Err(FileError::NotFound) => tried.push(candidate.display().to_string()),
            Err(error) => return Err(Box::new(Diagnostic::new(&codes::E0501, format!("cannot read the linker script {}: {error}", candidate.display())))),
        }
    }
    let diagnostic = Diagnostic::new(&codes::E0501, format!("cannot read the linker script {}: {}", path.display(), FileError::NotFound));
    Err(Box::new(tried.into_iter().fold(diagnostic, |diagnostic, path| diagnostic.note(format!("tried {path}")))))
}

struct Reader<'r> {
    sources: &'r mut Sources,
    options: &'r Options,
    files: &'r mut dyn Files,
    /// The scripts that are being read, so that a ring is seen.
    open: Vec<Identity>,
}

impl Reader<'_> {
    /// Puts included scripts in the places of their `INCLUDE`.
    fn expand(&mut self, script: Script) -> Result<Script, Vec<Diagnostic>> {
        let Script { statements, .. } = script;
        let mut whole = Script { statements: Vec::new(), ..script };
        for statement in statements {
            let Statement::Include { name, in_sections, span } = statement else {
                whole.statements.push(statement);
                continue;
            };
            let included = self.include(&name, in_sections, span)?;
            whole.entry = included.entry.or(whole.entry);
            whole.externs.extend(included.externs);
            whole.regions.extend(included.regions);
            whole.aliases.extend(included.aliases);
            whole.segments.extend(included.segments);
            whole.statements.extend(included.statements);
            whole.search_dirs.extend(included.search_dirs);
            whole.inputs.extend(included.inputs);
            whole.insertions.extend(included.insertions);
            whole.strangers.extend(included.strangers);
        }
        Ok(whole)
    }

    fn include(&mut self, name: &str, in_sections: bool, span: Span) -> Result<Script, Vec<Diagnostic>> {
        let here = |diagnostic: Diagnostic| vec![diagnostic.at(span, "included here")];
        let (path, data) = find(Path::new(name), self.options, self.files).map_err(|diagnostic| here(*diagnostic))?;
        if self.open.contains(&data.identity()) || self.open.len() == DEEPEST {
            return Err(here(Diagnostic::new(&codes::E0507, format!("the script {path} includes itself"))));
        }
        let file: FileId = self.sources.add(path, data.shared());
        let script = if in_sections { parse::parse_sections(file, &data)? } else { parse::parse(file, &data)? };
        self.open.push(data.identity());
        let expanded = self.expand(script);
        self.open.pop();
        expanded
    }
}
