//! Grammars of directives whose arguments have a form of their own, written with chumsky.
//!
//! They run with cheap errors first; only a statement that fails is parsed again with rich ones, and
//! what they expected becomes the diagnostic. Results are places among the tokens: what the parts mean
//! is judged by the directive.

use crate::assembler::{Assembler, Stmt};
use crate::lexer::{T, Tok};
use chumsky::error::{Rich, RichPattern};
use chumsky::extra::{self, ParserExtra};
use chumsky::label::LabelError;
use chumsky::prelude::*;
use diag::{Diagnostic, codes};
use std::ops::Range;

type Tokens<'t> = &'t [Tok];
type Cheap = extra::Default;
type Explained<'t> = extra::Err<Rich<'t, Tok>>;

/// Tokens of a part, counted from the first argument.
pub type Part = Range<usize>;

/// One token of a kind; its place.
fn token<'t, E: ParserExtra<'t, Tokens<'t>>>(kind: T) -> impl Parser<'t, Tokens<'t>, Part, E> + Clone {
    any().filter(move |tok: &Tok| tok.kind == kind).map_with(|_, e| {
        let span: SimpleSpan = e.span();
        span.into_range()
    })
}

/// Tokens up to a comma: an expression or a name, looked at later.
fn argument<'t, E>() -> impl Parser<'t, Tokens<'t>, Part, E> + Clone
where
    E: ParserExtra<'t, Tokens<'t>>,
    E::Error: LabelError<'t, Tokens<'t>, &'static str>,
{
    any().filter(|tok: &Tok| tok.kind != T::Comma).repeated().at_least(1).to_span().map(|span: SimpleSpan| span.into_range()).labelled("an argument")
}

/// `@word`, `%word`; the word.
fn at_word<'t, E>(what: &'static str) -> impl Parser<'t, Tokens<'t>, Part, E> + Clone
where
    E: ParserExtra<'t, Tokens<'t>>,
    E::Error: LabelError<'t, Tokens<'t>, &'static str>,
{
    token(T::At).or(token(T::Percent)).ignore_then(token(T::Word).or(token(T::Number))).labelled(what)
}

/// What stands after the name of a section.
#[derive(Debug, PartialEq, Eq)]
pub struct SectionArguments {
    /// `"flags"`
    pub flags: Part,
    /// `@type`: the word.
    pub kind: Option<Part>,
    /// Entry size, linked section, group and `comdat`, as the flags ask for them.
    pub rest: Vec<Part>,
}

/// `"flags" [, @type] [, argument]*`
fn section_arguments<'t, E>() -> impl Parser<'t, Tokens<'t>, SectionArguments, E>
where
    E: ParserExtra<'t, Tokens<'t>>,
    E::Error: LabelError<'t, Tokens<'t>, &'static str>,
{
    let comma = || token(T::Comma).labelled("`,`");
    token(T::Str)
        .labelled("flags in quotes such as \"ax\"")
        .then(comma().ignore_then(at_word("a type such as @progbits").or(token(T::Str))).or_not())
        .then(comma().ignore_then(argument()).repeated().collect())
        .map(|((flags, kind), rest)| SectionArguments { flags, kind, rest })
}

/// What stands after the symbol of `.type`: the word or the string.
fn symbol_type<'t, E>() -> impl Parser<'t, Tokens<'t>, Part, E>
where
    E: ParserExtra<'t, Tokens<'t>>,
    E::Error: LabelError<'t, Tokens<'t>, &'static str>,
{
    let kind = at_word("a type such as @function")
        .or(token(T::Str).labelled("a type in quotes"))
        .or(token(T::Word).or(token(T::Number)).labelled("a type such as STT_FUNC"));
    token(T::Comma).or_not().ignore_then(kind)
}

/// What stands after the number of `.file`.
#[derive(Debug, PartialEq, Eq)]
pub struct FileArguments {
    /// Folder and name, or the name alone.
    pub names: Vec<Part>,
    /// `md5 number`
    pub md5: Option<Part>,
}

