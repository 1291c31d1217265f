//! `SECTIONS`: output sections, overlays and the patterns of their inputs.

use super::super::ast::{Content, Fill, FlagPattern, Include, InputPattern, OutputRule, OutputType, Overlay, SectionPattern, Sort, SortFiles};
use super::super::pattern::Pattern;
use super::super::words;
use super::expression::{assertion, assignment};
use super::lexical::{Expression, Extra, Rule, keyword, number, one_of_words, token, trivia, with_keyword, word};
use super::{Mistake, include, span};
use chumsky::prelude::*;
use diag::FileId;

fn input_pattern<'s, E: Mistake<'s>>(file: FileId) -> Rule<'s, E, InputPattern> {
    let exclude = keyword("EXCLUDE_FILE").ignore_then(word("").repeated().collect::<Vec<_>>().delimited_by(token("("), token(")"))).map(|names| names.into_iter().map(Pattern::new).collect::<Vec<_>>());
    let exclude = with_keyword(exclude).or_not().map(Option::unwrap_or_default).boxed();
    let sort_kind = one_of_words(words::SORTS);
    let one_pattern = exclude.clone().then(word("")).boxed();
    let sorted_inner = sort_kind
        .clone()
        .then(one_pattern.clone().repeated().at_least(1).collect::<Vec<_>>().delimited_by(token("("), token(")")))
        .or(one_pattern.clone().repeated().at_least(1).collect::<Vec<_>>().map(|patterns| (Sort::None, patterns)))
        .boxed();
    let sorted = sort_kind.then(sorted_inner.delimited_by(token("("), token(")"))).map(|(outer, (inner, patterns))| {
        let sort = match (outer, inner) {
            (Sort::Name, Sort::Alignment) => Sort::NameAlignment,
            (Sort::Alignment, Sort::Name) => Sort::AlignmentName,
            (outer, _) => outer,
        };
        (sort, patterns)
    });
    let section = sorted.or(one_pattern.map(|pattern| (Sort::None, vec![pattern]))).map(|(sort, patterns): (Sort, Vec<(Vec<Pattern>, &str)>)| {
        patterns.into_iter().map(|(exclude, name)| SectionPattern { name: Pattern::new(name), exclude, sort }).collect::<Vec<_>>()
    });
    let sections = section.then_ignore(token(",").or_not()).repeated().collect::<Vec<_>>().map(|lists: Vec<Vec<_>>| lists.into_iter().flatten().collect::<Vec<_>>()).delimited_by(token("("), token(")")).boxed();
    let sort_files = choice((keyword("SORT_BY_NAME").to(SortFiles::Name), keyword("SORT_NONE").to(SortFiles::Never), keyword("SORT").to(SortFiles::Name)));
    let sorted_file = sort_files.then(exclude.clone().then(word("")).delimited_by(token("("), token(")"))).map(|(sort, (exclude, name))| (sort, exclude, name));
    let file_name = with_keyword(sorted_file).or(exclude.then(word("=")).map(|(exclude, name)| (SortFiles::None, exclude, name))).boxed();
    let flags = with_keyword(keyword("INPUT_SECTION_FLAGS").ignore_then(flag_pattern().delimited_by(token("("), token(")")))).or_not().map(Option::unwrap_or_default);
    let plain = flags.then(file_name.then(sections.or_not())).boxed();
    let kept = keyword("KEEP").ignore_then(plain.clone().delimited_by(token("("), token(")"))).map(|spec| (true, spec));
    with_keyword(kept).or(plain.map(|spec| (false, spec)))
        .map_with(move |(keep, (flags, ((sort_files, exclude, name), sections))), extra| {
            let (archive, name) = match name.split_once(':') {
                Some((archive, member)) => (Some(Pattern::new(archive)), member),
                None => (None, name),
            };
            InputPattern { keep, file: Pattern::new(name), archive, sort_files, exclude, flags, sections: sections.unwrap_or_default(), span: span(file, extra.span()) }
        })
        .boxed()
}

/// `SHF_ALLOC & !SHF_WRITE`
fn flag_pattern<'s, E: Mistake<'s>>() -> impl Parser<'s, &'s str, FlagPattern, Extra<E>> + Clone {
    let flag = one_of_words(words::SECTION_FLAGS).map(|flag| flag.0 as u32).or(number().map(|flag| flag as u32));
    let one = token("!").or_not().then(flag).map(|(not, flag)| (not.is_some(), flag));
    one.separated_by(token("&")).at_least(1).collect::<Vec<_>>().map(|flags| {
        flags.into_iter().fold(FlagPattern::default(), |pattern, (not, flag)| match not {
            true => FlagPattern { without: pattern.without | flag, ..pattern },
            false => FlagPattern { with: pattern.with | flag, ..pattern },
        })
    })
}

