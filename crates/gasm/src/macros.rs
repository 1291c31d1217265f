//! Macros and repetitions: bodies are kept as text; a use makes new text with its arguments put in.

use crate::assembler::{Assembler, Statement, Stmt};
use crate::conditionals::RawStatement;
use crate::limits;
use crate::names::{Head, Name};
use crate::place::{LineOrigin, Map, Reason, Where};
use crate::reader::lower;
use diag::{Diagnostic, codes, suggest};
use std::sync::Arc;

/// A parameter of a macro.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// Its name.
    pub name: Vec<u8>,
    /// What it is when the use gives none.
    pub default: Vec<u8>,
    /// `:req`
    pub required: bool,
    /// `:vararg`
    pub vararg: bool,
}

/// A text with its origin.
#[derive(Clone)]
pub struct Body {
    /// The text.
    pub text: Arc<[u8]>,
    /// Its lines in real files.
    pub lines: Arc<[LineOrigin]>,
}

/// A macro.
#[derive(Clone)]
pub struct Macro {
    /// Its name.
    pub name: Name,
    /// Its parameters, in order.
    pub parameters: Arc<[Parameter]>,
    /// Its body.
    pub body: Body,
    /// Its `.macro` line.
    pub place: Where,
    /// Removed by `.purgem`.
    pub purged: bool,
    /// Something used it.
    pub used: bool,
}


/// What ends a body in other assemblers: the word's first and last byte, and where the next statement begins.
fn foreign_end(text: &[u8], start: usize, end: &str) -> Option<(usize, usize, usize)> {
    let mut at = start;
    while at < text.len() {
        let raw = RawStatement::next(text, at);
        let word = String::from_utf8_lossy(&text[raw.head.0..raw.head.1]).to_ascii_lowercase();
        let dotted = format!(".{}", word.trim_start_matches('.'));
        if word != end && (dotted == end || crate::foreign::directive(&dotted) == Some(end)) {
            return Some((raw.head.0, raw.head.1, raw.next));
        }
        at = raw.next;
    }
    None
}

/// Names that open a body and those that end it.
fn nesting(word: &[u8], wanted: &[u8]) -> i32 {
    match word {
        b".macro" if wanted == b".endm" => 1,
        b".endm" | b".endmacro" if wanted == b".endm" => -1,
        b".rept" | b".rep" | b".irp" | b".irep" | b".irpc" | b".irepc" if wanted == b".endr" => 1,
        b".endr" if wanted == b".endr" => -1,
        _ => 0,
    }
}

