//! Problems become diagnostics: with source lines where the objects have them, else with object,
//! section and offset.

use crate::problem::{Problem, Site};
use crate::resolve::{Definition, ObjectId, Resolved, SymbolId};
use crate::source_lines::{SourceLine, SourceLines};
use crate::strings::{string_at, text};
use diag::{Diagnostic, Sources, codes};
use host::Files;
use object::LittleEndian as LE;
use object::elf;

/// Uses of one undefined symbol that are listed; the rest are counted.
const MOST_USES: usize = 8;
/// Places in code that are reported; more of them seldom have another cause.
const MOST_PLACES: usize = 50;
/// Undefined symbols for which near names are looked for, which takes time for each.
const MOST_SUGGESTIONS: usize = 20;

/// Turns problems into diagnostics.
pub fn report(resolved: &Resolved<'_>, problems: Vec<Problem>, sources: &mut Sources, files: &mut dyn Files) -> Vec<Diagnostic> {
    let mut reporter = Reporter { resolved, lines: SourceLines::new(), sources, files, suggestions: MOST_SUGGESTIONS };
    let (mut places, mut left_out) = (0, 0);
    let mut diagnostics = Vec::new();
    for problem in problems {
        if let Problem::At(..) = problem {
            places += 1;
            if places > MOST_PLACES {
                left_out += 1;
                continue;
            }
        }
        let diagnostic = reporter.diagnostic(problem);
        // Both halves of an address are wrong in the same way, at one place.
        let said = |said: &Diagnostic| said.primary.is_some() && said.message == diagnostic.message && said.primary == diagnostic.primary;
        if !diagnostics.last().is_some_and(said) {
            diagnostics.push(diagnostic);
        }
    }
    if left_out > 0
        && let Some(last) = diagnostics.last_mut()
    {
        last.notes.push(format!("and {left_out} more like these"));
    }
    diagnostics
}

struct Reporter<'r, 'a, 'f> {
    resolved: &'r Resolved<'a>,
    lines: SourceLines,
    sources: &'f mut Sources,
    files: &'f mut dyn Files,
    suggestions: usize,
}

