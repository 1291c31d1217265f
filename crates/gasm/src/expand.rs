//! `-E`: the source as it is assembled, with macros, repetitions, conditionals and includes carried out. Assembling that gives the same
//! object; line markers say where each line comes from.

use crate::assembler::{Assembler, Statement};
use crate::lexer::{T, Tok};
use crate::names::Head;
use crate::place::Map;
use diag::Span;

/// More lines than this without text are a marker instead.
const EMPTY_LINES: u32 = 8;

/// The text so far.
#[derive(Default)]
pub struct Expanded {
    text: Vec<u8>,
    /// The file, and the line of it that the next line of the text is.
    next: Option<(String, u32)>,
}

impl Expanded {
    /// Begins with the symbols of the command line.
    pub fn new(defines: &[(String, i64)]) -> Expanded {
        let lines = defines.iter().map(|(name, value)| format!("\t.set {name}, {value}\n"));
        Expanded { text: lines.collect::<String>().into_bytes(), next: None }
    }

    fn line(&mut self, file: String, line: u32, text: &[u8]) {
        match &self.next {
            Some((at, next)) if *at == file && (*next..=next.saturating_add(EMPTY_LINES)).contains(&line) => {
                self.text.extend((*next..line).map(|_| b'\n'));
            }
            _ => self.text.extend(format!("# {line} \"{}\"\n", file.replace('\\', "\\\\").replace('"', "\\\"")).bytes()),
        }
        self.text.extend(text);
        self.text.push(b'\n');
        self.next = Some((file, line + 1));
    }

    /// The whole text.
    pub fn into_text(self) -> Vec<u8> {
        self.text
    }
}

impl Assembler<'_> {
    /// Notes a statement, if it is not one that makes text: a macro's name, `.if`, `.include`. Labels before it stay.
    pub fn expand_statement(&mut self, text: &[u8], map: Map<'_>, toks: &[Tok]) {
        let mut labels = 0;
        while toks.get(labels + 1).is_some_and(|tok| tok.kind == T::Colon) {
            labels += 2;
        }
        let makes_text = match toks.get(labels) {
            Some(tok) if tok.kind == T::Word && !toks.get(labels + 1).is_some_and(|tok| matches!(tok.kind, T::Eq | T::EqEq)) => {
                let name = self.names.intern(tok.text(text));
                match self.head(name) {
                    Head::Macro(_) => true,
                    Head::Directive(directive) => directive.makes_text(),
                    Head::Instruction(_) | Head::Broken | Head::Unknown | Head::Unresolved => false,
                }
            }
            _ => false,
        };
        let kept = if makes_text { &toks[..labels] } else { toks };
        let (Some(first), Some(last)) = (kept.first(), kept.last()) else { return };
        let span: Span = map.span(first.start as usize, last.end as usize);
        let (file, line) = self.lines.marked(span, self.sources).unwrap_or_else(|| {
            let line = self.sources.position(span.file, span.start).line;
            (self.sources.name(span.file).to_string(), line)
        });
        let mut written = if labels == 0 { vec![b'\t'] } else { Vec::new() };
        written.extend(without_comments(&Statement { text, map, toks: kept }));
        if let Some(expanded) = &mut self.expanded {
            expanded.line(file, line, &written);
        }
    }
}

/// The text of a statement on one line.
fn without_comments(statement: &Statement<'_>) -> Vec<u8> {
    let mut out: Vec<u8> = Vec::new();
    let mut end = None;
    for tok in statement.toks {
        if let Some(end) = end {
            let gap = &statement.text[end as usize..tok.start as usize];
            out.extend(if gap.iter().all(|b| matches!(b, b' ' | b'\t')) { gap } else { b" " });
        }
        out.extend(tok.text(statement.text));
        end = Some(tok.end);
    }
    out
}
