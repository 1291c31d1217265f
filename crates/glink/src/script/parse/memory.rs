//! `MEMORY` and `PHDRS`.

use super::super::ast::{Expr, MemoryLine, Region, Segment};
use super::super::words;
use super::lexical::{Expression, Rule, keyword, number, one_of_words, token, word};
use super::{Mistake, include, span};
use chumsky::prelude::*;
use diag::FileId;

/// The lines between the braces of `MEMORY`.
pub(super) fn memory<'s, E: Mistake<'s>>(file: FileId, expr: &Expression<'s, E>) -> Rule<'s, E, Vec<MemoryLine>> {
    let key = |row: usize| choice(words::REGION_WORDS[row].map(keyword)).then_ignore(token("="));
    let region = word(":=")
        .then(word("").delimited_by(token("("), token(")")).or_not())
        .then_ignore(token(":"))
        .then_ignore(key(0))
        .then(expr.clone())
        .then_ignore(token(",").or_not())
        .then_ignore(key(1))
        .then(expr.clone())
        .map_with(move |(((name, attributes), origin), length), extra| Region {
            name: name.to_string(),
            attributes: attributes.unwrap_or("").to_string(),
            origin,
            length,
            span: span(file, extra.span()),
        })
        .then_ignore(token(",").or_not());
    include(file).map(MemoryLine::Include).or(region.map(MemoryLine::Region)).repeated().collect::<Vec<_>>().boxed()
}

#[derive(Clone)]
enum SegmentPart {
    FileHeader,
    ProgramHeaders,
    LoadAddress(Expr),
    Flags(Expr),
}

/// The lines between the braces of `PHDRS`.
pub(super) fn segments<'s, E: Mistake<'s>>(file: FileId, expr: &Expression<'s, E>) -> Rule<'s, E, Vec<Segment>> {
    let kind = one_of_words(words::SEGMENT_TYPES).map(|kind| kind.0).or(number().map(|kind| kind as u32));
    let parenthesised = expr.clone().delimited_by(token("("), token(")")).boxed();
    let part = choice((
        keyword("FILEHDR").to(SegmentPart::FileHeader),
        keyword("PHDRS").to(SegmentPart::ProgramHeaders),
        keyword("AT").ignore_then(parenthesised.clone()).map(SegmentPart::LoadAddress),
        keyword("FLAGS").ignore_then(parenthesised).map(SegmentPart::Flags),
    ));
    let segment = word("").then(kind).then(part.repeated().collect::<Vec<_>>()).then_ignore(token(";")).map_with(move |((name, kind), parts), extra| {
        let mut segment = Segment { name: name.to_string(), kind, load_address: None, flags: None, file_header: false, program_headers: false, span: span(file, extra.span()) };
        for part in parts {
            match part {
                SegmentPart::FileHeader => segment.file_header = true,
                SegmentPart::ProgramHeaders => segment.program_headers = true,
                SegmentPart::LoadAddress(value) => segment.load_address = Some(value),
                SegmentPart::Flags(value) => segment.flags = Some(value),
            }
        }
        segment
    });
    segment.repeated().collect::<Vec<_>>().boxed()
}
