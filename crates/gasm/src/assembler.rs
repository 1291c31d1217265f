//! The assembler's state, and what every part of it needs: the place of output, symbols, errors.

use crate::cfi::Cfi;
use crate::conditionals::Conditional;
use crate::dwarf::Lines;
use crate::expr::Exprs;
use crate::limits;
use crate::macros::Macro;
use crate::names::{Name, Names};
use crate::options::Options;
use crate::place::{Expansion, Map, Reason, Where};
use crate::section::{At, Chain, ChainId, Content, Mapping, SectionId, Sections};
use crate::symbols::{Definition, SymbolId, Symbols};
use crate::target::Target;
use crate::lexer::Tok;
use diag::{Code, Diagnostic, FileId, Severity, Sources, Span, codes};
use std::path::PathBuf;

/// One statement: its tokens, and the text that they are of.
#[derive(Clone, Copy)]
pub struct Statement<'a> {
    /// The text being read.
    pub text: &'a [u8],
    /// Where that text comes from.
    pub map: Map<'a>,
    /// The tokens after the labels; the first is the head.
    pub toks: &'a [Tok],
}

/// A statement as it is handed around: all the way down to each operand, so it is one word.
#[derive(Clone, Copy)]
pub struct Stmt<'a>(pub &'a Statement<'a>);

impl<'a> std::ops::Deref for Stmt<'a> {
    type Target = Statement<'a>;
    fn deref(&self) -> &Statement<'a> {
        self.0
    }
}

impl<'a> Stmt<'a> {
    /// The span of bytes `start..end` of the text.
    pub fn span(&self, start: u32, end: u32) -> Span {
        self.map.span(start as usize, end as usize)
    }

    /// The span of one token.
    pub fn span_of(&self, tok: Tok) -> Span {
        self.span(tok.start, tok.end)
    }

    /// The span of the head.
    pub fn head_span(&self) -> Span {
        self.span_of(self.toks[0])
    }

    /// The whole statement.
    pub fn whole(&self) -> Span {
        self.span(self.toks[0].start, self.end())
    }

    /// Byte after the last token.
    pub fn end(&self) -> u32 {
        self.toks[self.toks.len() - 1].end
    }

    /// The place just after token `i - 1`: where something is missing.
    pub fn gap(&self, i: usize) -> Span {
        let end = self.toks[i.min(self.toks.len()).max(1) - 1].end;
        self.span(end, end)
    }

    /// The span of token `i`, or the gap after the last one.
    pub fn span_at(&self, i: usize) -> Span {
        match self.toks.get(i) {
            Some(&tok) => self.span_of(tok),
            None => self.gap(i),
        }
    }

    /// The bytes of a token.
    pub fn bytes(&self, tok: Tok) -> &'a [u8] {
        tok.text(self.text)
    }

    /// The bytes of tokens `from..to`, for messages.
    pub fn show(&self, from: usize, to: usize) -> String {
        match (self.toks.get(from), to.checked_sub(1).and_then(|t| self.toks.get(t))) {
            (Some(a), Some(b)) if a.start <= b.end => {
                let text = String::from_utf8_lossy(&self.text[a.start as usize..b.end as usize]).into_owned();
                shorten(text)
            }
            _ => "end of the statement".into(),
        }
    }
}

/// Cuts text for a message to a length that a line bears.
pub fn shorten(text: String) -> String {
    if text.chars().count() <= 60 {
        return text;
    }
    text.chars().take(57).chain("...".chars()).collect()
}

/// A step on the stack of texts being read.
pub struct Reading {
    /// Why it is read.
    pub reason: Reason,
    /// The statement that asked for it.
    pub from: Where,
    /// Its number in the list of expansions, once something refers to it.
    pub id: Option<u32>,
    /// For diagnostics inside macros.
    pub line: Option<String>,
}

