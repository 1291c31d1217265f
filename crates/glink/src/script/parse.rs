//! Parses scripts.

use super::ast::{
    Assertion, Assignment, Assigns, Binary, Constraint, Content, Expr, Fill, Function, InputPattern, Insertion, OutputRule, OutputType, Region, Script, SectionPattern, Segment, Sort, Statement, Unary,
};
use super::pattern::Pattern;
use chumsky::error::LabelError;
use chumsky::prelude::*;
use diag::{Code, Diagnostic, FileId, Span, codes};

type Extra<E> = extra::Err<E>;

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

/// Operators of one precedence in a row; more are refused, because values are computed by recursion.
const LONGEST: usize = 256;

/// Parses a whole script.
pub fn parse(file: FileId, bytes: &[u8]) -> Result<Script, Vec<Diagnostic>> {
    parse_as(file, bytes, false)
}

/// Parses what stands between the braces of `SECTIONS`.
pub fn parse_sections(file: FileId, bytes: &[u8]) -> Result<Script, Vec<Diagnostic>> {
    parse_as(file, bytes, true)
}

fn parse_as(file: FileId, bytes: &[u8], in_sections: bool) -> Result<Script, Vec<Diagnostic>> {
    let code: Code = &codes::E0507;
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let at = error.valid_up_to();
        vec![Diagnostic::new(code, "the linker script is not UTF-8 text").at(Span::new(file, at, at + 1), "this byte is not text")]
    })?;
    if let Some(at) = too_deep(text) {
        return Err(vec![Diagnostic::new(code, format!("the linker script nests deeper than {DEEPEST}")).at(Span::new(file, at, at + 1), "here")]);
    }
    let commands = script::<EmptyErr>(file, in_sections).parse(text).into_output();
    if commands.is_none() {
        let errors = script::<Rich<'_, char>>(file, in_sections).parse(text).into_errors();
        return Err(errors.into_iter().map(|error| diagnostic(file, text, &error)).collect());
    }
    let mut script = Script::default();
    let mut wrong = Vec::new();
    for command in commands.unwrap_or_default() {
        match command {
            Command::Entry(name) => script.entry = Some(name),
            Command::Extern(names) => script.externs.extend(names),
            Command::Memory(regions) => script.regions.extend(regions),
            Command::Alias(alias, region, at) => {
                if let Err(message) = new_alias(&script, &alias, &region) {
                    wrong.push(Diagnostic::new(code, message).at(at, "here"));
                }
                script.aliases.push((alias, region));
            }
            Command::Segments(segments) => script.segments.extend(segments),
            Command::Statements(statements) => script.statements.extend(statements),
            Command::SearchDir(dir) => script.search_dirs.push(dir),
            Command::Inputs(names, group) => script.inputs.push((names, group)),
            Command::Insert(insertion) => script.insertions.push(insertion),
            Command::Strangers(names, span) => script.strangers.push((names, span)),
            Command::Nothing => {}
        }
    }
    for statement in &script.statements {
        if let Statement::Output(rule) = statement
            && rule.align_with_input
            && rule.align.is_some()
        {
            wrong.push(Diagnostic::new(code, format!("`{}` has both ALIGN and ALIGN_WITH_INPUT", rule.name)).at(rule.span, "this section").help("leave one of them out"));
        }
    }
    if wrong.is_empty() { Ok(script) } else { Err(wrong) }
}

