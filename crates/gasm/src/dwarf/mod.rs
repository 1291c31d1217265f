//! Line numbers: `.file` and `.loc` of compilers, and with `-g` the lines of the assembly source
//! itself; written as DWARF (versions 3 and 5, §6.2).

mod info;
mod table;

use crate::assembler::{Assembler, Stmt};
use crate::lexer::T;
use crate::parse::Args;
use crate::section::At;
use crate::symbols::{Definition, SymbolId};
use diag::{FileId, Span, codes};
use std::collections::{BTreeMap, HashMap};

/// A file of the line table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Its folder, if given apart.
    pub folder: Option<Vec<u8>>,
    /// Its name.
    pub name: Vec<u8>,
    /// Its MD5 sum.
    pub md5: Option<[u8; 16]>,
}

/// `is_stmt`
const IS_STMT: u8 = 1;
/// `basic_block`
const BASIC_BLOCK: u8 = 2;
/// `prologue_end`
const PROLOGUE_END: u8 = 4;
/// `epilogue_begin`
const EPILOGUE_BEGIN: u8 = 8;

/// A row of the line table.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    at: At,
    file: u32,
    line: u32,
    column: u32,
    discriminator: u32,
    isa: u32,
    flags: u8,
    /// The view counts from 0 here, whatever the address.
    reset_view: bool,
    /// Symbol that is the number of this row among those of its address.
    view: SymbolId,
}

/// `# 12 "file"` of a preprocessor.
struct Marker {
    at: Span,
    line: u32,
    file: u32,
}

/// What is known of lines.
pub struct Lines {
    /// Files by number.
    pub files: BTreeMap<u32, File>,
    rows: Vec<Row>,
    /// The registers of `.loc`; its `at` is not used.
    current: Row,
    pending: bool,
    loc_seen: bool,
    markers: Vec<Marker>,
    /// The statement being read, for `-g`.
    statement: Option<Span>,
    /// The file and line of that, once computed.
    source: Option<(u32, u32)>,
    sources: HashMap<FileId, LineIndex>,
    numbers: HashMap<Vec<u8>, u32>,
    /// Sections that have rows, once the table is written.
    covered: Vec<crate::section::SectionId>,
}

/// Offsets of the lines of a source.
struct LineIndex {
    number: u32,
    /// Newlines before each block of the text.
    before: Vec<u32>,
}

impl LineIndex {
    /// Bytes of a block: short enough to be counted each time, long enough that a source of newlines costs no memory.
    const BLOCK: usize = 512;

    fn new(number: u32, text: &[u8]) -> LineIndex {
        let mut newlines = 0;
        let before = text.chunks(LineIndex::BLOCK).map(|block| {
            newlines += count_newlines(block);
            newlines - count_newlines(block)
        });
        LineIndex { number, before: before.collect() }
    }

    /// The line of a byte, from 1.
    fn line(&self, text: &[u8], at: u32) -> u32 {
        let at = at as usize;
        let Some(before) = self.before.get(at / LineIndex::BLOCK) else { return text.iter().filter(|b| **b == b'\n').count() as u32 + 1 };
        before + count_newlines(&text[at - at % LineIndex::BLOCK..at]) + 1
    }
}

fn count_newlines(text: &[u8]) -> u32 {
    text.iter().map(|b| u32::from(*b == b'\n')).sum()
}

impl Default for Lines {
    fn default() -> Lines {
        let nowhere = At { chain: crate::section::ChainId(0), run: 0, pos: 0, fragment: 0 };
        Lines {
            files: BTreeMap::new(),
            rows: Vec::new(),
            current: Row { at: nowhere, file: 1, line: 1, column: 0, discriminator: 0, isa: 0, flags: IS_STMT, reset_view: false, view: SymbolId::NONE },
            pending: false,
            loc_seen: false,
            markers: Vec::new(),
            statement: None,
            source: None,
            sources: HashMap::new(),
            numbers: HashMap::new(),
            covered: Vec::new(),
        }
    }
}

impl Lines {
    /// `.file number`.
    pub fn add_file(&mut self, number: u32, folder: Option<Vec<u8>>, name: Vec<u8>, md5: Option<[u8; 16]>) {
        self.files.insert(number, File { folder, name, md5 });
    }

