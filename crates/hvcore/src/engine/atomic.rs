//! The A extension: reservations and read-modify-write. Words only, aligned only, RAM only.

use crate::addr::{GuestPhys, GuestVirt};
use crate::cpu::{Cause, Exception};
use crate::engine::access::{Data, missed};
use crate::engine::{Core, Event, Step};
use crate::exit::IoOperation;
use crate::memory::Access;

impl Core<'_> {
    /// `lr.w`: loads the word and reserves it.
    pub(super) fn load_reserved(&mut self, gva: GuestVirt, instruction_bytes: u32) -> Step<u32> {
        let data = atomic(gva, Access::Load, instruction_bytes)?;
        let gpa = self.translate(gva, Access::Load)?;
        let value = self.vm.memory.read(self.host, gpa, 4, Access::Load).map_err(|miss| missed(miss, gva, gpa, Access::Load, Some(&data)))?;
        self.vm.hart.reservation = Some(gpa);
        Ok(value)
    }

    /// `sc.w`: stores if the reservation is on this word; returns 0 for success, 1 for failure. The address must be
    /// good for a store either way.
    pub(super) fn store_conditional(&mut self, gva: GuestVirt, value: u32, instruction_bytes: u32) -> Step<u32> {
        let gpa = self.atomic_store_address(gva, instruction_bytes)?;
        let reserved = self.vm.hart.reservation.take() == Some(gpa);
        if reserved {
            let data = atomic(gva, Access::Store, instruction_bytes)?;
            self.vm.memory.write(self.host, gpa, 4, value).map_err(|miss| missed(miss, gva, gpa, Access::Store, Some(&data)))?;
        }
        Ok(u32::from(!reserved))
    }

    /// An atomic read-modify-write; returns the old word.
    pub(super) fn modify(&mut self, gva: GuestVirt, instruction_bytes: u32, operation: impl FnOnce(u32) -> u32) -> Step<u32> {
        let gpa = self.atomic_store_address(gva, instruction_bytes)?;
        let data = atomic(gva, Access::Store, instruction_bytes)?;
        let fail = |miss| missed(miss, gva, gpa, Access::Store, Some(&data));
        let old = self.vm.memory.read(self.host, gpa, 4, Access::Store).map_err(fail)?;
        self.vm.memory.write(self.host, gpa, 4, operation(old)).map_err(fail)?;
        self.vm.hart.break_reservation(gpa);
        Ok(old)
    }

    /// Translates for an atomic store and makes sure that the word can be written.
    fn atomic_store_address(&mut self, gva: GuestVirt, instruction_bytes: u32) -> Step<GuestPhys> {
        let data = atomic(gva, Access::Store, instruction_bytes)?;
        let gpa = self.translate(gva, Access::Store)?;
        self.vm.memory.frame_to_write(gpa).map_err(|miss| missed(miss, gva, gpa, Access::Store, Some(&data)))?;
        Ok(gpa)
    }
}

/// The access of an atomic instruction, if it is aligned.
fn atomic(gva: GuestVirt, access: Access, instruction_bytes: u32) -> Step<Data> {
    if !gva.0.is_multiple_of(4) {
        let cause = if access == Access::Load { Cause::LoadMisaligned } else { Cause::StoreMisaligned };
        return Err(Event::Raise(Exception::new(cause, gva.0)));
    }
    Ok(Data { gva, width: 4, access, operation: IoOperation::Unsupported, instruction_bytes })
}
