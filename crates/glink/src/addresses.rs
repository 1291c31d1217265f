//! From places to addresses: what merging moved and relaxation deleted is taken into account here
//! and nowhere else.

use crate::layout::Layout;
use crate::merge::Merged;
use crate::resolve::{Place, Resolved, SectionId};

/// Bytes that were taken out of a section.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Deletions {
    /// Runs in order, which do not touch each other's bytes.
    pub runs: Vec<Run>,
    /// All bytes taken out.
    pub total: u32,
    /// By block of the section, if it has many runs: how many runs begin before the block.
    blocks: Vec<u32>,
}

/// Bytes in a block, as a shift. Looking a run up from its block's beginning takes a few steps.
const BLOCK: u32 = 6;
/// With fewer runs a search among all of them is as fast.
const MANY_RUNS: usize = 16;

/// A run of deleted bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// Its first byte, as an offset into the section as it stands in the object.
    pub start: u32,
    /// Bytes.
    pub count: u32,
    /// Bytes deleted before it.
    pub before: u32,
}

impl Deletions {
    /// Forgets all runs.
    pub fn clear(&mut self) {
        self.runs.clear();
        self.blocks.clear();
        self.total = 0;
    }

    /// All runs are there: makes finding them fast.
    pub fn finish(&mut self) {
        if self.runs.len() < MANY_RUNS {
            return;
        }
        for (number, run) in self.runs.iter().enumerate() {
            let block = (run.start >> BLOCK) as usize;
            if self.blocks.len() <= block {
                self.blocks.resize(block + 1, number as u32);
            }
        }
    }

    /// How many runs begin before an offset.
    fn before(&self, offset: u32) -> usize {
        if self.blocks.is_empty() {
            return self.runs.partition_point(|run| run.start < offset);
        }
        let Some(&first) = self.blocks.get((offset >> BLOCK) as usize) else { return self.runs.len() };
        let first = first as usize;
        first + self.runs[first..].iter().take_while(|run| run.start < offset).count()
    }

    /// Adds a run behind the others.
    pub fn push(&mut self, start: u32, count: u32) {
        if count > 0 {
            self.runs.push(Run { start, count, before: self.total });
            self.total += count;
        }
    }

    /// Whether the byte at an offset was taken out.
    #[must_use]
    pub fn holds(&self, offset: u32) -> bool {
        // The run that begins last, at this offset or before it.
        offset.checked_add(1).and_then(|next| self.before(next).checked_sub(1)).is_some_and(|index| offset - self.runs[index].start < self.runs[index].count)
    }

    /// Where an offset is now. A deleted byte's place is the next byte that stayed.
    #[must_use]
    pub fn translate(&self, offset: u32) -> u32 {
        match self.before(offset).checked_sub(1) {
            None => offset,
            Some(index) => {
                let run = self.runs[index];
                offset - run.before - run.count.min(offset - run.start)
            }
        }
    }
}

/// What became of the sections' insides.
#[derive(Clone, Debug)]
pub struct Shapes<'m> {
    /// Merged sections.
    pub merged: &'m Merged,
    /// By section: index into `deletions`, or `u32::MAX`.
    index: Vec<u32>,
    /// Deletions of the sections that have any.
    pub deletions: Vec<Deletions>,
}

impl<'m> Shapes<'m> {
    /// Nothing deleted yet.
    #[must_use]
    pub fn new(sections: usize, merged: &'m Merged) -> Shapes<'m> {
        Shapes { merged, index: vec![u32::MAX; sections], deletions: Vec::new() }
    }

    /// Makes room for a section's deletions; gives their index.
    pub fn track(&mut self, section: SectionId) -> usize {
        self.index[section.0 as usize] = self.deletions.len() as u32;
        self.deletions.push(Deletions::default());
        self.deletions.len() - 1
    }

    /// A section's deletions.
    #[must_use]
    pub fn deletions_of(&self, section: SectionId) -> Option<&Deletions> {
        self.deletions.get(self.index[section.0 as usize] as usize)
    }

    /// A section's size in the image.
    #[must_use]
    pub fn size(&self, resolved: &Resolved<'_>, section: SectionId) -> u32 {
        if let Some(size) = self.merged.size(section) {
            return size;
        }
        resolved.section(section).size - self.deletions_of(section).map_or(0, |deletions| deletions.total)
    }

    /// Where an offset into a section is: the section that holds it in the image, and the offset there.
    #[must_use]
    pub fn locate(&self, section: SectionId, offset: u32) -> (SectionId, u32) {
        if let Some(found) = self.merged.locate(section, offset) {
            return found;
        }
        match self.deletions_of(section) {
            Some(deletions) => (section, deletions.translate(offset)),
            None => (section, offset),
        }
    }

    /// The address of a place, plus an addend; addresses wrap at 32 bits.
    #[must_use]
    pub fn address(&self, layout: &Layout, place: Place, addend: i32) -> u32 {
        let base = match place {
            Place::Absolute(value) => value,
            Place::Linker(id) => layout.symbols[id.0 as usize].map_or(0, |symbol| symbol.address as u32),
            Place::UndefinedWeak | Place::Undefined(_) => 0,
            Place::Section(section, offset) => {
                let (section, offset) = self.locate(section, offset);
                layout.sections[section.0 as usize].wrapping_add(offset)
            }
        };
        base.wrapping_add_signed(addend)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_move_with_deletions() {
        let mut deletions = Deletions::default();
        deletions.push(4, 4);
        deletions.push(10, 6);
        let moved: Vec<u32> = [0, 4, 6, 8, 9, 10, 13, 16, 20].map(|offset| deletions.translate(offset)).to_vec();
        assert_eq!(moved, [0, 4, 4, 4, 5, 6, 6, 6, 10]);
    }

    #[test]
    fn blocks_find_the_same_run() {
        let mut deletions = Deletions::default();
        for run in 0..100 {
            deletions.push(10 + run * (run % 7) * 5 + run * 8, 2 + run % 3);
        }
        deletions.runs.sort_by_key(|run| run.start);
        let plain: Vec<usize> = (0..8000).map(|offset| deletions.before(offset)).collect();
        deletions.finish();
        assert!(!deletions.blocks.is_empty());
        assert_eq!((0..8000).map(|offset| deletions.before(offset)).collect::<Vec<usize>>(), plain);
    }
}
