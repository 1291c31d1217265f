//! Where cold pages go when guests have more memory than the pool.

use crate::memory::host::Page;
use std::fmt;

/// The store could not write or read a page.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SwapFailed;

/// A store of pages by slot, from slot 0 up. What is read is what was last written there: the core checks it.
pub trait Swap: fmt::Debug {
    /// Writes a page.
    fn write(&self, slot: u32, page: &Page) -> Result<(), SwapFailed>;
    /// Reads a page.
    fn read(&self, slot: u32, page: &mut Page) -> Result<(), SwapFailed>;
}

/// Where a page is that has no memory of the pool.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Swapped {
    /// Its slot; a page of zeroes has none.
    pub slot: Option<u32>,
    /// A part of its hash: what comes back must be what went.
    pub check: u64,
}

/// The slots in use, and the store behind them.
#[derive(Debug)]
pub(super) struct SwapSlots {
    store: Box<dyn Swap>,
    free: Vec<u32>,
    next: u32,
}

impl SwapSlots {
    pub fn new(store: Box<dyn Swap>) -> SwapSlots {
        SwapSlots { store, free: Vec::new(), next: 0 }
    }

    /// Slots that hold a page.
    pub fn in_use(&self) -> u32 {
        self.next - self.free.len() as u32
    }

    /// Puts a page away.
    pub fn put(&mut self, page: &Page) -> Result<Swapped, SwapFailed> {
        if page.iter().all(|&byte| byte == 0) {
            return Ok(Swapped { slot: None, check: 0 });
        }
        let slot = self.free.last().copied().unwrap_or(self.next);
        self.store.write(slot, page)?;
        if self.free.pop().is_none() {
            self.next += 1;
        }
        Ok(Swapped { slot: Some(slot), check: check(page) })
    }

    /// Reads a page that was put away; its slot stays.
    pub fn get(&self, swapped: Swapped, page: &mut Page) -> Result<(), SwapFailed> {
        let Some(slot) = swapped.slot else {
            page.fill(0);
            return Ok(());
        };
        self.store.read(slot, page)?;
        if check(page) == swapped.check { Ok(()) } else { Err(SwapFailed) }
    }

    /// The page's slot is free again.
    pub fn forget(&mut self, swapped: Swapped) {
        self.free.extend(swapped.slot);
    }
}

fn check(page: &Page) -> u64 {
    let hash = blake3::hash(page);
    hash.as_bytes()[..8].iter().fold(0, |value, &byte| value << 8 | u64::from(byte))
}
