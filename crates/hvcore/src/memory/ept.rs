//! The EPT: where each guest-physical page of RAM is, with permissions and accessed/dirty bits.

use crate::addr::HostFrame;
use crate::memory::Access;

/// Where the contents of a page of guest RAM are.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Backing {
    /// Never touched: what the image (or the devicetree) has there, else zeroes. No frame yet.
    #[default]
    Initial,
    /// The guest did without it (a balloon): zeroes. No frame.
    Discarded,
    /// In a frame of this guest's own.
    Private(HostFrame),
    /// In a frame that others may have too: what the image has there. A store needs a frame of the guest's own.
    Shared(HostFrame),
}

impl Backing {
    /// The frame, if there is one.
    #[must_use]
    pub fn frame(self) -> Option<HostFrame> {
        match self {
            Backing::Private(frame) | Backing::Shared(frame) => Some(frame),
            Backing::Initial | Backing::Discarded => None,
        }
    }
}

/// Permissions and bits of one page, hypervisor's side.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Flags {
    /// Loads may use the page.
    pub read: bool,
    /// Stores may use the page.
    pub write: bool,
    /// Fetches may use the page.
    pub execute: bool,
    /// Some access used the page since the bit was cleared.
    pub accessed: bool,
    /// Some store used the page since the bit was cleared.
    pub dirty: bool,
}

impl Default for Flags {
    fn default() -> Flags {
        Flags { read: true, write: true, execute: true, accessed: false, dirty: false }
    }
}

/// One page.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Entry {
    /// Where its contents are.
    pub backing: Backing,
    /// What may be done with it, and what was.
    pub flags: Flags,
}

/// Why the EPT gives no frame for an access.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum EptMiss {
    /// No frame yet: an exit to the hypervisor.
    NotPresent,
    /// The page's permissions forbid it.
    Forbidden,
}

/// Pages of one chunk of the table: 4 MiB of RAM.
const CHUNK: usize = 1024;

/// The table of one guest: RAM page number → entry. Chunks of it exist once a page in them was touched, so that
/// starting a guest costs nothing in proportion to its RAM.
#[derive(Debug)]
pub struct Ept {
    chunks: Vec<Option<Box<[Entry; CHUNK]>>>,
    pages: u32,
    resident: u32,
}

impl Ept {
    /// A table for `pages` pages, all in their initial state.
    #[must_use]
    pub fn new(pages: u32) -> Ept {
        let chunks = (pages as usize).div_ceil(CHUNK);
        Ept { chunks: std::iter::repeat_with(|| None).take(chunks).collect(), pages, resident: 0 }
    }

    /// Pages of RAM.
    #[must_use]
    pub fn pages(&self) -> u32 {
        self.pages
    }

    /// Pages that have a frame.
    #[must_use]
    pub fn resident(&self) -> u32 {
        self.resident
    }

    /// The entry of page number `page`; pages that do not exist read as untouched.
    #[must_use]
    pub fn entry(&self, page: u32) -> Entry {
        match self.chunks.get(page as usize / CHUNK) {
            Some(Some(chunk)) => chunk[page as usize % CHUNK],
            Some(None) | None => Entry::default(),
        }
    }

    /// The frame for an access to page number `page`, its accessed and dirty bits updated.
    #[inline]
    pub fn frame_for(&mut self, page: u32, access: Access) -> Result<HostFrame, EptMiss> {
        let Some(Some(chunk)) = self.chunks.get_mut(page as usize / CHUNK) else {
            return Err(EptMiss::NotPresent);
        };
        let entry = &mut chunk[page as usize % CHUNK];
        let frame = match entry.backing {
            Backing::Private(frame) => frame,
            Backing::Shared(frame) if access != Access::Store => frame,
            Backing::Shared(_) | Backing::Initial | Backing::Discarded => return Err(EptMiss::NotPresent),
        };
        let allowed = match access {
            Access::Fetch => entry.flags.execute,
            Access::Load => entry.flags.read,
            Access::Store => entry.flags.write,
        };
        if !allowed {
            return Err(EptMiss::Forbidden);
        }
        entry.flags.accessed = true;
        if access == Access::Store {
            entry.flags.dirty = true;
        }
        Ok(frame)
    }

    /// Puts a frame behind page number `page`, which must exist; gives back the frame that it had.
    pub fn give(&mut self, page: u32, backing: Backing) -> Option<HostFrame> {
        if let Some(chunk) = self.chunks.get_mut(page as usize / CHUNK) {
            let chunk = chunk.get_or_insert_with(|| Box::new([Entry::default(); CHUNK]));
            let old = std::mem::replace(&mut chunk[page as usize % CHUNK].backing, backing).frame();
            self.resident += u32::from(old.is_none());
            return old;
        }
        None
    }

    /// Takes the contents of page number `page`, which must exist, away; gives back the frame that it had.
    pub fn discard(&mut self, page: u32) -> Option<HostFrame> {
        let chunk = self.chunks.get_mut(page as usize / CHUNK)?.get_or_insert_with(|| Box::new([Entry::default(); CHUNK]));
        let old = std::mem::replace(&mut chunk[page as usize % CHUNK], Entry { backing: Backing::Discarded, flags: Flags::default() });
        let frame = old.backing.frame()?;
        self.resident -= 1;
        Some(frame)
    }

    /// Every page that has a frame, in order.
    pub fn frames(&self) -> impl Iterator<Item = (u32, HostFrame)> + '_ {
        let chunks = self.chunks.iter().enumerate().filter_map(|(number, chunk)| Some((number, chunk.as_ref()?)));
        chunks.flat_map(|(number, chunk)| {
            chunk.iter().enumerate().filter_map(move |(index, entry)| Some(((number * CHUNK + index) as u32, entry.backing.frame()?)))
        })
    }

    /// Back to the initial state; the frames that the pages had, for the pool.
    pub fn clear(&mut self) -> Vec<HostFrame> {
        let frames = self.frames().map(|(_, frame)| frame).collect();
        self.chunks.fill_with(|| None);
        self.resident = 0;
        frames
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_absent_then_present_with_accessed_and_dirty_bits() {
        let mut ept = Ept::new(2000);
        assert_eq!(ept.frame_for(1999, Access::Load), Err(EptMiss::NotPresent));
        assert_eq!(ept.frame_for(u32::MAX, Access::Load), Err(EptMiss::NotPresent));
        ept.give(1999, Backing::Private(HostFrame(5)));
        assert_eq!(ept.frame_for(1999, Access::Load), Ok(HostFrame(5)));
        let flags = ept.entry(1999).flags;
        assert!(flags.accessed && !flags.dirty);
        assert_eq!(ept.frame_for(1999, Access::Store), Ok(HostFrame(5)));
        assert!(ept.entry(1999).flags.dirty);
        assert_eq!(ept.frames().collect::<Vec<_>>(), [(1999, HostFrame(5))]);
        ept.give(3, Backing::Shared(HostFrame(6)));
        assert_eq!((ept.frame_for(3, Access::Fetch), ept.frame_for(3, Access::Store)), (Ok(HostFrame(6)), Err(EptMiss::NotPresent)));
        assert_eq!((ept.give(3, Backing::Private(HostFrame(7))), ept.resident()), (Some(HostFrame(6)), 2));
        assert_eq!((ept.discard(3), ept.discard(3), ept.resident()), (Some(HostFrame(7)), None, 1));
        assert_eq!(ept.clear(), [HostFrame(5)]);
        assert_eq!((ept.resident(), ept.frames().count()), (0, 0));
    }
}
