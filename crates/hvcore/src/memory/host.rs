//! Host memory: one bounded pool of 4 KiB frames for all guests.

use crate::addr::HostFrame;
use crate::memory::page::{PageAddress, PageBox};
use crate::memory::swap::{Swap, SwapSlots, Swapped};
use guest_abi::PAGE_SIZE;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The bytes of a page.
pub type Page = [u8; PAGE_SIZE as usize];

/// A slot of the pool: backed by memory only while something refers to it.
#[derive(Debug)]
struct Slot {
    page: Option<PageBox>,
    references: u32,
    watch: Watch,
    /// Where the bytes are while there is no `page`.
    swapped: Option<Swapped>,
    /// Whose share of the pool it takes.
    owner: u32,
    /// It came since the hand last passed.
    recent: bool,
    /// What it holds as long as nobody writes to it, so that others can share it.
    origin: Option<Origin>,
}

/// A page of an image: the image's address while somebody holds it, and the page's number.
pub(crate) type Origin = (usize, u32);

/// What a guest may have of the pool, in frames.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Share {
    /// So many frames are there for it whenever it asks, and are not taken from it for others.
    pub reserve: u32,
    /// It never has more; its own pages make room.
    pub limit: u32,
}

impl Default for Share {
    fn default() -> Share {
        Share { reserve: 0, limit: u32::MAX }
    }
}

/// What happened in the pool, which no guest can see.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct PoolEvents {
    /// Pages that went to swap.
    pub evictions: u64,
    /// Pages that came back from there.
    pub reloads: u64,
    /// Pages that swap could not take.
    pub failures: u64,
}

/// What an engine made of a frame's bytes, so that whoever changes them has to tell it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Watch {
    /// Instructions were decoded from it.
    pub code: bool,
    /// A translation that is kept went through it, as the root of the tables,
    pub root: bool,
    /// or as a table of the last level: so many of its changes are still followed one by one, before all translations are
    /// forgotten and it is watched no longer, because it seems to be something else by now.
    pub last_level: u8,
}

impl Watch {
    /// Whether anything was made of the frame.
    #[inline]
    #[must_use]
    pub fn any(self) -> bool {
        self.code || self.is_table()
    }

    /// Whether a translation that is kept went through it.
    #[inline]
    #[must_use]
    pub fn is_table(self) -> bool {
        self.root || self.last_level != 0
    }
}

/// Bytes of a watched frame that were changed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Change {
    /// The frame.
    pub frame: HostFrame,
    /// The first byte's offset.
    pub offset: u32,
    /// How many bytes.
    pub bytes: u32,
}

/// After this many notes of parts, a page is noted as a whole and watched no longer: notes are bounded, however much
/// is written before an engine looks.
const MOST_CHANGES: usize = 64;

/// One bounded pool of 4 KiB frames. Frames are zero when given out, counted by reference, and cost host memory
/// only while somebody holds them.
#[derive(Debug)]
pub struct HostMemory {
    slots: Vec<Slot>,
    free: Vec<HostFrame>,
    limit: u32,
    in_use: u32,
    /// Changes of watched frames that no engine has asked for yet.
    changes: Vec<Change>,
    mappings: u64,
    swap: Option<SwapSlots>,
    /// The slot that was last looked at for something to evict.
    hand: usize,
    /// Frames whose addresses are in use: they stay.
    pinned: Vec<HostFrame>,
    /// By guest: what it may have, and what it has.
    shares: Vec<(Share, u32)>,
    /// Frames that are kept for guests which do not have them yet.
    promised: u64,
    /// Frames that hold pages of images.
    origins: BTreeMap<Origin, HostFrame>,
    events: PoolEvents,
    residency: Residency,
}

/// Which frames have their bytes in memory: told by the pool, asked by every guest's memory.
#[derive(Clone, Debug, Default)]
pub(crate) struct Residency(Rc<RefCell<Vec<bool>>>);