/// The state.
pub struct Assembler<'e> {
    /// Texts read so far.
    pub sources: &'e mut Sources,
    /// How other files are read.
    pub files: &'e mut dyn host::Files,
    /// What the user asked for.
    pub options: &'e Options,
    /// Interned names.
    pub names: Names,
    /// Symbols.
    pub symbols: Symbols,
    /// Expressions kept for later.
    pub exprs: Exprs,
    /// Sections.
    pub sections: Sections,
    /// Where output goes now.
    pub chain: ChainId,
    /// Where it went before (`.previous`).
    pub previous: ChainId,
    /// Offset in the structure that `.struct` describes; `None` while output goes to a section.
    pub structure: Option<i64>,
    /// `.pushsection`.
    pub section_stack: Vec<(ChainId, ChainId)>,
    /// The instruction set and `.option` state.
    pub target: Target,
    /// Macros by number.
    pub macros: Vec<Macro>,
    /// Open conditionals.
    pub conditionals: Vec<Conditional>,
    /// The source says that LLVM wrote it (`.addrsig`; GNU as refuses it): what can be done in two ways is done in
    /// llvm-mc's, not in GNU as's. That is which of two sizes a branch gets, and how a CIE begins.
    pub llvm: bool,
    /// Call frame information.
    pub cfi: Cfi,
    /// Line numbers.
    pub lines: Lines,
    /// `.ident` strings, in order.
    pub idents: Vec<Vec<u8>>,
    /// `.file "name"`.
    pub file_symbols: Vec<Vec<u8>>,
    /// Files read, for dependencies.
    pub dependencies: Vec<PathBuf>,
    /// What is being read, outermost first.
    pub reading: Vec<Reading>,
    /// Expansions that places refer to.
    pub expansions: Vec<Expansion>,
    /// Position in the text being read.
    pub cursor: usize,
    /// `.end`, `.abort`, or too many errors: read no more.
    pub stop: bool,
    /// `.exitm`: leave the innermost macro.
    pub exit_macro: bool,
    /// Lines that expansions produced.
    pub expanded_lines: u64,
    /// Bytes that expansions produced.
    pub expanded_bytes: u64,
    /// How often a macro was expanded: `\@`.
    pub macro_count: u64,
    /// Files that `.include` read.
    pub includes: usize,
    /// Symbols followed for the expression being evaluated.
    pub evaluation_steps: std::cell::Cell<u32>,
    /// `.altmacro`.
    pub altmacro: bool,
    /// Number for `LOCAL` names.
    pub local_count: u64,
    /// Operands of the instruction being read.
    pub operand_buffer: Vec<crate::operand::Operand>,
    /// Buffers of tokens to use again.
    pub spare_tokens: Vec<Vec<Tok>>,
    /// Lines for the listing.
    pub listing: Option<crate::listing::Listing>,
    /// The text of `-E`.
    pub expanded: Option<crate::expand::Expanded>,
    /// Files being read, so that cycles are seen.
    pub open_files: Vec<host::Identity>,
    /// The layout failed; sizes are not to be relied on.
    pub failed_layout: bool,
    /// The warning on LEB128 distances was given.
    pub told_uleb: bool,
    /// Bytes that a linker may delete from the section being written.
    pub slack: i64,
    /// `.reloc`
    pub asked_relocations: Vec<crate::directives::reloc::Asked>,
    /// Names of registers that stand where only a symbol can: where, and what to write if the register was meant.
    pub register_names: Vec<(crate::expr::Value, Where, Option<String>)>,
    /// What `.print` said.
    pub printed: Vec<String>,
    /// Suspicious code.
    pub lints: crate::lints::Lints,
    /// What mistakes leave behind.
    pub recovery: crate::recovery::Recovery,
    diagnostics: Vec<Diagnostic>,
    told: std::collections::HashSet<(&'static str, Span, String)>,
    /// How often a name was missing: by code and message, with the number of the diagnostic told last.
    missing: std::collections::BTreeMap<(&'static str, String), (usize, usize)>,
    errors: usize,
    /// There were more diagnostics than are kept.
    cut_off: bool,
    /// Name of labels that the assembler makes.
    pub temporary_name: Name,
}

impl<'e> Assembler<'e> {
    /// Nothing read yet; `.text`, `.data` and `.bss` exist, `.text` is current.
    pub fn new(sources: &'e mut Sources, main: FileId, options: &'e Options, files: &'e mut dyn host::Files) -> Assembler<'e> {
        let mut names = Names::new();
        let temporary_name = names.intern(b".L0 ");
        let mut a = Assembler {
            sources,
            files,
            options,
            names,
            symbols: Symbols::new(),
            exprs: Exprs::default(),
            sections: Sections::new(),
            chain: ChainId(0),
            previous: ChainId(0),
            structure: None,
            section_stack: Vec::new(),
            target: Target::new(options),
            macros: Vec::new(),
            conditionals: Vec::new(),
            llvm: false,
            cfi: Cfi::default(),
            lines: Lines::default(),
            idents: Vec::new(),
            file_symbols: Vec::new(),
            dependencies: Vec::new(),
            reading: Vec::new(),
            expansions: Vec::new(),
            cursor: 0,
            stop: false,
            exit_macro: false,
            expanded_lines: 0,
            expanded_bytes: 0,
            macro_count: 0,
            includes: 0,
            evaluation_steps: std::cell::Cell::new(0),
            altmacro: false,
            local_count: 0,
            operand_buffer: Vec::new(),
            spare_tokens: Vec::new(),
            listing: None,
            expanded: None,
            open_files: Vec::new(),
            failed_layout: false,
            slack: 0,
            told_uleb: false,
            asked_relocations: Vec::new(),
            register_names: Vec::new(),
            printed: Vec::new(),
            lints: crate::lints::Lints::default(),
            recovery: crate::recovery::Recovery::default(),
            diagnostics: Vec::new(),
            told: std::collections::HashSet::new(),
            missing: std::collections::BTreeMap::new(),
            errors: 0,
            cut_off: false,
            temporary_name,
        };
        let start = Where { span: Span::new(main, 0, 0), expansion: 0 };
        for name in [".text", ".data", ".bss"] {
            a.section_named(name.as_bytes(), start);
        }
        a
    }

    // Output

    /// The chain that takes output now.
    pub fn out(&mut self) -> &mut Chain {
        &mut self.sections[self.chain]
    }

    /// The current section.
    pub fn section(&self) -> SectionId {
        self.sections[self.chain].section
    }

    /// The place where the next byte goes.
    pub fn here(&self) -> At {
        self.sections[self.chain].end(self.chain)
    }

    /// Notes that instructions or data follow, for mapping symbols; only code sections have them.
    #[inline]
    pub fn content(&mut self, content: Content) {
        let arch = self.target.arch();
        let chain = &self.sections[self.chain];
        if chain.content != content || (content == Content::Code && chain.arch != arch) {
            self.other_content(content, arch);
        }
    }

    fn other_content(&mut self, content: Content, arch: u32) {
        let section = self.section();
        let at = self.here();
        let is_code = self.sections[section].is_code();
        if self.lints.on && is_code && content == Content::Data {
            self.lint_data();
        }
        let out = &mut self.sections[self.chain];
        let new_arch = content == Content::Code && (out.arch != arch || out.content == Content::None);
        out.content = content;
        if content == Content::Code {
            out.arch = arch;
        }
        if !is_code {
            return;
        }
        let mapping = match content {
            Content::Data | Content::None => Mapping::Data,
            Content::Code if new_arch => Mapping::Arch(arch),
            Content::Code => Mapping::Code,
        };
        // Nothing stands between two mapping symbols at one place: the later one holds.
        if out.mapping.last().is_some_and(|(last, _)| *last == at) {
            out.mapping.pop();
        }
        out.mapping.push((at, mapping));
    }

    /// Room for `n` more bytes in the current section; an error and `false` if there is none.
    pub fn room(&mut self, n: u64, place: Where) -> bool {
        let chain = &self.sections[self.chain];
        if u64::from(chain.pos()) + n <= limits::SECTION_BYTES {
            return true;
        }
        let name = self.names.show(self.sections[chain.section].name);
        self.report_at(
            Diagnostic::new(&codes::E0410, format!("section `{name}` grows beyond 2 GiB")).at(place.span, "with this"),
            place,
        );
        self.stop = true;
        false
    }

    // Symbols

    /// A label of the assembler's own at a place.
    pub fn temporary_label(&mut self, at: At, place: Where) -> SymbolId {
        let id = self.symbols.add(self.temporary_name, Definition::Label(at), place);
        self.symbols[id].temporary = true;
        id
    }

    /// The symbol of a name, made if need be.
    pub fn symbol(&mut self, name: Name, place: Where) -> SymbolId {
        let known = self.names.info(name).symbol;
        if known != u32::MAX {
            return SymbolId(known);
        }
        let id = self.symbols.add(name, Definition::Undefined, place);
        self.symbols[id].temporary = self.names.text(name).starts_with(b".L");
        self.names.info_mut(name).symbol = id.0;
        id
    }

    // Places and errors

    /// A span together with the expansion being read.
    #[inline]
    pub fn place(&mut self, span: Span) -> Where {
        let expansion = self.expansion_number();
        Where { span, expansion }
    }

    /// Number + 1 of the expansion being read, 0 outside any.
    #[inline]
    fn expansion_number(&mut self) -> u32 {
        if self.reading.is_empty() { 0 } else { self.number_of_expansion() }
    }

    fn number_of_expansion(&mut self) -> u32 {
        let Some(top) = self.reading.last_mut() else { return 0 };
        if let Some(id) = top.id {
            return id + 1;
        }
        let id = self.expansions.len() as u32;
        top.id = Some(id);
        let expansion = Expansion { reason: top.reason, from: top.from };
        self.expansions.push(expansion);
        id + 1
    }

    /// Reports something about the statement being read.
    pub fn report(&mut self, diagnostic: Diagnostic) {
        let expansion = self.expansion_number();
        let span = diagnostic.primary.as_ref().map(|l| l.span);
        let line = self.reading.last().and_then(|r| r.line.clone());
        let diagnostic = match line {
            Some(line) => diagnostic.note(format!("the macro's line reads, expanded: `{line}`")),
            None => diagnostic,
        };
        match span {
            Some(span) => self.report_at(diagnostic, Where { span, expansion }),
            None => self.push(diagnostic),
        }
    }

    /// Reports something about an earlier place, with the way that led there.
    pub fn report_at(&mut self, mut diagnostic: Diagnostic, place: Where) {
        let mut at = place.expansion;
        let mut steps = 0;
        // Repetitions and macros that use themselves come by the same place again and again.
        let mut again = 0;
        let mut last = None;
        while at != 0 && steps < 12 {
            let expansion = self.expansions[at as usize - 1];
            at = expansion.from.expansion;
            if last == Some(expansion.from.span) {
                again += 1;
                continue;
            }
            last = Some(expansion.from.span);
            let text = match expansion.reason {
                Reason::Macro(m) => format!("in this use of macro `{}`", self.names.show(self.macros[m as usize].name)),
                Reason::Repetition => "in this repetition".into(),
                Reason::Include => "in this included file".into(),
            };
            diagnostic = diagnostic.through(expansion.from.span, text);
            steps += 1;
        }
        if again > 0 {
            diagnostic = diagnostic.note(format!("{again} more of these uses stand inside each other"));
        }
        self.push(diagnostic);
    }

    fn push(&mut self, mut diagnostic: Diagnostic) {
        let Some(severity) = self.options.levels.severity(diagnostic.code) else { return };
        diagnostic.severity = severity;
        let missing_name = ["E0101", "E0105", "E0303"].contains(&diagnostic.code.id);
        if missing_name && self.recovery.incomplete {
            // The file that was not found may define it.
            return;
        }
        if let Some(label) = &diagnostic.primary {
            // A repetition or a macro says the same again: once is enough.
            let key = (diagnostic.code.id, label.span, diagnostic.message.clone());
            if !self.told.insert(key) {
                self.errors += usize::from(severity == Severity::Error);
                self.stop |= self.errors >= limits::ERRORS;
                return;
            }
            if missing_name {
                let key = (diagnostic.code.id, diagnostic.message.clone());
                let (times, at) = self.missing.entry(key).or_insert((0, 0));
                *times += 1;
                if *times > limits::SAME_NAME {
                    self.errors += 1;
                    return;
                }
                *at = self.diagnostics.len();
            }
            if let Some((file, line)) = self.lines.marked(label.span, self.sources) {
                diagnostic.notes.push(format!("made from line {line} of {file}"));
            }
        }
        if severity == Severity::Error {
            self.errors += 1;
        }
        if self.diagnostics.len() < limits::DIAGNOSTICS {
            self.diagnostics.push(diagnostic);
        } else if self.errors > 0 {
            self.stop = true;
            self.cut_off = true;
        }
    }

    /// Short for an error with one label.
    pub fn error(&mut self, code: Code, message: impl Into<String>, span: Span, label: impl Into<String>) {
        self.report(Diagnostic::new(code, message).at(span, label));
    }

    /// Number of diagnostics so far.
    pub fn told(&self) -> usize {
        self.diagnostics.len()
    }

    /// Gives the diagnostics from number `from` on that have no cure how the directive is written.
    pub fn add_usage(&mut self, from: usize, s: Stmt<'_>, syntax: &str) {
        let whole = s.whole();
        for d in self.diagnostics.iter_mut().skip(from) {
            let inside = d.primary.as_ref().is_some_and(|p| p.span.file == whole.file && whole.start <= p.span.start && p.span.end <= whole.end);
            if inside && d.helps.is_empty() && ["E0401", "E0109", "E0106", "E0112"].contains(&d.code.id) {
                d.helps.push(format!("it is written {syntax}"));
            }
        }
    }

    /// Number of errors so far.
    pub fn errors(&self) -> usize {
        self.errors
    }

    /// Takes the diagnostics, in the order of the source: what only layout finds goes between the rest.
    pub fn take_diagnostics(&mut self) -> Vec<Diagnostic> {
        let mut all = std::mem::take(&mut self.diagnostics);
        for (times, at) in self.missing.values() {
            if let Some(more) = times.checked_sub(limits::SAME_NAME).filter(|n| *n > 0)
                && let Some(last) = all.get_mut(*at)
            {
                last.notes.push(format!("the same in {more} more place{}", if more == 1 { "" } else { "s" }));
            }
        }
        // The message on the missing name says it better.
        let defines = &self.recovery.defines;
        all.retain(|d| d.code.id != codes::C_PREPROCESSOR.id || !d.primary.as_ref().is_some_and(|p| defines.iter().any(|define| define.used && define.span == p.span)));
        // Inside macros and includes the statement that asked for them counts.
        if self.cut_off
            && let Some(last) = all.last_mut()
        {
            last.notes.push(format!("these are {} messages: there may be more to say about the rest of the source", limits::DIAGNOSTICS));
        }
        all.sort_by_key(|d| d.backtrace.last().or(d.primary.as_ref()).map(|label| (label.span.file, label.span.start)));
        all
    }
}