/// The longest filling.
const LONGEST_FILL: usize = 16;

/// What fills gaps: a hexadecimal number by itself is a row of bytes, as many as it has digits for.
fn fill<'s, E: Mistake<'s>>(expr: &Expression<'s, E>) -> Rule<'s, E, Fill> {
    let digits = just("0x").or(just("0X")).or(just("$")).ignore_then(any().filter(char::is_ascii_hexdigit).repeated().at_least(1).to_slice());
    let goes_on = any().filter(|c: &char| c.is_ascii_alphanumeric() || "+-*/%<>=&|^?".contains(*c));
    let bytes = digits.then_ignore(trivia()).then_ignore(goes_on.not()).try_map(|digits: &str, span| {
        let even = if digits.len().is_multiple_of(2) { digits.to_string() } else { format!("0{digits}") };
        let bytes: Vec<u8> = (0..even.len()).step_by(2).filter_map(|at| u8::from_str_radix(&even[at..at + 2], 16).ok()).collect();
        if bytes.len() > LONGEST_FILL { Err(E::custom(span, format!("a filling has at most {LONGEST_FILL} bytes"))) } else { Ok(Fill::Bytes(bytes)) }
    });
    bytes.or(expr.clone().map(Fill::Value)).boxed()
}

/// The lines between the braces of an output section.
pub(super) fn contents<'s, E: Mistake<'s>>(file: FileId, expr: &Expression<'s, E>) -> Rule<'s, E, Vec<Content>> {
    let parenthesised = expr.clone().delimited_by(token("("), token(")")).boxed();
    let filling = fill(expr).delimited_by(token("("), token(")"));
    let data = one_of_words(words::DATA).then(parenthesised).map(|(size, value)| Some(Content::Data(size, value)));
    let command = choice((
        keyword("CONSTRUCTORS").to(None),
        keyword("CREATE_OBJECT_SYMBOLS").to(None),
        include(file).map(|include: Include| Some(Content::Include(include))),
        assertion(file, expr).map(|assertion| Some(Content::Assert(assertion))),
        keyword("FILL").ignore_then(filling).map(|value| Some(Content::Fill(value))),
        data,
    ));
    let line = choice((
        token(";").to(None),
        with_keyword(command),
        assignment(file, expr).map(|assignment| Some(Content::Assign(assignment))),
        input_pattern(file).map(|input| Some(Content::Input(input))),
    ));
    line.repeated().collect::<Vec<_>>().map(|lines| lines.into_iter().flatten().collect()).boxed()
}

/// A number, or a name of the table.
fn section_type<'s, E: Mistake<'s>>() -> impl Parser<'s, &'s str, u32, Extra<E>> + Clone {
    one_of_words(words::SECTION_TYPES).map(|kind| kind.0).or(number().map(|kind| kind as u32))
}

/// `(NOLOAD)`, `(TYPE = SHT_NOTE)`, `(READONLY (TYPE = SHT_NOTE))`; empty parentheses are no type.
fn output_type<'s, E: Mistake<'s>>() -> Rule<'s, E, Option<OutputType>> {
    let given = keyword("TYPE").ignore_then(token("=")).ignore_then(section_type()).boxed();
    let named = one_of_words(words::OUTPUT_TYPES).then(given.clone().delimited_by(token("("), token(")")).or_not()).try_map(|(kind, number), span| match (kind, number) {
        (kind, None) => Ok(kind),
        (OutputType::ReadOnly, Some(number)) => Ok(OutputType::ReadOnlyKind(number)),
        (_, Some(_)) => Err(E::custom(span, "only READONLY has a TYPE besides".to_string())),
    });
    named.or(given.map(OutputType::Kind)).map(Some).or(empty().to(None)).delimited_by(token("("), token(")")).boxed()
}

/// What stands behind the braces of an output section.
#[derive(Clone, Debug, Default)]
struct Tail {
    region: Option<String>,
    load_region: Option<String>,
    segments: Vec<String>,
    fill: Option<Fill>,
}

fn regions<'s, E: Mistake<'s>>() -> impl Parser<'s, &'s str, Tail, Extra<E>> + Clone {
    let load_region = keyword("AT").ignore_then(token(">")).ignore_then(word(":=")).or_not();
    let region = token(">").ignore_then(word(":=")).or_not();
    region.then(load_region).map(|(region, load_region): (Option<&str>, Option<&str>)| Tail { region: region.map(str::to_string), load_region: load_region.map(str::to_string), ..Tail::default() })
}

/// `:segment =fill ,`
fn segments_and_fill<'s, E: Mistake<'s>>(expr: &Expression<'s, E>) -> Rule<'s, E, (Vec<String>, Option<Fill>)> {
    let segments = token(":").ignore_then(word(":=")).map(str::to_string).repeated().collect::<Vec<_>>();
    segments.then(token("=").ignore_then(fill(expr)).or_not()).then_ignore(choice((token(","), token(";"))).or_not()).boxed()
}

fn tail<'s, E: Mistake<'s>>(expr: &Expression<'s, E>) -> Rule<'s, E, Tail> {
    regions().then(segments_and_fill(expr)).map(|(tail, (segments, fill))| Tail { segments, fill, ..tail }).boxed()
}

pub(super) fn output_rule<'s, E: Mistake<'s>>(file: FileId, expr: &Expression<'s, E>, contents: &Rule<'s, E, Vec<Content>>) -> Rule<'s, E, OutputRule> {
    let kind = output_type();
    let parenthesised = expr.clone().delimited_by(token("("), token(")")).boxed();
    let address_and_kind = kind.clone().map(|kind| (None, kind)).or(expr.clone().then(kind.or_not()).map(|(address, kind)| (Some(address), kind.flatten())));
    let head = word(":=").filter(|name| !words::COMMANDS.contains(name)).then(address_and_kind.or_not()).then_ignore(token(":"));
    let attributes = keyword("AT")
        .ignore_then(parenthesised.clone())
        .or_not()
        .then(keyword("ALIGN_WITH_INPUT").or_not())
        .then(keyword("ALIGN").ignore_then(parenthesised.clone()).or_not())
        .then(keyword("ALIGN_WITH_INPUT").or_not())
        .then(keyword("SUBALIGN").ignore_then(parenthesised).or_not())
        .then(one_of_words(words::CONSTRAINTS).or_not())
        .boxed();
    head.then(attributes)
        .then(contents.clone().delimited_by(token("{"), token("}")))
        .then(tail(expr))
        .map_with(move |(((head, attributes), contents), tail), extra| {
            let (name, address_and_kind) = head;
            let (address, kind) = address_and_kind.unwrap_or((None, None));
            let (((((load_address, with_input), align), with_input_too), subalign), constraint) = attributes;
            OutputRule {
                name: name.to_string(),
                address,
                kind,
                load_address,
                align,
                subalign,
                align_with_input: with_input.or(with_input_too).is_some(),
                constraint,
                contents,
                region: tail.region,
                load_region: tail.load_region,
                segments: tail.segments,
                fill: tail.fill,
                overlay: None,
                span: span(file, extra.span()),
            }
        })
        .boxed()
}

/// `OVERLAY [ADDRESS] : [NOCROSSREFS] [AT(x)] [SUBALIGN(x)] { NAME { … } … } …`: the sections, and whether
/// they must not refer to each other.
pub(super) fn overlay<'s, E: Mistake<'s>>(file: FileId, expr: &Expression<'s, E>, contents: &Rule<'s, E, Vec<Content>>) -> Rule<'s, E, (Vec<OutputRule>, bool)> {
    let parenthesised = expr.clone().delimited_by(token("("), token(")")).boxed();
    let head = keyword("OVERLAY")
        .ignore_then(expr.clone().or_not())
        .then_ignore(token(":"))
        .then(keyword("NOCROSSREFS").or_not())
        .then(keyword("AT").ignore_then(parenthesised.clone()).or_not())
        .then(keyword("SUBALIGN").ignore_then(parenthesised).or_not());
    let section = word(":=").then(contents.clone().delimited_by(token("{"), token("}"))).then(segments_and_fill(expr)).map_with(move |((name, contents), (segments, fill)): ((&str, _), _), extra| OutputRule {
        name: name.to_string(),
        address: None,
        kind: None,
        load_address: None,
        align: None,
        subalign: None,
        align_with_input: false,
        constraint: None,
        contents,
        region: None,
        load_region: None,
        segments,
        fill,
        overlay: Some(Overlay::Next),
        span: span(file, extra.span()),
    });
    let sections = section.repeated().collect::<Vec<_>>().delimited_by(token("{"), token("}"));
    head.then(sections)
        .then(tail(expr))
        .map(|(((((address, apart), load_address), subalign), mut rules), tail)| {
            for rule in &mut rules {
                rule.subalign = subalign.clone();
                (rule.region, rule.load_region) = (tail.region.clone(), tail.load_region.clone());
                rule.fill = rule.fill.take().or_else(|| tail.fill.clone());
                if rule.segments.is_empty() {
                    rule.segments.clone_from(&tail.segments);
                }
            }
            if let Some(last) = rules.last_mut() {
                last.overlay = Some(Overlay::Last);
            }
            if let Some(first) = rules.first_mut() {
                (first.address, first.load_address, first.overlay) = (address, load_address, Some(Overlay::First));
            }
            (rules, apart.is_some())
        })
        .boxed()
}

