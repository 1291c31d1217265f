//! Phase 4b: one look at every relocation of the image: uses of undefined symbols, and what the
//! global offset table must hold.

use crate::plan::{Item, Plan};
use crate::problem::{Problem, Site};
use crate::resolve::{Definition, Resolved, SymbolId};
use crate::synthetic::{self, Got};
use object::LittleEndian as LE;
use object::elf;
use rv32::Reloc;
use std::collections::BTreeMap;

/// Scans the sections that the plan put into the image.
pub fn scan(resolved: &Resolved<'_>, plan: &Plan<'_>, got: &mut Got, problems: &mut Vec<Problem>) {
    let is_undefined = |symbol: SymbolId| {
        let used = resolved.symbols.get(symbol);
        used.definition == Definition::Undefined && used.strong_use
    };
    // Most links have none, and then debug sections need no look.
    let any_undefined = resolved.symbols.iter().any(|(id, _)| is_undefined(id));
    let mut uses: BTreeMap<SymbolId, Vec<Site>> = BTreeMap::new();
    for output in &plan.outputs {
        for item in &output.items {
            let Item::Section(id) = item else { continue };
            let input = &resolved.sections[id.0 as usize];
            let allocated = input.section.has(elf::SHF_ALLOC);
            if !allocated && !any_undefined {
                continue;
            }
            for rela in input.section.relas.iter() {
                let index = rela.r_sym(LE);
                if index == 0 {
                    continue;
                }
                let site = Site { section: *id, offset: rela.r_offset.get(LE) };
                if any_undefined
                    && let Some(symbol) = resolved.global(input.object, index)
                    && is_undefined(symbol)
                {
                    uses.entry(symbol).or_default().push(site);
                }
                if !allocated {
                    continue;
                }
                if let Some(entry) = Reloc::from_number(rela.r_type(LE).0).and_then(synthetic::entry_of) {
                    got.request(resolved, input.object, rela, entry);
                }
            }
        }
    }
    for (symbol, uses) in uses {
        problems.push(Problem::Undefined { symbol, uses });
    }
}
