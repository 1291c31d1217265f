//! Expressions, assignments and assertions.

use super::super::ast::{Assertion, Assignment, Assigns, Binary, Expr, Function, Unary};
use super::super::words;
use super::lexical::{Expression, Extra, Rule, keyword, looked_up, number, one_of_words, quoted, slashed, symbol, token, trivia, with_keyword, word};
use super::{DEEPEST, Mistake, TALLEST, span};
use chumsky::prelude::*;
use diag::FileId;

/// An operator between two values with its level of precedence, the loosest 0. Behind `=fill` the name of
/// what is sent away is no division.
fn operator<'s, E: Mistake<'s>>() -> impl Parser<'s, &'s str, (usize, Binary), Extra<E>> + Clone {
    looked_up(|text| {
        let is_at = |&&(name, not_before, _): &&(&str, &str, Binary)| text.strip_prefix(name).is_some_and(|rest| !rest.starts_with(|c| not_before.contains(c)));
        let found = words::OPERATORS.iter().rev().enumerate().find_map(|(level, row)| row.iter().find(is_at).map(|&(name, _, op)| (name.len(), (level, op))));
        found.filter(|_| !text.starts_with("/DISCARD/"))
    })
}

/// An expression and how high its tree is: values are computed by recursion, so that is bounded.
struct Tall {
    expr: Expr,
    height: usize,
}

impl Tall {
    fn leaf(expr: Expr) -> Tall {
        Tall { expr, height: 1 }
    }

    /// A node above these; too high a tree is refused.
    fn above(below: usize, expr: Expr) -> Result<Tall, String> {
        let height = below + 1;
        if height > TALLEST { Err(format!("an expression has at most {TALLEST} operators that need each other's values")) } else { Ok(Tall { expr, height }) }
    }

    fn binary(op: Binary, a: Tall, b: Tall) -> Result<Tall, String> {
        Tall::above(a.height.max(b.height), Expr::Binary(op, Box::new(a.expr), Box::new(b.expr)))
    }
}

pub(super) fn expression<'s, E: Mistake<'s>>() -> Expression<'s, E> {
    tall().map(|tall| tall.expr).boxed()
}

type OfName = fn(String) -> Function;

/// Functions of a section or a region.
const OF_NAMES: [(&str, OfName); 6] =
    [("ADDR", Function::Addr), ("ALIGNOF", Function::Alignof), ("LENGTH", Function::Length), ("LOADADDR", Function::Loadaddr), ("ORIGIN", Function::Origin), ("SIZEOF", Function::Sizeof)];

fn tall<'s, E: Mistake<'s>>() -> impl Parser<'s, &'s str, Tall, Extra<E>> + Clone {
    recursive(|expr| {
        let argument = expr.clone().map(Argument::Expr).or(quoted().map(|text: &str| Argument::Text(text.to_string())));
        let arguments = argument.separated_by(token(",")).collect::<Vec<_>>().delimited_by(token("("), token(")"));
        let call = symbol().then(arguments).try_map(|(name, arguments), span| {
            let below = arguments.iter().map(Argument::height).max().unwrap_or(0);
            function(name, arguments).and_then(|call| Tall::above(below, call)).map_err(|message| E::custom(span, message))
        });
        // Names of sections and regions may have what operators are made of: `ADDR(.data-rom)`.
        let of_name = choice(OF_NAMES.map(|(name, make)| keyword(name).ignore_then(word("").delimited_by(token("("), token(")"))).map(move |of: &str| make(of.to_string()))));
        let of_name = with_keyword(of_name).map(|function| Tall::leaf(Expr::Call(Box::new(function))));
        let plain_symbol = symbol().map(|name| {
            Tall::leaf(match name {
                "." => Expr::Dot,
                "SIZEOF_HEADERS" => Expr::Call(Box::new(Function::SizeofHeaders)),
                name => Expr::Symbol(name.to_string()),
            })
        });
        let parenthesised = expr.clone().delimited_by(token("("), token(")"));
        let atom = choice((number().map(|number| Tall::leaf(Expr::Number(number))), parenthesised, of_name, call, plain_symbol)).boxed();
        let sign = choice((
            just("-").to(Some(Unary::Negate)),
            just("~").to(Some(Unary::Invert)),
            just("!").then_ignore(just("=").not()).to(Some(Unary::Not)),
            just("+").to(None),
        ))
        .then_ignore(trivia());
        let operand = sign.repeated().at_most(DEEPEST).collect::<Vec<_>>().then(atom).map(|(signs, value)| {
            signs.into_iter().rev().flatten().fold(value, |value, op| Tall { expr: Expr::Unary(op, Box::new(value.expr)), height: value.height + 1 })
        });
        let operand = operand.boxed();
        // All operators in one row, put together by precedence afterwards: a parser for each level, each
        // within the next, would take ten times the stack for each parenthesis.
        let chain = operand.clone().then(operator().then(operand).repeated().collect::<Vec<_>>());
        let chain = chain.try_map(|(first, rest), span| by_precedence(first, rest).map_err(|message| E::custom(span, message))).boxed();
        chain
            .then(token("?").ignore_then(expr.clone()).then_ignore(token(":")).then(expr).or_not())
            .try_map(|(condition, branches), span| match branches {
                Some((yes, no)) => {
                    let below = condition.height.max(yes.height).max(no.height);
                    Tall::above(below, Expr::Conditional(Box::new(condition.expr), Box::new(yes.expr), Box::new(no.expr))).map_err(|message| E::custom(span, message))
                }
                None => Ok(condition),
            })
            .labelled("an expression")
    })
    .boxed()
}

