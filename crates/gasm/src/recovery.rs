//! What is done after a mistake, so that one mistake gives one message: what was meant is put in its place, and
//! what follows from it is not said.

#![allow(clippy::wildcard_enum_match_arm, reason = "a kind of token that is not named here is not meant here")]

use crate::assembler::{Assembler, Stmt};
use crate::foreign;
use crate::lexer::{T, Tok};
use crate::names::{Head, Name};
use crate::operand::comment_help;
use crate::symbols::Definition;
use diag::{Diagnostic, Span, codes};

/// A `#define`, which is a comment here.
pub struct Define {
    /// What it defines for the C preprocessor.
    pub name: Vec<u8>,
    /// Its line.
    pub span: Span,
    /// The line in our language.
    pub cure: String,
    /// A message on a missing symbol named it, so that it needs no warning of its own.
    pub used: bool,
}

/// What mistakes leave behind.
#[derive(Default)]
pub struct Recovery {
    /// Lines of the C preprocessor.
    pub defines: Vec<Define>,
    /// A file was not found: names may be missing because of that.
    pub incomplete: bool,
    /// Names that were refused as labels.
    pub not_labels: Vec<Vec<u8>>,
    /// The macro that was read last is written for another assembler.
    pub foreign_macro: bool,
    /// It was said that `;` begins no comment.
    pub told_semicolon: bool,
}

