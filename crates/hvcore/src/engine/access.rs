//! Memory accesses of instructions: translation, then the EPT, byte for byte as the platform page's table says.

use crate::addr::{GuestPhys, GuestVirt};
use crate::cpu::{Cause, Exception};
use crate::engine::{Core, Event, Step};
use crate::exit::{GuestPageFault, IoAccess, IoOperation, VmExit};
use crate::memory::Access;
use crate::memory::guest::Miss;
use crate::memory::sv32::{self, Leaf, WalkFault};
use guest_abi::PAGE_SIZE;

/// A data access of an instruction.
#[derive(Clone, Copy)]
pub(super) struct Data {
    pub gva: GuestVirt,
    /// 1, 2 or 4 bytes.
    pub width: u32,
    pub access: Access,
    /// What a device would have to do.
    pub operation: IoOperation,
    /// Length of the instruction.
    pub instruction_bytes: u32,
}

impl Data {
    /// The part of an access that lies in the next page, if it crosses a boundary: its address and length.
    fn second_part(&self) -> Option<(GuestVirt, u32)> {
        let first = PAGE_SIZE - self.gva.page_offset();
        (first < self.width).then(|| (self.gva.wrapping_add(first), self.width - first))
    }
}

impl Core<'_> {
    /// The word at pc; only its low half counts if that is a whole instruction.
    #[inline]
    pub(super) fn fetch(&mut self, pc: GuestVirt) -> Step<u32> {
        if pc.page_offset() <= PAGE_SIZE - 4 {
            return self.fetch_part(pc, 4);
        }
        let low = self.fetch_part(pc, 2)?;
        if low & 3 != 3 {
            return Ok(low);
        }
        // A fault on the second half reports the second page's address.
        let high = self.fetch_part(pc.wrapping_add(2), 2)?;
        Ok(high << 16 | low)
    }

    #[inline]
    fn fetch_part(&mut self, gva: GuestVirt, width: u32) -> Step<u32> {
        let gpa = self.translate(gva, Access::Fetch)?;
        self.vm.memory.read(self.host, gpa, width, Access::Fetch).map_err(|miss| missed(miss, gva, gpa, Access::Fetch, None))
    }

    /// Loads 1, 2 or 4 bytes, zero-extended.
    #[inline]
    pub(super) fn load(&mut self, data: &Data) -> Step<u32> {
        let Some((second, second_bytes)) = data.second_part() else {
            let gpa = self.translate(data.gva, data.access)?;
            return self.vm.memory.read(self.host, gpa, data.width, data.access).map_err(|miss| missed(miss, data.gva, gpa, data.access, Some(data)));
        };
        // Byte by byte: a misaligned access across pages is rare, and parts of three bytes exist.
        let mut value = 0;
        let first_bytes = data.width - second_bytes;
        for (gva, bytes, shift) in [(data.gva, first_bytes, 0), (second, second_bytes, 8 * first_bytes)] {
            let gpa = self.translate(gva, data.access)?;
            for i in 0..bytes {
                let byte = self.vm.memory.read(self.host, gpa.wrapping_add(i), 1, data.access);
                let byte = byte.map_err(|miss| missed(miss, gva, gpa, data.access, Some(data)))?;
                value |= byte << (shift + 8 * i);
            }
        }
        Ok(value)
    }

    /// Stores the low 1, 2 or 4 bytes of a value. One that faults, also in its second page, writes nothing.
    #[inline]
    pub(super) fn store(&mut self, data: &Data, value: u32) -> Step<()> {
        let Some((second, second_bytes)) = data.second_part() else {
            let gpa = self.translate(data.gva, Access::Store)?;
            self.vm.memory.write(self.host, gpa, data.width, value).map_err(|miss| missed(miss, data.gva, gpa, Access::Store, Some(data)))?;
            self.vm.hart.break_reservation(gpa);
            self.vm.hart.break_reservation(gpa.wrapping_add(data.width - 1));
            return Ok(());
        };
        let first_leaf = self.walk(data.gva, Access::Store)?;
        let second_leaf = self.walk(second, Access::Store)?;
        for (gva, leaf) in [(data.gva, &first_leaf), (second, &second_leaf)] {
            self.vm.memory.check(leaf.gpa, Access::Store).map_err(|miss| missed(miss, gva, leaf.gpa, Access::Store, Some(data)))?;
        }
        // An entry in the boot ROM cannot be updated: that too must be known before anything is written.
        for (gva, leaf) in [(data.gva, &first_leaf), (second, &second_leaf)] {
            self.update_entry(gva, Access::Store, leaf)?;
        }
        let first_bytes = data.width - second_bytes;
        for i in 0..data.width {
            let gpa = if i < first_bytes { first_leaf.gpa.wrapping_add(i) } else { second_leaf.gpa.wrapping_add(i - first_bytes) };
            self.vm.memory.write(self.host, gpa, 1, value >> (8 * i)).map_err(|miss| missed(miss, data.gva, gpa, Access::Store, Some(data)))?;
            self.vm.hart.break_reservation(gpa);
        }
        Ok(())
    }

    /// Translates for an access that is about to be made, with accessed and dirty bits set.
    #[inline]
    pub(crate) fn translate(&mut self, gva: GuestVirt, access: Access) -> Step<GuestPhys> {
        if self.vm.hart.csr.satp >> 31 == 0 {
            return Ok(GuestPhys(gva.0));
        }
        let leaf = self.walk(gva, access)?;
        self.update_entry(gva, access, &leaf)?;
        Ok(leaf.gpa)
    }

    /// Walks the guest's tables for an access, without any effect.
    pub(super) fn walk(&mut self, gva: GuestVirt, access: Access) -> Step<Leaf> {
        let regime = self.vm.hart.regime(self.vm.config.isa, self.vm.config.virtual_space);
        let read = |gpa| self.vm.memory.read(self.host, gpa, 4, Access::Load);
        sv32::walk(&regime, gva, access, read).map_err(|fault| match fault {
            WalkFault::Page => Event::Raise(Exception::new(Cause::page_fault(access), gva.0)),
            WalkFault::Access | WalkFault::Entry(_, Miss::Device | Miss::Forbidden) => access_fault(access, gva),
            WalkFault::Entry(gpa, Miss::NotPresent | Miss::Nothing) => Event::Exit(VmExit::PageFault(GuestPageFault { gpa, gva, access })),
        })
    }

    /// Writes the entry back with the bits that the access sets.
    pub(super) fn update_entry(&mut self, gva: GuestVirt, access: Access, leaf: &Leaf) -> Step<()> {
        let Some((entry, value)) = leaf.update else { return Ok(()) };
        self.vm.memory.write_entry(self.host, entry, value).map_err(|miss| match miss {
            // The table was found in a page that is shared until it is written to.
            Miss::NotPresent => Event::Exit(VmExit::PageFault(GuestPageFault { gpa: entry, gva, access: Access::Store })),
            Miss::Nothing | Miss::Device | Miss::Forbidden => access_fault(access, gva),
        })?;
        self.vm.hart.break_reservation(entry);
        Ok(())
    }
}

/// The access fault of an access.
fn access_fault(access: Access, gva: GuestVirt) -> Event {
    Event::Raise(Exception::new(Cause::access_fault(access), gva.0))
}

/// What follows when guest-physical memory gives no value. `data` is absent for fetches, which devices never serve.
#[cold]
pub(super) fn missed(miss: Miss, gva: GuestVirt, gpa: GuestPhys, access: Access, data: Option<&Data>) -> Event {
    match (miss, data) {
        (Miss::NotPresent | Miss::Nothing, _) => Event::Exit(VmExit::PageFault(GuestPageFault { gpa, gva, access })),
        (Miss::Device, Some(data)) => {
            let whole = gva == data.gva && gpa.0.is_multiple_of(data.width);
            let operation = if whole { data.operation } else { IoOperation::Unsupported };
            Event::Exit(VmExit::IoInstruction(IoAccess { gva, gpa, width: data.width, access, operation, instruction_bytes: data.instruction_bytes }))
        }
        (Miss::Device, None) | (Miss::Forbidden, _) => access_fault(access, gva),
    }
}
