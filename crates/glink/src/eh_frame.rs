//! `.eh_frame`: how to unwind the stack. Each object brings its own common entries (CIE), though most are alike, and entries for functions
//! (FDE) that may not be in the image. The image has each common entry once, and entries only of functions that it has.

use crate::addresses::{Deletions, Shapes};
use crate::apply::{Linked, resolve_target};
use crate::layout::Inputs;
use crate::object_file::Rela;
use crate::plan::Item;
use crate::resolve::{Place, SectionId};
use object::LittleEndian as LE;
use object::elf;
use std::collections::{HashMap, HashSet};

/// Where the FDEs that stay find their CIEs now.
#[derive(Clone, Debug, Default)]
pub struct Frames {
    sections: HashMap<SectionId, Vec<Pointer>>,
}

/// The word of an FDE that leads to its CIE.
#[derive(Clone, Copy, Debug)]
struct Pointer {
    /// Offset into the section as it stands in the object.
    at: u32,
    /// The CIE: its section and the offset there.
    cie: (SectionId, u32),
}

/// One entry.
#[derive(Clone, Copy, Debug)]
struct Entry {
    start: u32,
    end: u32,
    /// Of an FDE: where its CIE begins.
    cie: Option<u32>,
}

/// What makes CIEs the same: their bytes, and what their relocations say; an offset into the entry itself counts from its start.
type Meaning<'a> = (usize, &'a [u8], Vec<(u32, u32, Option<Place>, i32)>);

/// Finds what `.eh_frame` sections need not hold, and takes it from their shapes.
pub fn trim(inputs: Inputs<'_, '_, '_>, shapes: &mut Shapes<'_>) -> Frames {
    let mut frames = Frames::default();
    let mut kept: HashMap<Meaning<'_>, (SectionId, u32)> = HashMap::new();
    for (number, output) in inputs.plan.outputs.iter().enumerate() {
        for item in &output.items {
            let Item::Section(id) = item else { continue };
            let section = inputs.resolved.section(*id);
            if section.name != b".eh_frame" || section.kind == elf::SHT_NOBITS {
                continue;
            }
            // One that is not understood stays as it is.
            let Some(entries) = entries(&section.data) else { continue };
            let is_live = |entry: &Entry| entry.cie.is_some() && !describes_nothing(inputs, *id, entry);
            let used: HashSet<u32> = entries.iter().filter(|entry| is_live(entry)).filter_map(|entry| entry.cie).collect();
            let mut cies: HashMap<u32, (SectionId, u32)> = HashMap::new();
            let mut pointers = Vec::new();
            let index = shapes.track(*id);
            let deletions = &mut shapes.deletions[index];
            for entry in &entries {
                let stays = match entry.cie {
                    None if used.contains(&entry.start) => {
                        let own = (*id, entry.start);
                        let first = *kept.entry(meaning(inputs, *id, entry, number)).or_insert(own);
                        cies.insert(entry.start, first);
                        first == own
                    }
                    None => false,
                    Some(cie) if is_live(entry) => {
                        pointers.extend(cies.get(&cie).map(|&cie| Pointer { at: entry.start + 4, cie }));
                        true
                    }
                    Some(_) => false,
                };
                if !stays {
                    deletions.push(entry.start, entry.end - entry.start);
                }
            }
            deletions.finish();
            frames.sections.insert(*id, pointers);
        }
    }
    frames
}

/// The entries up to the end or to the mark of the end; none if they are not what they should be: no lengths of 64 bits, every FDE behind
/// its CIE.
fn entries(data: &[u8]) -> Option<Vec<Entry>> {
    let word = |at: usize| data.get(at..)?.first_chunk::<4>().map(|word| u32::from_le_bytes(*word));
    let mut entries = Vec::new();
    let mut cies = HashSet::new();
    let mut at = 0;
    while at < data.len() {
        let length = word(at)?;
        if length == 0 {
            break;
        }
        let end = at.checked_add(4)?.checked_add(length as usize)?;
        if length == u32::MAX || end > data.len() || length < 4 {
            return None;
        }
        let back = word(at + 4)?;
        let cie = match back {
            0 => None,
            _ => Some((at as u32 + 4).checked_sub(back).filter(|cie| cies.contains(cie))?),
        };
        if cie.is_none() {
            cies.insert(at as u32);
        }
        entries.push(Entry { start: at as u32, end: end as u32, cie });
        at = end;
    }
    Some(entries)
}

