//! Tokens of one statement, cut by logos. Nothing here fails: what is no token becomes [`T::Bad`].
//!
//! A statement ends at a newline or at `;`. The buffer of tokens is reused: a whole file's tokens
//! never exist at once.

use crate::limits;
use logos::Logos;

/// Kinds of token. Numbers, strings and characters are decoded where they are used.
#[derive(Logos, Clone, Copy, Debug, PartialEq, Eq)]
#[logos(utf8 = false)]
#[logos(skip(r"[ \t\r\f\x0b]+"))]
#[logos(skip(b"(#|//)[^\n]*", allow_greedy = true))]
#[logos(skip(b"/\\*([^*]|\\*+[^*/])*\\*+/"))]
pub enum T {
    #[token("\n")]
    Newline,
    #[token(";")]
    Semicolon,
    /// A name: letters, digits, `_`, `.`, `$` and every byte above 0x7f.
    #[regex(b"[A-Za-z_.$\\x80-\\xff][A-Za-z0-9_.$\\x80-\\xff]*")]
    Word,
    /// `12`, `017`, `0x1f`, `0b101`, each with a suffix of C.
    #[regex("[0-9]+([uU][lL]{0,2}|[lL]{1,2}[uU]?)?")]
    #[regex("0[xX][0-9a-fA-F]+([uU][lL]{0,2}|[lL]{1,2}[uU]?)?")]
    #[regex("0[bB][01]+([uU][lL]{0,2}|[lL]{1,2}[uU]?)?")]
    Number,
    /// `1f`, `1b`.
    #[regex("[0-9]+[fb]")]
    LabelRef,
    /// `1.5`, `2e3`: only `.float` and `.double` take it.
    #[regex(r"[0-9]+\.[0-9]*([eE][+-]?[0-9]+)?")]
    #[regex(r"[0-9]+[eE][+-]?[0-9]+")]
    Real,
    /// `'a`, `'a'`, `'\n'`.
    #[regex(b"'([^\\\\\n]|\\\\[^\n])'?")]
    Char,
    #[regex(b"\"([^\"\\\\]|\\\\[^\n]|\\\\\n)*\"")]
    Str,
    /// A string without its end. It stops at the end of the line.
    #[regex(b"\"([^\"\\\\\n]|\\\\[^\n])*")]
    OpenStr,
    /// A comment without its end.
    #[token("/*")]
    OpenComment,
    #[token(",")]
    Comma,
    #[token("(")]
    LParen,
    #[token(")")]
    RParen,
    #[token("[")]
    LBracket,
    #[token("]")]
    RBracket,
    #[token("{")]
    LBrace,
    #[token("}")]
    RBrace,
    #[token("+")]
    Plus,
    #[token("-")]
    Minus,
    #[token("*")]
    Star,
    #[token("/")]
    Slash,
    #[token("%")]
    Percent,
    #[token("&")]
    Amp,
    #[token("|")]
    Pipe,
    #[token("^")]
    Caret,
    #[token("~")]
    Tilde,
    #[token("!")]
    Bang,
    #[token("<")]
    Lt,
    #[token(">")]
    Gt,
    #[token("<<")]
    Shl,
    #[token(">>")]
    Shr,
    #[token("==")]
    EqEq,
    #[token("!=")]
    Ne,
    #[token("<>")]
    LtGt,
    #[token("<=")]
    Le,
    #[token(">=")]
    Ge,
    #[token("&&")]
    AndAnd,
    #[token("||")]
    OrOr,
    #[token("=")]
    Eq,
    #[token(":")]
    Colon,
    #[token("@")]
    At,
    #[token("?")]
    Question,
    #[token("\\")]
    Backslash,
    #[token("`")]
    Backquote,
    /// A byte that begins no token.
    Bad,
    /// Alone in its statement: that has too many tokens.
    TooLong,
}

/// A token and its place in the text of its source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tok {
    /// What it is.
    pub kind: T,
    /// First byte.
    pub start: u32,
    /// Byte after the last.
    pub end: u32,
}

impl Tok {
    /// The bytes of the token.
    pub fn text<'a>(&self, source: &'a [u8]) -> &'a [u8] {
        &source[self.start as usize..self.end as usize]
    }
}

/// Reads one statement from `pos`; returns the position after its separator.
/// `out` is emptied first.
pub fn statement(source: &[u8], pos: usize, out: &mut Vec<Tok>) -> usize {
    out.clear();
    let mut lexer = T::lexer(&source[pos..]);
    while let Some(kind) = lexer.next() {
        let span = lexer.span();
        let kind = kind.unwrap_or(T::Bad);
        if matches!(kind, T::Newline | T::Semicolon) {
            return pos + span.end;
        }
        // The buffer grows by powers of two, as the limit is one.
        if out.len() == out.capacity() && out.len() >= limits::STATEMENT_TOKENS {
            *out = vec![Tok { kind: T::TooLong, ..out[0] }];
            let rest = &source[pos + span.end..];
            return pos + span.end + rest.iter().position(|b| *b == b'\n').map_or(rest.len(), |n| n + 1);
        }
        out.push(Tok { kind, start: (pos + span.start) as u32, end: (pos + span.end) as u32 });
        if kind == T::OpenComment {
            return source.len();
        }
    }
    source.len()
}