/// Puts a row of operands together: the loosest operator is the root. `rest` has, for each operator, its
/// level of precedence, the loosest 0.
fn by_precedence(first: Tall, rest: Vec<((usize, Binary), Tall)>) -> Result<Tall, String> {
    // Operands that wait for what follows, each with the operator behind it.
    let mut waiting: Vec<(Tall, usize, Binary)> = Vec::new();
    let mut last = first;
    for ((level, op), operand) in rest {
        while let Some((before, _, waiting_op)) = waiting.pop_if(|(_, waiting_level, _)| *waiting_level >= level) {
            last = Tall::binary(waiting_op, before, last)?;
        }
        waiting.push((std::mem::replace(&mut last, operand), level, op));
    }
    while let Some((before, _, op)) = waiting.pop() {
        last = Tall::binary(op, before, last)?;
    }
    Ok(last)
}

enum Argument {
    Expr(Tall),
    Text(String),
}

impl Argument {
    fn height(&self) -> usize {
        match self {
            Argument::Expr(tall) => tall.height,
            Argument::Text(_) => 1,
        }
    }
}

fn function(name: &str, arguments: Vec<Argument>) -> Result<Expr, String> {
    let count = arguments.len();
    let mut arguments = arguments.into_iter();
    let wrong = || format!("{name} does not take {count} operands of this kind");
    let mut value = || match arguments.next() {
        Some(Argument::Expr(value)) => Ok(value.expr),
        // A quoted name is a symbol where one can stand.
        Some(Argument::Text(name)) => Ok(Expr::Symbol(name)),
        None => Err(wrong()),
    };
    let symbol = |value: Expr| match value {
        Expr::Symbol(name) => Ok(name),
        Expr::Number(_) | Expr::Dot | Expr::Unary(..) | Expr::Binary(..) | Expr::Conditional(..) | Expr::Call(_) => Err(format!("{name} takes a name")),
    };
    let function = match name {
        _ if !words::FUNCTIONS.contains(&name) => return Err(format!("there is no function `{name}`")),
        "ABSOLUTE" => Function::Absolute(value()?),
        "ALIGN" | "BLOCK" => match (value()?, count) {
            (align, 1) => Function::Align(None, align),
            (start, _) => Function::Align(Some(start), value()?),
        },
        "NEXT" => Function::Align(None, value()?),
        "CONSTANT" => Function::Constant(symbol(value()?)?),
        "DEFINED" => Function::Defined(symbol(value()?)?),
        "LOG2CEIL" => Function::Log2ceil(value()?),
        "MAX" => Function::Max(value()?, value()?),
        "MIN" => Function::Min(value()?, value()?),
        "SEGMENT_START" => Function::SegmentStart(symbol(value()?)?, value()?),
        "DATA_SEGMENT_ALIGN" => Function::DataSegmentAlign(value()?, value()?),
        "DATA_SEGMENT_RELRO_END" => Function::DataSegmentRelroEnd(value()?, value()?),
        "DATA_SEGMENT_END" => Function::DataSegmentEnd(value()?),
        "ASSERT" => Function::Assert(value()?, symbol(value()?)?),
        _ => return Err(wrong()),
    };
    match arguments.next() {
        Some(_) => Err(wrong()),
        None => Ok(Expr::Call(Box::new(function))),
    }
}

pub(super) fn assignment<'s, E: Mistake<'s>>(file: FileId, expr: &Expression<'s, E>) -> Rule<'s, E, Assignment> {
    let operator = looked_up(|text| match text.strip_prefix('=') {
        Some(rest) => (!rest.starts_with('=')).then_some((1, None)),
        None => words::ASSIGNMENTS.iter().find(|(name, _)| text.starts_with(name)).map(|&(name, op)| (name.len(), Some(op))),
    });
    let plain = symbol().or(slashed()).then(operator).then(expr.clone()).map(|((name, op), value)| {
        let old = if name == "." { Expr::Dot } else { Expr::Symbol(name.to_string()) };
        let value = match op {
            Some(op) => Expr::Binary(op, Box::new(old), Box::new(value)),
            None => value,
        };
        (name.to_string(), value)
    });
    let plain = plain.boxed();
    let wrapped = one_of_words(words::ASSIGNS).then(plain.clone().delimited_by(token("("), token(")"))).map(|(assigns, (name, value))| (name, value, assigns));
    wrapped
        .or(plain.map(|(name, value)| (name, value, Assigns::Plain)))
        .map_with(move |(name, value, assigns), extra| Assignment { name, value, assigns, span: span(file, extra.span()) })
        .then_ignore(choice((token(";"), token(","))))
        .boxed()
}

pub(super) fn assertion<'s, E: Mistake<'s>>(file: FileId, expr: &Expression<'s, E>) -> Rule<'s, E, Assertion> {
    keyword("ASSERT")
        .ignore_then(expr.clone().then_ignore(token(",")).then(quoted()).delimited_by(token("("), token(")")))
        .map_with(move |(condition, message): (_, &str), extra| Assertion { condition, message: message.to_string(), span: span(file, extra.span()) })
        .then_ignore(token(";").or_not())
        .boxed()
}
