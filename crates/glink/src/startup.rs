//! The entry: what happens when nothing defines `_start` or `main`.

use crate::object_file::SymbolHome;
use crate::options::{Options, Startup};
use crate::problem::{Problem, Site};
use crate::resolve::{Definition, Resolved, SectionId, SymbolId};
use crate::script::ast::Script;
use crate::strings::string_at;
use diag::{Diagnostic, codes};
use object::LittleEndian as LE;
use object::elf;

/// Finds a definition for `main` and the entry symbol, or says what is missing. Undefined uses of
/// these names that are explained here are not reported again: their ids are given back.
pub fn settle(resolved: &mut Resolved<'_>, script: &Script, entry: &str, options: &Options, problems: &mut Vec<Problem>) -> Vec<SymbolId> {
    let undefined = |resolved: &Resolved<'_>, name: &str| resolved.symbols.find(name.as_bytes()).filter(|&id| resolved.symbols.get(id).definition == Definition::Undefined && resolved.symbols.get(id).used);
    // Whichever the start needs first: crt0 needs `main`, an image without crt0 its entry.
    let missing: Vec<SymbolId> = ["main", entry].iter().filter_map(|name| undefined(resolved, name)).collect();
    if missing.is_empty() || entry.starts_with(|c: char| c.is_ascii_digit()) || script.assigns(entry) {
        return Vec::new();
    }
    for name in ["main", entry] {
        if let Some((site, object)) = local_definition(resolved, name) {
            let message = format!("`{name}` is defined in {object}, but only for that file");
            let diagnostic = Diagnostic::new(&codes::E0517, message).help(format!("let the linker see it: .globl {name}"));
            problems.push(match site {
                Some(site) => Problem::At(site, Box::new(diagnostic)),
                None => Problem::Plain(Box::new(diagnostic)),
            });
            return missing;
        }
    }
    if options.startup == Startup::FirstInstruction
        && let Some(section) = first_code(resolved)
    {
        for &id in &missing {
            resolved.symbols.set_definition(id, Definition::Block(section));
        }
        return Vec::new();
    }
    let Some(entry_id) = undefined(resolved, entry) else { return Vec::new() };
    let has_main = resolved.symbols.find(b"main").is_some_and(|id| resolved.symbols.get(id).definition != Definition::Undefined);
    // A program for the default layout with a `main` lacks its start-up code. What else has no entry may know why: GNU ld's way.
    let is_certain = options.entry.is_some() || (has_main && !options.has_script());
    let mut diagnostic = match is_certain {
        true => Diagnostic::new(&codes::E0518, format!("nothing defines `{entry}`, where the image is to start")),
        false => Diagnostic::new(&codes::NO_ENTRY, format!("nothing defines `{entry}`: the image starts with its first code")),
    };
    if entry == "_start" {
        diagnostic = match has_main {
            true => diagnostic.help("add -lhv: its start-up code sets the stack and calls `main`"),
            false => diagnostic.help("define `main`, with `.globl main`, and add -lhv: its start-up code calls it"),
        };
        diagnostic = diagnostic.help("or define `_start` yourself, with `.globl _start`");
    } else {
        diagnostic = diagnostic.help(format!("define it, with `.globl {entry}`, or name another with -e"));
    }
    problems.push(Problem::Plain(Box::new(diagnostic)));
    vec![entry_id]
}

/// A local symbol of this name, with its place.
fn local_definition(resolved: &Resolved<'_>, name: &str) -> Option<(Option<Site>, String)> {
    resolved.objects.iter().find_map(|object| {
        (1..object.file.first_global).find_map(|index| {
            let symbol = object.file.symbol(index)?;
            if string_at(object.file.strings, symbol.st_name.get(LE))? != name.as_bytes() || symbol.st_type() == elf::STT_FILE {
                return None;
            }
            match object.file.home(index) {
                SymbolHome::Section(section) => Some((Some(Site { section: SectionId(object.first_section + section), offset: symbol.st_value.get(LE) }), object.name.clone())),
                SymbolHome::Absolute => Some((None, object.name.clone())),
                SymbolHome::Undefined | SymbolHome::Common => None,
            }
        })
    })
}

/// The first section with code of the first object that was named and has any; not the start-up code
/// of a library, which waits for a `main`.
fn first_code(resolved: &Resolved<'_>) -> Option<SectionId> {
    let is_asked = |object: crate::resolve::ObjectId| resolved.objects.get(object.0 as usize).is_some_and(|object| object.why == crate::resolve::Why::Asked);
    let index = resolved.sections.iter().position(|input| input.section.has(elf::SHF_EXECINSTR | elf::SHF_ALLOC) && input.section.size > 0 && !input.duplicate && is_asked(input.object))?;
    Some(SectionId(index as u32))
}
