//! Guest memory as devices see it: `vm-memory`'s [`GuestMemory`] straight over the EPT. A page without a frame is
//! loaded as if the guest had touched it; a store marks its page dirty and breaks a reservation like any other store.
#![allow(unsafe_code, reason = "VolatileSlice is a raw pointer; the one place that makes them is here")]

use crate::addr::GuestPhys;
use crate::exit::Stop;
use crate::handler::Context;
use crate::hypercall::buffer::Failure;
use crate::memory::Access;
use guest_abi::PAGE_SIZE;
use std::cell::{Cell, RefCell};
use std::iter::FusedIterator;
use vm_memory::guest_memory::{Error, GuestMemoryBackend, GuestMemorySliceIterator, Result};
use vm_memory::{GuestAddress, GuestMemory, GuestRegionMmap, Permissions, VolatileSlice};

/// The memory of one guest while one of its devices works.
pub(crate) struct Dma<'a, 'b> {
    context: RefCell<&'a mut Context<'b>>,
    stop: Cell<Option<Stop>>,
}

impl<'a, 'b> Dma<'a, 'b> {
    /// Memory of the context's guest.
    pub fn new(context: &'a mut Context<'b>) -> Dma<'a, 'b> {
        Dma { context: RefCell::new(context), stop: Cell::new(None) }
    }

    /// Does something with the guest besides its memory: its door, its random bytes. No slice is alive then.
    pub fn with<T>(&mut self, action: impl FnOnce(&mut Context<'b>) -> T) -> T {
        let context = self.context.get_mut();
        context.host.unpin_all();
        action(context)
    }

    /// Why the guest has to stop: a page could not be had. Accesses fail from then on.
    pub fn into_stop(self) -> Option<Stop> {
        self.context.into_inner().host.unpin_all();
        self.stop.into_inner()
    }

    /// The host's pointer to the byte at a guest-physical address, good to the end of its page; `None`: no RAM there.
    fn locate(&self, at: u64, bytes: u32, access: Access) -> Option<*mut u8> {
        let gpa = GuestPhys(u32::try_from(at).ok()?);
        let mut context = self.context.borrow_mut();
        if !context.vm.memory.is_ram(gpa) {
            return None;
        }
        if let Err(failure) = context.make_present(gpa, access) {
            if let Failure::Stop(stop) = failure {
                self.stop.set(Some(stop));
            }
            return None;
        }
        let Context { vm, host, .. } = &mut **context;
        let frame = vm.memory.frame(gpa, access).ok()?;
        host.pin(frame);
        let page = match access {
            Access::Store => context.host.bytes_mut(frame, gpa.page_offset(), bytes),
            Access::Load | Access::Fetch => context.host.page_unwatched(frame), // nobody writes through it
        };
        Some(page[gpa.page_offset() as usize..].as_mut_ptr())
    }
}

impl GuestMemory for Dma<'_, '_> {
    type PhysicalMemory = NoBackend;
    type Bitmap = ();

    /// All of RAM may be read and written, and nothing else.
    fn check_range(&self, address: GuestAddress, count: usize, _access: Permissions) -> bool {
        let context = self.context.borrow();
        let Some(last) = address.0.checked_add((count as u64).saturating_sub(1)) else { return false };
        let is_ram = |at: u64| u32::try_from(at).is_ok_and(|at| context.vm.memory.is_ram(GuestPhys(at)));
        is_ram(address.0) && is_ram(last)
    }

    fn get_slices<'s>(&'s self, address: GuestAddress, count: usize, access: Permissions) -> Result<impl GuestMemorySliceIterator<'s, ()>> {
        if count != 0 && !self.check_range(address, count, access) {
            return Err(Error::InvalidGuestAddress(address));
        }
        let access = if access == Permissions::Read { Access::Load } else { Access::Store };
        if access == Access::Store {
            let mut context = self.context.borrow_mut();
            let hart = &mut context.vm.hart;
            let word = |reserved: GuestPhys| u64::from(reserved.0);
            hart.reservation = hart.reservation.filter(|&reserved| word(reserved) + 4 <= address.0 || address.0 + count as u64 <= word(reserved));
        }
        Ok(Pages { dma: self, at: address.0, left: count, access })
    }
}

/// The slices of a range, page by page. A page is made present when its turn comes.
struct Pages<'s, 'a, 'b> {
    dma: &'s Dma<'a, 'b>,
    at: u64,
    left: usize,
    access: Access,
}

impl<'s> Iterator for Pages<'s, '_, '_> {
    type Item = Result<VolatileSlice<'s, ()>>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.left == 0 {
            return None;
        }
        let at = self.at;
        let length = self.left.min((PAGE_SIZE - at as u32 % PAGE_SIZE) as usize);
        let Some(pointer) = self.dma.locate(at, length as u32, self.access) else {
            self.left = 0;
            return Some(Err(Error::InvalidGuestAddress(GuestAddress(at))));
        };
        self.at += length as u64;
        self.left -= length;
        // SAFETY: the pointer is to the `length` bytes that are left of a frame's page. The frame is the guest's, and stays
        // so while `dma` is shared: frames are taken away only through `&mut Context`, which `Dma` holds, and `locate`
        // never takes one away that it gave out (frames are pinned while `dma` is shared). Whoever gets the slice copies
        // through it at once: no reference to the same bytes is made while it is in use.
        Some(Ok(unsafe { VolatileSlice::new(pointer, length) }))
    }
}

impl FusedIterator for Pages<'_, '_, '_> {}
impl<'s> GuestMemorySliceIterator<'s, ()> for Pages<'s, '_, '_> {}

/// `vm-memory` wants a type for memory without translation; there is none here.
pub(crate) struct NoBackend;

impl GuestMemoryBackend for NoBackend {
    type R = GuestRegionMmap<()>;

    fn iter(&self) -> impl Iterator<Item = &Self::R> {
        std::iter::empty()
    }
}
