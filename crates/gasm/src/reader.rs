//! Reads texts statement by statement: files, includes, what macros produce.

#![allow(clippy::wildcard_enum_match_arm, reason = "a kind of token that is not named here is not meant here")]

use crate::assembler::{Assembler, Reading, Statement, Stmt, shorten};
use crate::lexer::{self, T, Tok};
use crate::limits;
use crate::names::{Head, Name};
use crate::place::{Map, Reason, Where};
use crate::recovery::Define;
use crate::symbols::Definition;
use diag::{Diagnostic, FileId, codes};
use std::sync::Arc;

/// A statement head in lower case, if it is short enough to name a directive.
pub fn lower(bytes: &[u8], buffer: &mut [u8; 40]) -> Option<usize> {
    let target = buffer.get_mut(..bytes.len())?;
    target.copy_from_slice(bytes);
    target.make_ascii_lowercase();
    Some(bytes.len())
}

/// What ELF files and archives begin with.
const NO_SOURCES: [&[u8]; 3] = [b"\x7fELF", b"!<arch>\n", b"!<thin>\n"];

impl Assembler<'_> {
    /// Reads a file that is in `sources`.
    pub fn read_file(&mut self, file: FileId) {
        let text: Arc<[u8]> = self.sources.shared(file);
        if text.len() > limits::SOURCE_BYTES {
            let name = self.sources.name(file).to_string();
            self.report(Diagnostic::new(&codes::E0405, format!("{name} is larger than 4 GiB")));
            return;
        }
        if NO_SOURCES.iter().any(|magic| text.starts_with(magic)) {
            let name = self.sources.name(file).to_string();
            let d = Diagnostic::new(&codes::E0405, format!("{name} is no source: it is an object, an image or an archive of them"));
            self.report(d.help("glink links it; gasm --disassemble shows it"));
            return;
        }
        let open = self.conditionals.len();
        self.read_text(&text, Map::File(file));
        self.close_conditionals(open);
    }

    /// Reads a text inside another, as a step that diagnostics name.
    pub fn read_nested(&mut self, text: &[u8], map: Map<'_>, reason: Reason, from: Where) {
        self.reading.push(Reading { reason, from, id: None, line: None });
        let cursor = self.cursor;
        self.read_text(text, map);
        self.cursor = cursor;
        self.reading.pop();
    }

    /// Reads all statements of a text.
    pub fn read_text(&mut self, text: &[u8], map: Map<'_>) {
        let mut toks = self.spare_tokens.pop().unwrap_or_default();
        self.cursor = 0;
        while self.cursor < text.len() && !self.stop && !self.exit_macro {
            let start = self.cursor;
            if self.skipping() {
                self.skip_statement(text, map);
                continue;
            }
            self.cursor = lexer::statement(text, start, &mut toks);
            if toks.is_empty() {
                self.line_marker(text, start, map);
                continue;
            }
            if let Map::Lines(_) = map
                && !self.reading.is_empty()
            {
                self.note_line(text, &toks, map);
            }
            if self.expanded.is_some() {
                self.expand_statement(text, map, &toks);
            }
            let listed = if self.listing.is_some() { self.list_statement(&toks, map) } else { None };
            if self.options.debug_info {
                self.lines.begin_statement(map.span(toks[0].start as usize, toks[0].end as usize));
            }
            self.statement(Stmt(&Statement { text, map, toks: &toks }));
            if let Some(line) = listed {
                let to = self.here();
                if let Some(listing) = &mut self.listing {
                    listing.end(line, to);
                }
            }
        }
        self.spare_tokens.push(toks);
    }

    /// Begins a line of the listing.
    fn list_statement(&mut self, toks: &[Tok], map: Map<'_>) -> Option<usize> {
        let (here, depth) = (self.here(), self.reading.len());
        let span = map.span(toks[0].start as usize, toks[toks.len() - 1].end as usize);
        self.listing.as_mut().map(|listing| listing.begin(span, depth, here))
    }

    /// Keeps the expanded line for messages, where it is not the text of the file.
    fn note_line(&mut self, text: &[u8], toks: &[Tok], map: Map<'_>) {
        let start = toks[0].start as usize;
        let line = if map.is_exact(start) {
            None
        } else {
            let end = toks[toks.len() - 1].end as usize;
            Some((start, end.min(start + 200)))
        };
        if let Some(top) = self.reading.last_mut() {
            top.line = line.map(|(from, to)| shorten(String::from_utf8_lossy(&text[from..to]).into_owned()));
        }
    }

    /// One statement: labels, then an assignment, a directive, an instruction or a macro.
    fn statement(&mut self, s: Stmt<'_>) {
        let mut i = 0;
        while let (Some(&first), Some(second)) = (s.toks.get(i), s.toks.get(i + 1)) {
            if second.kind != T::Colon {
                break;
            }
            match first.kind {
                T::Word => {
                    let name = self.names.intern(s.bytes(first));
                    self.define_label(name, s, first);
                }
                T::Str => {
                    if let Some(name) = self.quoted_name(s, first) {
                        self.define_label(name, s, first);
                    }
                }
                T::Number => self.define_numeric_label(s, first),
                _ => break,
            }
            i += 2;
        }
        let rest = Statement { toks: &s.toks[i..], ..*s };
        let s = Stmt(&rest);
        let Some(&head) = s.toks.first() else { return };
        match head.kind {
            T::Word => {}
            T::TooLong => {
                let limit = limits::STATEMENT_TOKENS;
                let d = Diagnostic::new(&codes::E0113, "this statement is too long").at(s.span_of(head), format!("it has more than {limit} words and signs"));
                return self.report(d.help("large tables go into a file: .incbin \"table.bin\""));
            }
            T::Str if s.toks.get(1).is_some_and(|t| matches!(t.kind, T::Eq | T::EqEq)) => {
                if let Some(name) = self.quoted_name(s, head) {
                    self.assignment(s, name);
                }
                return;
            }
            _ => return self.bad_head(s),
        }
        let name = self.names.intern(s.bytes(head));
        if s.toks.get(1).is_some_and(|t| matches!(t.kind, T::Eq | T::EqEq)) {
            return self.assignment(s, name);
        }
        match self.head(name) {
            Head::Instruction(forms) if self.lints.on => {
                self.lint_before(s, forms);
                self.instruction(s, name, forms);
                self.lint_after(s, forms);
            }
            Head::Instruction(forms) => self.instruction(s, name, forms),
            Head::Directive(directive) => {
                self.lint_join();
                let before = self.told();
                (directive.handler)(self, s);
                if self.told() != before {
                    self.add_usage(before, s, directive.syntax);
                }
            }
            Head::Macro(number) => {
                self.lint_join();
                self.call_macro(s, number);
                self.lint_join();
            }
            Head::Broken => {}
            Head::Unknown | Head::Unresolved => {
                if !self.mistaken_label(s) {
                    self.unknown_head(s, name);
                }
            }
        }
    }

    /// Goes on with the tokens from `from` on, after what stood before them was reported.
    pub fn go_on(&mut self, s: Stmt<'_>, from: usize) {
        if from < s.toks.len() {
            self.statement(Stmt(&Statement { toks: &s.toks[from..], ..*s }));
        }
    }

    /// What a name means at the head of a statement, looked up once.
    pub fn head(&mut self, name: Name) -> Head {
        let head = self.names.info(name).head;
        if !matches!(head, Head::Unresolved) {
            return head;
        }
        let key = self.macro_key(name);
        if let Head::Macro(number) = self.names.info(key).head {
            // Not remembered for other spellings: the macro may be purged.
            return Head::Macro(number);
        }
        let bytes = self.names.text(name);
        let mut buffer = [0; 40];
        let directive = lower(bytes, &mut buffer).and_then(|n| crate::directives::find(&buffer[..n]));
        let head = match directive {
            Some(directive) => Head::Directive(directive),
            None => match rv32::lookup(bytes) {
                // GNU as takes mnemonics in capitals, too.
                [] if bytes.iter().any(u8::is_ascii_uppercase) => match rv32::lookup(&bytes.to_ascii_lowercase()) {
                    [] => Head::Unknown,
                    forms => Head::Instruction(forms),
                },
                [] => Head::Unknown,
                forms => Head::Instruction(forms),
            },
        };
        if key == name || !matches!(head, Head::Unknown) {
            self.names.info_mut(name).head = head;
        }
        head
    }

    fn define_label(&mut self, name: Name, s: Stmt<'_>, tok: Tok) {
        let place = self.place(s.span_of(tok));
        let here = self.label_here();
        if self.lints.on
            && let Definition::Label(at) = here
        {
            self.lint_label(name, at, place);
        }
        self.define_symbol(name, here, place);
    }

    pub fn define_numeric_label(&mut self, s: Stmt<'_>, tok: Tok) {
        let place = self.place(s.span_of(tok));
        let number = lexer::number(s.bytes(tok)).filter(|_| s.bytes(tok).iter().all(u8::is_ascii_digit));
        // Label 010 is label 10: GNU as reads labels in decimal.
        let number = number.and_then(|_| std::str::from_utf8(s.bytes(tok)).ok()?.parse::<u32>().ok());
        let Some(number) = number else {
            return self.error(&codes::E0108, "a numeric label is a decimal number", place.span, "use digits only, below 2^32");
        };
        let name = self.numeric_name(number);
        self.lint_join();
        let id = self.symbols.define_numeric(number, name, place);
        self.symbols[id].definition = self.label_here();
    }

    /// What a label here stands for.
    fn label_here(&self) -> Definition {
        match self.structure {
            Some(offset) => Definition::Value(crate::expr::Value::number(offset)),
            None => Definition::Label(self.here()),
        }
    }

    /// The name that GNU as gives numeric labels in the symbol table.
    pub fn numeric_name(&mut self, number: u32) -> Name {
        self.names.intern(format!(".L{number}\u{2}1").as_bytes())
    }

    /// Gives a symbol its meaning; an error if it has one already.
    pub fn define_symbol(&mut self, name: Name, definition: Definition, place: Where) -> crate::symbols::SymbolId {
        let id = self.symbol(name, place);
        if self.symbols[id].definition != Definition::Undefined {
            let first = self.symbols[id].place;
            let shown = self.names.show(name);
            let d = Diagnostic::new(&codes::E0301, format!("`{shown}` is defined twice"))
                .at(place.span, "defined again here")
                .also(first.span, "first defined here")
                .help(format!("rename one of them, or use a numeric label: `1:` and `j 1b`; in a macro, `{shown}\\@:` is new each time"));
            self.report(d);
            return id;
        }
        let symbol = &mut self.symbols[id];
        symbol.definition = definition;
        symbol.place = place;
        symbol.fixed = true;
        id
    }


    /// A name in quotes.
    pub fn quoted_name(&mut self, s: Stmt<'_>, tok: Tok) -> Option<Name> {
        let bytes = self.string(s, tok)?;
        if bytes.is_empty() || bytes.contains(&0) {
            self.error(&codes::E0401, "a name needs at least one byte and no NUL", s.span_of(tok), "not a name");
            return None;
        }
        Some(self.names.intern(&bytes))
    }

    /// The bytes of a string token.
    pub fn string(&mut self, s: Stmt<'_>, tok: Tok) -> Option<Vec<u8>> {
        let mut out = Vec::with_capacity(s.bytes(tok).len());
        match lexer::string(s.bytes(tok), &mut out) {
            Ok(()) => Some(out),
            Err(e) => {
                let start = tok.start + e.at as u32;
                let d = Diagnostic::new(&codes::E0107, "unknown escape in a string").at(s.span(start, start + 2), e.why).help("for a backslash itself write `\\\\`");
                self.report(d);
                None
            }
        }
    }

    /// `# 12 "file.S" 2` from a preprocessor, or a `#define` that wants one.
    fn line_marker(&mut self, text: &[u8], start: usize, map: Map<'_>) {
        // Most empty statements are no comments: the line behind them is not looked at.
        if text[start..].iter().find(|b| !matches!(b, b' ' | b'\t' | b'\r' | 0x0c)) != Some(&b'#') {
            return;
        }
        let end = text[start..].iter().position(|&b| b == b'\n').map_or(text.len(), |n| start + n);
        let line = text[start..end].trim_ascii();
        let Some(rest) = line.strip_prefix(b"#") else { return };
        let at = start + text[start..end].iter().position(|&b| b == b'#').unwrap_or(0);
        let rest = rest.trim_ascii_start();
        if rest.first().is_some_and(u8::is_ascii_digit) {
            let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
            let number = std::str::from_utf8(&rest[..digits]).ok().and_then(|d| d.parse::<u32>().ok());
            let name = rest[digits..].trim_ascii_start();
            if let Some(number) = number
                && (name.is_empty() || name[0] == b'"')
            {
                let mut file = Vec::new();
                if let Some(close) = name.iter().skip(1).position(|&b| b == b'"') {
                    // A path with an odd escape keeps what could be read of it.
                    let _ = lexer::string(&name[..close + 2], &mut file);
                }
                self.lines.marker(map.span(end, end), number, &file);
            }
            return;
        }
        let word: &[u8] = &rest[..rest.iter().take_while(|b| b.is_ascii_alphabetic()).count()];
        const PREPROCESSOR: [&[u8]; 9] = [b"define", b"include", b"ifdef", b"ifndef", b"undef", b"endif", b"elif", b"pragma", b"if"];
        if PREPROCESSOR.contains(&word) && line.starts_with(b"#") && line.get(1).is_some_and(u8::is_ascii_alphabetic) {
            // `#if` and `#include` are comments in prose more often than `#define NAME`.
            let operand = rest[word.len()..].trim_ascii();
            let shown = String::from_utf8_lossy(word).into_owned();
            let help = match word {
                b"define" if !operand.is_empty() => {
                    let mut parts = operand.splitn(2, |b| b.is_ascii_whitespace());
                    let name = String::from_utf8_lossy(parts.next().unwrap_or(b"")).into_owned();
                    let value = String::from_utf8_lossy(parts.next().unwrap_or(b"1").trim_ascii()).into_owned();
                    format!(".equ {name}, {value}")
                }
                b"include" => format!(".include {}", String::from_utf8_lossy(operand)),
                _ => "run the C preprocessor first: gcc -E file.S".into(),
            };
            let d = Diagnostic::new(&codes::C_PREPROCESSOR, format!("`#{shown}` is a comment here"))
                .at(map.span(at, start + text[start..end].trim_ascii_end().len()), "gasm has no C preprocessor")
                .help(help.clone());
            self.report(d);
            if word == b"define" {
                let name = operand.split(|b| b.is_ascii_whitespace()).next().unwrap_or(b"").to_vec();
                self.recovery.defines.push(Define { name, span: map.span(at, start + text[start..end].trim_ascii_end().len()), cure: help, used: false });
            }
        }
    }
}