impl Assembler<'_> {
    /// Takes the statements up to the one that ends the body: `.endm` or `.endr`.
    pub fn take_body(&mut self, s: Stmt<'_>, end: &'static [u8]) -> Option<Body> {
        let start = self.cursor;
        let mut at = start;
        let mut depth = 1;
        let mut stop = None;
        while at < s.text.len() {
            let raw = RawStatement::next(s.text, at);
            let mut buffer = [0; 40];
            if let Some(n) = lower(&s.text[raw.head.0..raw.head.1], &mut buffer) {
                depth += nesting(&buffer[..n], end);
            }
            if depth == 0 {
                stop = Some((raw.head.0, raw.next));
                break;
            }
            at = raw.next;
        }
        let Some((stop, next)) = stop else {
            let end = String::from_utf8_lossy(end).into_owned();
            if let Some((from, to, next)) = foreign_end(s.text, start, &end) {
                self.cursor = next;
                // A header with `%` is told instead: it says the same.
                self.recovery.foreign_macro = s.toks.iter().any(|t| t.kind == crate::lexer::T::Percent);
                if !self.recovery.foreign_macro {
                    let span = s.map.span(from, to);
                    let d = Diagnostic::new(&codes::E0402, format!("`{}` does not end a {}", String::from_utf8_lossy(&s.text[from..to]), s.show(0, 1)))
                        .at(span, format!("`{end}` does"))
                        .also(s.whole(), "opened here")
                        .help(end.clone());
                    self.report(if s.map.is_exact(from) { d.cure(span, end) } else { d });
                }
                return None;
            }
            let d = Diagnostic::new(&codes::E0402, format!("{} without `{end}`", s.show(0, 1))).at(s.whole(), "opened here").help(format!("write {end} on a line of its own after the last line of the body"));
            self.report(d);
            self.cursor = s.text.len();
            return None;
        };
        self.cursor = next;
        let text = &s.text[start..stop];
        let mut lines = Vec::new();
        let mut line = start;
        while line < stop {
            let line_end = s.text[line..stop].iter().position(|&b| b == b'\n').map_or(stop, |n| line + n + 1);
            let trimmed = s.text[line..line_end].trim_ascii_end().len();
            let indent = trimmed - s.text[line..line + trimmed].trim_ascii_start().len();
            let exact = s.map.is_exact(line);
            let indent = if exact { indent as u32 } else { 0 };
            lines.push(LineOrigin { at: (line - start) as u32, span: s.map.span(line, line + trimmed), indent, exact });
            line = line_end;
        }
        if lines.is_empty() {
            lines.push(LineOrigin { at: 0, span: s.map.span(start, start), indent: 0, exact: true });
        }
        Some(Body { text: text.into(), lines: lines.into() })
    }

    /// Makes a macro known.
    pub fn define_macro(&mut self, s: Stmt<'_>, name: Name, parameters: Vec<Parameter>, body: Body) {
        let place = self.place(s.whole());
        let key = self.macro_key(name);
        if let Head::Macro(old) = self.names.info(key).head {
            let first = self.macros[old as usize].place;
            let shown = self.names.show(name);
            let d = Diagnostic::new(&codes::E0418, format!("macro `{shown}` is defined twice"))
                .at(place.span, "defined again here")
                .also(first.span, "first defined here")
                .help(format!(".purgem {shown}"));
            return self.report(d);
        }
        let number = self.macros.len() as u32;
        self.macros.push(Macro { name, parameters: parameters.into(), body, place, purged: false, used: false });
        self.names.info_mut(key).head = Head::Macro(number);
    }

    /// The name in lower case, under which a macro is known: `.macro PUSH` may be used as `push`, as in GNU as.
    pub fn macro_key(&mut self, name: Name) -> Name {
        let text = self.names.text(name);
        if !text.iter().any(u8::is_ascii_uppercase) {
            return name;
        }
        let lower = text.to_ascii_lowercase();
        self.names.intern(&lower)
    }

    /// Whether one more expansion may be begun; an error if not.
    fn may_expand(&mut self, s: Stmt<'_>) -> bool {
        let depth = self.reading.iter().filter(|r| r.reason != Reason::Include).count();
        if depth < limits::MACRO_DEPTH {
            return true;
        }
        let d = Diagnostic::new(&codes::E0407, "macros are nested too deeply")
            .at(s.head_span(), format!("{} are open here", limits::MACRO_DEPTH))
            .note("a macro that uses itself needs a condition that ends it");
        self.report(d);
        self.stop = true;
        false
    }

    /// Counts lines that expansions produce; an error beyond the limit.
    fn count_lines(&mut self, s: Stmt<'_>, lines: u64, bytes: u64) -> bool {
        self.expanded_lines = self.expanded_lines.saturating_add(lines);
        self.expanded_bytes = self.expanded_bytes.saturating_add(bytes);
        if self.expanded_lines <= limits::EXPANSION_LINES && self.expanded_bytes <= limits::EXPANSION_TOTAL {
            return true;
        }
        let d = Diagnostic::new(&codes::E0409, "macros and repetitions produce too many lines")
            .at(s.head_span(), format!("with this more than {} lines, or 1 GiB", limits::EXPANSION_LINES))
            .help("for data, .fill and .space need no repetition");
        self.report(d);
        self.stop = true;
        false
    }

    /// Uses a macro.
    pub fn call_macro(&mut self, s: Stmt<'_>, number: u32) {
        if !self.may_expand(s) {
            return;
        }
        self.macros[number as usize].used = true;
        let m = self.macros[number as usize].clone();
        let Some(arguments) = self.bind_arguments(s, &m) else { return };
        let count = self.macro_count;
        self.macro_count += 1;
        let names: Vec<(&[u8], &[u8])> = m.parameters.iter().zip(&arguments).map(|(p, a)| (p.name.as_slice(), a.as_slice())).collect();
        let body = if self.altmacro { self.alternate_locals(&m.body) } else { None };
        let (text, lines) = substitute(body.as_ref().unwrap_or(&m.body), &names, Some(count), self.altmacro);
        if !self.count_lines(s, lines.len() as u64, text.len() as u64) {
            return;
        }
        if text.len() > limits::EXPANSION_BYTES {
            let d = Diagnostic::new(&codes::E0409, "this use of a macro produces too much text").at(s.whole(), format!("{} bytes", text.len()));
            return self.report(d);
        }
        let from = self.place(s.whole());
        let open = self.conditionals.len();
        self.read_nested(&text, Map::Lines(&lines), Reason::Macro(number), from);
        if self.exit_macro {
            self.exit_macro = false;
            self.conditionals.truncate(open);
        }
        self.close_conditionals(open);
    }

    /// The text of each parameter.
    fn bind_arguments(&mut self, s: Stmt<'_>, m: &Macro) -> Option<Vec<Vec<u8>>> {
        let name = self.names.show(m.name);
        let start = s.toks[0].end as usize;
        let text = &s.text[start..s.end() as usize];
        let mut bound: Vec<Option<Vec<u8>>> = vec![None; m.parameters.len()];
        let mut at = 0;
        let mut position = 0;
        skip_spaces(text, &mut at);
        while at < text.len() {
            let from = at;
            // `name=text`
            let key_end = from + text[from..].iter().take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'$')).count();
            let mut equals = key_end;
            skip_spaces(text, &mut equals);
            let keyed = key_end > from && text.get(equals) == Some(&b'=') && text.get(equals + 1) != Some(&b'=');
            let parameter = if keyed {
                let key = &text[from..key_end];
                match m.parameters.iter().position(|p| p.name == key) {
                    Some(i) => {
                        at = equals + 1;
                        skip_spaces(text, &mut at);
                        Some(i)
                    }
                    None => {
                        let shown = String::from_utf8_lossy(key).into_owned();
                        let span = s.span((start + from) as u32, (start + key_end) as u32);
                        let names: Vec<String> = m.parameters.iter().map(|p| String::from_utf8_lossy(&p.name).into_owned()).collect();
                        let mut d = Diagnostic::new(&codes::E0408, format!("macro `{name}` has no parameter `{shown}`"))
                            .at(span, if names.is_empty() { "it has none".to_string() } else { format!("it has: {}", names.join(", ")) })
                            .also(m.place.span, "defined here");
                        if let Some(near) = suggest(&shown, names.iter().map(String::as_str)) {
                            d = d.help(format!("did you mean `{near}`?"));
                        }
                        self.report(d);
                        return None;
                    }
                }
            } else {
                (position < m.parameters.len()).then_some(position)
            };
            let Some(parameter) = parameter else {
                let span = s.span((start + from) as u32, s.end());
                let d = Diagnostic::new(&codes::E0408, format!("too many arguments for macro `{name}`"))
                    .at(span, format!("it takes {}", m.parameters.len()))
                    .also(m.place.span, "defined here")
                    .help(if m.parameters.is_empty() { format!("{name}, without arguments") } else { "put an argument that holds spaces or commas in double quotes; `:vararg` takes all that are left".into() });
                self.report(d);
                return None;
            };
            if m.parameters[parameter].vararg {
                bound[parameter] = Some(text[at..].trim_ascii().to_vec());
                break;
            }
            let argument = self.argument(text, &mut at)?;
            // An empty argument is one left out.
            if !argument.is_empty() || keyed {
                bound[parameter] = Some(argument);
            }
            if !keyed {
                position = parameter + 1;
            }
            skip_spaces(text, &mut at);
            if text.get(at) == Some(&b',') {
                at += 1;
                skip_spaces(text, &mut at);
            }
        }
        let mut out = Vec::with_capacity(bound.len());
        for (parameter, argument) in m.parameters.iter().zip(bound) {
            if parameter.required && argument.as_ref().is_none_or(Vec::is_empty) {
                let shown = String::from_utf8_lossy(&parameter.name).into_owned();
                let d = Diagnostic::new(&codes::E0408, format!("macro `{name}` needs an argument for `{shown}`"))
                    .at(s.whole(), "it is missing here")
                    .also(m.place.span, "`:req` says so")
                    .help(format!("{name} {}", m.parameters.iter().map(|p| String::from_utf8_lossy(&p.name).into_owned()).collect::<Vec<_>>().join(", ")));
                self.report(d);
                return None;
            }
            out.push(argument.unwrap_or_else(|| parameter.default.clone()));
        }
        Some(out)
    }

    /// One argument: a quoted string without its quotes, or text up to a comma or a space outside
    /// parentheses.
    fn argument(&mut self, text: &[u8], at: &mut usize) -> Option<Vec<u8>> {
        if self.altmacro && text.get(*at) == Some(&b'<') {
            return Some(angle_string(text, at));
        }
        if self.altmacro
            && text.get(*at) == Some(&b'%')
        {
            let from = *at + 1;
            *at = text[from..].iter().position(|&b| b == b',').map_or(text.len(), |n| from + n);
            let n = self.evaluate_text(&text[from..*at]);
            return Some(n.unwrap_or(0).to_string().into_bytes());
        }
        if text.get(*at) == Some(&b'"') {
            let from = *at;
            let mut out = Vec::new();
            let mut i = from + 1;
            while let Some(&c) = text.get(i) {
                match c {
                    b'"' if text.get(i + 1) == Some(&b'"') => {
                        out.push(b'"');
                        i += 2;
                    }
                    b'"' => break,
                    b'\\' if i + 1 < text.len() => {
                        out.extend_from_slice(&text[i..i + 2]);
                        i += 2;
                    }
                    _ => {
                        out.push(c);
                        i += 1;
                    }
                }
            }
            *at = (i + 1).min(text.len());
            return Some(out);
        }
        Some(plain_argument(text, at))
    }

    /// The number that a text means as an expression.
    fn evaluate_text(&mut self, text: &[u8]) -> Option<i64> {
        let mut toks = Vec::new();
        crate::lexer::statement(text, 0, &mut toks);
        if toks.is_empty() {
            return None;
        }
        let span = self.reading.last().map(|r| r.from.span);
        let line = [LineOrigin { at: 0, span: span.unwrap_or_else(|| self.place_of_nothing().span), indent: 0, exact: false }];
        let s = Statement { text, map: Map::Lines(&line), toks: &toks };
        let s = Stmt(&s);
        let mut args = crate::parse::Args { s, i: 0 };
        self.constant_now(&mut args, "a number")
    }

    /// `LOCAL a, b` of `.altmacro`: these names are new in each expansion.
    fn alternate_locals(&mut self, body: &Body) -> Option<Body> {
        let mut names: Vec<Vec<u8>> = Vec::new();
        let mut at = 0;
        let mut kept: Vec<u8> = Vec::with_capacity(body.text.len());
        while at < body.text.len() {
            let raw = RawStatement::next(&body.text, at);
            let head = &body.text[raw.head.0..raw.head.1];
            if head.eq_ignore_ascii_case(b"local") {
                names.extend(body.text[raw.head.1..raw.end].split(|b| *b == b',').map(|n| n.trim_ascii().to_vec()).filter(|n| !n.is_empty()));
                // The line stays, empty, so that lines keep their places.
                kept.extend(body.text[at..raw.next].iter().map(|b| if matches!(b, b'\n' | b';') { *b } else { b' ' }));
            } else {
                kept.extend_from_slice(&body.text[at..raw.next]);
            }
            at = raw.next;
        }
        if names.is_empty() {
            return None;
        }
        let fresh: Vec<Vec<u8>> = names
            .iter()
            .map(|_| {
                let n = self.local_count;
                self.local_count += 1;
                format!(".LL{n:04x}").into_bytes()
            })
            .collect();
        let pairs: Vec<(&[u8], &[u8])> = names.iter().zip(&fresh).map(|(n, f)| (n.as_slice(), f.as_slice())).collect();
        let kept = Body { text: kept.into(), lines: body.lines.clone() };
        let (text, lines) = substitute(&kept, &pairs, None, true);
        Some(Body { text: text.into(), lines: lines.into() })
    }

    /// `.rept`: the body as it is, so many times.
    pub fn repeat_body(&mut self, s: Stmt<'_>, body: &Body, count: u64) {
        if !self.may_expand(s) || !self.count_lines(s, count.saturating_mul(body.lines.len() as u64), count.saturating_mul(body.text.len() as u64)) {
            return;
        }
        let from = self.place(s.whole());
        for _ in 0..count {
            let open = self.conditionals.len();
            self.read_nested(&body.text, Map::Lines(&body.lines), Reason::Repetition, from);
            self.close_conditionals(open);
            if self.stop || self.exit_macro {
                return;
            }
        }
    }

    /// `.irp`, `.irpc`: the body once for each value of a name.
    pub fn repeat_with(&mut self, s: Stmt<'_>, body: &Body, name: &[u8], values: &[Vec<u8>]) {
        if !self.may_expand(s) || !self.count_lines(s, (values.len() as u64).saturating_mul(body.lines.len() as u64), (values.len() as u64).saturating_mul(body.text.len() as u64)) {
            return;
        }
        let from = self.place(s.whole());
        for value in values {
            let (text, lines) = substitute(body, &[(name, value)], None, self.altmacro);
            let open = self.conditionals.len();
            self.read_nested(&text, Map::Lines(&lines), Reason::Repetition, from);
            self.close_conditionals(open);
            if self.stop || self.exit_macro {
                return;
            }
        }
    }

    /// The place of what has no place of its own.
    pub fn place_of_nothing(&self) -> Where {
        self.sections.all[0].place
    }
}

