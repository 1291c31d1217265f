//! Phase 4: with `--gc-sections`, what the program reaches. A work list, not recursion: no depth of
//! references exhausts the stack.

mod debug;

use crate::apply::resolve_target;
use crate::link_order;
use crate::options::Options;
use crate::plan::{Fate, Item, Plan};
use crate::resolve::{Place, Resolved, SectionId, SymbolId};
use crate::strings::text;
use diag::{Diagnostic, codes};
use object::LittleEndian as LE;
use object::elf;
use std::collections::HashMap;

/// Why a section is in the image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// It holds this symbol, which was asked for.
    Asked(SymbolId),
    /// The script or its type keeps it.
    Kept,
    /// This section refers to it.
    From(SectionId),
    /// It belongs to this section's group or is ordered with it.
    With(SectionId),
}

/// Takes from the plan what nothing refers to. Gives, for each section that stays, why.
pub fn collect(resolved: &Resolved<'_>, plan: &mut Plan<'_>, roots: &[SymbolId], options: &Options) -> Vec<Option<Reason>> {
    let mut reasons: Vec<Option<Reason>> = vec![None; resolved.sections.len()];
    if !options.gc_sections {
        return reasons;
    }
    let mut work: Vec<SectionId> = Vec::new();
    let mut reach = |id: SectionId, reason: Reason, work: &mut Vec<SectionId>| {
        let slot = &mut reasons[id.0 as usize];
        if slot.is_none() && plan.output_of(id).is_some() {
            *slot = Some(reason);
            work.push(id);
        }
    };
    for &root in roots {
        if let Place::Section(id, _) = resolved.place_of(root) {
            reach(id, Reason::Asked(root), &mut work);
        }
    }
    // Sections with a C name are reached through their `__start_` and `__stop_` symbols.
    let mut by_name: HashMap<&[u8], Vec<SectionId>> = HashMap::new();
    let mut followers: HashMap<SectionId, Vec<SectionId>> = HashMap::new();
    for (index, input) in resolved.sections.iter().enumerate() {
        let id = SectionId(index as u32);
        let section = &input.section;
        if plan.output_of(id).is_none() {
            continue;
        }
        if let Some(with) = link_order::linked_to(resolved, id) {
            followers.entry(with).or_default().push(id);
        }
        // A script of its own says what it keeps, as with GNU ld.
        let is_function_table = matches!(section.kind, elf::SHT_INIT_ARRAY | elf::SHT_FINI_ARRAY | elf::SHT_PREINIT_ARRAY);
        // What describes a section goes with it.
        let is_kept_kind = !section.has(elf::SHF_LINK_ORDER) && (section.kind == elf::SHT_NOTE || is_function_table && (options.relocatable || !options.has_script()));
        if plan.kept[index] || is_kept_kind || section.has(elf::SHF_GNU_RETAIN) || input.object == crate::resolve::LINKER {
            reach(id, Reason::Kept, &mut work);
        }
        if is_c_name(section.name) {
            by_name.entry(section.name).or_default().push(id);
        }
    }
    // Members of a group stay or go together.
    let mut groups: HashMap<SectionId, Vec<SectionId>> = HashMap::new();
    for object in &resolved.objects {
        for group in &object.file.groups {
            let members: Vec<SectionId> = group.members.iter().map(|member| SectionId(object.first_section + member)).collect();
            for (index, &member) in members.iter().enumerate() {
                // A ring: each member leads to the next.
                groups.entry(member).or_default().push(members[(index + 1) % members.len()]);
            }
        }
    }
    while let Some(id) = work.pop() {
        let input = &resolved.sections[id.0 as usize];
        let is_unwind_table = input.section.name.starts_with(b".eh_frame");
        for rela in input.section.relas.iter().filter(|rela| rela.r_sym(LE) != 0) {
            let (place, _) = resolve_target(resolved, input.object, rela);
            if let Place::Section(target, _) = place {
                // A table of functions does not keep them; what it needs to unwind them it keeps.
                let is_local = resolved.global(input.object, rela.r_sym(LE)).is_none();
                if is_unwind_table && is_local && resolved.section(target).has(elf::SHF_EXECINSTR) {
                    continue;
                }
                reach(target, Reason::From(id), &mut work);
            }
            if let Some(symbol) = resolved.global(input.object, rela.r_sym(LE)) {
                let name = resolved.symbols.get(symbol).name;
                if let Some(section) = name.strip_prefix(b"__start_").or(name.strip_prefix(b"__stop_")).filter(|_| !options.start_stop_gc) {
                    for &target in by_name.get(section).into_iter().flatten() {
                        reach(target, Reason::From(id), &mut work);
                    }
                }
            }
        }
        for &other in followers.get(&id).into_iter().chain(groups.get(&id)).flatten() {
            reach(other, Reason::With(id), &mut work);
        }
    }
    let debug = debug::kept(resolved, plan, &reasons);
    for output in &mut plan.outputs {
        output.items.retain(|item| {
            let Item::Section(id) = item else { return true };
            let follows = link_order::linked_to(resolved, *id).is_some();
            let lives = reasons[id.0 as usize].is_some() || debug[id.0 as usize] && !follows;
            if !lives {
                plan.fates[id.0 as usize] = Fate::Unreferenced;
            }
            lives
        });
        crate::plan::summarise(resolved, output);
    }
    reasons
}

