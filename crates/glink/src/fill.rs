//! Phase 8: the bytes of all sections, written where they stand in the file. Objects are independent
//! of each other: each is done by one thread, which has the object's symbols at hand.

use crate::apply::{self, Linked, Targets};
use crate::layout::Extra;
use crate::parallel;
use crate::plan::Item;
use crate::problem::Problem;
use crate::resolve::{LINKER, ObjectId, SectionId};
use object::elf;
use std::ops::Range;

/// Less than this is done faster by one thread than by several that have to be started.
const WORTH_THREADS: usize = 1 << 20;

/// Fills the output sections, which stand at these places of `bytes`; an empty one has no contents.
pub fn fill(linked: Linked<'_, '_, '_>, spans: &[Range<usize>], bytes: &mut [u8], problems: &mut Vec<Problem>) {
    fill_gaps(linked, spans, bytes);
    let threads = if bytes.len() < WORTH_THREADS { 1 } else { linked.inputs.options.threads.unwrap_or_else(parallel::default_threads) };
    let mut slots = slots(linked, spans, bytes);
    let work = by_object(linked, &mut slots);
    let found = parallel::map(threads, work, Vec::new, |known, (object, first, slots)| {
        let mut problems = Vec::new();
        let mut targets = Targets::new(linked, object, known);
        for (number, out) in slots.iter_mut().enumerate().filter(|(_, out)| !out.is_empty()) {
            let id = SectionId(first + number as u32);
            apply::section(linked, id, out, &mut targets, &mut problems);
            if is_reversed(linked, id) {
                reverse_words(out);
            }
        }
        problems
    });
    let mut found: Vec<Problem> = found.into_iter().flatten().collect();
    // In the order of the image, as a reader looks for them.
    found.sort_by_key(|problem| match problem {
        Problem::At(site, _) => (linked.inputs.plan.output_of(site.section), linked.layout.sections[site.section.0 as usize]),
        Problem::Plain(_) | Problem::Undefined { .. } | Problem::Duplicate { .. } => (None, 0),
    });
    problems.extend(found);
    write_data(linked, spans, bytes);
}

/// Whether a table of functions in the old form stands among those of the new one, which are called the other way round.
fn is_reversed(linked: Linked<'_, '_, '_>, id: SectionId) -> bool {
    let name = linked.inputs.resolved.section(id).name;
    let is_of = |table: &[u8]| name.strip_prefix(table).is_some_and(|rest| rest.is_empty() || rest.starts_with(b"."));
    let output = |name: &str| linked.inputs.plan.output_of(id).is_some_and(|output| linked.inputs.plan.outputs[output].name == name);
    is_of(b".ctors") && output(".init_array") || is_of(b".dtors") && output(".fini_array")
}

fn reverse_words(bytes: &mut [u8]) {
    bytes.reverse();
    bytes.chunks_exact_mut(4).for_each(<[u8]>::reverse);
}

/// By section: its part of the file. One that has no contents, or whose place is not its own (which
/// has been reported), has an empty part.
fn slots<'b>(linked: Linked<'_, '_, '_>, spans: &[Range<usize>], bytes: &'b mut [u8]) -> Vec<&'b mut [u8]> {
    let resolved = linked.inputs.resolved;
    let mut slots: Vec<&mut [u8]> = Vec::new();
    slots.resize_with(resolved.sections.len(), Default::default);
    let mut order: Vec<usize> = (0..spans.len()).filter(|&index| !spans[index].is_empty()).collect();
    order.sort_by_key(|&index| spans[index].start);
    let (mut rest, mut at) = (bytes, 0);
    for index in order {
        let (output, placed) = (&linked.inputs.plan.outputs[index], linked.layout.outputs[index]);
        for item in &output.items {
            let Item::Section(id) = item else { continue };
            let size = linked.shapes.size(resolved, *id) as usize;
            if size == 0 || resolved.section(*id).kind == elf::SHT_NOBITS {
                continue;
            }
            let offset = u64::from(linked.layout.sections[id.0 as usize]).wrapping_sub(placed.address & 0xffff_ffff) as usize;
            let start = spans[index].start.saturating_add(offset);
            let Some(skip) = start.checked_sub(at).filter(|skip| skip.saturating_add(size) <= rest.len()) else { continue };
            let (slot, behind) = std::mem::take(&mut rest)[skip..].split_at_mut(size);
            slots[id.0 as usize] = slot;
            (rest, at) = (behind, start + size);
        }
    }
    slots
}

/// Each object with the number of its first section and its sections' parts; last what the linker made.
fn by_object<'w, 'b>(linked: Linked<'w, '_, '_>, slots: &'w mut [&'b mut [u8]]) -> impl Iterator<Item = (ObjectId, u32, &'w mut [&'b mut [u8]])> + Send {
    let objects = &linked.inputs.resolved.objects;
    let made_first = linked.inputs.resolved.first_made;
    let mut rest = slots;
    (0..=objects.len()).map(move |number| {
        let first = objects.get(number).map_or(made_first, |object| object.first_section);
        let end = objects.get(number + 1).map_or(made_first, |object| object.first_section);
        let count = if number == objects.len() { rest.len() } else { (end - first) as usize };
        let (own, behind) = std::mem::take(&mut rest).split_at_mut(count);
        rest = behind;
        (if number == objects.len() { LINKER } else { ObjectId(number as u32) }, first, own)
    })
}

/// Writes the script's filling between sections.
fn fill_gaps(linked: Linked<'_, '_, '_>, spans: &[Range<usize>], bytes: &mut [u8]) {
    for &(output, offset, extra) in &linked.layout.extras {
        let Extra::Gap(length, filling) = extra else { continue };
        let start = offset as usize;
        let gap = bytes.get_mut(spans[output].clone()).and_then(|bytes| bytes.get_mut(start..start.saturating_add(length as usize)));
        for (byte, filling) in gap.into_iter().flatten().zip(filling.bytes()) {
            *byte = filling;
        }
    }
}

/// Writes the numbers that the script puts between sections.
fn write_data(linked: Linked<'_, '_, '_>, spans: &[Range<usize>], bytes: &mut [u8]) {
    for &(output, offset, extra) in &linked.layout.extras {
        let Extra::Data(size, value) = extra else { continue };
        let (start, size) = (offset as usize, usize::from(size));
        if let Some(out) = bytes.get_mut(spans[output].clone()).and_then(|bytes| bytes.get_mut(start..start + size)) {
            out.copy_from_slice(&value.to_le_bytes()[..size]);
        }
    }
}