    /// `# 12 "file"` that ends at `at`: the next line is line 12 of that file.
    pub fn marker(&mut self, at: Span, line: u32, file: &[u8]) {
        let file = match self.markers.last() {
            Some(last) if file.is_empty() => last.file,
            _ => self.source_number(file),
        };
        self.markers.push(Marker { at, line, file });
    }

    /// The file and line that line markers give a place.
    pub fn marked(&self, span: Span, sources: &diag::Sources) -> Option<(String, u32)> {
        let marker = self.markers.iter().rfind(|m| m.at.file == span.file && m.at.start <= span.start)?;
        let between = sources.bytes(span.file).get(marker.at.start as usize..span.start as usize)?;
        let lines = between.iter().filter(|b| **b == b'\n').count() as u32;
        let name = self.numbers.iter().find(|(_, number)| **number == marker.file).map(|(name, _)| String::from_utf8_lossy(name).into_owned())?;
        Some((name, marker.line + lines.saturating_sub(1)))
    }

    /// The number of a source of `-g`.
    fn source_number(&mut self, name: &[u8]) -> u32 {
        let next = self.numbers.len() as u32 + 1;
        *self.numbers.entry(name.to_vec()).or_insert(next)
    }

    /// The statement that is read next (`-g`).
    pub fn begin_statement(&mut self, span: Span) {
        self.statement = Some(span);
        self.source = None;
    }

    /// Whether any line is known.
    pub fn any(&self) -> bool {
        !self.rows.is_empty() || !self.files.is_empty()
    }
}