impl Reporter<'_, '_, '_> {
    fn diagnostic(&mut self, problem: Problem) -> Diagnostic {
        match problem {
            Problem::Plain(diagnostic) => *diagnostic,
            Problem::At(site, diagnostic) => self.at(site, *diagnostic, "here"),
            Problem::Undefined { symbol, uses } => self.undefined(symbol, &uses),
            Problem::Duplicate { symbol, first, second } => self.duplicate(symbol, first, second),
        }
    }

    /// `a.o:(.text+0x10) in main`
    fn describe(&self, site: Site) -> String {
        let resolved = self.resolved;
        let input = &resolved.sections[site.section.0 as usize];
        let mut description = format!("{}:({}+{:#x})", resolved.object_name(input.object), text(input.section.name), site.offset);
        if let Some(object) = resolved.objects.get(input.object.0 as usize) {
            let number = site.section.0 - object.first_section;
            let function = object.file.symbols.iter().enumerate().filter(|(index, symbol)| {
                symbol.st_type() == elf::STT_FUNC
                    && object.file.home(*index) == crate::object_file::SymbolHome::Section(number)
                    && (symbol.st_value.get(LE)..symbol.st_value.get(LE).saturating_add(symbol.st_size.get(LE))).contains(&site.offset)
            });
            if let Some((_, symbol)) = function.max_by_key(|(index, _)| *index) {
                description.push_str(&format!(" in `{}`", text(string_at(object.file.strings, symbol.st_name.get(LE)).unwrap_or(b""))));
            }
        }
        description
    }

    fn line(&mut self, site: Site) -> Option<SourceLine> {
        self.lines.find(self.resolved, site, self.sources, self.files)
    }

    /// The span of a name in its line, if it stands there as a word.
    fn narrow(&self, line: SourceLine, name: &str) -> SourceLine {
        let span = line.span.map(|span| {
            let bytes = self.sources.slice(span);
            let is_part = |b: &u8| b.is_ascii_alphanumeric() || b"_.$".contains(b);
            let found = (0..bytes.len().saturating_sub(name.len().saturating_sub(1))).find(|&at| {
                bytes[at..].starts_with(name.as_bytes()) && !bytes[..at].last().is_some_and(is_part) && !bytes.get(at + name.len()).is_some_and(&is_part)
            });
            match found {
                Some(at) if !name.is_empty() => diag::Span::new(span.file, span.start as usize + at, span.start as usize + at + name.len()),
                _ => span,
            }
        });
        SourceLine { span, ..line }
    }

    fn at(&mut self, site: Site, diagnostic: Diagnostic, label: &str) -> Diagnostic {
        // Messages about a symbol name it first.
        let name = diagnostic.message.split('`').nth(1).unwrap_or("").to_string();
        let line = self.line(site).map(|line| self.narrow(line, &name));
        match line {
            Some(SourceLine { span: Some(span), .. }) => diagnostic.at(span, label),
            Some(line) => diagnostic.note(format!("at {line}, {}", self.describe(site))),
            None => diagnostic.note(format!("at {}", self.describe(site))),
        }
    }

    fn undefined(&mut self, symbol: SymbolId, uses: &[Site]) -> Diagnostic {
        let name = text(self.resolved.symbols.get(symbol).name).into_owned();
        let mut diagnostic = Diagnostic::new(&codes::E0515, format!("undefined reference to `{name}`"));
        let mut shown: Vec<String> = Vec::new();
        for &site in uses {
            if shown.len() == MOST_USES {
                break;
            }
            let line = self.line(site).map(|line| self.narrow(line, &name));
            let place = match &line {
                Some(line) => line.to_string(),
                None => self.describe(site),
            };
            // A line that uses a symbol twice is one use.
            if shown.contains(&place) {
                continue;
            }
            match line.and_then(|line| line.span) {
                Some(span) if diagnostic.primary.is_none() => diagnostic = diagnostic.at(span, "used here"),
                Some(span) => diagnostic = diagnostic.also(span, "used here too"),
                None => diagnostic = diagnostic.note(format!("used at {place}")),
            }
            shown.push(place);
        }
        if uses.len() > shown.len() && shown.len() == MOST_USES {
            diagnostic = diagnostic.note(format!("and in {} more places", uses.len() - shown.len()));
        }
        if let Some(member) = self.resolved.passed_over.get(&symbol) {
            return diagnostic.note(format!("{member} defines it, but its archive was searched before this use")).help("put the archive behind the objects that need it, or both between --start-group and --end-group");
        }
        self.help_undefined(diagnostic, &name)
    }

    fn help_undefined(&mut self, diagnostic: Diagnostic, name: &str) -> Diagnostic {
        if self.suggestions == 0 {
            return diagnostic;
        }
        self.suggestions -= 1;
        // A local symbol of the same name in another object is the likeliest cause.
        for object in &self.resolved.objects {
            for (index, symbol) in object.file.symbols[..object.file.first_global].iter().enumerate().skip(1) {
                if string_at(object.file.strings, symbol.st_name.get(LE)) == Some(name.as_bytes()) && object.file.home(index) != crate::object_file::SymbolHome::Undefined {
                    return diagnostic.help(format!("{} defines `{name}` for itself only; add there: .globl {name}", object.name));
                }
            }
        }
        let defined = self.resolved.symbols.iter().filter(|(_, symbol)| symbol.definition != Definition::Undefined).map(|(_, symbol)| symbol.name);
        let names: Vec<std::borrow::Cow<'_, str>> = defined.chain(self.resolved.offered.iter().copied()).map(text).collect();
        match diag::suggest(name, names.iter().map(AsRef::as_ref)) {
            Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
            None => diagnostic.help(format!("define `{name}`, or give glink the object or library (-lNAME) that does")),
        }
    }

    /// The section and offset of a symbol's definition.
    fn definition_site(&self, object: ObjectId, index: u32) -> Option<Site> {
        let owner = &self.resolved.objects[object.0 as usize];
        match owner.file.home(index as usize) {
            crate::object_file::SymbolHome::Section(section) => {
                let section = crate::resolve::SectionId(owner.first_section + section);
                Some(Site { section, offset: owner.file.symbol(index as usize)?.st_value.get(LE) })
            }
            crate::object_file::SymbolHome::Undefined | crate::object_file::SymbolHome::Absolute | crate::object_file::SymbolHome::Common => None,
        }
    }

    fn duplicate(&mut self, symbol: SymbolId, first: (ObjectId, u32), second: (ObjectId, u32)) -> Diagnostic {
        let name = text(self.resolved.symbols.get(symbol).name).into_owned();
        let (first_name, second_name) = (self.resolved.object_name(first.0).to_string(), self.resolved.object_name(second.0).to_string());
        let mut diagnostic = Diagnostic::new(&codes::E0516, format!("multiple definition of `{name}`, in {first_name} and in {second_name}"));
        for ((object, index), label) in [(second, "defined again here"), (first, "first defined here")] {
            let Some(site) = self.definition_site(object, index) else { continue };
            let line = self.line(site).map(|line| self.narrow(line, &name));
            match line {
                Some(SourceLine { span: Some(span), .. }) if diagnostic.primary.is_none() => diagnostic = diagnostic.at(span, label),
                Some(SourceLine { span: Some(span), .. }) => diagnostic = diagnostic.also(span, label),
                Some(line) => diagnostic = diagnostic.note(format!("{label}: {line}")),
                None => diagnostic = diagnostic.note(format!("{label}: {}", self.describe(site))),
            }
        }
        if first_name == second_name {
            return diagnostic.help("the same file is given twice; give it once");
        }
        diagnostic.help(format!("rename one, or make it local to its file (leave out `.globl {name}`; `static` in C), or make one `.weak {name}`"))
    }
}
