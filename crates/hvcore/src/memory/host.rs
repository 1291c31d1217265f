//! Host memory: one bounded pool of 4 KiB frames for all guests.

use crate::addr::HostFrame;
use guest_abi::PAGE_SIZE;

/// The bytes of a page.
pub type Page = [u8; PAGE_SIZE as usize];

/// A slot of the pool: backed by memory only while something refers to it.
#[derive(Debug)]
struct Slot {
    page: Option<Box<Page>>,
    references: u32,
}

/// One bounded pool of 4 KiB frames. Frames are zero when given out, counted by reference, and cost host memory
/// only while somebody holds them.
#[derive(Debug)]
pub struct HostMemory {
    slots: Vec<Slot>,
    free: Vec<HostFrame>,
    limit: u32,
    in_use: u32,
}

impl HostMemory {
    /// A pool of at most `bytes` bytes, rounded down to whole frames.
    #[must_use]
    pub fn new(bytes: u64) -> HostMemory {
        let limit = u32::try_from(bytes / u64::from(PAGE_SIZE)).unwrap_or(u32::MAX);
        HostMemory { slots: Vec::new(), free: Vec::new(), limit, in_use: 0 }
    }

    /// A zeroed frame with one reference, or `None` when the pool is empty.
    pub fn allocate(&mut self) -> Option<HostFrame> {
        if self.in_use == self.limit {
            return None;
        }
        self.in_use += 1;
        let slot = Slot { page: Some(zeroed()), references: 1 };
        if let Some(frame) = self.free.pop() {
            self.slots[frame.0 as usize] = slot;
            return Some(frame);
        }
        let frame = HostFrame(self.slots.len() as u32);
        self.slots.push(slot);
        Some(frame)
    }

    /// Adds a reference to a frame.
    pub fn share(&mut self, frame: HostFrame) {
        self.slots[frame.0 as usize].references += 1;
    }

    /// Drops a reference to a frame; with the last one the frame goes back to the pool.
    pub fn release(&mut self, frame: HostFrame) {
        let slot = &mut self.slots[frame.0 as usize];
        slot.references -= 1;
        if slot.references == 0 {
            slot.page = None;
            self.in_use -= 1;
            self.free.push(frame);
        }
    }

    /// How many references a frame has; 0: it is free.
    #[must_use]
    pub fn references(&self, frame: HostFrame) -> u32 {
        self.slots.get(frame.0 as usize).map_or(0, |slot| slot.references)
    }

    /// The bytes of a frame that is held.
    #[must_use]
    pub fn page(&self, frame: HostFrame) -> &Page {
        match &self.slots[frame.0 as usize].page {
            Some(page) => page,
            None => &ZERO_PAGE, // whoever holds a frame holds a reference, so this is never reached
        }
    }

    /// The bytes of a frame that is held, to write.
    pub fn page_mut(&mut self, frame: HostFrame) -> &mut Page {
        self.slots[frame.0 as usize].page.get_or_insert_with(zeroed)
    }

    /// Frames that are held now.
    #[must_use]
    pub fn frames_in_use(&self) -> u32 {
        self.in_use
    }

    /// Frames that the pool can give out at most.
    #[must_use]
    pub fn frames_limit(&self) -> u32 {
        self.limit
    }
}

/// A page of zeroes.
pub(crate) static ZERO_PAGE: Page = [0; PAGE_SIZE as usize];

fn zeroed() -> Box<Page> {
    Box::new([0; PAGE_SIZE as usize])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pool_is_bounded_zeroes_frames_and_counts_references() {
        let mut pool = HostMemory::new(2 * 4096 + 100);
        assert_eq!(pool.frames_limit(), 2);
        let a = pool.allocate().expect("first frame");
        let b = pool.allocate().expect("second frame");
        assert_eq!(pool.allocate(), None);
        pool.page_mut(a)[7] = 9;
        pool.share(a);
        pool.release(a);
        assert_eq!((pool.page(a)[7], pool.references(a), pool.frames_in_use()), (9, 1, 2));
        pool.release(a);
        assert_eq!((pool.references(a), pool.frames_in_use()), (0, 1));
        let c = pool.allocate().expect("a frame came back");
        assert_eq!((c, pool.page(c)[7]), (a, 0));
        assert_ne!(b, c);
    }
}
