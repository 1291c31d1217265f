//! Parses scripts.

mod expression;
mod lexical;
mod memory;
mod sections;

use super::ast::{Command, Expr, Include, Insertion, Origin, OutputRule, ScriptInputs, Statement, Strangers};
use chumsky::error::LabelError;
use chumsky::prelude::*;
use super::words;
use diag::{Code, Diagnostic, FileId, Span, codes};
use expression::{assertion, assignment, expression};
use lexical::{Expression, Extra, Rule, keyword, token, trivia, with_keyword, word};
use sections::{contents, output_rule, overlay};

/// What a parser says when it fails: nothing, which is fast, or all there is to say. A script is read
/// the first way, and again the second way only if it has mistakes.
trait Mistake<'s>: chumsky::error::Error<'s, &'s str> + LabelError<'s, &'s str, &'static str> + 's {
    /// A mistake in words.
    fn custom(span: SimpleSpan, message: String) -> Self;
}

impl<'s> Mistake<'s> for EmptyErr {
    fn custom(_: SimpleSpan, _: String) -> EmptyErr {
        EmptyErr::default()
    }
}

impl<'s> Mistake<'s> for Rich<'s, char> {
    fn custom(span: SimpleSpan, message: String) -> Rich<'s, char> {
        Rich::custom(span, message)
    }
}

/// Parentheses and braces deeper than this are refused, so that no script exhausts the stack.
const DEEPEST: usize = 64;

/// Operators that need each other's values; more are refused, because values are computed by recursion.
const TALLEST: usize = 256;

/// Where a script stands: a file that is included says what may stand in the place of the `INCLUDE`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Within {
    /// At the top.
    Top,
    /// In `SECTIONS`.
    Sections,
    /// Between the braces of an output section.
    Section,
    /// In `MEMORY`.
    Memory,
}

/// Parses a script, or what is included in one.
pub fn parse(file: FileId, bytes: &[u8], within: Within) -> Result<Vec<Command>, Vec<Diagnostic>> {
    let code: Code = &codes::E0507;
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let at = error.valid_up_to();
        vec![Diagnostic::new(code, "the linker script is not UTF-8 text").at(Span::new(file, at, at + 1), "this byte is not text")]
    })?;
    if let Some(at) = too_deep(text) {
        return Err(vec![Diagnostic::new(code, format!("the linker script nests deeper than {DEEPEST}")).at(Span::new(file, at, at + 1), "here")]);
    }
    let commands = script::<EmptyErr>(file, within).parse(text).into_output();
    commands.ok_or_else(|| {
        let errors = script::<Rich<'_, char>>(file, within).parse(text).into_errors();
        errors.into_iter().map(|error| diagnostic(file, text, &error)).collect()
    })
}

/// Parses the value of a `--defsym`.
pub fn parse_expression(file: FileId, text: &str) -> Result<Expr, Vec<Diagnostic>> {
    if too_deep(text).is_some() {
        return Err(vec![Diagnostic::new(&codes::E0507, format!("the expression nests deeper than {DEEPEST}"))]);
    }
    let (value, errors) = trivia::<Rich<'_, char>>().ignore_then(expression()).then_ignore(end()).parse(text).into_output_errors();
    match value {
        Some(value) if errors.is_empty() => Ok(value),
        _ => Err(errors.into_iter().map(|error| diagnostic(file, text, &error)).collect()),
    }
}

/// The first byte that nests too deep; a `?` and an operator before an operand nest as well.
fn too_deep(text: &str) -> Option<usize> {
    let (mut depth, mut chain) = (0usize, 0usize);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'(' | b'{' => depth += 1,
            b')' | b'}' => depth = depth.saturating_sub(1),
            b'?' => chain += 1,
            b';' => chain = 0,
            _ => {}
        }
        if depth + chain > DEEPEST {
            return Some(at);
        }
    }
    None
}

