//! Archives during resolution: which members are taken, and when.

use super::table::version;
use super::{Definition, Resolved, SymbolId, Why};
use crate::archive::{self, Archive};
use crate::load::{InputFile, Inputs};
use crate::names::NameMap;
use crate::object_file::{self, SymbolHome};
use crate::options::Options;
use crate::problem::Problem;
use crate::strings::text;
use diag::{Diagnostic, codes};
use std::collections::BTreeMap;

struct Open<'a> {
    file: &'a InputFile,
    archive: Archive<'a>,
    /// From a name to its first row in the symbol table.
    by_symbol: NameMap<'a, usize>,
    taken: Vec<bool>,
}

impl Open<'_> {
    /// The first row that defines a symbol.
    fn row(&self, name: &[u8]) -> Option<usize> {
        let default = || version(name).filter(|&(_, _, is_default)| !is_default).and_then(|(name, version, _)| self.by_symbol.get(&[name, b"@@", version].concat()[..]));
        self.by_symbol.get(name).or_else(default).copied()
    }
}

/// The archives among the inputs.
pub(super) struct Archives<'a> {
    by_file: Vec<Option<Open<'a>>>,
}

impl<'a> Archives<'a> {
    /// Reads the tables of all archives.
    pub(super) fn new(inputs: &'a Inputs, problems: &mut Vec<Problem>) -> Archives<'a> {
        let by_file = inputs.files.iter().map(|file| open(file, problems)).collect();
        Archives { by_file }
    }

    pub(super) fn is_archive(&self, file: usize) -> bool {
        self.by_file[file].is_some()
    }

    /// The member that would define a symbol, had its archive stood where it is wanted.
    pub(super) fn could_define(&self, name: &[u8]) -> Option<String> {
        self.by_file.iter().flatten().find_map(|open| {
            let (_, member) = open.archive.symbols[open.row(name)?];
            Some(format!("{}({})", open.file.name, text(open.archive.members[member].name)))
        })
    }

    /// Every name that the archives' tables hold.
    pub(super) fn names(&self) -> Vec<&'a [u8]> {
        self.by_file.iter().flatten().flat_map(|open| open.archive.symbols.iter().map(|&(name, _)| name)).collect()
    }

    /// `--whole-archive`.
    pub(super) fn take_all(&mut self, file: usize, resolved: &mut Resolved<'a>, options: &Options, problems: &mut Vec<Problem>) {
        let Some(open) = &mut self.by_file[file] else { return };
        for member in 0..open.archive.members.len() {
            take(open, member, Why::Asked, resolved, options, problems);
        }
    }

    /// Takes members of these archives until they define nothing more that is wanted. An archive is
    /// walked as GNU ld walks it, in the order of its symbol table and from the start again while
    /// that gives something, so that members come in the same order; but each wanted symbol is
    /// looked up once for each archive and round.
    pub(super) fn take_needed(&mut self, files: &[usize], resolved: &mut Resolved<'a>, options: &Options, problems: &mut Vec<Problem>) {
        loop {
            let mut progress = false;
            for &file in files {
                let Some(open) = &mut self.by_file[file] else { continue };
                // Rows of the symbol table that define something wanted, with what they define.
                let mut rows: BTreeMap<usize, SymbolId> = BTreeMap::new();
                let (mut looked_up, mut at) = (0, 0);
                loop {
                    while let Some(&symbol) = resolved.symbols.wanted.get(looked_up) {
                        looked_up += 1;
                        rows.extend(open.row(resolved.symbols.get(symbol).name).map(|row| (row, symbol)));
                    }
                    let Some((&row, &symbol)) = rows.range(at..).next().or(rows.first_key_value()) else { break };
                    rows.remove(&row);
                    at = row + 1;
                    let (name, member) = open.archive.symbols[row];
                    if is_wanted(resolved, symbol)
                        && !open.taken[member]
                        && (resolved.symbols.get(symbol).definition == Definition::Undefined || gives_contents(open, member, name))
                    {
                        take(open, member, Why::Defines(symbol), resolved, options, problems);
                        progress = true;
                    }
                }
                let mut wanted = std::mem::take(&mut resolved.symbols.wanted);
                wanted.retain(|&symbol| is_wanted(resolved, symbol));
                resolved.symbols.wanted = wanted;
            }
            if !progress || files.len() == 1 {
                return;
            }
        }
    }
}

/// Undefined symbols are wanted, and common blocks that a member may define with contents.
fn is_wanted(resolved: &Resolved<'_>, symbol: SymbolId) -> bool {
    matches!(resolved.symbols.get(symbol).definition, Definition::Undefined | Definition::Common { .. })
}

/// Whether a member defines a symbol in a section, not as a common block.
fn gives_contents(open: &Open<'_>, member: usize, name: &[u8]) -> bool {
    let data = match open.file.thin_members.get(member) {
        Some(file) => &file[..],
        None => open.archive.members[member].data,
    };
    let Ok(file) = object_file::parse(data) else { return false };
    (file.first_global..file.symbols.len()).any(|index| file.symbol(index).is_some_and(|symbol| file.symbol_name(symbol) == name) && matches!(file.home(index), SymbolHome::Section(_) | SymbolHome::Absolute))
}

fn open<'a>(file: &'a InputFile, problems: &mut Vec<Problem>) -> Option<Open<'a>> {
    if !super::archive_refused(&file.data) {
        return None;
    }
    let archive = match archive::parse(&file.data) {
        Ok(archive) => archive,
        Err(what) => {
            problems.push(Problem::Plain(Box::new(Diagnostic::new(&codes::E0505, format!("{} is damaged: {what}", file.name)).help("make the archive again"))));
            return None;
        }
    };
    if !archive.has_index && !archive.members.is_empty() && !file.whole_archive {
        let help = format!("add one: ranlib {}", file.name);
        problems.push(Problem::Plain(Box::new(Diagnostic::new(&codes::E0505, format!("{} has no symbol table", file.name)).help(help))));
        return None;
    }
    let mut by_symbol = NameMap::default();
    by_symbol.reserve(archive.symbols.len());
    for (row, &(name, _)) in archive.symbols.iter().enumerate() {
        by_symbol.entry(name).or_insert(row);
        if let Some((name, _, true)) = version(name) {
            by_symbol.entry(name).or_insert(row);
        }
    }
    let taken = vec![false; archive.members.len()];
    Some(Open { file, archive, by_symbol, taken })
}

fn take<'a>(open: &mut Open<'a>, member: usize, why: Why, resolved: &mut Resolved<'a>, options: &Options, problems: &mut Vec<Problem>) {
    if std::mem::replace(&mut open.taken[member], true) {
        return;
    }
    let name = format!("{}({})", open.file.name, text(open.archive.members[member].name));
    let data = match open.file.thin_members.get(member) {
        Some(file) => &file[..],
        None => open.archive.members[member].data,
    };
    resolved.add(name, data, why, options, problems);
}
