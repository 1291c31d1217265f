//! `SHF_LINK_ORDER`: sections that describe another section of their object (`sh_link`). They go where that section goes: out of the image
//! with it, and in their output section in its order (gABI, "Section Attribute Flags").

use crate::plan::{Fate, Item, Line, Output, Plan};
use crate::problem::Problem;
use crate::resolve::{Resolved, SectionId};
use crate::strings::text;
use diag::{Diagnostic, codes};
use object::elf;
use std::collections::{HashMap, HashSet};

/// The section that this one describes; none if it describes none.
#[must_use]
pub fn linked_to(resolved: &Resolved<'_>, id: SectionId) -> Option<SectionId> {
    let input = &resolved.sections[id.0 as usize];
    let object = resolved.objects.get(input.object.0 as usize)?;
    if !input.section.has(elf::SHF_LINK_ORDER) || input.section.link == 0 {
        return None;
    }
    let target = object.first_section.checked_add(input.section.link)?;
    resolved.sections.get(target as usize).filter(|target| target.object == input.object).map(|_| SectionId(target))
}

/// The output section that an output section's first such section describes, for `sh_link`.
#[must_use]
pub fn output_linked_to(resolved: &Resolved<'_>, plan: &Plan<'_>, output: &Output<'_>) -> Option<usize> {
    output.items.iter().find_map(|item| if let Item::Section(id) = item { plan.output_of(linked_to(resolved, *id)?) } else { None })
}

/// Takes from the plan what describes a section that is not in the image, and puts the rest in order. Each of `runs` holds what one
/// line of the script took; order is kept between lines.
pub fn arrange(resolved: &Resolved<'_>, plan: &mut Plan<'_>, runs: &[Vec<SectionId>]) {
    let all: Vec<(SectionId, SectionId)> = runs.iter().flatten().filter_map(|&id| Some((id, linked_to(resolved, id)?))).collect();
    if all.is_empty() {
        return;
    }
    discard(plan, &all);
    let places = places(plan);
    for run in runs {
        let members: HashSet<SectionId> = run.iter().copied().filter(|&id| plan.output_of(id).is_some()).collect();
        let Some(output) = members.iter().next().and_then(|&id| plan.output_of(id)) else { continue };
        let items = &mut plan.outputs[output].items;
        let slots: Vec<usize> = (0..items.len()).filter(|&at| matches!(items[at], Item::Section(id) if members.contains(&id))).collect();
        let mut ordered: Vec<Item<'_>> = slots.iter().map(|&at| items[at]).collect();
        // What describes nothing comes first.
        ordered.sort_by_key(|item| if let Item::Section(id) = item { linked_to(resolved, *id).and_then(|target| places.get(&target)).copied() } else { None });
        for (at, item) in slots.into_iter().zip(ordered) {
            items[at] = item;
        }
    }
}

/// What describes a section that the script discards, or of which another copy is used, goes too.
fn discard(plan: &mut Plan<'_>, all: &[(SectionId, SectionId)]) {
    let mut followers: HashMap<SectionId, Vec<SectionId>> = HashMap::new();
    for &(id, target) in all {
        followers.entry(target).or_default().push(id);
    }
    let is_gone = |plan: &Plan<'_>, id: SectionId| matches!(plan.fates[id.0 as usize], Fate::Discarded | Fate::Duplicate);
    let mut work: Vec<SectionId> = followers.keys().copied().filter(|&target| is_gone(plan, target)).collect();
    let mut gone: HashSet<SectionId> = HashSet::new();
    while let Some(target) = work.pop() {
        for &id in followers.get(&target).into_iter().flatten() {
            if !is_gone(plan, id) {
                plan.fates[id.0 as usize] = Fate::Discarded;
                gone.insert(id);
                work.push(id);
            }
        }
    }
    if !gone.is_empty() {
        for output in &mut plan.outputs {
            output.items.retain(|item| !matches!(item, Item::Section(id) if gone.contains(id)));
        }
    }
}

/// Where each section comes in the image.
fn places(plan: &Plan<'_>) -> HashMap<SectionId, usize> {
    let outputs = plan.lines.iter().filter_map(|line| if let Line::Output(output) = line { Some(&plan.outputs[*output]) } else { None });
    let sections = outputs.flat_map(|output| &output.items).filter_map(|item| if let Item::Section(id) = item { Some(*id) } else { None });
    sections.enumerate().map(|(place, id)| (id, place)).collect()
}

/// With `--gc-sections` a table of patchable functions must say which function it describes: nothing refers to it.
pub fn check_tables(resolved: &Resolved<'_>, plan: &Plan<'_>, problems: &mut Vec<Problem>) {
    const TABLE: &[u8] = b"__patchable_function_entries";
    for (index, input) in resolved.sections.iter().enumerate() {
        let id = SectionId(index as u32);
        if input.section.name == TABLE && plan.output_of(id).is_some() && linked_to(resolved, id).is_none() {
            let message = format!("need linked-to section for --gc-sections: `{}` of {} does not say which section it describes", text(TABLE), resolved.object_name(input.object));
            let help = "let it name that section, `.section __patchable_function_entries,\"awo\",@progbits,function` (gcc 11 and later do), or leave out --gc-sections";
            problems.push(Problem::Plain(Box::new(Diagnostic::new(&codes::E0505, message).help(help))));
        }
    }
}
