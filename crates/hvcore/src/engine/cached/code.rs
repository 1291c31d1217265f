//! Predecoded code, by physical page: which frame's instructions are known, and as what.

use super::slot::{SLOTS, Slot, predecode};
use crate::addr::HostFrame;
use crate::memory::host::{Frames, HostMemory, Page, Watch};
use guest_abi::PAGE_SIZE;
use rv32::Isa;
use std::cell::Cell;

/// At most this many pages of code are kept: 16 KiB of host memory each.
const MOST_PAGES: usize = 1024;
/// Slots before a changed byte that may have been made from it: an instruction of four bytes may begin three bytes before.
const REACH: u32 = 3;

/// The instructions of a page, by halfword. Cells, because executing predecodes, and because a store of the running code
/// may hit it.
pub(super) type Slots = [Cell<Slot>; SLOTS];

/// The instructions of one frame, predecoded as far as they were executed.
#[derive(Debug)]
pub(super) struct CodePage {
    frame: HostFrame,
    isa: Isa,
    pub slots: Slots,
}

impl CodePage {
    fn new(frame: HostFrame, isa: Isa) -> Box<CodePage> {
        Box::new(CodePage { frame, isa, slots: [const { Cell::new(Slot::UNDECODED) }; SLOTS] })
    }

    /// Predecodes the instruction that begins at a slot.
    #[cold]
    pub fn decode(&self, frames: &Frames<'_>, at: usize) {
        let Some(page) = frames.page(self.frame) else { return };
        if let Some(slot) = self.slots.get(at) {
            slot.set(predecode(self.isa, word(page, 2 * at), at));
        }
    }

    /// Bytes of the frame change: what was made of them is forgotten.
    #[inline]
    pub fn forget(&self, offset: u32, bytes: u32) {
        let first = offset.saturating_sub(REACH) / 2;
        let last = (offset + bytes - 1) / 2;
        for slot in &self.slots[first as usize..=last as usize] {
            slot.set(Slot::UNDECODED);
        }
    }
}

/// The word at an even offset; at the last halfword its upper half is 0.
fn word(page: &Page, at: usize) -> u32 {
    let half = |at: usize| page.get(at..at + 2).map_or(0, |bytes| u32::from(bytes[1]) << 8 | u32::from(bytes[0]));
    half(at + 2) << 16 | half(at)
}

/// Every page of code that is known.
#[derive(Debug, Default)]
pub(super) struct CodeCache {
    pages: Vec<Box<CodePage>>,
    /// Frame number → index in `pages` + 1; 0: none.
    by_frame: Vec<u32>,
    /// Indices in `pages` that belong to no frame.
    free: Vec<u32>,
    /// The page that makes room next.
    victim: usize,
}

impl CodeCache {
    /// The pages, by index.
    #[inline]
    pub fn pages(&self) -> &[Box<CodePage>] {
        &self.pages
    }

    /// The page of a frame's code, if something is known of it.
    #[inline]
    pub fn find(&self, frame: HostFrame) -> Option<u32> {
        self.by_frame.get(frame.0 as usize).and_then(|index| index.checked_sub(1))
    }

    /// The page for code in `frame`; and whether that made other indices, or translations for stores to the frame, stale.
    pub fn find_or_make(&mut self, host: &mut HostMemory, frame: HostFrame, isa: Isa) -> (u32, bool) {
        if let Some(index) = self.find(frame) {
            let page = &mut self.pages[index as usize];
            let stale = page.isa != isa; // a guest with other extensions runs the same frame
            if stale {
                page.isa = isa;
                page.forget(0, PAGE_SIZE);
            }
            return (index, stale);
        }
        if self.free.is_empty() && self.pages.len() == MOST_PAGES {
            self.victim = (self.victim + 1) % MOST_PAGES;
            let frame = self.pages[self.victim].frame;
            let watch = host.watched(frame);
            host.watch(frame, Watch { code: false, ..watch });
            self.drop_page(frame);
        }
        let index = match self.free.pop() {
            Some(index) => {
                let page = &mut self.pages[index as usize];
                (page.frame, page.isa) = (frame, isa);
                index
            }
            None => {
                self.pages.push(CodePage::new(frame, isa));
                self.pages.len() as u32 - 1
            }
        };
        if self.by_frame.len() <= frame.0 as usize {
            self.by_frame.resize(frame.0 as usize + 1, 0);
        }
        self.by_frame[frame.0 as usize] = index + 1;
        let watch = host.watched(frame);
        host.watch(frame, Watch { code: true, ..watch });
        (index, true)
    }

    /// Bytes of a frame changed; tells whether an index became stale.
    pub fn changed(&mut self, frame: HostFrame, offset: u32, bytes: u32) -> bool {
        let Some(index) = self.find(frame) else { return false };
        if bytes >= PAGE_SIZE {
            self.drop_page(frame); // the frame is watched no longer
            return true;
        }
        self.pages[index as usize].forget(offset, bytes);
        false
    }

    fn drop_page(&mut self, frame: HostFrame) {
        if let Some(index) = self.find(frame) {
            self.pages[index as usize].forget(0, PAGE_SIZE);
            self.by_frame[frame.0 as usize] = 0;
            self.free.push(index);
        }
    }
}