impl Residency {
    /// Whether a frame's bytes are in memory.
    #[inline]
    pub fn has(&self, frame: HostFrame) -> bool {
        self.0.borrow().get(frame.0 as usize).is_some_and(|&resident| resident)
    }

    fn set(&self, frame: HostFrame, resident: bool) {
        let mut frames = self.0.borrow_mut();
        let at = frame.0 as usize;
        if frames.len() <= at {
            frames.resize(at + 1, false);
        }
        frames[at] = resident;
    }
}

/// Where the next pool begins to count what its mappings lose: no two count alike, so that what was learned of one is
/// never taken for another's.
static NEXT_POOL: AtomicU64 = AtomicU64::new(1 << 40);

impl HostMemory {
    /// A pool of at most `bytes` bytes, rounded down to whole frames.
    #[must_use]
    pub fn new(bytes: u64) -> HostMemory {
        let limit = u32::try_from(bytes / u64::from(PAGE_SIZE)).unwrap_or(u32::MAX);
        HostMemory { slots: Vec::new(), free: Vec::new(), limit, in_use: 0, changes: Vec::new(), mappings: NEXT_POOL.fetch_add(1 << 40, Ordering::Relaxed), swap: None, hand: 0, pinned: Vec::new(), shares: Vec::new(), promised: 0, origins: BTreeMap::new(), events: PoolEvents::default(), residency: Residency::default() }
    }

    /// From now on cold pages go there when the pool is full.
    pub fn set_swap(&mut self, store: Box<dyn Swap>) {
        self.swap = Some(SwapSlots::new(store));
    }

    /// What a guest may have of the pool.
    pub fn set_share(&mut self, owner: u32, share: Share) {
        let of = self.share_of(owner);
        let (before, after) = (of.0.reserve.saturating_sub(of.1), share.reserve.saturating_sub(of.1));
        of.0 = share;
        self.promised = self.promised - u64::from(before) + u64::from(after);
    }

    fn share_of(&mut self, owner: u32) -> &mut (Share, u32) {
        let at = owner as usize;
        if self.shares.len() <= at {
            self.shares.resize(at + 1, (Share::default(), 0));
        }
        &mut self.shares[at]
    }

    /// A guest has one frame more or fewer.
    fn count(&mut self, owner: u32, change: i32) {
        let (share, has) = self.share_of(owner);
        let before = share.reserve.saturating_sub(*has);
        *has = has.wrapping_add_signed(change);
        let after = share.reserve.saturating_sub(*has);
        self.promised = self.promised - u64::from(before) + u64::from(after);
    }

    /// A zeroed frame with one reference, or `None` when the pool is empty and nothing can be evicted.
    pub fn allocate(&mut self) -> Option<HostFrame> {
        self.allocate_for(0)
    }

    /// Like [`allocate`](Self::allocate), of a guest's share.
    pub fn allocate_for(&mut self, owner: u32) -> Option<HostFrame> {
        if !self.make_room(owner) {
            return None;
        }
        self.in_use += 1;
        self.count(owner, 1);
        let slot = Slot { page: Some(PageBox::zeroed()), references: 1, watch: Watch::default(), swapped: None, owner, recent: true, origin: None };
        if let Some(frame) = self.free.pop() {
            self.slots[frame.0 as usize] = slot;
            self.residency.set(frame, true);
            return Some(frame);
        }
        let frame = HostFrame(self.slots.len() as u32);
        self.slots.push(slot);
        self.residency.set(frame, true);
        Some(frame)
    }

    /// Adds a reference to a frame.
    pub fn share(&mut self, frame: HostFrame) {
        self.remap();
        self.slots[frame.0 as usize].references += 1;
    }

    /// Drops a reference to a frame; with the last one the frame goes back to the pool.
    pub fn release(&mut self, frame: HostFrame) {
        self.remap();
        if self.references(frame) == 1 {
            self.note_page(frame);
        }
        let slot = &mut self.slots[frame.0 as usize];
        slot.references -= 1;
        if slot.references == 0 {
            let (resident, swapped, owner, origin) = (slot.page.take().is_some(), slot.swapped.take(), slot.owner, slot.origin.take());
            if resident {
                self.in_use -= 1;
                self.count(owner, -1);
            }
            if let (Some(swap), Some(swapped)) = (&mut self.swap, swapped) {
                swap.forget(swapped);
            }
            if let Some(origin) = origin {
                self.origins.remove(&origin);
            }
            self.residency.set(frame, false);
            self.free.push(frame);
        }
    }

