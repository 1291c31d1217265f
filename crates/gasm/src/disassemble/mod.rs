//! `gasm --disassemble`: what stands in objects, archives and images, as assembly, in the manner of
//! `objdump -d`.
//!
//! A file's bytes → its sections, symbols and relocations ([`input`]) → pieces of a section: instructions,
//! data, zeros ([`sweep`]) → lines of text ([`text`]) or of JSON ([`json`]), with the source's lines
//! ([`lines`]) if they are asked for.

pub mod cli;
mod input;
mod json;
mod lines;
mod sweep;
mod text;

use diag::{Diagnostic, Sources, codes};
use host::{FileKind, Host};
use input::{Input, Section};
use lines::Lines;
use object::read::archive::ArchiveFile;
use std::collections::HashSet;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// What is to be shown, and how.
pub struct Request {
    /// Objects, archives, images.
    pub inputs: Vec<PathBuf>,
    /// Where the text goes, if not to standard output.
    pub output: Option<PathBuf>,
    /// Real instructions instead of aliases.
    pub style: rv32::Style,
    /// How registers are called.
    pub registers: rv32::Registers,
    /// First address to show.
    pub start: u32,
    /// First address not to show.
    pub stop: u64,
    /// Only these sections, whatever they hold.
    pub sections: Vec<String>,
    /// Only these symbols.
    pub symbols: Vec<String>,
    /// Sections of data too.
    pub all: bool,
    /// Write out zeros.
    pub zeros: bool,
    /// No bytes beside the instructions.
    pub hide_bytes: bool,
    /// Show the file and line of each instruction.
    pub line_numbers: bool,
    /// Show the text of those lines too.
    pub source: bool,
    /// JSON lines instead of text.
    pub json: bool,
    /// `--diagnostics=json`
    pub json_diagnostics: bool,
    /// `--color`; `None`: if standard error is a terminal.
    pub colour: Option<bool>,
}

/// Text on its way out.
pub struct Output<'h> {
    host: &'h mut dyn Host,
    text: String,
    /// Everything is kept, for a file.
    keep: bool,
    /// The reader went away.
    closed: bool,
}

/// Bytes of text that are gathered before they are written.
const CHUNK: usize = 1 << 18;

impl Output<'_> {
    /// Adds text.
    pub fn push(&mut self, text: &str) {
        self.text.push_str(text);
        if self.text.len() >= CHUNK {
            self.flush();
        }
    }

    fn flush(&mut self) {
        if !self.keep {
            self.closed |= self.host.stdout().write_all(self.text.as_bytes()).is_err();
            self.text.clear();
        }
    }
}

/// Does it; the diagnostics of what could not be shown.
pub fn run(request: &Request, host: &mut dyn Host) -> Vec<Diagnostic> {
    let mut out = Output { host, text: String::new(), keep: request.output.is_some(), closed: false };
    let mut diagnostics = Vec::new();
    let mut found = HashSet::new();
    for path in &request.inputs {
        if let Err(diagnostic) = show_file(request, path, &mut out, &mut found) {
            diagnostics.push(diagnostic);
        }
    }
    if diagnostics.is_empty() {
        let wanted = request.sections.iter().map(|n| ("section", n)).chain(request.symbols.iter().map(|n| ("symbol", n)));
        let missing = wanted.filter(|(_, name)| !found.contains(name.as_str()));
        diagnostics.extend(missing.map(|(what, name)| Diagnostic::new(&codes::E0423, format!("no {what} `{name}` to show"))));
    }
    match &request.output {
        None => out.flush(),
        Some(path) if diagnostics.is_empty() => {
            if let Err(error) = out.host.write(path, out.text.as_bytes(), FileKind::Plain) {
                diagnostics.push(Diagnostic::new(&codes::E0422, format!("cannot write {}: {error}", path.display())));
            }
        }
        Some(_) => {}
    }
    diagnostics
}

/// Shows the diagnostics.
pub fn report(request: &Request, diagnostics: &[Diagnostic], host: &mut dyn Host) {
    let sources = Sources::new();
    let text = if request.json_diagnostics {
        diag::render_json(&sources, diagnostics)
    } else {
        let colour = request.colour.unwrap_or_else(|| host.stderr_is_terminal());
        diag::render_text(&sources, diagnostics, colour)
    };
    let _ = host.stderr().write_all(text.as_bytes());
}

