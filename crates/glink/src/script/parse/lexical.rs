//! Words, names and numbers, with the blanks and comments behind them.

use super::Mistake;
use chumsky::input::InputRef;
use chumsky::prelude::*;

pub(super) type Extra<E> = extra::Err<E>;

/// A rule of the grammar; its clones are the same rule.
pub(super) type Rule<'s, E, T> = Boxed<'s, 's, &'s str, T, Extra<E>>;

/// Expressions: made once, as nearly all other rules have them.
pub(super) type Expression<'s, E> = Rule<'s, E, super::super::ast::Expr>;

// The words are read by hand, a look at the text that is left for each: a parser for each character costs most of the
// time of a small link.

/// What is left of the text.
fn left<'s, E: Mistake<'s>>(input: &mut Input<'s, '_, E>) -> &'s str {
    let here = input.cursor();
    input.slice_from(&here..)
}

type Input<'s, 'p, E> = InputRef<'s, 'p, &'s str, Extra<E>>;

/// Goes behind these bytes.
fn skip<'s, E: Mistake<'s>>(input: &mut Input<'s, '_, E>, text: &str) {
    text.chars().for_each(|_| input.skip());
}

/// The next character is not what is wanted.
fn refused<'s, E: Mistake<'s>>(input: &mut Input<'s, '_, E>) -> E {
    let here = input.cursor();
    let found = input.next_maybe();
    E::expected_found(std::iter::empty::<&'static str>(), found, input.span_since(&here))
}

/// Takes the text as far as a function says; it must be something.
fn taken<'s, E: Mistake<'s>>(length: impl Fn(&str) -> usize + Clone) -> impl Parser<'s, &'s str, &'s str, Extra<E>> + Clone {
    custom(move |input: &mut Input<'s, '_, E>| {
        let text = left(input);
        match &text[..length(text)] {
            "" => Err(refused(input)),
            taken => {
                skip(input, taken);
                Ok(taken)
            }
        }
    })
}

/// Bytes up to the first character that does not fit.
fn run(text: &str, fits: impl Fn(char) -> bool) -> usize {
    text.find(|c| !fits(c)).unwrap_or(text.len())
}

/// Bytes of the blanks and comments at the beginning; a comment without an end is none.
fn blanks(text: &str) -> usize {
    let mut at = 0;
    loop {
        at += run(&text[at..], char::is_whitespace);
        // A line marker of the preprocessor, or any comment to the end of the line.
        if text[at..].starts_with('#') {
            at += run(&text[at..], |c| c != '\n');
            continue;
        }
        match text[at..].strip_prefix("/*").and_then(|comment| comment.find("*/")) {
            Some(length) => at += length + 4,
            None => return at,
        }
    }
}

/// Blanks and comments.
pub(super) fn trivia<'s, E: Mistake<'s>>() -> impl Parser<'s, &'s str, (), Extra<E>> + Clone {
    custom(|input: &mut Input<'s, '_, E>| {
        let text = left(input);
        skip(input, &text[..blanks(text)]);
        Ok(())
    })
}

pub(super) fn token<'s, E: Mistake<'s>>(text: &'static str) -> impl Parser<'s, &'s str, (), Extra<E>> + Clone {
    just(text).ignored().then_ignore(trivia())
}

pub(super) fn quoted<'s, E: Mistake<'s>>() -> impl Parser<'s, &'s str, &'s str, Extra<E>> + Clone {
    let inside = custom(|input: &mut Input<'s, '_, E>| {
        let text = left(input);
        let inside = &text[..run(text, |c| c != '"')];
        skip(input, inside);
        Ok(inside)
    });
    just('"').ignore_then(inside).then_ignore(just('"')).then_ignore(trivia())
}

/// A symbol in an expression.
pub(super) fn symbol<'s, E: Mistake<'s>>() -> impl Parser<'s, &'s str, &'s str, Extra<E>> + Clone {
    let bare = taken(|text: &str| if text.starts_with(|c: char| c.is_ascii_digit()) { 0 } else { run(text, |c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '$')) });
    quoted().or(bare.then_ignore(trivia())).labelled("a name")
}

/// A name that begins with a slash, as an assignment has it that was meant to be no more than a comment (`//f = 0x100;`): as in GNU ld,
/// it defines a symbol of that name.
pub(super) fn slashed<'s, E: Mistake<'s>>() -> impl Parser<'s, &'s str, &'s str, Extra<E>> + Clone {
    let bare = taken(|text: &str| if text.starts_with('/') { run(text, |c| c.is_ascii_alphanumeric() || matches!(c, '/' | '_' | '.' | '$')) } else { 0 });
    bare.then_ignore(trivia()).labelled("a name")
}

/// A file, section or pattern where no expression can stand.
pub(super) fn word<'s, E: Mistake<'s>>(stop: &'static str) -> impl Parser<'s, &'s str, &'s str, Extra<E>> + Clone {
    let bare = taken(move |text: &str| run(text, |c| !c.is_whitespace() && !matches!(c, '(' | ')' | '{' | '}' | ';' | ',' | '"') && !stop.contains(c)));
    quoted().or(bare.then_ignore(trivia())).labelled("a name")
}

fn is_of_keyword(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// A keyword of the table of words: the whole word.
pub(super) fn keyword<'s, E: Mistake<'s>>(name: &'static str) -> impl Parser<'s, &'s str, (), Extra<E>> + Clone {
    debug_assert!(super::super::words::all().any(|word| word == name), "{name} is not in the table of words");
    let bare = taken(move |text: &str| match text.strip_prefix(name) {
        Some(rest) if !rest.starts_with(is_of_keyword) => name.len(),
        _ => 0,
    });
    bare.ignored().then_ignore(trivia()).labelled(name)
}

/// A keyword of a table, and what it means.
pub(super) fn one_of_words<'s, E: Mistake<'s>, T: Copy + 's>(table: &'static [(&'static str, T)]) -> Rule<'s, E, T> {
    looked_up(|text| {
        let name = &text[..run(text, is_of_keyword)];
        table.iter().find(|(word, _)| *word == name).map(|&(_, meaning)| (name.len(), meaning))
    })
    .boxed()
}

/// What a function finds at the beginning of the text: how long it is, and what it means.
pub(super) fn looked_up<'s, E: Mistake<'s>, T: 's>(find: impl Fn(&str) -> Option<(usize, T)> + Clone + 's) -> impl Parser<'s, &'s str, T, Extra<E>> + Clone {
    let found = custom(move |input: &mut Input<'s, '_, E>| {
        let text = left(input);
        let (length, meaning) = find(text).ok_or_else(|| refused(input))?;
        skip(input, &text[..length]);
        Ok(meaning)
    });
    found.then_ignore(trivia())
}

/// What begins with a keyword. Keywords are capitals, so that most lines need not be compared with all of them.
pub(super) fn with_keyword<'s, E: Mistake<'s>, T>(rule: impl Parser<'s, &'s str, T, Extra<E>> + Clone) -> impl Parser<'s, &'s str, T, Extra<E>> + Clone {
    any().filter(char::is_ascii_uppercase).rewind().ignore_then(rule)
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
