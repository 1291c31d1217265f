//! Tokens of one statement, cut by logos. Nothing here fails: what is no token becomes [`T::Bad`].
//!
//! A statement ends at a newline or at `;`. The buffer of tokens is reused: a whole file's tokens
//! never exist at once.

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
pub fn statement(source: &[u8], mut pos: usize, out: &mut Vec<Tok>) -> usize {
    out.clear();
    loop {
        let Some(&first) = source.get(pos) else { return source.len() };
        if CLASSES[usize::from(first)] & BLANK != 0 {
            pos += 1;
            continue;
        }
        let Some((kind, start, end)) = plain(source, pos, first).or_else(|| any(source, pos)) else { return source.len() };
        if matches!(kind, T::Newline | T::Semicolon) {
            return end;
        }
        out.push(Tok { kind, start: start as u32, end: end as u32 });
        if kind == T::OpenComment {
            return source.len();
        }
        pos = end;
    }
}

/// The next token from `pos` on, whatever it is: its kind, its first byte and the byte after it.
fn any(source: &[u8], pos: usize) -> Option<(T, usize, usize)> {
    let mut lexer = T::lexer(&source[pos..]);
    let kind = lexer.next()?.unwrap_or(T::Bad);
    Some((kind, pos + lexer.span().start, pos + lexer.span().end))
}

/// Bits of [`CLASSES`]: goes on with a word; begins one; a decimal digit; a hexadecimal digit; stands between tokens;
/// is a token by itself, whatever follows.
const WORD: u8 = 1;
const LETTER: u8 = 2;
const DIGIT: u8 = 4;
const HEX: u8 = 8;
const BLANK: u8 = 16;
const SIGN: u8 = 32;

/// What a byte is for [`plain`].
static CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let mut b = 0;
    while b < 256 {
        classes[b] = match b as u8 {
            b'0'..=b'9' => WORD | DIGIT | HEX,
            b'A'..=b'F' | b'a'..=b'f' => WORD | LETTER | HEX,
            b'G'..=b'Z' | b'g'..=b'z' | b'_' | b'.' | b'$' | 0x80..=0xff => WORD | LETTER,
            b' ' | b'\t' => BLANK,
            _ => 0,
        };
        b += 1;
    }
    let mut i = 0;
    while i < SIGNS.len() {
        classes[SIGNS[i].0 as usize] = SIGN;
        i += 1;
    }
    classes
};

/// Bytes that are tokens and begin no longer ones.
const SIGNS: [(u8, T); 9] = [
    (b'\n', T::Newline),
    (b',', T::Comma),
    (b'(', T::LParen),
    (b')', T::RParen),
    (b':', T::Colon),
    (b'+', T::Plus),
    (b'-', T::Minus),
    (b'%', T::Percent),
    (b'@', T::At),
];

static SIGN_KINDS: [T; 256] = {
    let mut kinds = [T::Bad; 256];
    let mut i = 0;
    while i < SIGNS.len() {
        kinds[SIGNS[i].0 as usize] = SIGNS[i].1;
        i += 1;
    }
    kinds
};

/// The first place from `from` on whose byte is of another class, or the end.
#[inline(always)]
fn skip(source: &[u8], from: usize, class: u8) -> usize {
    let mut i = from;
    while i < source.len() && CLASSES[usize::from(source[i])] & class != 0 {
        i += 1;
    }
    i
}

/// The token at `start`, whose byte is `first`, if it is of the kinds that compilers write all the time: words,
/// numbers, strings without escapes, and signs. `None` if in doubt. It takes half the time of [`any`].
#[inline(always)]
fn plain(source: &[u8], start: usize, first: u8) -> Option<(T, usize, usize)> {
    let class = CLASSES[usize::from(first)];
    let (kind, end) = if class & LETTER != 0 {
        (T::Word, skip(source, start + 1, WORD))
    } else if class & SIGN != 0 {
        (SIGN_KINDS[usize::from(first)], start + 1)
    } else if class & DIGIT != 0 {
        let end = match source.get(start + 1..start + 3) {
            Some([b'x', digit]) if first == b'0' && digit.is_ascii_hexdigit() => skip(source, start + 3, HEX),
            _ => skip(source, start + 1, DIGIT),
        };
        // `1f`, `1.5`, `10UL`, `0b1`.
        if source.get(end).is_some_and(|b| CLASSES[usize::from(*b)] & WORD != 0) {
            return None;
        }
        (T::Number, end)
    } else if first == b'"' {
        let inside = &source[start + 1..];
        let len = inside.iter().position(|b| matches!(b, b'"' | b'\\' | b'\n')).filter(|len| inside[*len] == b'"')?;
        (T::Str, start + len + 2)
    } else {
        return None;
    };
    Some((kind, start, end))
}

/// Value of a [`T::Number`], modulo 2^64; `None` if it has more than 64 bits or an 8 or 9 in octal.
pub fn number(text: &[u8]) -> Option<u64> {
    // What cannot be too large, without care.
    match text {
        [b'1'..=b'9', ..] if text.len() < 19 && text.iter().all(u8::is_ascii_digit) => {
            return Some(text.iter().fold(0, |value, digit| value * 10 + u64::from(digit - b'0')));
        }
        [b'0', b'x', digits @ ..] if digits.len() <= 16 && digits.iter().all(u8::is_ascii_hexdigit) => {
            return Some(digits.iter().fold(0, |value, digit| value << 4 | u64::from((digit & 0xf) + 9 * (digit >> 6))));
        }
        _ => {}
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
    fn plain_tokens_are_those_of_the_whole_lexer() {
        let parts: [&[u8]; 34] = [
            b" ", b"\t", b"\r", b"\n", b";", b"a", b"f", b"x", b"_", b".", b"$", b"\x80", b"0", b"1", b"9", b"0x", b"e", b"+", b"-", b"\"", b"\\", b"'", b"#", b"/", b"//", b"/*",
            b"*/", b"%", b"@", b"(", b")", b":", b",", b"<",
        ];
        let mut random = 1u64;
        for _ in 0..200_000 {
            let mut text = Vec::new();
            for _ in 0..8 {
                random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                text.extend_from_slice(parts[(random >> 33) as usize % parts.len()]);
            }
            let mut pos = 0;
            while let Some(&first) = text.get(pos) {
                if CLASSES[usize::from(first)] & BLANK != 0 {
                    pos += 1;
                    continue;
                }
                let Some(token) = plain(&text, pos, first) else { break };
                assert_eq!(Some(token), any(&text, pos), "{:?}", String::from_utf8_lossy(&text));
                pos = token.2;
            }
        }
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