fn diagnostic(file: FileId, text: &str, error: &Rich<'_, char>) -> Diagnostic {
    let span = error.span();
    if error.found().is_none()
        && let Some(open) = unclosed(text)
    {
        return Diagnostic::new(&codes::E0507, "syntax error: the linker script ends inside a block").at(Span::new(file, open, open + 1), "this is not closed");
    }
    if let Some(open) = open_comment(text).filter(|&open| open <= span.start) {
        return Diagnostic::new(&codes::E0507, "syntax error: the linker script ends inside a comment").at(Span::new(file, open, open + 2), "this is not closed");
    }
    let found = match error.found() {
        Some(c) => format!("`{}`", text[span.start..].split_whitespace().next().filter(|word| word.len() < 24).map_or_else(|| c.to_string(), str::to_string)),
        None => "the end".to_string(),
    };
    let mut expected: Vec<String> = error.expected().filter(|pattern| !matches!(pattern, chumsky::error::RichPattern::SomethingElse)).map(ToString::to_string).collect();
    expected.sort();
    expected.dedup();
    let label = if expected.is_empty() || expected.len() > 6 { "this cannot stand here".to_string() } else { format!("expected {}", expected.join(" or ")) };
    let message = match error.reason() {
        chumsky::error::RichReason::Custom(message) => format!("syntax error: {message}"),
        chumsky::error::RichReason::ExpectedFound { .. } => format!("syntax error: the linker script cannot be read at {found}"),
    };
    let diagnostic = Diagnostic::new(&codes::E0507, message).at(Span::new(file, span.start, span.end.max(span.start + 1)), label);
    match cure(text, span.start, error.found().copied()) {
        Some(cure) => diagnostic.help(cure),
        None => diagnostic,
    }
}

/// What to do about a place that cannot be read, if that is a usual mistake.
fn cure(text: &str, at: usize, found: Option<char>) -> Option<String> {
    let (before, rest) = text.split_at_checked(at)?;
    let statement = before.rfind([';', '{', '}']).map_or(0, |end| end + 1);
    if text[statement..].split_at_checked(at - statement + 2).is_some_and(|(near, _)| near.contains("//")) {
        return Some("a comment is /* … */, or # and the rest of the line".into());
    }
    // The words around the place: what looks like a keyword and is none.
    let ends: &[char] = if found == Some('{') { &[';', '{', '}'] } else { &[';', '{', '}', '\n'] };
    let line = before.rfind(ends).map_or(0, |end| end + 1);
    let end = at + rest.find([';', '{', '}', '\n', '(']).unwrap_or(rest.len());
    let words = text[line..end].split(|c: char| !c.is_ascii_alphanumeric() && c != '_').filter(|word| word.len() > 2 && word.chars().all(|c| c.is_ascii_uppercase() || c == '_'));
    let near = words.filter(|word| !words::all().any(|known| known == *word)).find_map(|word| diag::suggest(word, words::all()));
    if let Some(near) = near {
        return Some(format!("did you mean `{near}`?"));
    }
    (found == Some('{')).then(|| "is the block before it closed? A `}` may be missing, or the `:` behind a section's name".into())
}

/// The comment that nothing closes.
fn open_comment(text: &str) -> Option<usize> {
    let mut at = 0;
    loop {
        let open = at + text[at..].find("/*")?;
        match text[open + 2..].find("*/") {
            Some(length) => at = open + length + 4,
            None => return Some(open),
        }
    }
}

/// The innermost brace or parenthesis that nothing closes.
fn unclosed(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut open = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'/' if bytes.get(at + 1) == Some(&b'*') => at += text[at + 2..].find("*/").map_or(bytes.len(), |end| end + 3),
            b'"' => at += text[at + 1..].find('"').map_or(bytes.len(), |end| end + 1),
            b'{' | b'(' => open.push(at),
            b'}' | b')' => {
                open.pop();
            }
            _ => {}
        }
        at += 1;
    }
    open.pop()
}

fn span(file: FileId, span: SimpleSpan) -> Span {
    Span::new(file, span.start, span.end)
}

