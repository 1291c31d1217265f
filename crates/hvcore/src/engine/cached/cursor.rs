//! A place among the slots of a page, from which the next one is one addition away.
#![allow(unsafe_code, reason = "a bounds check for each instruction would cost as much as many instructions do")]

use super::slot::Slot;
use std::marker::PhantomData;
use std::ptr::NonNull;

/// A slot among others.
#[derive(Clone, Copy)]
pub(super) struct Cursor<'a> {
    at: NonNull<Slot>,
    slots: PhantomData<&'a [Slot]>,
}

impl<'a> Cursor<'a> {
    /// At an index, if it is one.
    #[inline(always)]
    pub fn new(slots: &'a [Slot], index: usize) -> Option<Cursor<'a>> {
        // SAFETY: the index is one of the slice's.
        (index < slots.len()).then(|| Cursor { at: unsafe { NonNull::from(slots).cast::<Slot>().add(index) }, slots: PhantomData })
    }

    /// The slot.
    #[inline(always)]
    pub fn slot(self) -> &'a Slot {
        // SAFETY: it is always at a slot of a slice that is borrowed.
        unsafe { self.at.as_ref() }
    }

    /// The slot after it.
    ///
    /// # Safety
    /// There is one.
    #[inline(always)]
    pub unsafe fn next(self) -> Cursor<'a> {
        // SAFETY: the caller's.
        Cursor { at: unsafe { self.at.add(1) }, slots: PhantomData }
    }

    /// The slot so many further on, or back.
    ///
    /// # Safety
    /// There is one.
    #[inline(always)]
    pub unsafe fn offset(self, slots: i32) -> Cursor<'a> {
        // SAFETY: the caller's.
        Cursor { at: unsafe { self.at.offset(slots as isize) }, slots: PhantomData }
    }

    /// Its index in the slots that it was made of.
    pub fn index(self, slots: &[Slot]) -> usize {
        (self.at.addr().get() - slots.as_ptr().addr()) / size_of::<Slot>()
    }
}