    /// Whether a frame's bytes are in memory: only then they can be used.
    #[inline]
    #[must_use]
    pub fn is_resident(&self, frame: HostFrame) -> bool {
        self.slots.get(frame.0 as usize).is_some_and(|slot| slot.page.is_some())
    }

    /// Brings a frame's bytes back into memory. `Ok(false)`: they are there.
    pub(crate) fn bring_in(&mut self, frame: HostFrame) -> Result<bool, BringInError> {
        let Some(slot) = self.slots.get(frame.0 as usize) else { return Ok(false) };
        let (Some(swapped), owner) = (slot.swapped, slot.owner) else { return Ok(false) };
        if !self.make_room(owner) {
            return Err(BringInError::Full);
        }
        let Some(swap) = &mut self.swap else { return Err(BringInError::Lost) };
        let mut page = PageBox::zeroed();
        swap.get(swapped, &mut page).map_err(|_| BringInError::Lost)?;
        swap.forget(swapped);
        let slot = &mut self.slots[frame.0 as usize];
        slot.page = Some(page);
        slot.swapped = None;
        slot.recent = true;
        self.in_use += 1;
        self.residency.set(frame, true);
        self.count(owner, 1);
        self.events.reloads += 1;
        Ok(true)
    }

    /// Copies a frame's bytes, wherever they are; `false`: they are lost.
    pub(crate) fn copy_to(&self, frame: HostFrame, page: &mut Page) -> bool {
        match (self.slots.get(frame.0 as usize).and_then(|slot| slot.swapped), &self.swap) {
            (None, _) => {
                page.copy_from_slice(self.page(frame));
                true
            }
            (Some(swapped), Some(swap)) => swap.get(swapped, page).is_ok(),
            (Some(_), None) => false,
        }
    }

    /// Makes sure that a guest can have one more frame.
    fn make_room(&mut self, owner: u32) -> bool {
        let (share, has) = *self.share_of(owner);
        if has >= share.limit {
            return self.evict(owner, true);
        }
        // Who has not got its reserve finds it; the others leave it alone.
        let kept = if has < share.reserve { 0 } else { self.promised };
        u64::from(self.in_use) + kept < u64::from(self.limit) || self.evict(owner, false)
    }

    /// Puts the bytes of a frame away that nobody asked for lately: one of the guest's own (`own`), or one that its
    /// guest has beyond its reserve.
    fn evict(&mut self, wanting: u32, own: bool) -> bool {
        if self.swap.is_none() {
            return false;
        }
        // The first time round the hand may only find that all frames are recent.
        for _ in 0..2 * self.slots.len() {
            self.hand = (self.hand + 1) % self.slots.len();
            let slot = &mut self.slots[self.hand];
            let Some(page) = &slot.page else { continue };
            let owner = slot.owner;
            let (share, has) = self.shares[owner as usize];
            let may = if owner == wanting { true } else { !own && has > share.reserve };
            if !may || self.pinned.contains(&HostFrame(self.hand as u32)) {
                continue;
            }
            if std::mem::take(&mut slot.recent) {
                continue;
            }
            let Some(swap) = &mut self.swap else { return false };
            let Ok(swapped) = swap.put(page) else {
                self.events.failures += 1;
                return false;
            };
            slot.page = None;
            slot.swapped = Some(swapped);
            self.in_use -= 1;
            self.residency.set(HostFrame(self.hand as u32), false);
            self.count(owner, -1);
            self.events.evictions += 1;
            self.remap();
            return true;
        }
        false
    }