/// `INCLUDE FILE`
fn include<'s, E: Mistake<'s>>(file: FileId) -> impl Parser<'s, &'s str, Include, Extra<E>> + Clone {
    keyword("INCLUDE").ignore_then(word("")).map_with(move |name: &str, extra| Include { name: name.to_string(), span: span(file, extra.span()) }).boxed()
}

type Commands<'s, E> = Rule<'s, E, Vec<Command>>;

/// `NAME(a b, c)`
fn names<'s, E: Mistake<'s>>() -> Rule<'s, E, Vec<String>> {
    word("").map(str::to_string).then_ignore(token(",").or_not()).repeated().collect::<Vec<_>>().delimited_by(token("("), token(")")).boxed()
}

/// The names of `INPUT` and `GROUP`; those of `AS_NEEDED` are no different in a static link.
fn input_names<'s, E: Mistake<'s>>() -> Rule<'s, E, Vec<String>> {
    let one = keyword("AS_NEEDED").ignore_then(names()).or(word("").map(|name: &str| vec![name.to_string()]));
    one.then_ignore(token(",").or_not()).repeated().collect::<Vec<_>>().map(|lists: Vec<Vec<_>>| lists.into_iter().flatten().collect::<Vec<_>>()).delimited_by(token("("), token(")")).boxed()
}

fn script<'s, E: Mistake<'s>>(file: FileId, within: Within) -> impl Parser<'s, &'s str, Vec<Command>, Extra<E>> {
    let expr = expression();
    let line: Commands<'s, E> = match within {
        Within::Top => {
            let anywhere = anywhere(file, &expr);
            sections_command(file, &expr, &anywhere).or(simple_command(file, &expr, &anywhere)).boxed()
        }
        Within::Sections => statement(file, &expr, &anywhere(file, &expr)),
        Within::Section => contents(file, &expr).map(|contents| vec![Command::Contents(contents)]).boxed(),
        Within::Memory => memory::memory(file, &expr).map(|lines| vec![Command::Memory(lines)]).boxed(),
    };
    let whole = match within {
        Within::Top | Within::Sections => line.repeated().collect::<Vec<_>>().map(|lists: Vec<Vec<_>>| lists.into_iter().flatten().collect::<Vec<_>>()).boxed(),
        // These are rows of lines already.
        Within::Section | Within::Memory => line,
    };
    trivia().ignore_then(whole).then_ignore(end())
}

/// What stands in `SECTIONS` as well as outside.
fn anywhere<'s, E: Mistake<'s>>(file: FileId, expr: &Expression<'s, E>) -> Commands<'s, E> {
    let command = choice((
        keyword("ENTRY").ignore_then(word("").delimited_by(token("("), token(")"))).map(|name: &str| Command::Entry(name.to_string())),
        assertion(file, expr).map(|assertion| Command::Statements(vec![Statement::Assert(assertion)])),
    ));
    choice((
        token(";").to(Command::Nothing),
        with_keyword(command),
        assignment(file, expr).map(|assignment| Command::Statements(vec![Statement::Assign(assignment)])),
    ))
    .map(|command| vec![command])
    .boxed()
}

/// A line of `SECTIONS`.
fn statement<'s, E: Mistake<'s>>(file: FileId, expr: &Expression<'s, E>, anywhere: &Commands<'s, E>) -> Commands<'s, E> {
    let contents = contents(file, expr);
    let included = include(file).map(|include| vec![Command::Statements(vec![Statement::Include(include)])]);
    let overlaid = overlay(file, expr, &contents).map_with(move |(rules, apart): (Vec<OutputRule>, bool), extra| {
        let strangers = apart.then(|| Command::Strangers(Strangers { names: rules.iter().map(|rule| rule.name.clone()).collect(), one_way: false, span: span(file, extra.span()) }));
        let statements = rules.into_iter().flat_map(super::overlay::with_bounds).collect();
        std::iter::once(Command::Statements(statements)).chain(strangers).collect()
    });
    let section = output_rule(file, expr, &contents).map(|rule| vec![Command::Statements(vec![Statement::Output(Box::new(rule))])]);
    choice((with_keyword(choice((included, overlaid))), anywhere.clone(), section)).boxed()
}