impl Assembler<'_> {
    /// An instruction is about to be written.
    #[inline]
    pub fn line_of_instruction(&mut self) {
        if self.lines.pending {
            self.flush_line();
        } else if self.options.debug_info && !self.lines.loc_seen {
            self.source_line();
        }
    }

    /// Writes the row that `.loc` asked for.
    pub fn flush_line(&mut self) {
        let at = self.here();
        let lines = &mut self.lines;
        let row = Row { at, ..lines.current };
        lines.rows.push(row);
        lines.pending = false;
        lines.current.flags &= IS_STMT;
        lines.current.discriminator = 0;
        lines.current.view = SymbolId::NONE;
        lines.current.reset_view = false;
    }

    /// A row for the line of the source that is read now.
    fn source_line(&mut self) {
        let Some(span) = self.lines.statement else { return };
        let (file, line) = match self.lines.source {
            Some(known) => known,
            None => {
                let found = self.source_position(span);
                self.lines.source = Some(found);
                found
            }
        };
        let at = self.here();
        let row = Row { at, file, line, ..self.lines.current };
        // One row for all instructions of a line.
        if self.lines.rows.last().is_some_and(|r| r.file == file && r.line == line && r.at.chain == at.chain) {
            return;
        }
        self.lines.rows.push(row);
    }

    fn source_position(&mut self, span: Span) -> (u32, u32) {
        if !self.lines.sources.contains_key(&span.file) {
            let name = self.debug_path(self.sources.name(span.file));
            let number = self.lines.source_number(name.as_bytes());
            let bytes = self.sources.bytes(span.file);
            let index = LineIndex::new(number, bytes);
            self.lines.sources.insert(span.file, index);
        }
        let Some(index) = self.lines.sources.get(&span.file) else { return (1, 1) };
        let bytes = self.sources.bytes(span.file);
        let line = index.line(bytes, span.start);
        let marker = self.lines.markers.iter().rfind(|m| m.at.file == span.file && m.at.start <= span.start);
        match marker {
            Some(m) => {
                let marker_line = index.line(bytes, m.at.start);
                (m.file, m.line + (line - marker_line).saturating_sub(1))
            }
            None => (index.number, line),
        }
    }

    /// A path as debug information shows it.
    pub fn debug_path(&self, path: &str) -> String {
        for (old, new) in self.options.prefix_map.iter().rev() {
            if let Some(rest) = path.strip_prefix(old.as_str()) {
                return format!("{new}{rest}");
            }
        }
        path.to_string()
    }

    /// `.loc`.
    pub fn loc(&mut self, s: Stmt<'_>) {
        let mut args = Args::new(s);
        let Some(file) = self.constant_now(&mut args, "a file number") else { return };
        let Some(line) = self.constant_now(&mut args, "a line number") else { return };
        let number = u32::try_from(file).ok().filter(|f| self.lines.files.contains_key(f));
        let (Some(file), Ok(line)) = (number, u32::try_from(line)) else {
            let message = if number.is_none() { format!("file {file} has no name") } else { format!("{line} is no line") };
            let d = diag::Diagnostic::new(&codes::E0421, message).at(s.span_at(1), "no `.file` gives this number a name").help(format!(".file {file} \"prog.c\""));
            return self.report(d);
        };
        // Two in a row: the first is a row of its own.
        if self.lines.pending {
            self.flush_line();
        }
        let mut next = Row { file, line, discriminator: 0, ..self.lines.current };
        if args.kind() == Some(T::Number) {
            let Some(column) = self.constant_now(&mut args, "a column") else { return };
            next.column = u32::try_from(column).unwrap_or(0);
        }
        while let Some(tok) = args.next() {
            let word = s.bytes(tok);
            match word {
                b"basic_block" => next.flags |= BASIC_BLOCK,
                b"prologue_end" => next.flags |= PROLOGUE_END,
                b"epilogue_begin" => next.flags |= EPILOGUE_BEGIN,
                b"view" => {
                    let negative = args.eat(T::Minus);
                    if negative || args.kind() == Some(T::Number) {
                        if self.constant_now(&mut args, "0 or a name").is_none() {
                            return;
                        }
                        next.reset_view = true;
                    } else {
                        let Some(tok) = args.next().filter(|t| t.kind == T::Word) else {
                            return self.error(&codes::E0421, "a view is a name or 0", s.span_at(args.i), "expected a name");
                        };
                        let name = self.names.intern(s.bytes(tok));
                        let place = self.place(s.span_of(tok));
                        next.view = self.define_symbol(name, Definition::Value(crate::expr::Value::number(0)), place);
                    }
                }
                b"is_stmt" | b"isa" | b"discriminator" => {
                    let Some(n) = self.constant_now(&mut args, "a number") else { return };
                    let Ok(n) = u32::try_from(n) else {
                        return self.error(&codes::E0421, format!("{n} is out of range"), s.span_at(args.i - 1), "expected a number of 32 bits");
                    };
                    match word {
                        b"isa" => next.isa = n,
                        b"discriminator" => next.discriminator = n,
                        _ => next.flags = next.flags & !IS_STMT | u8::from(n != 0),
                    }
                }
                _ => {
                    let shown = s.show(args.i - 1, args.i);
                    const WORDS: [&str; 7] = ["basic_block", "prologue_end", "epilogue_begin", "is_stmt", "isa", "discriminator", "view"];
                    let mut d = diag::Diagnostic::new(&codes::E0421, format!("unexpected `{shown}` in `.loc`")).at(s.span_of(tok), format!("known: {}", WORDS.join(", ")));
                    if let Some(near) = diag::suggest(&shown, WORDS) {
                        d = d.help(format!("did you mean `{near}`?"));
                    }
                    return self.report(d);
                }
            }
        }
        self.lines.current = next;
        self.lines.pending = true;
        self.lines.loc_seen = true;
    }

    /// Gives views their numbers, by the layout as of now; whether one changed.
    pub fn number_views(&mut self) -> bool {
        let mut changed = false;
        // Address and view of the last row of each section.
        let mut last: Vec<Option<(u32, i64)>> = vec![None; self.sections.all.len()];
        for i in 0..self.lines.rows.len() {
            let row = self.lines.rows[i];
            let address = self.sections.address(row.at);
            let last = &mut last[self.sections.section_of(row.at).0 as usize];
            let view = match last {
                Some((before, view)) if *before == address && !row.reset_view => *view + 1,
                _ => 0,
            };
            *last = Some((address, view));
            if row.view.is_some() {
                let definition = Definition::Value(crate::expr::Value::number(view));
                changed |= self.symbols[row.view].definition != definition;
                self.symbols[row.view].definition = definition;
            }
        }
        changed
    }
}