/// The relocations of a part of a section.
fn relas<'x>(inputs: Inputs<'x, '_, '_>, id: SectionId, start: u32, end: u32) -> &'x [Rela] {
    let relas = &inputs.resolved.section(id).relas;
    let at = |offset: u32| relas.partition_point(|rela| rela.r_offset.get(LE) < offset);
    &relas[at(start)..at(end)]
}

/// Whether the function of an FDE is not in the image.
fn describes_nothing(inputs: Inputs<'_, '_, '_>, id: SectionId, entry: &Entry) -> bool {
    let object = inputs.resolved.sections[id.0 as usize].object;
    // Its address comes first, behind the length and the pointer.
    let function = relas(inputs, id, entry.start + 8, (entry.start + 9).min(entry.end)).iter().find(|rela| rela.r_sym(LE) != 0);
    function.is_some_and(|rela| matches!(resolve_target(inputs.resolved, object, rela).0, Place::Section(target, _) if inputs.plan.output_of(target).is_none()))
}

fn meaning<'x>(inputs: Inputs<'x, '_, '_>, id: SectionId, entry: &Entry, output: usize) -> Meaning<'x> {
    let input = &inputs.resolved.sections[id.0 as usize];
    let relocations = relas(inputs, id, entry.start, entry.end).iter().map(|rela| {
        let offset = rela.r_offset.get(LE) - entry.start;
        let (place, addend) = resolve_target(inputs.resolved, input.object, rela);
        match place {
            Place::Section(section, at) if section == id => (offset, rela.r_type(LE).0, None, addend.wrapping_add_unsigned(at.wrapping_sub(entry.start))),
            Place::Section(..) | Place::Absolute(_) | Place::Linker(_) | Place::UndefinedWeak | Place::Undefined(_) => (offset, rela.r_type(LE).0, Some(place), addend),
        }
    });
    (output, &input.section.data[entry.start as usize..entry.end as usize], relocations.collect())
}

impl Frames {
    /// Of a section with such entries: what was taken out of it, relocations included.
    #[must_use]
    pub fn taken<'d>(&self, section: SectionId, deletions: Option<&'d Deletions>) -> Option<&'d Deletions> {
        deletions.filter(|_| self.sections.contains_key(&section))
    }

    /// Writes where the CIEs of a section's FDEs are: the distance back from the word that says it.
    pub fn point(&self, linked: Linked<'_, '_, '_>, section: SectionId, out: &mut [u8]) {
        let start = linked.layout.sections[section.0 as usize];
        for pointer in self.sections.get(&section).into_iter().flatten() {
            let here = linked.shapes.address(linked.layout, Place::Section(section, pointer.at), 0);
            let cie = linked.shapes.address(linked.layout, Place::Section(pointer.cie.0, pointer.cie.1), 0);
            if let Some(word) = out.get_mut(here.wrapping_sub(start) as usize..).and_then(|rest| rest.first_chunk_mut::<4>()) {
                *word = here.wrapping_sub(cie).to_le_bytes();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_read_or_left_alone() {
        let words = |words: &[u32]| words.iter().flat_map(|word| word.to_le_bytes()).collect::<Vec<u8>>();
        let found = |data: &[u32]| entries(&words(data)).map(|entries| entries.iter().map(|entry| (entry.start, entry.end, entry.cie)).collect::<Vec<_>>());
        assert_eq!(found(&[8, 0, 7, 8, 16, 7, 0, 9]), Some(vec![(0, 12, None), (12, 24, Some(0))]));
        for damaged in [&[8, 0, 7, 8, 15, 7][..], &[8, 0], &[u32::MAX, 0, 0, 0], &[2, 0], &[4, 100]] {
            assert_eq!(found(damaged), None, "{damaged:?}");
        }
    }
}