/// `SECTIONS { … }`, with `INSERT` behind it or not.
fn sections_command<'s, E: Mistake<'s>>(file: FileId, expr: &Expression<'s, E>, anywhere: &Commands<'s, E>) -> Commands<'s, E> {
    let insert = keyword("INSERT").ignore_then(choice((keyword("AFTER").to(true), keyword("BEFORE").to(false)))).then(word("")).then_ignore(token(";").or_not());
    let insert = insert.map_with(move |(after, name): (bool, &str), extra| (after, name.to_string(), span(file, extra.span())));
    let braced = statement(file, expr, anywhere).repeated().collect::<Vec<_>>().map(|lists: Vec<Vec<_>>| lists.into_iter().flatten().collect::<Vec<_>>()).delimited_by(token("{"), token("}"));
    let sections = keyword("SECTIONS").ignore_then(braced.then(insert.or_not()));
    sections
        .map(|(commands, insert)| match insert {
            None => commands,
            Some((after, name, span)) => {
                let (inserted, others): (Vec<Command>, Vec<Command>) = commands.into_iter().partition(|command| matches!(command, Command::Statements(_)));
                let statements = inserted.into_iter().flat_map(|command| if let Command::Statements(statements) = command { statements } else { Vec::new() }).collect();
                others.into_iter().chain([Command::Insert(Insertion { after, name, statements, span })]).collect()
            }
        })
        .boxed()
}

/// Every command but `SECTIONS`.
fn simple_command<'s, E: Mistake<'s>>(file: FileId, expr: &Expression<'s, E>, anywhere: &Commands<'s, E>) -> Commands<'s, E> {
    let alias = word("").then_ignore(token(",")).then(word("")).delimited_by(token("("), token(")"));
    let strangers = |one_way: bool| move |names: Vec<String>, at: SimpleSpan| Command::Strangers(Strangers { names, one_way, span: span(file, at) });
    let (apart, one_way) = (strangers(false), strangers(true));
    let input = |is_group: bool, comes_first: bool| move |names: Vec<String>| Command::Inputs(ScriptInputs { names, is_group, comes_first, is_raw: false, origin: Origin::default() });
    let files = choice((
        keyword("SEARCH_DIR").ignore_then(word("").delimited_by(token("("), token(")"))).map(|folder: &str| Command::SearchDir(folder.to_string())),
        keyword("INPUT").ignore_then(input_names()).map(input(false, false)),
        keyword("GROUP").ignore_then(input_names()).map(input(true, false)),
        keyword("STARTUP").ignore_then(names()).map(input(false, true)),
        include(file).map(Command::Include),
    ));
    let layout = choice((
        keyword("MEMORY").ignore_then(memory::memory(file, expr).delimited_by(token("{"), token("}"))).map(Command::Memory),
        keyword("PHDRS").ignore_then(memory::segments(file, expr).delimited_by(token("{"), token("}"))).map(Command::Segments),
        keyword("REGION_ALIAS").ignore_then(alias).map_with(move |(alias, region): (&str, &str), extra| Command::Alias(alias.to_string(), region.to_string(), span(file, extra.span()))),
        keyword("EXTERN").ignore_then(names()).map(Command::Extern),
        keyword("NOCROSSREFS_TO").ignore_then(names()).map_with(move |names, extra| one_way(names, extra.span())),
        keyword("NOCROSSREFS").ignore_then(names()).map_with(move |names, extra| apart(names, extra.span())),
        keyword("FORCE_COMMON_ALLOCATION").to(Command::ForceCommon),
        keyword("FORCE_GROUP_ALLOCATION").to(Command::ForceGroups),
        keyword("LD_FEATURE").ignore_then(names()).map(|names| if names.iter().any(|name| name == "SANE_EXPR") { Command::SaneExpressions } else { Command::Nothing }),
    ));
    let without_effect = choice((
        keyword("OUTPUT_ARCH").then_ignore(names()),
        keyword("INHIBIT_COMMON_ALLOCATION"),
        keyword("VERSION").then_ignore(balanced()),
    ))
    .to(Command::Nothing);
    let named = |make: fn(String) -> Command| move |name: &str| make(name.to_string());
    let result = choice((
        keyword("OUTPUT_FORMAT").ignore_then(names()).map(Command::Format),
        keyword("OUTPUT").ignore_then(word("").delimited_by(token("("), token(")"))).map(named(Command::Output)),
        keyword("TARGET").ignore_then(word("").delimited_by(token("("), token(")"))).map(named(Command::Target)),
    ));
    choice((layout, files, result, without_effect)).map(|command| vec![command]).or(anywhere.clone()).boxed()
}

