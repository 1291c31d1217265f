//! Warnings that objects carry: the text in `.gnu.warning.SYMBOL` is said of whoever uses the symbol, that in `.gnu.warning` of whoever
//! takes the object into the link.

use crate::plan::{Item, Plan};
use crate::problem::{Problem, Site};
use crate::resolve::{Resolved, SectionId, SymbolId};
use crate::strings::text;
use diag::{Diagnostic, codes};
use object::LittleEndian as LE;
use std::collections::HashMap;

const PREFIX: &[u8] = b".gnu.warning";

/// Whether a section holds the warning for a symbol, which is no part of the image. The text for a whole object is, as in GNU ld: it may
/// be what the object is for.
#[must_use]
pub fn is_warning(section: &[u8]) -> bool {
    warned_of(section).is_some_and(|symbol| symbol.is_some())
}

/// What the text in a section warns of: a symbol, or the object; none if it is no such section.
fn warned_of(section: &[u8]) -> Option<Option<&[u8]>> {
    match section.strip_prefix(PREFIX)? {
        [] => Some(None),
        [b'.', symbol @ ..] => Some(Some(symbol)),
        _ => None,
    }
}

/// Finds what the objects warn of: each symbol once, where it is first used.
pub fn find(resolved: &Resolved<'_>, plan: &Plan<'_>, problems: &mut Vec<Problem>) {
    let mut warned: HashMap<SymbolId, SectionId> = HashMap::new();
    for (index, input) in resolved.sections.iter().enumerate() {
        let Some(what) = warned_of(input.section.name) else { continue };
        match what {
            Some(symbol) => warned.extend(resolved.symbols.find(symbol).map(|symbol| (symbol, SectionId(index as u32)))),
            None => {
                let message = format!("{}: {}", resolved.object_name(input.object), said(&input.section.data));
                problems.push(Problem::plain(&codes::LINK_WARNING, message));
            }
        }
    }
    for item in plan.outputs.iter().flat_map(|output| &output.items) {
        let Item::Section(id) = item else { continue };
        if warned.is_empty() {
            return;
        }
        let input = &resolved.sections[id.0 as usize];
        for rela in input.section.relas.iter() {
            let symbol = if rela.r_sym(LE) == 0 { None } else { resolved.global(input.object, rela.r_sym(LE)) };
            if let Some((symbol, warning)) = symbol.and_then(|symbol| warned.remove_entry(&symbol)) {
                let message = format!("`{}`: {}", text(resolved.symbols.get(symbol).name), said(&resolved.section(warning).data));
                problems.push(Problem::At(Site { section: *id, offset: rela.r_offset.get(LE) }, Box::new(Diagnostic::new(&codes::LINK_WARNING, message))));
            }
        }
    }
}

/// The text of a warning, which may end with NUL.
fn said(data: &[u8]) -> String {
    text(data.split(|&b| b == 0).next().unwrap_or_default()).trim_end().to_string()
}