    /// A frame's address is given out: it stays in memory until [`unpin_all`](Self::unpin_all).
    pub(crate) fn pin(&mut self, frame: HostFrame) {
        if self.swap.is_some() && !self.pinned.contains(&frame) {
            self.pinned.push(frame);
        }
    }

    /// No address of a frame is in use any more.
    pub(crate) fn unpin_all(&mut self) {
        self.pinned.clear();
    }

    /// The frame that holds a page of an image, if somebody has it.
    pub(crate) fn find_origin(&self, origin: Origin) -> Option<HostFrame> {
        self.origins.get(&origin).copied()
    }

    /// A frame holds a page of an image, until somebody writes to it.
    pub(crate) fn set_origin(&mut self, frame: HostFrame, origin: Origin) {
        self.slots[frame.0 as usize].origin = Some(origin);
        self.origins.insert(origin, frame);
    }

    /// A frame becomes its one holder's own.
    pub(crate) fn clear_origin(&mut self, frame: HostFrame) {
        if let Some(origin) = self.slots[frame.0 as usize].origin.take() {
            self.origins.remove(&origin);
        }
    }

    /// Which frames have their bytes in memory.
    pub(crate) fn residency(&self) -> Residency {
        self.residency.clone()
    }

    /// What happened in the pool so far.
    #[must_use]
    pub fn events(&self) -> PoolEvents {
        self.events
    }

    /// Pages that are in swap and not zeroes.
    #[must_use]
    pub fn swap_slots_in_use(&self) -> u32 {
        self.swap.as_ref().map_or(0, SwapSlots::in_use)
    }

    /// How many references a frame has; 0: it is free.
    #[must_use]
    pub fn references(&self, frame: HostFrame) -> u32 {
        self.slots.get(frame.0 as usize).map_or(0, |slot| slot.references)
    }

    /// The bytes of a frame that is held.
    #[inline]
    #[must_use]
    pub fn page(&self, frame: HostFrame) -> &Page {
        match &self.slots[frame.0 as usize].page {
            Some(page) => page,
            None => &ZERO_PAGE, // whoever holds a frame holds a reference, so this is never reached
        }
    }

    /// The bytes of a frame that is held, to write. All of a watched frame counts as changed.
    #[inline]
    pub fn page_mut(&mut self, frame: HostFrame) -> &mut Page {
        if self.slots[frame.0 as usize].watch.any() {
            self.note_page(frame);
        }
        self.page_unwatched(frame)
    }