/// Moves past spaces.
pub fn skip_spaces(text: &[u8], at: &mut usize) {
    while text.get(*at).is_some_and(u8::is_ascii_whitespace) {
        *at += 1;
    }
}

/// `<text>` of `.altmacro`; `!` takes the next character as it is.
fn angle_string(text: &[u8], at: &mut usize) -> Vec<u8> {
    let mut out = Vec::new();
    let mut i = *at + 1;
    let mut depth = 1;
    while let Some(&c) = text.get(i) {
        i += 1;
        match c {
            b'!' => {
                out.extend(text.get(i));
                i += 1;
                continue;
            }
            b'<' => depth += 1,
            b'>' => {
                depth -= 1;
                if depth == 0 {
                    break;
                }
            }
            _ => {}
        }
        out.push(c);
    }
    *at = i.min(text.len());
    out
}

/// Text up to a comma or a space that ends an argument: GNU as keeps together what an operator or
/// parentheses join.
pub fn plain_argument(text: &[u8], at: &mut usize) -> Vec<u8> {
    let from = *at;
    let mut depth = 0usize;
    let mut i = from;
    while let Some(&c) = text.get(i) {
        match c {
            b'(' | b'[' => depth += 1,
            b')' | b']' => depth = depth.saturating_sub(1),
            b',' if depth == 0 => break,
            b'"' => {
                i += 1;
                while text.get(i).is_some_and(|c| *c != b'"') {
                    i += if text[i] == b'\\' { 2 } else { 1 };
                }
            }
            b'\'' => i += 1,
            c if c.is_ascii_whitespace() && depth == 0 => {
                let mut after = i;
                skip_spaces(text, &mut after);
                let operator = |b: Option<&u8>| b.is_some_and(|b| b"+-*/%&|^<>=!~(".contains(b));
                let joined = operator(text.get(after)) || operator(text[from..i].last());
                if !joined || text.get(after) == Some(&b'(') && !operator(text[from..i].last()) {
                    break;
                }
                i = after;
                continue;
            }
            _ => {}
        }
        i += 1;
    }
    *at = i.min(text.len());
    text[from..*at].trim_ascii().to_vec()
}

