//! The bytes of one page of the pool, at an address that stays the same as long as it is held in memory.
#![allow(unsafe_code, reason = "engines use pages by their address, which nothing in the type system keeps alive")]

use crate::memory::host::Page;
use guest_abi::PAGE_SIZE;
use std::fmt;
use std::ops::{Deref, DerefMut};
use std::ptr::NonNull;

/// A page of its own. Unlike a `Box`, it may be read and written by its [`address`](Self::address) too while nobody
/// borrows it.
pub(super) struct PageBox(NonNull<Page>);

impl PageBox {
    /// A page of zeroes.
    pub fn zeroed() -> PageBox {
        PageBox(NonNull::from(Box::leak(Box::new([0; PAGE_SIZE as usize]))))
    }

    /// Where it is.
    #[inline]
    pub fn address(&self) -> PageAddress {
        PageAddress(self.0)
    }
}

impl Deref for PageBox {
    type Target = Page;

    #[inline]
    fn deref(&self) -> &Page {
        // SAFETY: it came from a box, which is freed when this is dropped.
        unsafe { self.0.as_ref() }
    }
}

impl DerefMut for PageBox {
    #[inline]
    fn deref_mut(&mut self) -> &mut Page {
        // SAFETY: as above; whoever reads or writes by the address does not while this is borrowed.
        unsafe { self.0.as_mut() }
    }
}

impl Drop for PageBox {
    fn drop(&mut self) {
        // SAFETY: it came from a box, and nothing owns it but this.
        drop(unsafe { Box::from_raw(self.0.as_ptr()) });
    }
}

impl fmt::Debug for PageBox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "page at {:?}", self.0)
    }
}

/// The address of a page of the pool.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct PageAddress(NonNull<Page>);

impl PageAddress {
    /// Of no page.
    pub const NOWHERE: PageAddress = PageAddress(NonNull::dangling());

    /// Reads `N` bytes at `offset`, taken modulo the page and rounded down to a multiple of `N`, a power of 2.
    ///
    /// # Safety
    /// The page is in memory, and nobody borrows it.
    #[inline(always)]
    pub unsafe fn read<const N: usize>(self, offset: u32) -> [u8; N] {
        // SAFETY: the caller's, and no aligned access reaches beyond a page.
        unsafe { self.0.cast::<u8>().add(aligned::<N>(offset)).cast().read() }
    }

    /// Writes bytes, at an offset as for [`read`](Self::read).
    ///
    /// # Safety
    /// The page is in memory, and nobody borrows it.
    #[inline(always)]
    pub unsafe fn write<const N: usize>(self, offset: u32, bytes: [u8; N]) {
        // SAFETY: the caller's, and no aligned access reaches beyond a page.
        unsafe { self.0.cast::<u8>().add(aligned::<N>(offset)).cast().write(bytes) }
    }
}

#[inline(always)]
fn aligned<const N: usize>(offset: u32) -> usize {
    offset as usize & (PAGE_SIZE as usize - 1) & !(N - 1)
}
