//! `.if` and its family: which statements are read at all.

use crate::assembler::{Assembler, Statement, Stmt};
use crate::limits;
use crate::place::{Map, Where};
use crate::reader::lower;
use diag::{Diagnostic, codes};

/// An open `.if`.
#[derive(Clone, Copy, Debug)]
pub struct Conditional {
    /// Statements are read.
    pub taken: bool,
    /// Some branch was taken already, or none may be because an outer one is not.
    pub done: bool,
    /// `.else` was seen.
    pub in_else: bool,
    /// The `.if`.
    pub place: Where,
}

impl Assembler<'_> {
    /// Whether statements are skipped now.
    pub fn skipping(&self) -> bool {
        self.conditionals.last().is_some_and(|c| !c.taken)
    }

    /// Opens a conditional.
    pub fn open_conditional(&mut self, taken: bool, place: Where) {
        if self.conditionals.len() >= limits::CONDITIONAL_DEPTH {
            self.error(&codes::E0404, "conditionals are nested too deeply", place.span, format!("more than {}", limits::CONDITIONAL_DEPTH));
            self.stop = true;
            return;
        }
        let outer = self.skipping();
        self.conditionals.push(Conditional { taken: taken && !outer, done: taken || outer, in_else: false, place });
    }

    /// Closes what a file or macro left open, with an error each.
    pub fn close_conditionals(&mut self, open: usize) {
        while self.conditionals.len() > open {
            if let Some(c) = self.conditionals.pop()
                && !self.stop
            {
                let d = Diagnostic::new(&codes::E0404, "conditional without `.endif`").at(c.place.span, "opened here").help("write .endif on a line of its own after what it is for");
                self.report_at(d, c.place);
            }
        }
    }

    /// Reads one statement of a branch that is not taken: only the family's own heads count.
    pub fn skip_statement(&mut self, text: &[u8], map: Map<'_>) {
        let raw = RawStatement::next(text, self.cursor);
        self.cursor = raw.next;
        let head = &text[raw.head.0..raw.head.1];
        if head.first() != Some(&b'.') {
            return;
        }
        let mut buffer = [0; 40];
        let Some(n) = lower(head, &mut buffer) else { return };
        match &buffer[..n] {
            b".endif" | b".endc" | b".else" | b".elseif" | b".elsif" | b".elsec" => {
                // These are read as usual: they may end the skipping.
                let mut toks = self.spare_tokens.pop().unwrap_or_default();
                self.cursor = crate::lexer::statement(text, raw.head.0, &mut toks);
                if let Some(directive) = crate::directives::find(&buffer[..n]) {
                    (directive.handler)(self, Stmt(&Statement { text, map, toks: &toks }));
                }
                self.spare_tokens.push(toks);
            }
            word if word.starts_with(b".if") && crate::directives::find(word).is_some() => {
                let place = self.place(map.span(raw.head.0, raw.head.1));
                self.open_conditional(false, place);
            }
            _ => {}
        }
    }
}

/// A statement found without cutting tokens: for text that is skipped or kept as it is.
pub struct RawStatement {
    /// The head after labels.
    pub head: (usize, usize),
    /// End of the statement, before its separator.
    pub end: usize,
    /// Where the next one begins.
    pub next: usize,
}

fn is_word(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'$') || b >= 0x80
}

impl RawStatement {
    /// The statement at `from`.
    pub fn next(text: &[u8], from: usize) -> RawStatement {
        let mut i = from;
        let mut head = None;
        // Words followed by a colon are labels.
        loop {
            while text.get(i).is_some_and(|b| matches!(b, b' ' | b'\t' | b'\r' | 0x0b | 0x0c)) {
                i += 1;
            }
            let word = i;
            while text.get(i).is_some_and(|&b| is_word(b) || b == b'\\' || b == b'@') {
                i += 1;
            }
            let end = i;
            let mut after = i;
            while text.get(after).is_some_and(|b| matches!(b, b' ' | b'\t')) {
                after += 1;
            }
            if end > word && text.get(after) == Some(&b':') {
                i = after + 1;
                continue;
            }
            head.get_or_insert((word, end));
            break;
        }
        let end = statement_end(text, i);
        let next = (end + 1).min(text.len());
        RawStatement { head: head.unwrap_or((i, i)), end, next }
    }
}

/// End of the statement that holds position `i`: its newline or `;`, outside strings and comments.
pub fn statement_end(text: &[u8], mut i: usize) -> usize {
    while let Some(&b) = text.get(i) {
        match b {
            b'\n' | b';' => return i,
            b'#' => return line_end(text, i),
            b'/' if text.get(i + 1) == Some(&b'/') => return line_end(text, i),
            b'/' if text.get(i + 1) == Some(&b'*') => {
                i = text[i + 2..].windows(2).position(|w| w == b"*/").map_or(text.len(), |n| i + n + 4);
            }
            b'"' => {
                i += 1;
                while let Some(&c) = text.get(i) {
                    match c {
                        b'"' => break,
                        b'\n' => return i,
                        b'\\' => i += 2,
                        _ => i += 1,
                    }
                }
                i += 1;
            }
            b'\'' => {
                // 'c or 'c' or '\c: the character may be a separator or a quote.
                i += match (text.get(i + 1), text.get(i + 2)) {
                    (Some(b'\\'), Some(_)) => 3,
                    (Some(b'\n'), _) | (None, _) => 1,
                    _ => 2,
                };
            }
            _ => i += 1,
        }
    }
    text.len()
}

fn line_end(text: &[u8], i: usize) -> usize {
    text[i..].iter().position(|&b| b == b'\n').map_or(text.len(), |n| i + n)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn raw_statements_are_found_through_labels_strings_and_comments() {
        let text = b" a: 1: .if x ; nop\n .ascii \"a;b\\\"\" # c ; d\n li a0, ';' ; .endif";
        let mut at = 0;
        let mut heads = Vec::new();
        while at < text.len() {
            let raw = RawStatement::next(text, at);
            heads.push(String::from_utf8_lossy(&text[raw.head.0..raw.head.1]).into_owned());
            at = raw.next;
        }
        assert_eq!(heads, [".if", "nop", ".ascii", "li", ".endif"]);
    }
}
