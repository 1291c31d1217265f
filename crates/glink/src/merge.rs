//! Phase 5: sections of equal constants and strings (`SHF_MERGE`) become one, each piece once.

use crate::names::NameMap;
use crate::plan::{Item, Plan};
use crate::resolve::{Resolved, SectionId};
use crate::object_file::Section;
use object::elf;
use std::collections::HashMap;

/// Where the pieces of one input section went.
#[derive(Clone, Debug)]
struct Pieces {
    leader: SectionId,
    /// (offset in the input, offset in the leader), sorted.
    offsets: Vec<(u32, u32)>,
}

/// All merged sections.
#[derive(Clone, Debug, Default)]
pub struct Merged {
    /// By [`SectionId`]: index into `inputs`, or `u32::MAX`.
    index: Vec<u32>,
    inputs: Vec<Pieces>,
    /// By leader: what it holds in the image.
    contents: HashMap<SectionId, Vec<u8>>,
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
        self.contents.get(&leader).map(Vec::as_slice)
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
    by_piece: NameMap<'a, u32>,
    contents: Vec<u8>,
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
                groups.push(Group { leader: *id, align: section.align, by_piece: NameMap::default(), contents: Vec::new() });
                groups.len() - 1
            });
            let group = &mut groups[group];
            let offsets = pieces.into_iter().map(|(start, end)| (start, group.insert(&section.data[start as usize..end as usize]))).collect();
            merged.index[id.0 as usize] = merged.inputs.len() as u32;
            merged.inputs.push(Pieces { leader: group.leader, offsets });
        }
        for group in groups {
            merged.contents.insert(group.leader, group.contents);
        }
    }
    merged
}

impl<'a> Group<'a> {
    fn insert(&mut self, piece: &'a [u8]) -> u32 {
        if let Some(&offset) = self.by_piece.get(piece) {
            return offset;
        }
        let start = self.contents.len().next_multiple_of(self.align as usize);
        self.contents.resize(start, 0);
        self.contents.extend_from_slice(piece);
        self.by_piece.insert(piece, start as u32);
        start as u32
    }
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
            let end = (index as u32 + 1) * entry;
            pieces.push((start, end));
            start = end;
        }
    }
    // A string that does not end cannot move.
    (start == section.size).then_some(pieces)
}