    /// Holds the pool for whoever uses frames by their [`address`](Self::address), and sees to it that nothing goes stale.
    #[inline]
    pub(crate) fn hold(&mut self) -> Frames<'_> {
        Frames(PhantomData)
    }

    /// Where a frame's bytes are, if they are in memory: as long as [`mappings`](Self::mappings) stays the same.
    pub(crate) fn address(&self, frame: HostFrame) -> Option<PageAddress> {
        self.slots.get(frame.0 as usize)?.page.as_ref().map(PageBox::address)
    }

    /// Like [`page_mut`](Self::page_mut), to write `bytes` bytes at `offset`.
    #[inline]
    pub fn bytes_mut(&mut self, frame: HostFrame, offset: u32, bytes: u32) -> &mut Page {
        if self.slots[frame.0 as usize].watch.any() {
            self.note(Change { frame, offset, bytes });
        }
        self.page_unwatched(frame)
    }

    /// Like [`page_mut`](Self::page_mut), for whoever sees to it that nothing goes stale.
    #[inline]
    pub(crate) fn page_unwatched(&mut self, frame: HostFrame) -> &mut Page {
        self.slots[frame.0 as usize].page.get_or_insert_with(PageBox::zeroed)
    }

    #[cold]
    fn note(&mut self, change: Change) {
        if self.changes.len() >= MOST_CHANGES {
            return self.note_page(change.frame);
        }
        if self.changes.last() != Some(&change) {
            self.changes.push(change);
        }
    }

    /// Notes the whole page; nothing can be made of its old bytes any more, so it is watched no longer.
    #[cold]
    fn note_page(&mut self, frame: HostFrame) {
        let watch = &mut self.slots[frame.0 as usize].watch;
        if watch.any() {
            *watch = Watch::default();
            self.changes.push(Change { frame, offset: 0, bytes: PAGE_SIZE });
        }
    }

    /// What an engine made of a frame.
    #[inline]
    #[must_use]
    pub fn watched(&self, frame: HostFrame) -> Watch {
        self.slots.get(frame.0 as usize).map_or(Watch::default(), |slot| slot.watch)
    }

    /// An engine makes something of a frame that is held, or no longer keeps it.
    pub fn watch(&mut self, frame: HostFrame, watch: Watch) {
        self.slots[frame.0 as usize].watch = watch;
    }

    /// Whether a watched frame was changed since the changes were last taken.
    #[inline]
    #[must_use]
    pub fn has_changes(&self) -> bool {
        !self.changes.is_empty()
    }

    /// The changes of watched frames so far, for the engine, which forgets what it made of them; in the order in
    /// which they happened. `also` sees each one. Nothing is allocated or freed.
    pub(crate) fn take_changes(&mut self, mut also: impl FnMut(&mut HostMemory, Change)) {
        let mut changes = std::mem::take(&mut self.changes);
        for change in &changes {
            also(self, *change);
        }
        changes.clear();
        changes.append(&mut self.changes);
        self.changes = changes;
    }

    /// How often a mapping to a frame lost anything: its frame, a permission, an accessed or dirty bit. Translations
    /// that were kept are good only while this stays the same. More can be added without a word.
    #[inline]
    #[must_use]
    pub fn mappings(&self) -> u64 {
        self.mappings
    }

    /// Some mapping loses something. [`share`](Self::share) and [`release`](Self::release) say so themselves.
    #[inline]
    pub fn remap(&mut self) {
        self.mappings += 1;
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

/// The pool, held so that no frame's bytes go anywhere and nobody else borrows them.
#[derive(Debug)]
pub(crate) struct Frames<'a>(PhantomData<&'a mut HostMemory>);

/// Why a page cannot come back.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum BringInError {
    /// Nothing can be evicted for it.
    Full,
    /// Swap does not have it any more.
    Lost,
}

/// A page of zeroes.
pub(crate) static ZERO_PAGE: Page = [0; PAGE_SIZE as usize];

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

    fn taken(pool: &mut HostMemory) -> Vec<(u32, u32, u32)> {
        let mut changes = Vec::new();
        pool.take_changes(|_, change| changes.push((change.frame.0, change.offset, change.bytes)));
        changes
    }

    #[test]
    fn whoever_changes_a_watched_frame_is_noted_and_notes_are_bounded() {
        let mut pool = HostMemory::new(1 << 20);
        let a = pool.allocate().expect("a frame");
        pool.page_mut(a)[0] = 1;
        assert!(!pool.has_changes(), "nothing is watched");
        let code = Watch { code: true, ..Watch::default() };
        pool.watch(a, code);
        pool.bytes_mut(a, 8, 2)[8] = 1;
        pool.bytes_mut(a, 8, 2)[9] = 1;
        pool.bytes_mut(a, 12, 4)[12] = 1;
        assert_eq!((taken(&mut pool), pool.watched(a)), (vec![(0, 8, 2), (0, 12, 4)], code));
        pool.page_mut(a)[0] = 2;
        pool.page_mut(a)[0] = 3;
        assert_eq!((taken(&mut pool), pool.watched(a)), (vec![(0, 0, 4096)], Watch::default()));
        pool.watch(a, code);
        for i in 0..1000 {
            pool.bytes_mut(a, i, 1)[0] = 1;
        }
        assert_eq!(taken(&mut pool).last(), Some(&(0, 0, 4096)));
        pool.watch(a, code);
        let mappings = pool.mappings();
        pool.release(a);
        assert_eq!(taken(&mut pool), [(0, 0, 4096)], "whoever gets it next writes to it");
        assert_ne!(pool.mappings(), mappings);
    }
}