impl Assembler<'_> {
    /// A name at the head of a statement that is a label in all but its form; true if that was reported.
    pub fn mistaken_label(&mut self, s: Stmt<'_>) -> bool {
        let head = s.toks[0];
        if self.prose(s) {
            return true;
        }
        let last = s.toks.len() - 1;
        let colon = s.toks.iter().position(|t| t.kind == T::Colon);
        let exact = s.map.is_exact(head.start as usize);
        if let Some(colon) = colon.filter(|c| *c > 1)
            && s.toks[..colon].iter().all(|t| matches!(t.kind, T::Word | T::Minus | T::Number))
        {
            let name = s.raw(0, colon);
            let cure = name.replace(['-', ' ', '\t'], "_");
            let span = s.span(head.start, s.toks[colon - 1].end);
            let d = Diagnostic::new(&codes::E0100, format!("`{name}` cannot be a label")).at(span, "a name has letters, digits, `_`, `.` and `$` only").help(format!("{cure}:"));
            self.report(if exact { d.cure(span, cure) } else { d });
            self.recovery.not_labels.push(name.into_bytes());
            // Its parts count as defined: they stand where it is used.
            for tok in &s.toks[..colon] {
                if tok.kind == T::Word {
                    self.define_quietly(s, *tok);
                }
            }
            self.go_on(s, colon + 1);
            return true;
        }
        let Some(second) = s.toks.get(1) else { return false };
        let word = s.bytes(*second).to_ascii_lowercase();
        if second.kind != T::Word {
            return false;
        }
        let name = self.names.intern(s.bytes(*second));
        let statement = !matches!(self.head(name), Head::Unknown | Head::Unresolved);
        let assignment = matches!(word.as_slice(), b"equ" | b"set") && last > 1;
        if !statement && !assignment || s.bytes(head).starts_with(b".") || foreign::word(&String::from_utf8_lossy(s.bytes(head)).to_ascii_lowercase()).is_some() {
            return false;
        }
        let shown = s.show(0, 1);
        let d = Diagnostic::new(&codes::E0101, format!("unknown instruction `{shown}`"));
        if assignment {
            let d = d.at(s.span_of(head), "a name is given a value by .equ");
            let d = self.with_cure(d, s, format!(".equ {shown}, {}", s.raw(2, last + 1)));
            self.report(d);
            return true;
        }
        let d = d.at(s.span_of(head), "if it is a label, a colon is missing after it").help(crate::assembler::shorten(format!("{shown}: {}", s.raw(1, last + 1))));
        self.report(if exact { d.cure(s.gap(1), ":") } else { d });
        self.define_quietly(s, head);
        self.go_on(s, 1);
        true
    }

    /// Defines a label that was meant, if the name is free.
    fn define_quietly(&mut self, s: Stmt<'_>, tok: Tok) {
        let name = self.names.intern(s.bytes(tok));
        let place = self.place(s.span_of(tok));
        let id = self.symbol(name, place);
        if self.symbols[id].definition == Definition::Undefined {
            let at = self.here();
            self.symbols[id].definition = Definition::Label(at);
            self.symbols[id].place = place;
        }
    }

    /// Text after `;` that is meant as a comment; true if it is, which is reported once.
    fn prose(&mut self, s: Stmt<'_>) -> bool {
        let start = s.toks[0].start as usize;
        let before = s.text[..start].iter().rev().find(|b| !matches!(b, b' ' | b'\t'));
        // A directive or a label is no word of a text.
        if before != Some(&b';') || s.bytes(s.toks[0]).starts_with(b".") || s.toks.get(1).is_some_and(|t| matches!(t.kind, T::Colon | T::Comma)) {
            return false;
        }
        if !std::mem::replace(&mut self.recovery.told_semicolon, true) {
            let semicolon = s.text[..start].iter().rposition(|b| *b == b';').unwrap_or(start);
            let span = s.map.span(semicolon, semicolon + 1);
            let d = Diagnostic::new(&codes::E0101, format!("unknown instruction `{}`", s.show(0, 1)))
                .at(s.head_span(), "this is read as a statement")
                .also(span, "`;` separates statements, and begins no comment")
                .help(format!("# {}", s.show(0, s.toks.len())))
                .note("other comments after `;` are not reported");
            self.report(if s.map.is_exact(semicolon) { d.cure(span, "#") } else { d });
        }
        true
    }

    /// Something that begins no statement.
    pub fn bad_head(&mut self, s: Stmt<'_>) {
        let head = s.toks[0];
        if matches!(head.kind, T::OpenStr | T::OpenComment) || s.toks.iter().any(|t| foreign::lookalike(s.bytes(*t)).is_some()) {
            self.bad_tokens(s);
            return;
        }
        let exact = s.map.is_exact(head.start as usize);
        let d = Diagnostic::new(&codes::E0100, format!("unexpected `{}`", s.show(0, 1))).at(s.span_of(head), "expected a label, an instruction or a directive");
        let adjacent = s.toks.get(1).is_some_and(|t| t.kind == T::Word && t.start == head.end);
        match head.kind {
            T::Number | T::LabelRef if adjacent || head.kind == T::LabelRef && s.toks.get(1).is_some_and(|t| t.kind == T::Colon) => {
                let end = s.toks.iter().position(|t| t.kind == T::Colon).unwrap_or(1);
                let name = s.raw(0, end);
                let span = s.span(head.start, s.toks[end - 1].end);
                let d = Diagnostic::new(&codes::E0100, format!("`{name}` cannot be a label")).at(span, "a name does not begin with a digit; a numeric label is a number alone").help(format!("_{name}:"));
                self.report(if exact { d.cure(span, format!("_{name}")) } else { d });
                self.recovery.not_labels.push(name.into_bytes());
                self.go_on(s, end + 1);
            }
            T::Number if s.toks.get(1).is_some_and(|t| t.kind == T::Word) => {
                let d = d.help(format!("a numeric label needs a colon: {}: {}", s.show(0, 1), s.show(1, s.toks.len())));
                self.report(if exact { d.cure(s.gap(1), ":") } else { d });
                self.define_numeric_label(s, head);
                self.go_on(s, 1);
            }
            T::Backslash => {
                let d = self.argument_outside(d, s, 0);
                self.report(d);
            }
            T::At | T::Bang | T::Bad | T::Star | T::Slash | T::Minus => {
                let span = s.span_of(head);
                let d = d.help(comment_help(T::At));
                self.report(if exact { d.cure(span, "#") } else { d });
            }
            T::LBrace | T::RBrace => self.report(d.help("there are no blocks: a function begins at its label and ends with ret")),
            T::Percent => self.report(d.help("arguments of macros are written `\\name`")),
            _ => self.report(d.help("a statement begins with a name; a comment begins with `#`")),
        }
    }

    /// A `\name` that no macro put an argument in place of, at token `i`: of which macro, and what it has.
    pub fn argument_outside(&self, d: Diagnostic, s: Stmt<'_>, i: usize) -> Diagnostic {
        let name = s.show(i + 1, i + 2);
        let inside = self.reading.iter().rev().find_map(|r| match r.reason {
            crate::place::Reason::Macro(m) => Some(&self.macros[m as usize]),
            _ => None,
        });
        let mut d = d;
        d.code = &codes::E0408;
        let Some(inside) = inside else {
            d.message = format!("`\\{name}` stands outside macros");
            return d.help("arguments are known between .macro and .endm only; a register or symbol is written without `\\`");
        };
        let names: Vec<String> = inside.parameters.iter().map(|p| String::from_utf8_lossy(&p.name).into_owned()).collect();
        d.message = format!("macro `{}` has no parameter `{name}`", self.names.show(inside.name));
        if let Some(primary) = &mut d.primary {
            primary.text = if names.is_empty() { "it has none".into() } else { format!("it has: {}", names.join(", ")) };
        }
        let d = d.also(inside.place.span, "defined here");
        match diag::suggest(&name, names.iter().map(String::as_str)) {
            Some(near) => d.help(format!("did you mean `\\{near}`?")),
            None => d.help(format!(".macro {} {}", self.names.show(inside.name), [names.as_slice(), &[name]].concat().join(", "))),
        }
    }

    fn open_string(&mut self, s: Stmt<'_>, tok: Tok) {
        // A string that goes on over a line's end has lost its quote there, if a quote is missing at all.
        let first = s.toks.iter().find(|t| t.kind == T::Str && s.bytes(**t).contains(&b'\n'));
        let tok = first.map_or(tok, |t| Tok { end: t.start + s.bytes(*t).iter().position(|b| *b == b'\n').unwrap_or(0) as u32, ..*t });
        let d = Diagnostic::new(&codes::E0103, "string without end")
            .at(s.span_of(tok), "the closing quote is missing")
            .help("close it on the same line; write a newline inside a string as `\\n`");
        self.report(d);
    }

    /// Reports tokens that are wrong wherever they stand; true if there was one.
    pub fn bad_tokens(&mut self, s: Stmt<'_>) -> bool {
        for (i, &tok) in s.toks.iter().enumerate() {
            match tok.kind {
                T::OpenStr => {
                    self.open_string(s, tok);
                    return true;
                }
                T::OpenComment => {
                    let d = Diagnostic::new(&codes::E0104, "comment without end").at(s.span_of(tok), "it begins here and never ends").help("close it with `*/`, or begin it with `#` if it is of one line");
                    self.report(d);
                    return true;
                }
                T::Bad if s.bytes(tok) == b"'" => {
                    self.bad_quote(s, i);
                    return true;
                }
                T::Bad => {
                    let byte = s.bytes(tok)[0];
                    let shown = if byte.is_ascii_graphic() { format!("`{}`", byte as char) } else { format!("byte {byte:#04x}") };
                    let d = Diagnostic::new(&codes::E0100, format!("{shown} has no meaning here")).at(s.span_of(tok), "outside strings and comments").help("delete it");
                    self.report(if s.map.is_exact(tok.start as usize) { d.cure(s.span_of(tok), "") } else { d });
                    return true;
                }
                T::Word if !s.bytes(tok).is_ascii() => {
                    if let Some((at, (character, ours, what))) = foreign::lookalike(s.bytes(tok)) {
                        let start = tok.start + at as u32;
                        let span = s.span(start, start + character.len_utf8() as u32);
                        let code = u32::from(*character);
                        let (looks, cure) = match *ours {
                            "" | " " => (format!("{what} (U+{code:04X}) stands here"), "a plain space"),
                            ours => (format!("`{character}` (U+{code:04X}, {what}) is not `{ours}`"), ours),
                        };
                        let exact = s.map.is_exact(tok.start as usize);
                        let d = Diagnostic::new(&codes::E0100, looks).at(span, format!("write {}", if cure.len() > 3 { cure.into() } else { format!("`{cure}`") }));
                        let d = d.help(crate::assembler::shorten(foreign::without_lookalikes(s.raw(0, s.toks.len()).as_bytes())));
                        self.report(if exact { d.cure(span, *ours) } else { d });
                        return true;
                    }
                }
                _ => {}
            }
        }
        false
    }

    /// A single quote that begins no character: the end of a text in single quotes, mostly.
    fn bad_quote(&mut self, s: Stmt<'_>, i: usize) {
        let open = s.toks[..i].iter().rposition(|t| t.kind == T::Char);
        let Some(open) = open else {
            let d = Diagnostic::new(&codes::E0100, "`'` has no meaning here").at(s.span_of(s.toks[i]), "a character stands after a single quote").help("'a'");
            return self.report(d);
        };
        let span = s.span(s.toks[open].start, s.toks[i].end);
        let text = s.raw(open, i + 1);
        let inner = text.trim_matches('\'').to_string();
        let d = Diagnostic::new(&codes::E0100, format!("{text} is more than one character")).at(span, "single quotes are for one character, double quotes for text");
        let strings = s.bytes(s.toks[0]).starts_with(b".as") || s.bytes(s.toks[0]).starts_with(b".str");
        let d = match strings {
            true if s.map.is_exact(s.toks[0].start as usize) => d.help(format!("\"{inner}\"")).cure(span, format!("\"{inner}\"")),
            true => d.help(format!("\"{inner}\"")),
            false => d.help(format!("'{}', or put the text into .data: text: .asciz \"{inner}\"", inner.chars().next().unwrap_or('a'))),
        };
        self.report(d);
    }

    /// What is known of a name that nothing defines: the `#define` that was meant to, or one written nearly so.
    pub fn with_suggestion(&mut self, d: Diagnostic, name: &str) -> Diagnostic {
        if let Some(define) = self.recovery.defines.iter_mut().find(|d| d.name == name.as_bytes()) {
            define.used = true;
            return d.also(define.span, "this is a comment: gasm has no C preprocessor").help(define.cure.clone());
        }
        let defined = self.symbols.all.iter().filter(|s| s.definition != Definition::Undefined && !s.internal).take(100_000);
        let names: Vec<String> = defined.map(|s| self.names.show(s.name)).collect();
        match diag::suggest(name, names.iter().map(String::as_str)) {
            Some(near) if near != name => d.help(format!("did you mean `{near}`?")),
            _ if name.starts_with(".L") => d.help(format!("define it: {name}:")),
            _ => match crate::operand::other_notation(name).filter(|_| name.len() > 1) {
                Some(number) => d.help(format!("if it is a number: {number}")),
                None => d.help(format!("define it: .equ {name}, 5")),
            },
        }
    }

    /// Marks a name as a macro whose definition is wrong.
    pub fn break_macro(&mut self, name: Name) {
        if matches!(self.head(name), Head::Unknown) {
            self.names.info_mut(name).head = Head::Broken;
        }
    }
}

