//! Reads scripts: those that the options name, what they include, and the built-in layout.

use super::ast::{Assignment, Assigns, Command, Content, Include, Insertion, MemoryLine, Origin, Region, Script, ScriptInputs, Statement};
use super::mri;
use super::parse::{self, Within};
use super::words;
use crate::options::{Format, Options};
use diag::{Diagnostic, FileId, Sources, Span, codes};
use host::{FileData, FileError, Files, Identity};
use object::elf;
use std::path::{Path, PathBuf};

/// Scripts that include each other deeper than this are refused.
const DEEPEST: usize = 16;

/// More scripts than this are refused: a few that name each other again and again would be read without end.
const MOST: usize = 10_000;

/// Reads the scripts that the options name, in the order of the command line with the symbols of
/// `--defsym` between them; behind all of them, if none was named, the default script or the built-in
/// layout.
pub fn read(sources: &mut Sources, options: &Options, files: &mut dyn Files) -> Result<Script, Vec<Diagnostic>> {
    let mut reader = Reader::new(sources, options, files, Script::default());
    for (number, path) in options.scripts.iter().enumerate() {
        reader.defsyms(number)?;
        reader.origin.number = Some(number);
        reader.file(path, Within::Top, None)?;
    }
    reader.defsyms(options.scripts.len())?;
    for (number, path) in options.mri_scripts.iter().enumerate() {
        reader.origin.number = Some(options.scripts.len() + number);
        reader.mri(path)?;
    }
    Ok(reader.script)
}

/// The longest text that is tried as a script.
const LONGEST: usize = 1 << 20;

/// Whether an input is a script: text that can be read as such, or that begins with a command, so that its mistakes are told.
#[must_use]
pub fn is_script(data: &[u8]) -> bool {
    let is_text = |data: &[u8]| std::str::from_utf8(data).is_ok_and(|text| !text.trim().is_empty() && !text.contains('\0'));
    let begins_as_text = data.iter().take(16).all(|byte| byte.is_ascii_graphic() || byte.is_ascii_whitespace());
    begins_as_text && !data.starts_with(b"!<") && data.len() <= LONGEST && is_text(data) && (begins_with_command(data) || parse::parse(Sources::new().add("", Vec::new()), data, Within::Top).is_ok())
}

/// Whether the first word, behind comments, is a command with something in parentheses or braces.
fn begins_with_command(data: &[u8]) -> bool {
    let mut rest = data.trim_ascii_start();
    while let Some(comment) = rest.strip_prefix(b"/*") {
        let Some(end) = comment.windows(2).position(|end| end == b"*/") else { return false };
        rest = comment[end + 2..].trim_ascii_start();
    }
    let end = rest.iter().position(|b| !b.is_ascii_alphanumeric() && *b != b'_').unwrap_or(rest.len());
    words::COMMANDS.iter().any(|word| word.as_bytes() == &rest[..end]) && matches!(rest[end..].trim_ascii_start().first(), Some(b'(' | b'{'))
}

/// Adds a script that stands among the inputs of the command line.
pub fn add(script: Script, name: &str, data: &FileData, sources: &mut Sources, options: &Options, files: &mut dyn Files) -> Result<Script, Vec<Diagnostic>> {
    let mut reader = Reader::new(sources, options, files, script);
    reader.count(name).map_err(|diagnostic| vec![*diagnostic])?;
    reader.open.push(data.identity());
    let path = Path::new(name);
    reader.origin = Origin { number: None, folder: path.parent().map(Path::to_path_buf), in_sysroot: reader.is_in_sysroot(path) };
    let file = reader.sources.add(name.to_string(), data.shared());
    let commands = parse::parse(file, data, Within::Top)?;
    reader.commands(commands)?;
    Ok(reader.script)
}

/// Puts the layout behind what the command line says, if that has no layout of its own, and carries out
/// what concerns the whole script. Until then a script has neither.
pub fn complete(sources: &mut Sources, options: &Options, files: &mut dyn Files, script: Script) -> Result<Script, Vec<Diagnostic>> {
    let mut reader = Reader::new(sources, options, files, script);
    if options.scripts.is_empty() && options.mri_scripts.is_empty() {
        match &options.default_script {
            Some(path) => reader.file(path, Within::Top, None)?,
            None => reader.built_in()?,
        }
    }
    if !reader.script.insertions.is_empty() && !reader.script.statements.iter().any(|statement| matches!(statement, Statement::Output(_))) {
        reader.built_in()?;
    }
    let mut script = reader.script;
    insert(&mut script)?;
    let wrong = mistakes(&script);
    if wrong.is_empty() { Ok(script) } else { Err(wrong) }
}