/// Value of a [`T::Number`], modulo 2^64; `None` if it has more than 64 bits or an 8 or 9 in octal.
pub fn number(text: &[u8]) -> Option<u64> {
    // What cannot be too large, without care.
    let fold = |digits: &[u8], radix: u32| {
        digits.iter().try_fold(0, |value, digit| Some(value * u64::from(radix) + u64::from((*digit as char).to_digit(radix)?)))
    };
    let plain = match text {
        [_] => fold(text, 10),
        [b'1'..=b'9', ..] if text.len() < 19 => fold(text, 10),
        [b'0', b'x', digits @ ..] if digits.len() <= 16 => fold(digits, 16),
        _ => None,
    };
    if plain.is_some() {
        return plain;
    }
    let suffix = text.iter().rev().take_while(|b| matches!(b, b'u' | b'U' | b'l' | b'L')).count();
    let text = &text[..text.len() - suffix];
    let (digits, radix) = match text {
        [b'0', b'x' | b'X', rest @ ..] => (rest, 16),
        [b'0', b'b' | b'B', rest @ ..] => (rest, 2),
        [b'0', rest @ ..] => (rest, 8),
        _ => (text, 10),
    };
    let mut value: u64 = 0;
    for &d in digits {
        let d = (d as char).to_digit(radix)?;
        value = value.checked_mul(u64::from(radix))?.checked_add(u64::from(d))?;
    }
    Some(value)
}

/// Value of a [`T::Char`].
pub fn character(text: &[u8]) -> u8 {
    match text {
        [b'\'', b'\\', c, ..] => match c {
            b'b' => 8,
            b'f' => 12,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            other => *other,
        },
        [b'\'', c, ..] => *c,
        _ => 0,
    }
}

/// What is wrong in a string literal: byte offset inside the token, and why.
#[derive(Debug, PartialEq, Eq)]
pub struct EscapeError {
    /// Offset of the backslash in the token.
    pub at: usize,
    /// The reason.
    pub why: &'static str,
}

/// Appends the bytes of a string literal (with its quotes) to `out`.
pub fn string(text: &[u8], out: &mut Vec<u8>) -> Result<(), EscapeError> {
    let mut i = 1;
    let end = text.len().saturating_sub(1);
    while i < end {
        let plain = text[i..end].iter().position(|b| *b == b'\\').unwrap_or(end - i);
        out.extend_from_slice(&text[i..i + plain]);
        i += plain + 1;
        if i > end {
            break;
        }
        let Some(&e) = text.get(i).filter(|_| i < end) else {
            return Err(EscapeError { at: i - 1, why: "a backslash needs a character after it" });
        };
        i += 1;
        match e {
            b'b' => out.push(8),
            b'f' => out.push(12),
            b'n' => out.push(b'\n'),
            b'r' => out.push(b'\r'),
            b't' => out.push(b'\t'),
            b'v' => out.push(11),
            b'\\' | b'"' => out.push(e),
            b'\n' => out.push(b'\n'),
            b'x' | b'X' => {
                let mut value = 0u8;
                let from = i;
                while i < end && text[i].is_ascii_hexdigit() {
                    value = value.wrapping_shl(4) | (text[i] as char).to_digit(16).unwrap_or(0) as u8;
                    i += 1;
                }
                if from == i {
                    return Err(EscapeError { at: from - 2, why: "\\x needs hexadecimal digits" });
                }
                out.push(value);
            }
            b'0'..=b'7' => {
                let mut value = u32::from(e - b'0');
                let mut n = 1;
                while n < 3 && i < end && (b'0'..=b'7').contains(&text[i]) {
                    value = value * 8 + u32::from(text[i] - b'0');
                    i += 1;
                    n += 1;
                }
                out.push(value as u8);
            }
            _ => {
                return Err(EscapeError { at: i - 2, why: "known escapes: \\b \\f \\n \\r \\t \\v \\\\ \\\" \\ooo \\xhh" });
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<T> {
        let mut out = Vec::new();
        statement(text.as_bytes(), 0, &mut out);
        out.iter().map(|t| t.kind).collect()
    }

    #[test]
    fn statements_end_at_newline_and_semicolon() {
        let source = b"nop ; addi a0, a0, 1 # c ; d\nret";
        let mut out = Vec::new();
        let a = statement(source, 0, &mut out);
        assert_eq!((a, out.len()), (5, 1));
        let b = statement(source, a, &mut out);
        assert_eq!(out.len(), 6);
        let c = statement(source, b, &mut out);
        assert_eq!((c, out.len()), (source.len(), 1));
    }

    #[test]
    fn numbers_and_label_references() {
        assert_eq!(kinds("0b1 1b 0b 0x1f 017 1f 1.5 2e3"), [T::Number, T::LabelRef, T::LabelRef, T::Number, T::Number, T::LabelRef, T::Real, T::Real]);
        assert_eq!(number(b"0xffffffffffffffff"), Some(u64::MAX));
        assert_eq!(number(b"0x1ffffffffffffffff"), None);
        assert_eq!(number(b"089"), None);
        assert_eq!(number(b"0"), Some(0));
        assert_eq!((number(b"10UL"), number(b"0xffLL")), (Some(10), Some(255)));
    }

    #[test]
    fn any_byte_is_some_token() {
        for b in 0..=255u8 {
            let mut out = Vec::new();
            statement(&[b, b'a'], 0, &mut out);
        }
        assert_eq!(kinds("\u{1}"), [T::Bad]);
        assert_eq!(kinds("'a 'b' '\\n' \"x\\\"y\" \"open"), [T::Char, T::Char, T::Char, T::Str, T::OpenStr]);
        assert_eq!(kinds("nop /* a \n b */ x"), [T::Word, T::Word]);
        assert_eq!(kinds("nop /* a"), [T::Word, T::OpenComment]);
    }

    #[test]
    fn strings() {
        let mut out = Vec::new();
        string(br#""a\n\x41\101\\""#, &mut out).unwrap();
        assert_eq!(out, b"a\nAA\\");
        assert_eq!(string(br#""\q""#, &mut out).unwrap_err().at, 1);
    }
}