impl Assembler<'_> {
    /// A name that this file does not define, where a number must be: told by what it looks like.
    pub fn missing_number(&mut self, id: crate::symbols::SymbolId, place: crate::place::Where, what: &str) -> Diagnostic {
        let name = self.names.show(self.symbols[id].name);
        let written = self.sources.slice(place.span);
        if let Some((at, (character, ours, kind))) = foreign::lookalike(written) {
            let start = place.span.start as usize + at;
            let span = Span::new(place.span.file, start, start + character.len_utf8());
            let cure = foreign::without_lookalikes(written);
            return Diagnostic::new(&codes::E0100, format!("`{character}` (U+{:04X}, {kind}) is not `{ours}`", u32::from(*character)))
                .at(span, format!("write `{ours}`"))
                .help(cure)
                .cure(span, *ours);
        }
        let d = Diagnostic::new(&codes::E0303, format!("`{name}` is not defined in this file")).at(place.span, format!("expected {what}"));
        if written.first() == Some(&b'"') {
            let mut characters = name.chars();
            return match (characters.next(), characters.next()) {
                (Some(c), None) => d.note("a text in double quotes is a name here; a character stands in single quotes").help(format!("'{c}'")).cure(place.span, format!("'{c}'")),
                _ => d.note("a text in double quotes is a name here").help(format!("put the text into .data and load its address: text: .asciz \"{name}\" and la a0, text")),
            };
        }
        // A parameter of the macro around it, without its backslash.
        let reason = (place.expansion as usize).checked_sub(1).map(|e| self.expansions[e].reason);
        if let Some(crate::place::Reason::Macro(m)) = reason {
            let plain = name.trim_start_matches(['$', '%', '&']);
            let m = &self.macros[m as usize];
            if m.parameters.iter().any(|p| p.name == plain.as_bytes()) {
                let text = format!("`{plain}` is a parameter of macro `{}`; in the body it is written with a backslash", self.names.show(m.name));
                return d.note(text).help(format!("\\{plain}"));
            }
        }
        self.with_suggestion(d, &name)
    }
}