fn read(path: &Path, out: &mut Output<'_>) -> Result<host::FileData, Diagnostic> {
    out.host.read(path).map_err(|error| Diagnostic::new(&codes::E0405, format!("cannot read {}: {error}", path.display())))
}

fn show_file(request: &Request, path: &Path, out: &mut Output<'_>, found: &mut HashSet<String>) -> Result<(), Diagnostic> {
    let data = read(path, out)?;
    let name = path.display().to_string();
    if !data.starts_with(b"!<arch>\n") && !data.starts_with(b"!<thin>\n") {
        return show_program(request, &name, &data, out, found);
    }
    let damaged = |error: object::Error| Diagnostic::new(&codes::E0505, format!("archive {name}: {error}"));
    let archive = ArchiveFile::parse(&*data).map_err(damaged)?;
    for member in archive.members() {
        let member = member.map_err(damaged)?;
        let member_name = input::shown(member.name());
        let full = format!("{name}({member_name})");
        if archive.is_thin() {
            // A thin archive holds the paths of its members, relative to its own folder.
            let beside = path.parent().unwrap_or(Path::new("")).join(&member_name);
            let data = read(&beside, out)?;
            show_program(request, &full, &data, out, found)?;
        } else {
            show_program(request, &full, member.data(&*data).map_err(damaged)?, out, found)?;
        }
    }
    Ok(())
}

fn show_program(request: &Request, name: &str, data: &[u8], out: &mut Output<'_>, found: &mut HashSet<String>) -> Result<(), Diagnostic> {
    let with_lines = request.source || request.line_numbers;
    let input = Input::read(name, data, with_lines)?;
    let mut lines = if with_lines { Lines::read(&input) } else { None };
    if !request.json {
        out.push(&format!("\n{name}:     file format elf32-littleriscv\n\n"));
    }
    for section in &input.sections {
        let mut view = View { request, input: &input, section, found: &mut *found };
        let ranges = view.ranges();
        if ranges.is_empty() {
            continue;
        }
        if !request.json {
            out.push(&format!("\nDisassembly of section {}:\n", section.name));
        }
        for range in ranges {
            if request.json {
                json::show(&view, range, lines.as_mut(), out);
            } else {
                text::show(&view, range, lines.as_mut(), out);
            }
            if out.closed {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// A section as it is asked for.
struct View<'a> {
    request: &'a Request,
    input: &'a Input<'a>,
    section: &'a Section<'a>,
    found: &'a mut HashSet<String>,
}

impl View<'_> {
    /// The addresses to show, in order.
    fn ranges(&mut self) -> Vec<Range<u32>> {
        let (request, section) = (self.request, self.section);
        let named = request.sections.contains(&section.name);
        if named {
            self.found.insert(section.name.clone());
        }
        let wanted = if request.sections.is_empty() { section.code || request.all && section.allocated } else { named };
        if !wanted || section.bytes.is_empty() {
            return Vec::new();
        }
        let whole = section.address..section.end();
        let ranges = if request.symbols.is_empty() { Vec::from([whole]) } else { self.symbol_ranges() };
        let stop = u32::try_from(request.stop).unwrap_or(u32::MAX);
        let (from, to) = (section.address.max(request.start), section.end().min(stop));
        ranges.into_iter().map(|r| r.start.max(from)..r.end.min(to)).filter(|r| !r.is_empty()).collect()
    }

    /// Where the symbols that were asked for stand: each as long as it says, or up to the next one.
    fn symbol_ranges(&mut self) -> Vec<Range<u32>> {
        let (request, section) = (self.request, self.section);
        let mut out: Vec<Range<u32>> = Vec::new();
        for symbol in section.symbols.iter().filter(|s| request.symbols.contains(&s.name)) {
            self.found.insert(symbol.name.clone());
            let next = section.symbols.iter().find(|s| s.address > symbol.address && !s.name.starts_with(".L"));
            let end = match symbol.size {
                0 => next.map_or(section.end(), |s| s.address),
                size => symbol.address.saturating_add(size).min(section.end()),
            };
            // Two names of one place show it once.
            if out.last().is_none_or(|last| last.start != symbol.address || last.end != end) {
                out.push(symbol.address..end);
            }
        }
        out
    }
}