/// Whether a name may be another name of a region. Regions of a script that includes this one are not
/// known here: what is missing then is said where it is used.
fn new_alias(script: &Script, alias: &str, region: &str) -> Result<(), String> {
    if script.regions.iter().any(|known| known.name == alias) || script.aliases.iter().any(|(known, _)| known == alias) {
        return Err(format!("`{alias}` already names a region"));
    }
    if region == "*default*" {
        return Err("what is outside all regions has no other name".to_string());
    }
    let known = script.regions.iter().any(|known| known.name == region) || script.aliases.iter().any(|(known, _)| known == region);
    if !known && !script.regions.is_empty() {
        return Err(format!("MEMORY has no region `{region}` to give another name"));
    }
    Ok(())
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
    // A command that is known and not supported is read as a name, and fails behind it.
    let before = text[..span.start].trim_end();
    let word = before.len() - before.bytes().rev().take_while(|b| b.is_ascii_alphanumeric() || *b == b'_').count();
    if REFUSED.contains(&&before[word..]) {
        let message = format!("the script command {} is not supported", &before[word..]);
        return Diagnostic::new(&codes::E0507, message).at(Span::new(file, word, before.len()), "here");
    }
    if error.found().is_none()
        && let Some(open) = unclosed(text)
    {
        return Diagnostic::new(&codes::E0507, "the linker script ends inside a block").at(Span::new(file, open, open + 1), "this is not closed");
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
        chumsky::error::RichReason::Custom(message) => message.clone(),
        chumsky::error::RichReason::ExpectedFound { .. } => format!("the linker script cannot be read at {found}"),
    };
    Diagnostic::new(&codes::E0507, message).at(Span::new(file, span.start, span.end.max(span.start + 1)), label)
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

#[derive(Clone)]
enum Command {
    Entry(String),
    Extern(Vec<String>),
    Memory(Vec<Region>),
    Alias(String, String, Span),
    Segments(Vec<Segment>),
    Statements(Vec<Statement>),
    SearchDir(String),
    Inputs(Vec<String>, bool),
    Insert(Insertion),
    Strangers(Vec<String>, Span),
    Nothing,
}

/// Blanks and comments.
fn trivia<'s, E: Mistake<'s>>() -> impl Parser<'s, &'s str, (), Extra<E>> + Clone {
    let comment = just("/*").then(any().and_is(just("*/").not()).repeated()).then(just("*/")).ignored();
    let blank = any().filter(|c: &char| c.is_whitespace()).repeated().at_least(1).ignored();
    comment.or(blank).repeated().ignored()
}

fn token<'s, E: Mistake<'s>>(text: &'static str) -> impl Parser<'s, &'s str, (), Extra<E>> + Clone {
    just(text).ignored().then_ignore(trivia())
}

fn quoted<'s, E: Mistake<'s>>() -> impl Parser<'s, &'s str, &'s str, Extra<E>> + Clone {
    just('"').ignore_then(any().filter(|c: &char| *c != '"').repeated().to_slice()).then_ignore(just('"')).then_ignore(trivia())
}

/// A symbol in an expression.
fn symbol<'s, E: Mistake<'s>>() -> impl Parser<'s, &'s str, &'s str, Extra<E>> + Clone {
    let first = any().filter(|c: &char| c.is_ascii_alphabetic() || "_.$".contains(*c));
    let rest = any().filter(|c: &char| c.is_ascii_alphanumeric() || "_.$".contains(*c)).repeated();
    quoted().or(first.then(rest).to_slice().then_ignore(trivia())).labelled("a name")
}