/// Carries out `INSERT`.
fn insert(script: &mut Script) -> Result<(), Vec<Diagnostic>> {
    for Insertion { after, name, statements, span } in std::mem::take(&mut script.insertions) {
        let named = |statement: &Statement| matches!(statement, Statement::Output(rule) if rule.name == name);
        let Some(at) = script.statements.iter().position(named) else {
            return Err(vec![Diagnostic::new(&codes::E0507, format!("`{name}` not found for insert: there is no such output section")).at(span, "here")]);
        };
        let at = at + usize::from(after);
        script.statements.splice(at..at, statements);
    }
    Ok(())
}

/// What no grammar can see.
fn mistakes(script: &Script) -> Vec<Diagnostic> {
    let mut wrong = Vec::new();
    for statement in &script.statements {
        if let Statement::Output(rule) = statement
            && rule.align_with_input
            && rule.align.is_some()
        {
            wrong.push(Diagnostic::new(&codes::E0507, format!("align with input and explicit align specified for `{}`", rule.name)).at(rule.span, "this section").help("leave one of them out"));
        }
    }
    // The headers stand at the start of the file, so only the first segments can load them.
    let loaded = script.segments.iter().filter(|segment| segment.kind == elf::PT_LOAD.0);
    let mut without: Option<&str> = None;
    for segment in loaded {
        match without {
            Some(before) if segment.has_headers() => {
                let message = format!("PHDRS and FILEHDR are not supported when prior PT_LOAD headers lack them: `{}` has them, `{before}` has not", segment.name);
                wrong.push(Diagnostic::new(&codes::E0507, message).at(segment.span, "FILEHDR and PHDRS").help(format!("give them to `{before}`, or put this segment before it")));
                break;
            }
            _ if !segment.has_headers() => without = without.or(Some(&segment.name)),
            _ => {}
        }
    }
    wrong
}

struct Reader<'r> {
    sources: &'r mut Sources,
    options: &'r Options,
    files: &'r mut dyn Files,
    /// The scripts that are being read, so that a ring is seen.
    open: Vec<Identity>,
    /// What was read so far.
    script: Script,
    /// Where the script that is being read comes from.
    origin: Origin,
    /// Whether files that scripts name are raw bytes (`TARGET`).
    raw: bool,
}

