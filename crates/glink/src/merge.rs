//! Phase 5: sections of equal constants and strings (`SHF_MERGE`) become one, each piece once.

use crate::names::Numbering;
use crate::plan::{Item, Plan};
use crate::resolve::{Resolved, SectionId};
use crate::object_file::Section;
use object::elf;
use std::collections::HashMap;

/// Where the pieces of one input section went.
#[derive(Clone, Debug)]
struct Pieces {
    leader: SectionId,
    /// Index of the leader's contents.
    group: usize,
    /// (offset in the input, offset in the leader), sorted.
    offsets: Vec<(u32, u32)>,
}

/// All merged sections.
#[derive(Clone, Debug, Default)]
pub struct Merged {
    /// By [`SectionId`]: index into `inputs`, or `u32::MAX`.
    index: Vec<u32>,
    inputs: Vec<Pieces>,
    /// Leaders by their order, with what they hold in the image.
    contents: Vec<(SectionId, Vec<u8>)>,
}

impl Merged {
    /// Whether a section was merged with others.
    #[must_use]
    pub fn is_merged(&self, section: SectionId) -> bool {
        self.index.get(section.0 as usize).is_some_and(|&index| index != u32::MAX)
    }

    /// Where an offset into a merged section went: the leader of its group and the offset there.
    #[must_use]
    pub fn locate(&self, section: SectionId, offset: u32) -> Option<(SectionId, u32)> {
        let pieces = self.inputs.get(*self.index.get(section.0 as usize)? as usize)?;
        let piece = pieces.offsets.partition_point(|&(start, _)| start <= offset).checked_sub(1)?;
        let (start, to) = pieces.offsets[piece];
        Some((pieces.leader, to.wrapping_add(offset - start)))
    }

    /// What a leader holds.
    #[must_use]
    pub fn contents(&self, leader: SectionId) -> Option<&[u8]> {
        let pieces = self.inputs.get(*self.index.get(leader.0 as usize)? as usize)?;
        let (first, contents) = self.contents.get(pieces.group)?;
        (*first == leader).then_some(contents)
    }

    /// The size that a merged section has in the image: all of it in the leader.
    #[must_use]
    pub fn size(&self, section: SectionId) -> Option<u32> {
        self.is_merged(section).then(|| self.contents(section).map_or(0, |contents| contents.len() as u32))
    }
}

/// One group while it is filled.
struct Group<'a> {
    leader: SectionId,
    align: u32,
    /// Bytes of a character.
    unit: u32,
    /// Strings may be the ends of others.
    shares_ends: bool,
    /// Each piece once, in the order in which they were first seen.
    pieces: Numbering<'a>,
    /// Inputs with their pieces: offset in the input, number of the piece.
    inputs: Vec<(SectionId, Vec<(u32, u32)>)>,
}

/// Merges what the plan put into the same output section with the same flags, entry size and
/// alignment.
pub fn merge(resolved: &Resolved<'_>, plan: &Plan<'_>) -> Merged {
    let mut merged = Merged { index: vec![u32::MAX; resolved.sections.len()], ..Merged::default() };
    for output in &plan.outputs {
        let mut groups: Vec<Group<'_>> = Vec::new();
        let mut by_key: HashMap<(u64, u32, u32), usize> = HashMap::new();
        for item in &output.items {
            let Item::Section(id) = item else { continue };
            let section = resolved.section(*id);
            let Some(pieces) = split(section) else { continue };
            let group = *by_key.entry((section.flags.0, section.entsize, section.align)).or_insert_with(|| {
                // Names in debug sections are many and not worth the sorting.
                let shares_ends = section.has(elf::SHF_STRINGS | elf::SHF_ALLOC);
                groups.push(Group { leader: *id, align: section.align, unit: section.entsize, shares_ends, pieces: Numbering::default(), inputs: Vec::new() });
                groups.len() - 1
            });
            groups[group].insert(*id, section, &pieces);
        }
        for group in groups {
            group.finish(&mut merged);
        }
    }
    merged
}

impl<'a> Group<'a> {
    fn insert(&mut self, id: SectionId, section: &'a Section<'_>, pieces: &[(u32, u32)]) {
        let data: &'a [u8] = &section.data;
        let numbers = pieces.iter().map(|&(start, end)| (start, self.pieces.number(&data[start as usize..end as usize]))).collect();
        self.inputs.push((id, numbers));
    }