/// A file, section or pattern where no expression can stand.
fn word<'s, E: Mistake<'s>>(stop: &'static str) -> impl Parser<'s, &'s str, &'s str, Extra<E>> + Clone {
    let bare = any().filter(move |c: &char| !c.is_whitespace() && !"(){};,\"".contains(*c) && !stop.contains(*c)).repeated().at_least(1).to_slice();
    quoted().or(bare.then_ignore(trivia())).labelled("a name")
}

/// A keyword: the whole word.
fn keyword<'s, E: Mistake<'s>>(name: &'static str) -> impl Parser<'s, &'s str, (), Extra<E>> + Clone {
    let inside = any().filter(|c: &char| c.is_ascii_alphanumeric() || *c == '_');
    just(name).then_ignore(inside.not()).ignored().then_ignore(trivia()).labelled(name)
}

fn number<'s, E: Mistake<'s>>() -> impl Parser<'s, &'s str, u64, Extra<E>> + Clone {
    let digits = any().filter(char::is_ascii_digit).then(any().filter(char::is_ascii_alphanumeric).repeated()).to_slice();
    digits
        .try_map(|text: &str, span| parse_number(text).ok_or_else(|| E::custom(span, format!("`{text}` is not a number"))))
        .then_ignore(trivia())
        .labelled("a number")
}

fn parse_number(text: &str) -> Option<u64> {
    let (digits, radix) = match text.strip_prefix("0x").or(text.strip_prefix("0X")) {
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

fn operators<'s, E: Mistake<'s>>(rows: &'static [(&'static str, &'static str, Binary)]) -> impl Parser<'s, &'s str, Binary, Extra<E>> + Clone {
    // (operator, what may not follow it, meaning)
    choice(rows.iter().map(|&(text, not_before, op)| just(text).then_ignore(one_of(not_before).not()).to(op)).collect::<Vec<_>>()).then_ignore(trivia())
}

/// Loosest last.
const LEVELS: &[&[(&str, &str, Binary)]] = &[
    &[("*", "=", Binary::Mul), ("/", "=*", Binary::Div), ("%", "=", Binary::Rem)],
    &[("+", "=", Binary::Add), ("-", "=", Binary::Sub)],
    &[("<<", "=", Binary::Shl), (">>", "=", Binary::Shr)],
    &[("<=", "", Binary::LessEqual), (">=", "", Binary::GreaterEqual), ("<", "<", Binary::Less), (">", ">", Binary::Greater)],
    &[("==", "", Binary::Equal), ("!=", "", Binary::NotEqual)],
    &[("&", "&=", Binary::And)],
    &[("^", "=", Binary::Xor)],
    &[("|", "|=", Binary::Or)],
    &[("&&", "", Binary::LogicalAnd)],
    &[("||", "", Binary::LogicalOr)],
];

fn expression<'s, E: Mistake<'s>>() -> impl Parser<'s, &'s str, Expr, Extra<E>> + Clone {
    recursive(|expr| {
        let argument = expr.clone().map(Argument::Expr).or(quoted().map(|text: &str| Argument::Text(text.to_string())));
        let arguments = argument.separated_by(token(",")).collect::<Vec<_>>().delimited_by(token("("), token(")"));
        let call = symbol().then(arguments).try_map(|(name, arguments), span| function(name, arguments).map_err(|message| E::custom(span, message)));
        let plain_symbol = symbol().map(|name| match name {
            "." => Expr::Dot,
            "SIZEOF_HEADERS" => Expr::Call(Box::new(Function::SizeofHeaders)),
            name => Expr::Symbol(name.to_string()),
        });
        let atom = choice((number().map(Expr::Number), expr.clone().delimited_by(token("("), token(")")), call, plain_symbol)).boxed();
        let sign = choice((just("-").to(Unary::Negate), just("~").to(Unary::Invert), just("!").then_ignore(just("=").not()).to(Unary::Not))).map(Some).or(just("+").to(None)).then_ignore(trivia());
        let mut level = sign
            .repeated()
            .at_most(DEEPEST)
            .foldr(atom, |sign, value| match sign {
                Some(sign) => Expr::Unary(sign, Box::new(value)),
                None => value,
            })
            .boxed();
        for rows in LEVELS {
            level = level.clone().foldl(operators(rows).then(level).repeated().at_most(LONGEST), |a, (op, b)| Expr::Binary(op, Box::new(a), Box::new(b))).boxed();
        }
        level
            .then(token("?").ignore_then(expr.clone()).then_ignore(token(":")).then(expr).or_not())
            .map(|(condition, branches)| match branches {
                Some((yes, no)) => Expr::Conditional(Box::new(condition), Box::new(yes), Box::new(no)),
                None => condition,
            })
            .labelled("an expression")
    })
    .boxed()
}

enum Argument {
    Expr(Expr),
    Text(String),
}

fn function(name: &str, arguments: Vec<Argument>) -> Result<Expr, String> {
    let count = arguments.len();
    let mut arguments = arguments.into_iter();
    let wrong = || format!("{name} does not take {count} operands of this kind");
    let mut value = || match arguments.next() {
        Some(Argument::Expr(value)) => Ok(value),
        // A quoted name is a symbol where one can stand.
        Some(Argument::Text(name)) => Ok(Expr::Symbol(name)),
        None => Err(wrong()),
    };
    let symbol = |value: Expr| match value {
        Expr::Symbol(name) => Ok(name),
        Expr::Number(_) | Expr::Dot | Expr::Unary(..) | Expr::Binary(..) | Expr::Conditional(..) | Expr::Call(_) => Err(format!("{name} takes a name")),
    };
    let function = match name {
        "ABSOLUTE" => Function::Absolute(value()?),
        "ADDR" => Function::Addr(symbol(value()?)?),
        "ALIGNOF" => Function::Alignof(symbol(value()?)?),
        "ALIGN" | "BLOCK" => match (value()?, count) {
            (align, 1) => Function::Align(None, align),
            (start, _) => Function::Align(Some(start), value()?),
        },
        "NEXT" => Function::Align(None, value()?),
        "CONSTANT" => Function::Constant(symbol(value()?)?),
        "DEFINED" => Function::Defined(symbol(value()?)?),
        "LENGTH" => Function::Length(symbol(value()?)?),
        "LOADADDR" => Function::Loadaddr(symbol(value()?)?),
        "LOG2CEIL" => Function::Log2ceil(value()?),
        "MAX" => Function::Max(value()?, value()?),
        "MIN" => Function::Min(value()?, value()?),
        "ORIGIN" => Function::Origin(symbol(value()?)?),
        "SEGMENT_START" => Function::SegmentStart(symbol(value()?)?, value()?),
        "SIZEOF" => Function::Sizeof(symbol(value()?)?),
        "DATA_SEGMENT_ALIGN" => Function::DataSegmentAlign(value()?, value()?),
        "DATA_SEGMENT_RELRO_END" => {
            value()?;
            Function::DataSegmentRelroEnd(value()?)
        }
        "DATA_SEGMENT_END" => Function::DataSegmentEnd(value()?),
        "ASSERT" => Function::Assert(value()?, symbol(value()?)?),
        _ => return Err(format!("there is no function `{name}`")),
    };
    match arguments.next() {
        Some(_) => Err(wrong()),
        None => Ok(Expr::Call(Box::new(function))),
    }
}

fn assignment<'s, E: Mistake<'s>>(file: FileId) -> impl Parser<'s, &'s str, Assignment, Extra<E>> + Clone {
    let operator = choice((
        just("=").then_ignore(just("=").not()).to(None),
        just("+=").to(Some(Binary::Add)),
        just("-=").to(Some(Binary::Sub)),
        just("*=").to(Some(Binary::Mul)),
        just("/=").to(Some(Binary::Div)),
        just("<<=").to(Some(Binary::Shl)),
        just(">>=").to(Some(Binary::Shr)),
        just("&=").to(Some(Binary::And)),
        just("|=").to(Some(Binary::Or)),
        just("^=").to(Some(Binary::Xor)),
    ))
    .then_ignore(trivia());
    let plain = symbol().then(operator).then(expression()).map(|((name, op), value)| {
        let old = if name == "." { Expr::Dot } else { Expr::Symbol(name.to_string()) };
        let value = match op {
            Some(op) => Expr::Binary(op, Box::new(old), Box::new(value)),
            None => value,
        };
        (name.to_string(), value)
    });
    let plain = plain.boxed();
    let wrapped = |name, assigns| keyword(name).ignore_then(plain.clone().delimited_by(token("("), token(")"))).map(move |(name, value)| (name, value, assigns));
    choice((
        wrapped("PROVIDE_HIDDEN", Assigns::ProvideHidden),
        wrapped("PROVIDE", Assigns::Provide),
        wrapped("HIDDEN", Assigns::Hidden),
        plain.clone().map(|(name, value)| (name, value, Assigns::Plain)),
    ))
    .map_with(move |(name, value, assigns), extra| Assignment { name, value, assigns, span: span(file, extra.span()) })
    .then_ignore(choice((token(";"), token(","))).or_not())
    .boxed()
}

fn span(file: FileId, span: SimpleSpan) -> Span {
    Span::new(file, span.start, span.end)
}

fn assertion<'s, E: Mistake<'s>>(file: FileId) -> impl Parser<'s, &'s str, Assertion, Extra<E>> + Clone {
    keyword("ASSERT")
        .ignore_then(expression().then_ignore(token(",")).then(quoted()).delimited_by(token("("), token(")")))
        .map_with(move |(condition, message): (_, &str), extra| Assertion { condition, message: message.to_string(), span: span(file, extra.span()) })
        .then_ignore(token(";").or_not())
        .boxed()
}

fn input_pattern<'s, E: Mistake<'s>>(file: FileId) -> impl Parser<'s, &'s str, InputPattern, Extra<E>> + Clone {
    let exclude = keyword("EXCLUDE_FILE").ignore_then(word("").repeated().collect::<Vec<_>>().delimited_by(token("("), token(")"))).map(|names| names.into_iter().map(Pattern::new).collect::<Vec<_>>());
    let exclude = exclude.or_not().map(Option::unwrap_or_default).boxed();
    let sort_kind = choice((
        keyword("SORT_BY_NAME").to(Sort::Name),
        keyword("SORT_BY_ALIGNMENT").to(Sort::Alignment),
        keyword("SORT_BY_INIT_PRIORITY").to(Sort::InitPriority),
        keyword("SORT_NONE").to(Sort::Never),
        keyword("SORT").to(Sort::Name),
    ))
    .boxed();
    let one_pattern = exclude.clone().then(word("")).boxed();
    let sorted_inner = sort_kind
        .clone()
        .then(one_pattern.clone().repeated().at_least(1).collect::<Vec<_>>().delimited_by(token("("), token(")")))
        .map(|(sort, patterns)| (sort, patterns))
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
    let sections = section.then_ignore(token(",").or_not()).repeated().collect::<Vec<_>>().map(|lists| lists.concat()).delimited_by(token("("), token(")")).boxed();
    let sorted_file = choice((keyword("SORT_BY_NAME"), keyword("SORT"))).ignore_then(exclude.clone().then(word("")).delimited_by(token("("), token(")"))).map(|(exclude, name)| (true, exclude, name));
    let file_name = sorted_file.or(exclude.then(word("=")).map(|(exclude, name)| (false, exclude, name))).boxed();
    let plain = file_name.then(sections.or_not()).boxed();
    let kept = keyword("KEEP").ignore_then(plain.clone().delimited_by(token("("), token(")"))).map(|spec| (true, spec));
    kept.or(plain.map(|spec| (false, spec)))
        .map_with(move |(keep, ((sort_files, exclude, name), sections)), extra| {
            let (archive, name) = match name.split_once(':') {
                Some((archive, member)) => (Some(Pattern::new(archive)), member),
                None => (None, name),
            };
            InputPattern { keep, file: Pattern::new(name), archive, sort_files, exclude, sections: sections.unwrap_or_default(), span: span(file, extra.span()) }
        })
        .boxed()
}

/// The longest filling.
const LONGEST_FILL: usize = 16;

/// What fills gaps: a hexadecimal number by itself is a row of bytes, as many as it has digits for.
fn fill<'s, E: Mistake<'s>>() -> impl Parser<'s, &'s str, Fill, Extra<E>> + Clone {
    let digits = just("0x").or(just("0X")).ignore_then(any().filter(char::is_ascii_hexdigit).repeated().at_least(1).to_slice());
    let goes_on = any().filter(|c: &char| c.is_ascii_alphanumeric() || "+-*/%<>=&|^?".contains(*c));
    let bytes = digits.then_ignore(trivia()).then_ignore(goes_on.not()).try_map(|digits: &str, span| {
        let even = if digits.len().is_multiple_of(2) { digits.to_string() } else { format!("0{digits}") };
        let bytes: Vec<u8> = (0..even.len()).step_by(2).filter_map(|at| u8::from_str_radix(&even[at..at + 2], 16).ok()).collect();
        if bytes.len() > LONGEST_FILL { Err(E::custom(span, format!("a filling has at most {LONGEST_FILL} bytes"))) } else { Ok(Fill::Bytes(bytes)) }
    });
    bytes.or(expression().map(Fill::Value)).boxed()
}

fn contents<'s, E: Mistake<'s>>(file: FileId) -> impl Parser<'s, &'s str, Vec<Content>, Extra<E>> + Clone {
    let parenthesised = expression().delimited_by(token("("), token(")")).boxed();
    let filling = fill().delimited_by(token("("), token(")"));
    let data = choice((
        keyword("BYTE").to(1),
        keyword("SHORT").to(2),
        keyword("LONG").to(4),
        keyword("SQUAD").to(8),
        keyword("QUAD").to(8),
    ))
    .then(parenthesised.clone())
    .map(|(size, value)| Some(Content::Data(size, value)));
    let line = choice((
        token(";").to(None),
        keyword("CONSTRUCTORS").to(None),
        keyword("CREATE_OBJECT_SYMBOLS").to(None),
        assertion(file).map(|assertion| Some(Content::Assert(assertion))),
        keyword("FILL").ignore_then(filling).map(|value| Some(Content::Fill(value))),
        data,
        assignment(file).map(|assignment| Some(Content::Assign(assignment))),
        input_pattern(file).map(|input| Some(Content::Input(input))),
    ));
    line.repeated().collect::<Vec<_>>().map(|lines| lines.into_iter().flatten().collect()).boxed()
}

fn output_rule<'s, E: Mistake<'s>>(file: FileId) -> impl Parser<'s, &'s str, OutputRule, Extra<E>> + Clone {
    let kind = choice((
        keyword("NOLOAD").to(OutputType::NoLoad),
        keyword("DSECT").to(OutputType::NotAllocated),
        keyword("COPY").to(OutputType::NotAllocated),
        keyword("INFO").to(OutputType::NotAllocated),
        keyword("READONLY").ignore_then(keyword("TYPE").ignore_then(token("=")).ignore_then(section_type()).delimited_by(token("("), token(")")).or_not()).map(|kind| kind.map_or(OutputType::ReadOnly, OutputType::ReadOnlyKind)),
        keyword("OVERLAY").to(OutputType::NotAllocated),
        keyword("TYPE").ignore_then(token("=")).ignore_then(section_type()).map(OutputType::Kind),
    ))
    .map(Some)
    .or(empty().to(None))
    .delimited_by(token("("), token(")"))
    .boxed();
    let parenthesised = expression().delimited_by(token("("), token(")")).boxed();
    let head = word(":=").filter(|name| !REFUSED.contains(name)).then(kind.clone().map(|kind| (None, kind)).or(expression().then(kind.or_not()).map(|(address, kind)| (Some(address), kind.flatten()))).or_not()).then_ignore(token(":"));
    let attributes = keyword("AT")
        .ignore_then(parenthesised.clone())
        .or_not()
        .then(keyword("ALIGN_WITH_INPUT").or_not())
        .then(keyword("ALIGN").ignore_then(parenthesised.clone()).or_not())
        .then(keyword("ALIGN_WITH_INPUT").or_not())
        .then(keyword("SUBALIGN").ignore_then(parenthesised).or_not())
        .then(choice((keyword("ONLY_IF_RO").to(Constraint::ReadOnly), keyword("ONLY_IF_RW").to(Constraint::Writable))).or_not())
        .boxed();
    let load_region = keyword("AT").ignore_then(token(">")).ignore_then(word(":=")).or_not();
    let tail = token(">")
        .ignore_then(word(":="))
        .or_not()
        .then(load_region)
        .then(token(":").ignore_then(word(":=")).repeated().collect::<Vec<_>>())
        .then(token("=").ignore_then(fill()).or_not())
        .then_ignore(choice((token(","), token(";"))).or_not())
        .boxed();
    head.then(attributes)
        .then(contents(file).delimited_by(token("{"), token("}")))
        .then(tail)
        .map_with(move |(((head, attributes), contents), tail), extra| {
            let (name, address_and_kind) = head;
            let (address, kind) = address_and_kind.unwrap_or((None, None));
            let (((((load_address, with_input), align), with_input_too), subalign), constraint) = attributes;
            let (((region, load_region), segments), fill) = tail;
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
                region: region.map(str::to_string),
                load_region: load_region.map(str::to_string),
                segments: segments.into_iter().map(str::to_string).collect(),
                fill,
                span: span(file, extra.span()),
            }
        })
        .boxed()
}

#[derive(Clone)]
enum SegmentPart {
    Headers,
    LoadAddress(Expr),
    Flags(Expr),
}

/// `SHT_…` by name or number.
fn section_type<'s, E: Mistake<'s>>() -> impl Parser<'s, &'s str, u32, Extra<E>> + Clone {
    choice((
        keyword("SHT_PROGBITS").to(1),
        keyword("SHT_STRTAB").to(3),
        keyword("SHT_NOTE").to(7),
        keyword("SHT_NOBITS").to(8),
        keyword("SHT_INIT_ARRAY").to(14),
        keyword("SHT_FINI_ARRAY").to(15),
        keyword("SHT_PREINIT_ARRAY").to(16),
        number().map(|kind| kind as u32),
    ))
}

/// Commands that are known and refused by name.
const REFUSED: &[&str] = &["OVERLAY", "VERSION", "NOCROSSREFS_TO", "STARTUP", "TARGET"];

fn script<'s, E: Mistake<'s>>(file: FileId, only_sections: bool) -> impl Parser<'s, &'s str, Vec<Command>, Extra<E>> {
    let names = || word("").then_ignore(token(",").or_not()).repeated().collect::<Vec<_>>().delimited_by(token("("), token(")")).map(|names| names.into_iter().map(str::to_string).collect::<Vec<_>>()).boxed();
    let one_name = || word("").delimited_by(token("("), token(")")).map(str::to_string).boxed();
    let entry = || keyword("ENTRY").ignore_then(one_name()).map(Command::Entry);
    let include = |in_sections| {
        keyword("INCLUDE").ignore_then(word("")).map_with(move |name: &str, extra| Command::Statements(vec![Statement::Include { name: name.to_string(), in_sections, span: span(file, extra.span()) }]))
    };
    let statement = choice((
        token(";").to(Command::Nothing),
        entry(),
        assertion(file).map(|assertion| Command::Statements(vec![Statement::Assert(assertion)])),
        assignment(file).map(|assignment| Command::Statements(vec![Statement::Assign(assignment)])),
    ))
    .boxed();
    let in_sections = choice((include(true), statement.clone(), output_rule(file).map(|rule| Command::Statements(vec![Statement::Output(Box::new(rule))]))));
    let in_sections = in_sections.boxed();
    let insert = keyword("INSERT").ignore_then(choice((keyword("AFTER").to(true), keyword("BEFORE").to(false)))).then(word("")).then_ignore(token(";").or_not());
    let braced = in_sections.clone().repeated().collect::<Vec<_>>().delimited_by(token("{"), token("}"));
    let sections = keyword("SECTIONS").ignore_then(braced.then(insert.map_with(move |(after, name), extra| (after, name.to_string(), span(file, extra.span()))).or_not())).map(|(commands, insert)| match insert {
        None => commands,
        Some((after, name, span)) => {
            let statements = commands.into_iter().flat_map(|command| if let Command::Statements(statements) = command { statements } else { Vec::new() }).collect();
            vec![Command::Insert(Insertion { after, name, statements, span })]
        }
    });
    let key = |long, short, letter| choice((keyword(long), keyword(short), keyword(letter))).then_ignore(token("="));
    let region = word(":=")
        .then(word("").delimited_by(token("("), token(")")).or_not())
        .then_ignore(token(":"))
        .then_ignore(key("ORIGIN", "org", "o"))
        .then(expression())
        .then_ignore(token(",").or_not())
        .then_ignore(key("LENGTH", "len", "l"))
        .then(expression())
        .map_with(move |(((name, attributes), origin), length), extra| Region {
            name: name.to_string(),
            attributes: attributes.unwrap_or("").to_string(),
            origin,
            length,
            span: span(file, extra.span()),
        })
        .then_ignore(token(",").or_not());
    let memory = keyword("MEMORY").ignore_then(region.repeated().collect::<Vec<_>>().delimited_by(token("{"), token("}"))).map(Command::Memory);
    let segment_kind = choice((
        keyword("PT_NULL").to(0),
        keyword("PT_LOAD").to(1),
        keyword("PT_DYNAMIC").to(2),
        keyword("PT_INTERP").to(3),
        keyword("PT_NOTE").to(4),
        keyword("PT_SHLIB").to(5),
        keyword("PT_PHDR").to(6),
        keyword("PT_TLS").to(7),
        number().map(|kind| kind as u32),
    ));
    let parenthesised = expression().delimited_by(token("("), token(")")).boxed();
    let segment = word("")
        .then(segment_kind)
        .then(
            choice((
                choice((keyword("FILEHDR"), keyword("PHDRS"))).to(SegmentPart::Headers),
                keyword("AT").ignore_then(parenthesised.clone()).map(SegmentPart::LoadAddress),
                keyword("FLAGS").ignore_then(parenthesised).map(SegmentPart::Flags),
            ))
            .repeated()
            .collect::<Vec<_>>(),
        )
        .then_ignore(token(";"))
        .map(|((name, kind), parts)| {
            let mut segment = Segment { name: name.to_string(), kind, load_address: None, flags: None, headers: false };
            for part in parts {
                match part {
                    SegmentPart::Headers => segment.headers = true,
                    SegmentPart::LoadAddress(value) => segment.load_address = Some(value),
                    SegmentPart::Flags(value) => segment.flags = Some(value),
                }
            }
            segment
        });
    let segments = keyword("PHDRS").ignore_then(segment.repeated().collect::<Vec<_>>().delimited_by(token("{"), token("}"))).map(Command::Segments);
    let alias = keyword("REGION_ALIAS").ignore_then(word("").then_ignore(token(",")).then(word("")).delimited_by(token("("), token(")"))).map_with(move |(alias, region): (&str, &str), extra| Command::Alias(alias.to_string(), region.to_string(), span(file, extra.span())));
    let simple = choice((
        memory,
        segments,
        alias,
        keyword("EXTERN").ignore_then(names()).map(Command::Extern),
        keyword("SEARCH_DIR").ignore_then(one_name()).map(Command::SearchDir),
        keyword("INPUT").ignore_then(names()).map(|names| Command::Inputs(names, false)),
        keyword("GROUP").ignore_then(names()).map(|names| Command::Inputs(names, true)),
        keyword("NOCROSSREFS").ignore_then(names()).map_with(move |names, extra| Command::Strangers(names, span(file, extra.span()))),
        keyword("OUTPUT").ignore_then(names()).to(Command::Nothing),
        keyword("LD_FEATURE").ignore_then(names()).to(Command::Nothing),
        keyword("FORCE_COMMON_ALLOCATION").to(Command::Nothing),
        keyword("INHIBIT_COMMON_ALLOCATION").to(Command::Nothing),
        keyword("OUTPUT_ARCH").ignore_then(names()).to(Command::Nothing),
        keyword("OUTPUT_FORMAT").ignore_then(names()).to(Command::Nothing),
        include(false),
        statement,
    ))
    .map(|command| vec![command]);
    let whole = if only_sections { in_sections.map(|command| vec![command]).boxed() } else { sections.or(simple).boxed() };
    trivia().ignore_then(whole.repeated().collect::<Vec<_>>()).then_ignore(end()).map(|lists| lists.into_iter().flatten().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Script {
        let file = diag::Sources::new().add("x.ld", Vec::new());
        parse(file, text.as_bytes()).unwrap_or_else(|errors| panic!("{errors:#?}"))
    }

    #[test]
    fn the_default_layout_parses() {
        let script = parsed(super::super::DEFAULT);
        assert_eq!(script.entry.as_deref(), Some("_start"));
        assert!(script.statements.len() > 30);
    }

    #[test]
    fn expressions_have_the_precedence_of_c() {
        let script = parsed("a = 1 + 2 * 3 == 7 && !0 ? 0x10K : - ~ 1;");
        let Statement::Assign(assignment) = &script.statements[0] else { panic!() };
        let Expr::Conditional(condition, yes, _) = &assignment.value else { panic!("{:?}", assignment.value) };
        assert!(matches!(**condition, Expr::Binary(Binary::LogicalAnd, ..)));
        assert_eq!(**yes, Expr::Number(0x10 << 10));
    }

    #[test]
    fn errors_have_places() {
        let file = diag::Sources::new().add("x.ld", Vec::new());
        let text = "SECTIONS { .text : { *(.text) } OVERLAY : { } }";
        let errors = parse(file, text.as_bytes()).unwrap_err();
        assert_eq!(errors[0].primary.as_ref().unwrap().span.start, 32, "{errors:?}");
        for end in 0..super::super::DEFAULT.len() {
            let _ = parse(file, &super::super::DEFAULT.as_bytes()[..end]);
        }
        let deep = format!("a = {}1;", "(".repeat(100_000));
        assert!(parse(file, deep.as_bytes()).unwrap_err()[0].message.contains("nests deeper"));
    }
}