/// Puts arguments into a body: `\name`, `\()`, `\@`; in `.altmacro` also the bare name, and `&`.
fn substitute(body: &Body, names: &[(&[u8], &[u8])], count: Option<u64>, alternate: bool) -> (Vec<u8>, Vec<LineOrigin>) {
    let text = &body.text;
    let mut out = Vec::with_capacity(text.len() + 16);
    let mut lines: Vec<LineOrigin> = Vec::with_capacity(body.lines.len());
    let mut line = 0;
    let mut i = 0;
    let mut exact = true;
    while i <= text.len() {
        if body.lines.get(line).is_some_and(|l| l.at as usize <= i) {
            if let Some(last) = lines.last_mut() {
                last.exact &= exact;
            }
            lines.push(LineOrigin { at: out.len() as u32, ..body.lines[line] });
            exact = true;
            line += 1;
        }
        let Some(&c) = text.get(i) else { break };
        if c == b'\\' {
            let rest = &text[i + 1..];
            match rest {
                [b'(', b')', ..] => {
                    exact = false;
                    i += 3;
                    continue;
                }
                [b'@', ..] if count.is_some() => {
                    exact = false;
                    out.extend_from_slice(count.unwrap_or(0).to_string().as_bytes());
                    i += 2;
                    continue;
                }
                _ => {}
            }
            let len = name_len(rest);
            if let Some((_, value)) = (1..=len).rev().find_map(|n| names.iter().find(|(name, _)| n == len && *name == &rest[..n])) {
                exact = false;
                out.extend_from_slice(value);
                i += 1 + len;
                continue;
            }
            out.push(c);
            i += 1;
            continue;
        }
        // `&name` is an argument too; both `&` go.
        if c == b'&'
            && !alternate
            && let len = name_len(&text[i + 1..])
            && let Some((_, value)) = names.iter().find(|(name, _)| *name == &text[i + 1..i + 1 + len])
        {
            exact = false;
            out.extend_from_slice(value);
            i += 1 + len + usize::from(text.get(i + 1 + len) == Some(&b'&'));
            continue;
        }
        if alternate && (c.is_ascii_alphabetic() || matches!(c, b'_' | b'.' | b'$')) && (i == 0 || !is_name(text[i - 1])) {
            let len = name_len(&text[i..]);
            if let Some((_, value)) = names.iter().find(|(name, _)| *name == &text[i..i + len]) {
                exact = false;
                if out.last() == Some(&b'&') {
                    out.pop();
                }
                out.extend_from_slice(value);
                i += len;
                if text.get(i) == Some(&b'&') {
                    i += 1;
                }
            } else {
                out.extend_from_slice(&text[i..i + len]);
                i += len;
            }
            continue;
        }
        out.push(c);
        i += 1;
    }
    if let Some(last) = lines.last_mut() {
        last.exact &= exact;
    }
    (out, lines)
}

fn is_name(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'$') || b >= 0x80
}

fn name_len(text: &[u8]) -> usize {
    text.iter().take_while(|b| is_name(**b)).count()
}