    /// Lays the pieces out and notes where those of each input went.
    fn finish(self, merged: &mut Merged) {
        let all = self.pieces.names();
        let within = if self.shares_ends { ends(all, self.align.max(self.unit)) } else { vec![None; all.len()] };
        let mut contents: Vec<u8> = Vec::new();
        let mut offsets: Vec<u32> = vec![0; all.len()];
        for (number, piece) in all.iter().enumerate().filter(|&(number, _)| within[number].is_none()) {
            contents.resize(contents.len().next_multiple_of(self.align as usize), 0);
            offsets[number] = contents.len() as u32;
            contents.extend_from_slice(piece);
        }
        for (number, longer) in within.iter().enumerate() {
            if let Some(longer) = *longer {
                offsets[number] = offsets[longer] + (all[longer].len() - all[number].len()) as u32;
            }
        }
        for (id, pieces) in self.inputs {
            merged.index[id.0 as usize] = merged.inputs.len() as u32;
            let offsets = pieces.into_iter().map(|(start, number)| (start, offsets[number as usize])).collect();
            merged.inputs.push(Pieces { leader: self.leader, group: merged.contents.len(), offsets });
        }
        merged.contents.push((self.leader, contents));
    }
}

/// For each string the longer one, if any, whose end it is. Sorted by their reversed bytes, a string
/// stands before those that end with it; strings whose lengths differ by no multiple of the alignment have nothing to do with each other.
fn ends(pieces: &[&[u8]], align: u32) -> Vec<Option<usize>> {
    let mut order: Vec<usize> = (0..pieces.len()).collect();
    let class = |number: usize| pieces[number].len() % align as usize;
    order.sort_unstable_by(|&a, &b| class(a).cmp(&class(b)).then_with(|| pieces[a].iter().rev().cmp(pieces[b].iter().rev())));
    let mut within = vec![None; pieces.len()];
    for pair in order.windows(2).rev() {
        let (shorter, longer) = (pair[0], pair[1]);
        let whole = within[longer].unwrap_or(longer);
        let (short, long) = (pieces[shorter], pieces[whole]);
        if long.ends_with(short) && (long.len() - short.len()).is_multiple_of(align as usize) {
            within[shorter] = Some(whole);
        }
    }
    within
}

/// The pieces of a section that can be merged.
fn split(section: &Section<'_>) -> Option<Vec<(u32, u32)>> {
    let entry = section.entsize;
    let whole = section.size as usize == section.data.len() && !section.data.is_empty();
    if !section.has(elf::SHF_MERGE) || section.has(elf::SHF_WRITE) || entry == 0 || !whole || !section.relas.is_empty() || !section.size.is_multiple_of(entry) {
        return None;
    }
    // A piece keeps its alignment by starting at a multiple of the section's; huge alignments would
    // make a small section huge.
    if section.align > 64 {
        return None;
    }
    if !section.has(elf::SHF_STRINGS) {
        return Some((0..section.size).step_by(entry as usize).map(|start| (start, start + entry)).collect());
    }
    let mut pieces = Vec::new();
    let mut start = 0;
    for (index, unit) in section.data.chunks_exact(entry as usize).enumerate() {
        if unit.iter().all(|&b| b == 0) {
            let at = index as u32 * entry;
            // Zeros up to where the next string may begin are padding, which belongs to no string.
            if at != start || start.is_multiple_of(section.align) {
                pieces.push((start, at + entry));
            }
            start = at + entry;
        }
    }
    // A string that does not end cannot move.
    (start == section.size).then_some(pieces)
}

#[cfg(test)]
mod tests {
    use super::ends;

    #[test]
    fn strings_are_found_at_the_ends_of_others() {
        let pieces: [&[u8]; 5] = [b"cat\0", b"tomcat\0", b"at\0", b"dog\0", b"\0"];
        let within = ends(&pieces, 1);
        assert_eq!(within[..4], [Some(1), None, Some(1), None]);
        assert!(within[4].is_some_and(|whole| whole == 1 || whole == 3));
        // Where strings begin at multiples of 4 only "at" can be cut off at such a place.
        assert_eq!(ends(&pieces, 4)[..4], [None, None, Some(1), None]);
        assert_eq!(ends(&[b"ab\0", b"xxxxab\0"], 4), [Some(1), None]);
        // What stands between them by its bytes alone is no end at such a place.
        assert_eq!(ends(&[b"ab\0", b"xab\0", b"xxxxab\0"], 4), [Some(2), None, None]);
    }
}
