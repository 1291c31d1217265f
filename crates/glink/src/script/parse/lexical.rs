//! Words, names and numbers, with the blanks and comments behind them.

use super::Mistake;
use chumsky::prelude::*;

pub(super) type Extra<E> = extra::Err<E>;

/// Blanks and comments.
pub(super) fn trivia<'s, E: Mistake<'s>>() -> impl Parser<'s, &'s str, (), Extra<E>> + Clone {
    let comment = just("/*").then(any().and_is(just("*/").not()).repeated()).then(just("*/")).ignored();
    let blank = any().filter(|c: &char| c.is_whitespace()).repeated().at_least(1).ignored();
    comment.or(blank).repeated().ignored()
}

pub(super) fn token<'s, E: Mistake<'s>>(text: &'static str) -> impl Parser<'s, &'s str, (), Extra<E>> + Clone {
    just(text).ignored().then_ignore(trivia())
}

pub(super) fn quoted<'s, E: Mistake<'s>>() -> impl Parser<'s, &'s str, &'s str, Extra<E>> + Clone {
    just('"').ignore_then(any().filter(|c: &char| *c != '"').repeated().to_slice()).then_ignore(just('"')).then_ignore(trivia())
}

/// A symbol in an expression.
pub(super) fn symbol<'s, E: Mistake<'s>>() -> impl Parser<'s, &'s str, &'s str, Extra<E>> + Clone {
    let first = any().filter(|c: &char| c.is_ascii_alphabetic() || "_.$".contains(*c));
    let rest = any().filter(|c: &char| c.is_ascii_alphanumeric() || "_.$".contains(*c)).repeated();
    quoted().or(first.then(rest).to_slice().then_ignore(trivia())).labelled("a name")
}

/// A file, section or pattern where no expression can stand.
pub(super) fn word<'s, E: Mistake<'s>>(stop: &'static str) -> impl Parser<'s, &'s str, &'s str, Extra<E>> + Clone {
    let bare = any().filter(move |c: &char| !c.is_whitespace() && !"(){};,\"".contains(*c) && !stop.contains(*c)).repeated().at_least(1).to_slice();
    quoted().or(bare.then_ignore(trivia())).labelled("a name")
}

/// A keyword of the table of words: the whole word.
pub(super) fn keyword<'s, E: Mistake<'s>>(name: &'static str) -> impl Parser<'s, &'s str, (), Extra<E>> + Clone {
    debug_assert!(super::super::words::all().any(|word| word == name), "{name} is not in the table of words");
    let inside = any().filter(|c: &char| c.is_ascii_alphanumeric() || *c == '_');
    just(name).then_ignore(inside.not()).ignored().then_ignore(trivia()).labelled(name)
}

/// A keyword of a table, and what it means.
pub(super) fn one_of_words<'s, E: Mistake<'s>, T: Copy + 's>(table: &'static [(&'static str, T)]) -> Boxed<'s, 's, &'s str, T, Extra<E>> {
    choice(table.iter().map(|&(name, meaning)| keyword(name).to(meaning)).collect::<Vec<_>>()).boxed()
}

pub(super) fn number<'s, E: Mistake<'s>>() -> impl Parser<'s, &'s str, u64, Extra<E>> + Clone {
    let digits = any().filter(char::is_ascii_digit).then(any().filter(char::is_ascii_alphanumeric).repeated()).to_slice();
    let dollar = just('$').then(any().filter(char::is_ascii_hexdigit)).then(any().filter(char::is_ascii_alphanumeric).repeated()).to_slice();
    let dollar = dollar.filter(|text: &&str| parse_number(text).is_some());
    dollar
        .or(digits)
        .try_map(|text: &str, span| parse_number(text).ok_or_else(|| E::custom(span, format!("`{text}` is not a number"))))
        .then_ignore(trivia())
        .labelled("a number")
}

/// `12`, `0x1F`, `$1F`, `1Fh`, `017`; `K` and `M` behind it.
fn parse_number(text: &str) -> Option<u64> {
    let (digits, radix) = match text.strip_prefix("0x").or(text.strip_prefix("0X")).or(text.strip_prefix('$')) {
        Some(hex) => (hex, 16),
        None => match text.strip_suffix(['h', 'H']) {
            Some(hex) => (hex, 16),
            None => (text, 10),
        },
    };
    let (digits, scale) = match digits.as_bytes().last()? {
        b'K' | b'k' => (&digits[..digits.len() - 1], 1 << 10),
        b'M' | b'm' => (&digits[..digits.len() - 1], 1 << 20),
        _ => (digits, 1),
    };
    // A leading zero means octal, as in C.
    let radix = if radix == 10 && digits.len() > 1 && digits.starts_with('0') { 8 } else { radix };
    u64::from_str_radix(digits, radix).ok()?.checked_mul(scale)
}