/// Braces, and whatever is between them: versions of symbols are for dynamic linking.
fn balanced<'s, E: Mistake<'s>>() -> impl Parser<'s, &'s str, (), Extra<E>> + Clone {
    recursive(|inner| {
        let other = any().filter(|c: &char| !"{}".contains(*c)).ignored();
        inner.or(other).repeated().delimited_by(just("{"), just("}")).ignored()
    })
    .then_ignore(trivia())
    .boxed()
}

#[cfg(test)]
mod tests {
    use super::super::ast::Binary;
    use super::*;

    fn parsed(text: &str) -> Vec<Statement> {
        let file = diag::Sources::new().add("x.ld", Vec::new());
        let commands = parse(file, text.as_bytes(), Within::Top).unwrap_or_else(|errors| panic!("{errors:#?}"));
        commands.into_iter().flat_map(|command| if let Command::Statements(statements) = command { statements } else { Vec::new() }).collect()
    }

    #[test]
    fn the_default_layout_parses() {
        assert!(parsed(super::super::DEFAULT).len() > 30);
    }

    #[test]
    fn expressions_have_the_precedence_of_c() {
        let statements = parsed("a = 1 + 2 * 3 == 7 && !0 ? 0x10K : - ~ 1; b = x - 4 - 3 << 1 | 1;");
        let Statement::Assign(assignment) = &statements[0] else { panic!() };
        let Expr::Conditional(condition, yes, _) = &assignment.value else { panic!("{:?}", assignment.value) };
        assert!(matches!(**condition, Expr::Binary(Binary::LogicalAnd, ..)));
        assert_eq!(**yes, Expr::Number(0x10 << 10));
        let Statement::Assign(assignment) = &statements[1] else { panic!() };
        let shown = super::super::show::expression(&assignment.value);
        assert_eq!(shown, "((((x - 0x4) - 0x3) << 0x1) | 0x1)");
    }

    #[test]
    fn errors_have_places() {
        let file = diag::Sources::new().add("x.ld", Vec::new());
        let wrong = |text: &str| parse(file, text.as_bytes(), Within::Top).unwrap_err();
        let errors = wrong("SECTIONS { .text : { *(.text) } OVERLAY + { } }");
        assert_eq!(errors[0].primary.as_ref().unwrap().span.start, 42, "{errors:?}");
        for end in 0..super::super::DEFAULT.len() {
            let _ = parse(file, &super::super::DEFAULT.as_bytes()[..end], Within::Top);
        }
        assert!(wrong(&format!("a = {}1;", "(".repeat(100_000)))[0].message.contains("nests deeper"));
        assert!(!wrong(&format!("a = {}1;", "1 + ".repeat(100_000))).is_empty());
    }

    #[test]
    fn files_in_other_places_have_what_stands_there() {
        let file = diag::Sources::new().add("x.ld", Vec::new());
        let commands = parse(file, b"ram (rw) : ORIGIN = 0, LENGTH = 1K INCLUDE more.x", Within::Memory).unwrap();
        assert!(matches!(&commands[..], [Command::Memory(lines)] if lines.len() == 2), "{commands:?}");
        let commands = parse(file, b"*(.text) INCLUDE more.x . = ALIGN(4);", Within::Section).unwrap();
        assert!(matches!(&commands[..], [Command::Contents(lines)] if lines.len() == 3), "{commands:?}");
        assert!(parse(file, b".text : { }", Within::Memory).is_err());
    }
}