/// `["folder"] "name" [md5 number] [source "text"]`
fn file_arguments<'t, E>() -> impl Parser<'t, Tokens<'t>, FileArguments, E>
where
    E: ParserExtra<'t, Tokens<'t>>,
    E::Error: LabelError<'t, Tokens<'t>, &'static str>,
{
    let name = || token(T::Str).labelled("a file name in quotes");
    name()
        .repeated()
        .at_least(1)
        .at_most(2)
        .collect()
        .then(token(T::Word).ignore_then(token(T::Number)).labelled("md5 and its sum").or_not())
        .then_ignore(token(T::Word).then(token(T::Str)).labelled("source and its text").or_not())
        .map(|(names, md5)| FileArguments { names, md5 })
}

impl Assembler<'_> {
    /// Arguments of `.section` from token `from` on.
    pub fn parse_section_arguments(&mut self, s: Stmt<'_>, from: usize) -> Option<SectionArguments> {
        self.parse_with(s, from, section_arguments::<Cheap>(), section_arguments::<Explained<'_>>())
    }

    /// The type that `.type` names.
    pub fn parse_symbol_type(&mut self, s: Stmt<'_>, from: usize) -> Option<Part> {
        self.parse_with(s, from, symbol_type::<Cheap>(), symbol_type::<Explained<'_>>())
    }

    /// Names of `.file number`.
    pub fn parse_file_arguments(&mut self, s: Stmt<'_>, from: usize) -> Option<FileArguments> {
        self.parse_with(s, from, file_arguments::<Cheap>(), file_arguments::<Explained<'_>>())
    }

    /// Runs a grammar over the rest of a statement; after a failure again, to say what was expected.
    fn parse_with<'t, O>(&mut self, s: Stmt<'t>, from: usize, cheap: impl Parser<'t, Tokens<'t>, O, Cheap>, rich: impl Parser<'t, Tokens<'t>, O, Explained<'t>>) -> Option<O> {
        let tokens = &s.toks[from.min(s.toks.len())..];
        if let Some(out) = cheap.parse(tokens).into_output() {
            return Some(out);
        }
        if self.bad_tokens(s) {
            return None;
        }
        let errors = rich.parse(tokens).into_errors();
        let (at, expected) = match errors.first() {
            Some(error) => (error.span().start, expectations(error)),
            None => (0, "something else".into()),
        };
        let at = from + at;
        let message = match s.toks.get(at) {
            Some(_) => format!("unexpected `{}`", s.show(at, at + 1)),
            None => "an argument is missing".into(),
        };
        let d = Diagnostic::new(&codes::E0401, message).at(s.span_at(at), format!("expected {expected}"));
        self.report(d);
        None
    }
}

/// What a parser would have taken, in words.
#[allow(clippy::wildcard_enum_match_arm, reason = "every part of a grammar is labelled, so nothing else helps")]
fn expectations(error: &Rich<'_, Tok>) -> String {
    let mut words: Vec<String> = error
        .expected()
        .filter_map(|pattern| match pattern {
            RichPattern::EndOfInput => Some("the end of the statement".to_string()),
            RichPattern::Label(label) => Some(label.to_string()),
            _ => None,
        })
        .collect();
    words.sort();
    words.dedup();
    match words.len() {
        0 => "the end of the statement".into(),
        1 => words.remove(0),
        n => {
            let last = words.remove(n - 1);
            format!("{} or {last}", words.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(text: &str) -> Vec<Tok> {
        let mut out = Vec::new();
        crate::lexer::statement(text.as_bytes(), 0, &mut out);
        out
    }

    #[test]
    fn sections() {
        let toks = tokens("\"axG\", @progbits, group + 1, comdat");
        let parsed = section_arguments::<Cheap>().parse(&toks[..]).into_output();
        assert_eq!(parsed, Some(SectionArguments { flags: 0..1, kind: Some(3..4), rest: vec![5..8, 9..10] }));
        let toks = tokens("\"a\"");
        assert!(section_arguments::<Cheap>().parse(&toks[..]).into_output().is_some());
        let toks = tokens("ax");
        assert!(section_arguments::<Cheap>().parse(&toks[..]).has_errors());
    }

    #[test]
    fn a_failure_says_what_was_expected() {
        let toks = tokens("ax, @progbits");
        let errors = section_arguments::<Explained<'_>>().parse(&toks[..]).into_errors();
        assert_eq!(expectations(&errors[0]), "flags in quotes such as \"ax\"");
        let toks = tokens("\"dir\" \"name\" md5");
        let errors = file_arguments::<Explained<'_>>().parse(&toks[..]).into_errors();
        assert_eq!(errors.len(), 1);
    }
}
