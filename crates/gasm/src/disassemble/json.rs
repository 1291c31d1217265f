//! JSON lines for programs (`docs/reference/json.md`): one object for each section, label, instruction, datum.

use super::lines::{Line, Lines};
use super::sweep::{Kind, pieces};
use super::text::{Pairs, assembly};
use super::{Output, View};
use serde::Serialize;
use std::ops::Range;

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
enum Record<'a> {
    Section { file: &'a str, name: &'a str, address: u32, size: usize },
    Symbol { name: &'a str, address: u32, size: u32 },
    Instruction(Place<'a>),
    Unknown(Place<'a>),
    Data(Place<'a>),
    Zeros { address: u32, size: u32 },
}

#[derive(Serialize)]
struct Place<'a> {
    address: u32,
    bytes: String,
    text: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    relocations: Vec<RelocationRecord<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<Source>,
}

#[derive(Serialize)]
struct RelocationRecord<'a> {
    address: u32,
    kind: &'a str,
    symbol: &'a str,
    addend: i32,
}

#[derive(Serialize)]
struct Source {
    file: String,
    line: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
}

/// Shows a range of a section.
pub fn show(view: &View<'_>, range: Range<u32>, mut lines: Option<&mut Lines>, out: &mut Output<'_>) {
    let section = view.section;
    push(out, &Record::Section { file: &view.input.name, name: &section.name, address: section.address, size: section.bytes.len() });
    let mut symbols = &section.symbols[section.symbols.partition_point(|s| s.address < range.start)..];
    let mut relocations = &section.relocations[section.relocations.partition_point(|r| r.address < range.start)..];
    let mut pairs = Pairs::new(view.input.gp);
    for piece in pieces(section, range, view.request.zeros) {
        let end = piece.address.saturating_add(piece.len);
        // Programs get every name of a place.
        let here = symbols.iter().take_while(|s| s.address <= piece.address).count();
        for symbol in &symbols[..here] {
            push(out, &Record::Symbol { name: &symbol.name, address: symbol.address, size: symbol.size });
        }
        symbols = &symbols[here..];
        let here = relocations.iter().take_while(|r| r.address < end).count();
        let bytes = &section.bytes[(piece.address - section.address) as usize..][..piece.len as usize];
        let text = assembly(view, piece, bytes, &mut pairs);
        let line = lines.as_deref().and_then(|l| l.find(piece.address.wrapping_add(section.line_base)));
        let place = |source: Option<Source>| Place {
            address: piece.address,
            bytes: bytes.iter().map(|b| format!("{b:02x}")).collect(),
            text: &text,
            relocations: relocations[..here].iter().map(|r| RelocationRecord { address: r.address, kind: &r.kind, symbol: &r.symbol, addend: r.addend }).collect(),
            source,
        };
        let record = match piece.kind {
            Kind::Zeros => Record::Zeros { address: piece.address, size: piece.len },
            kind @ (Kind::Instruction(_) | Kind::Unknown | Kind::Data) => {
                let place = place(line.zip(lines.as_deref_mut()).map(|(line, lines)| source(line, lines, view.request.source, out)));
                match kind {
                    Kind::Instruction(_) => Record::Instruction(place),
                    Kind::Unknown => Record::Unknown(place),
                    Kind::Data | Kind::Zeros => Record::Data(place),
                }
            }
        };
        push(out, &record);
        relocations = &relocations[here..];
        if out.closed {
            return;
        }
    }
}

fn source(line: Line, lines: &mut Lines, with_text: bool, out: &mut Output<'_>) -> Source {
    let text = if with_text { lines.text(line, out.host) } else { None };
    Source { file: lines.file(line).to_string(), line: line.number, text }
}

fn push(out: &mut Output<'_>, record: &Record<'_>) {
    // Strings and numbers always serialise.
    let mut text = serde_json::to_string(record).unwrap_or_default();
    text.push('\n');
    out.push(&text);
}