impl<'r> Reader<'r> {
    fn new(sources: &'r mut Sources, options: &'r Options, files: &'r mut dyn Files, script: Script) -> Reader<'r> {
        Reader { sources, options, files, open: Vec::new(), script, origin: Origin::default(), raw: false }
    }

    /// Whether a file lies in the folder of `--sysroot`.
    fn is_in_sysroot(&mut self, path: &Path) -> bool {
        let root = Path::new(&self.options.sysroot);
        !root.as_os_str().is_empty() && self.files.canonical(path).starts_with(self.files.canonical(root))
    }

    /// Reads a script in the language of the MRI linker, with what it includes.
    fn mri(&mut self, path: &Path) -> Result<(), Vec<Diagnostic>> {
        let (name, data) = self.find(path).map_err(|diagnostic| vec![*diagnostic])?;
        self.origin.in_sysroot = self.is_in_sysroot(Path::new(&name));
        let file = self.sources.add(name, data.shared());
        let mut script = mri::Script::default();
        self.open.push(data.identity());
        self.mri_lines(&mut script, file, &data)?;
        self.open.pop();
        self.commands(script.finish())
    }

    fn mri_lines(&mut self, script: &mut mri::Script, file: FileId, data: &[u8]) -> Result<(), Vec<Diagnostic>> {
        for line in mri::lines(file, data)? {
            let Some(Include { name, span }) = script.add(&line)? else { continue };
            let here = |diagnostic: Diagnostic| vec![diagnostic.at(span, "included here")];
            let (name, data) = self.find(Path::new(&name)).map_err(|diagnostic| here(*diagnostic))?;
            if self.open.contains(&data.identity()) || self.open.len() == DEEPEST {
                return Err(here(Diagnostic::new(&codes::E0507, format!("the script {name} includes itself"))));
            }
            let file = self.sources.add(name, data.shared());
            self.open.push(data.identity());
            self.mri_lines(script, file, &data)?;
            self.open.pop();
        }
        Ok(())
    }

    /// The symbols of `--defsym` that stand behind this many scripts: assignments like any other.
    fn defsyms(&mut self, scripts_before: usize) -> Result<(), Vec<Diagnostic>> {
        let count = self.options.scripts.len();
        for defsym in self.options.defsyms.iter().filter(|defsym| defsym.scripts_before.min(count) == scripts_before) {
            let text = format!("{}={}", defsym.name, defsym.value);
            let file = self.sources.add("<command line>", text.clone().into_bytes());
            // Blanks in place of the name, so that places in the value are right.
            let value = parse::parse_expression(file, &format!("{:width$}{}", "", defsym.value, width = defsym.name.len() + 1))?;
            let span = Span::new(file, 0, text.len());
            self.script.statements.push(Statement::Assign(Assignment { name: defsym.name.clone(), value, assigns: Assigns::Plain, span }));
        }
        Ok(())
    }

    fn built_in(&mut self) -> Result<(), Vec<Diagnostic>> {
        let (name, text) = if self.options.relocatable { ("<built-in>/relocatable.ld", super::RELOCATABLE) } else { ("<built-in>/default.ld", super::DEFAULT) };
        let file = self.sources.add(name, text.as_bytes().to_vec());
        let entry = self.script.entry.take();
        let commands = parse::parse(file, text.as_bytes(), Within::Top)?;
        self.commands(commands)?;
        self.script.entry = entry.or(self.script.entry.take());
        Ok(())
    }

    /// Reads a script, with what it includes.
    fn file(&mut self, path: &Path, within: Within, from: Option<Span>) -> Result<(), Vec<Diagnostic>> {
        let outer = self.origin.in_sysroot;
        let commands = self.open(path, within, from)?;
        let done = self.commands(commands);
        self.open.pop();
        self.origin.in_sysroot = outer;
        done
    }

    /// Reads a script as it stands. It counts as open until the caller is done with it.
    fn open(&mut self, path: &Path, within: Within, from: Option<Span>) -> Result<Vec<Command>, Vec<Diagnostic>> {
        let here = |diagnostic: Diagnostic| match from {
            Some(span) => vec![diagnostic.at(span, "included here")],
            None => vec![diagnostic],
        };
        let (name, data) = self.find(path).map_err(|diagnostic| here(*diagnostic))?;
        if self.open.contains(&data.identity()) || self.open.len() == DEEPEST {
            return Err(here(Diagnostic::new(&codes::E0507, format!("the script {name} includes itself"))));
        }
        self.origin.in_sysroot = self.is_in_sysroot(Path::new(&name));
        let file = self.sources.add(name, data.shared());
        let commands = parse::parse(file, &data, within)?;
        self.open.push(data.identity());
        Ok(commands)
    }

    /// Counts a script that is read.
    fn count(&mut self, name: &str) -> Result<(), Box<Diagnostic>> {
        self.script.files += 1;
        if self.script.files <= MOST {
            return Ok(());
        }
        Err(Box::new(Diagnostic::new(&codes::E0507, format!("{name} is the script number {}: there are at most {MOST}", self.script.files)).help("scripts that name each other are read each time they are named")))
    }

    /// A script's file: under its name or, as `-l` does, in the folders of `-L` and `SEARCH_DIR`.
    fn find(&mut self, path: &Path) -> Result<(String, FileData), Box<Diagnostic>> {
        let named = self.script.search_dirs.iter().map(PathBuf::as_path);
        let folders = self.options.search_dirs.iter().map(PathBuf::as_path).chain(named).filter(|_| path.is_relative());
        let mut tried = Vec::new();
        for folder in std::iter::once(Path::new("")).chain(folders) {
            let candidate = folder.join(path);
            match self.files.read(&candidate) {
                Ok(data) => {
                    let name = candidate.display().to_string();
                    self.count(&name)?;
                    return Ok((name, data));
                }
                Err(FileError::NotFound) => tried.push(candidate.display().to_string()),
                Err(error) => return Err(Box::new(Diagnostic::new(&codes::E0501, format!("cannot read the linker script {}: {error}", candidate.display())))),
            }
        }
        let diagnostic = Diagnostic::new(&codes::E0501, format!("cannot find the linker script {}", path.display()));
        Err(Box::new(tried.into_iter().fold(diagnostic, |diagnostic, path| diagnostic.note(format!("tried {path}")))))
    }

    fn commands(&mut self, commands: Vec<Command>) -> Result<(), Vec<Diagnostic>> {
        for command in commands {
            match command {
                Command::Entry(name) => self.script.entry = Some(name),
                Command::Extern(names) => self.script.externs.extend(names),
                Command::Memory(lines) => self.memory(lines)?,
                Command::Alias(alias, region, span) => self.alias(alias, &region, span)?,
                Command::Segments(segments) => self.script.segments.extend(segments),
                Command::Statements(statements) => {
                    let statements = self.statements(statements)?;
                    self.script.statements.extend(statements);
                }
                Command::SearchDir(_) if self.options.only_own_folders => {}
                Command::SearchDir(folder) => self.script.search_dirs.push(self.options.rooted(Path::new(&folder))),
                Command::Inputs(inputs) => self.script.inputs.push(ScriptInputs { is_raw: self.raw, origin: self.origin.clone(), ..inputs }),
                Command::Output(name) => self.script.output = Some(name),
                // The first of several is that for either order of bytes. Others than ours say nothing that objects do not say.
                Command::Format(names) => self.script.format = names.first().and_then(|name| Format::named(name)).or(self.script.format),
                Command::Target(name) => self.raw = name == Format::Binary.name(),
                Command::ShowMap => self.script.shows_map = true,
                Command::Insert(insertion) => {
                    let statements = self.statements(insertion.statements)?;
                    self.script.insertions.push(Insertion { statements, ..insertion });
                }
                Command::Strangers(strangers) => self.script.strangers.push(strangers),
                Command::Include(include) => self.file(Path::new(&include.name), Within::Top, Some(include.span))?,
                Command::SaneExpressions => self.script.sane_expressions = true,
                Command::ForceGroups => self.script.force_groups = true,
                Command::ForceCommon => self.script.force_common = true,
                // Only where one is included between the braces of a section.
                Command::Contents(_) | Command::Nothing => {}
            }
        }
        Ok(())
    }

    fn memory(&mut self, lines: Vec<MemoryLine>) -> Result<(), Vec<Diagnostic>> {
        for line in lines {
            match line {
                MemoryLine::Region(region) => self.region(region)?,
                MemoryLine::Include(include) => self.file(Path::new(&include.name), Within::Memory, Some(include.span))?,
            }
        }
        Ok(())
    }

    fn region(&mut self, region: Region) -> Result<(), Vec<Diagnostic>> {
        if self.names_region(&region.name) {
            return Err(vec![Diagnostic::new(&codes::E0507, format!("redeclaration of memory region `{}`", region.name)).at(region.span, "here")]);
        }
        self.script.regions.push(region);
        Ok(())
    }

    fn names_region(&self, name: &str) -> bool {
        self.script.regions.iter().any(|known| known.name == name) || self.script.aliases.iter().any(|(known, _)| known == name)
    }

    /// Another name of a region that there is, or of another name of one.
    fn alias(&mut self, alias: String, region: &str, span: Span) -> Result<(), Vec<Diagnostic>> {
        let refuse = |message: String| Err(vec![Diagnostic::new(&codes::E0507, message).at(span, "here")]);
        if alias == DEFAULT_REGION || region == DEFAULT_REGION {
            return refuse("alias for default memory region: what is outside all regions has no other name".to_string());
        }
        if self.names_region(&alias) {
            return refuse(format!("redefinition of memory region alias `{alias}`"));
        }
        if !self.names_region(region) {
            return refuse(format!("memory region `{region}` for alias `{alias}` does not exist"));
        }
        let meant = self.script.aliases.iter().find(|(known, _)| known == region).map_or(region, |(_, meant)| meant).to_string();
        self.script.aliases.push((alias, meant));
        Ok(())
    }

    /// Puts included files in the places of their `INCLUDE`.
    fn statements(&mut self, statements: Vec<Statement>) -> Result<Vec<Statement>, Vec<Diagnostic>> {
        let mut whole = Vec::with_capacity(statements.len());
        for statement in statements {
            match statement {
                Statement::Include(Include { name, span }) => {
                    let commands = self.open(Path::new(&name), Within::Sections, Some(span))?;
                    let (own, others): (Vec<Command>, Vec<Command>) = commands.into_iter().partition(|command| matches!(command, Command::Statements(_)));
                    self.commands(others)?;
                    for command in own {
                        if let Command::Statements(statements) = command {
                            whole.extend(self.statements(statements)?);
                        }
                    }
                    self.open.pop();
                }
                Statement::Output(mut rule) => {
                    rule.contents = self.contents(std::mem::take(&mut rule.contents))?;
                    whole.push(Statement::Output(rule));
                }
                Statement::Assign(_) | Statement::Assert(_) => whole.push(statement),
            }
        }
        Ok(whole)
    }

    fn contents(&mut self, contents: Vec<Content>) -> Result<Vec<Content>, Vec<Diagnostic>> {
        if !contents.iter().any(|content| matches!(content, Content::Include(_))) {
            return Ok(contents);
        }
        let mut whole = Vec::with_capacity(contents.len());
        for content in contents {
            let Content::Include(Include { name, span }) = content else {
                whole.push(content);
                continue;
            };
            for command in self.open(Path::new(&name), Within::Section, Some(span))? {
                if let Command::Contents(contents) = command {
                    whole.extend(self.contents(contents)?);
                }
            }
            self.open.pop();
        }
        Ok(whole)
    }
}

/// The name of what is outside all regions.
const DEFAULT_REGION: &str = "*default*";
