//! `--enable-non-contiguous-regions`: an input section that does not fit the region of its output section
//! goes to the next line of the script that would take it.

use super::{Fate, Item, Plan, summarise};
use crate::addresses::Shapes;
use crate::layout::{Inputs, Layout};
use crate::merge::Merged;
use crate::options::Options;
use crate::relax;
use crate::resolve::{Resolved, SectionId};
use crate::script::ast::Script;

/// Moves sections on until all fit, or no other line would take them. Sizes are those before relaxation.
pub fn spill<'s>(resolved: &Resolved<'_>, plan: &mut Plan<'s>, script: &'s Script, options: &Options) {
    let merged = Merged::default();
    let shapes = Shapes::new(resolved.sections.len(), &merged);
    loop {
        let inputs = Inputs { resolved, plan, script, options };
        let mut layout = Layout::new(inputs);
        relax::settle(inputs, &shapes, &mut layout, &mut Vec::new());
        // Each section moves only forwards, so this ends.
        let misfits = misfits(inputs, &layout);
        if misfits.is_empty() {
            return;
        }
        for id in misfits {
            move_on(resolved, plan, id);
        }
    }
}

/// The sections of the first output section that some of its inputs do not fit, and that may go elsewhere.
fn misfits(inputs: Inputs<'_, '_, '_>, layout: &Layout) -> Vec<SectionId> {
    for (output, placed) in inputs.plan.outputs.iter().zip(&layout.outputs) {
        let region = output.rule.and_then(|rule| rule.region.as_deref()).and_then(|name| layout.regions.bounds(inputs.script, name));
        let Some((origin, length)) = region else { continue };
        let end = origin.saturating_add(length);
        let mut dot = placed.address;
        let mut found = Vec::new();
        for item in &output.items {
            let Item::Section(id) = item else { continue };
            let section = inputs.resolved.section(*id);
            let start = dot.checked_next_multiple_of(u64::from(section.align).max(1)).unwrap_or(dot);
            let behind = start.saturating_add(u64::from(section.size));
            // What follows one that goes on goes with it: the order stays.
            if (behind > end || !found.is_empty()) && inputs.plan.alternatives.get(id).is_some_and(|others| !others.is_empty()) {
                found.push(*id);
            } else {
                dot = behind;
            }
        }
        if !found.is_empty() {
            return found;
        }
    }
    Vec::new()
}

/// Sends a section to the next line that would take it.
fn move_on(resolved: &Resolved<'_>, plan: &mut Plan<'_>, id: SectionId) {
    let Some(before) = plan.output_of(id) else { return };
    let Some((output, pattern)) = plan.alternatives.get_mut(&id).and_then(Vec::pop) else { return };
    plan.outputs[before].items.retain(|item| !matches!(item, Item::Section(other) if *other == id));
    let items = &mut plan.outputs[output].items;
    let line = items.iter().position(|item| matches!(item, Item::Inputs(other) if std::ptr::eq(*other, pattern)));
    let first = line.map_or(items.len(), |line| line + 1);
    let at = items[first..].iter().position(|item| !matches!(item, Item::Section(_))).map_or(items.len(), |count| first + count);
    items.insert(at, Item::Section(id));
    plan.fates[id.0 as usize] = Fate::Output(output as u32);
    summarise(resolved, &mut plan.outputs[before]);
    summarise(resolved, &mut plan.outputs[output]);
}