fn is_c_name(name: &[u8]) -> bool {
    !name.is_empty() && !name[0].is_ascii_digit() && name.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'_')
}

/// The notes of `--print-gc-sections` and `--why-live`.
pub fn reports(resolved: &Resolved<'_>, plan: &Plan<'_>, reasons: &[Option<Reason>], options: &Options) -> Vec<Diagnostic> {
    let mut notes = Vec::new();
    let name = |id: SectionId| {
        let input = &resolved.sections[id.0 as usize];
        format!("{}:({})", resolved.object_name(input.object), text(input.section.name))
    };
    if options.print_gc_sections {
        for (index, fate) in plan.fates.iter().enumerate() {
            if *fate == Fate::Unreferenced && resolved.sections[index].section.size > 0 {
                let input = &resolved.sections[index];
                // GNU ld's words, which tools look for.
                let message = format!("removing unused section '{}' in file '{}'", text(input.section.name), resolved.object_name(input.object));
                notes.push(Diagnostic::new(&codes::GC_SECTIONS, message));
            }
        }
    }
    for wanted in &options.why_live {
        let place = resolved.symbols.find(wanted.as_bytes()).map(|id| resolved.place_of(id));
        let Some(Place::Section(mut id, _)) = place else {
            notes.push(Diagnostic::new(&codes::GC_SECTIONS, format!("`{wanted}` is in no section of the image")));
            continue;
        };
        let mut note = Diagnostic::new(&codes::GC_SECTIONS, format!("why `{wanted}` is in the image"));
        if !options.gc_sections {
            note = note.note("without --gc-sections every section is");
        } else if reasons[id.0 as usize].is_none() {
            note = note.note(format!("it is not: {} was removed", name(id)));
        }
        // Each step leads to a section that was reached earlier, so this ends.
        while let Some(reason) = reasons[id.0 as usize] {
            let (step, next) = match reason {
                Reason::Asked(symbol) => (format!("{} holds `{}`, which the link asks for", name(id), text(resolved.symbols.get(symbol).name)), None),
                Reason::Kept => (format!("{} is always kept", name(id)), None),
                Reason::From(from) => (format!("{} is used by {}", name(id), name(from)), Some(from)),
                Reason::With(with) => (format!("{} stays with {}", name(id), name(with)), Some(with)),
            };
            note = note.note(step);
            match next {
                Some(next) => id = next,
                None => break,
            }
        }
        notes.push(note);
    }
    notes
}
