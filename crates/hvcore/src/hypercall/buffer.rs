//! Buffers that a hypercall's pointers name. A buffer is found (every page translated and judged) before anything
//! is read or written, so that a bad pointer does nothing.

use crate::addr::{GuestPhys, GuestVirt};
use crate::engine::{Core, Event};
use crate::exit::{GuestPageFault, Stop, VmExit};
use crate::handler::Context;
use crate::hypercall::Reply;
use crate::memory::Access;
use crate::memory::guest::Miss;
use guest_abi::PAGE_SIZE;
use guest_abi::sbi::SbiError;

/// One call moves at most this many bytes, and says so in its value: a call is one step, however long it takes.
const MAX_TRANSFER: u32 = 1024 * 1024;
/// What judging a page counts for, in bytes moved: about as much time.
const JUDGED: u64 = 64;

/// A part of a buffer that lies in one page.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span {
    gpa: GuestPhys,
    bytes: u32,
}

/// Why a buffer cannot be used.
pub(crate) enum Failure {
    /// Some byte of it is not RAM that the guest may use so.
    BadAddress,
    /// The guest is at its end.
    Stop(Stop),
}

impl Failure {
    /// The reply, where a bad address is answered with `error`.
    pub fn reply(self, error: SbiError) -> Reply {
        match self {
            Failure::BadAddress => Reply::Error(error),
            Failure::Stop(stop) => Reply::Stop(stop),
        }
    }
}

impl Context<'_> {
    /// Finds a buffer at a virtual address, in the caller's address space and with its permissions. All of it is
    /// judged; returns how many bytes of it the call may move.
    pub fn find_virtual(&mut self, gva: u32, bytes: u32, access: Access) -> Result<u32, Failure> {
        self.find(gva, bytes, access, |context, at| loop {
            let mut core = Core { vm: context.vm, host: context.host, recheck: false };
            match core.translate(GuestVirt(at), access) {
                Ok(gpa) => return Ok(gpa),
                Err(Event::Exit(VmExit::PageFault(fault))) => context.load_for_call(fault)?,
                Err(Event::Exit(_) | Event::Raise(_)) => return Err(Failure::BadAddress),
            }
        })
    }

    /// Finds a buffer at a guest-physical address; like [`find_virtual`](Self::find_virtual).
    pub fn find_physical(&mut self, gpa: u32, bytes: u32, access: Access) -> Result<u32, Failure> {
        self.find(gpa, bytes, access, |_, at| Ok(GuestPhys(at)))
    }

    fn find(
        &mut self,
        address: u32,
        bytes: u32,
        access: Access,
        mut translate: impl FnMut(&mut Context<'_>, u32) -> Result<GuestPhys, Failure>,
    ) -> Result<u32, Failure> {
        self.scratch.spans.clear();
        if u64::from(address) + u64::from(bytes) > 1 << 32 {
            return Err(Failure::BadAddress);
        }
        let movable = bytes.min(MAX_TRANSFER);
        let mut done = 0;
        while done < bytes {
            let at = address.wrapping_add(done);
            let length = (bytes - done).min(PAGE_SIZE - at % PAGE_SIZE);
            self.scratch.moved += JUDGED;
            let gpa = translate(self, at)?;
            match self.vm.memory.check(gpa, access) {
                Ok(()) | Err(Miss::NotPresent) => {}
                Err(Miss::Nothing | Miss::Device | Miss::Forbidden) => return Err(Failure::BadAddress),
            }
            if done < movable {
                self.scratch.spans.push(Span { gpa, bytes: length.min(movable - done) });
            }
            done += length;
        }
        self.scratch.moved += u64::from(movable);
        Ok(movable)
    }

    /// Reads the buffer that was found into `scratch.bytes`.
    pub fn gather(&mut self) -> Result<(), Failure> {
        self.scratch.bytes.clear();
        for i in 0..self.scratch.spans.len() {
            let span = self.scratch.spans[i];
            self.make_present(span.gpa, Access::Load)?;
            let start = self.scratch.bytes.len();
            self.scratch.bytes.resize(start + span.bytes as usize, 0);
            self.vm.memory.peek(self.host, span.gpa, &mut self.scratch.bytes[start..]);
        }
        Ok(())
    }

    /// Writes `scratch.bytes` to the start of the buffer that was found.
    pub fn scatter(&mut self) -> Result<(), Failure> {
        let mut done = 0;
        for i in 0..self.scratch.spans.len() {
            let span = self.scratch.spans[i];
            let length = (self.scratch.bytes.len() - done).min(span.bytes as usize);
            if length == 0 {
                break;
            }
            self.make_present(span.gpa, Access::Store)?;
            let frame = self.vm.memory.frame_to_write(span.gpa).map_err(|_| Failure::BadAddress)?;
            let offset = span.gpa.page_offset() as usize;
            self.host.bytes_mut(frame, offset as u32, length as u32)[offset..offset + length].copy_from_slice(&self.scratch.bytes[done..done + length]);
            done += length;
        }
        Ok(())
    }

    /// Makes sure that the page at an address has a frame for an access of this kind.
    pub fn make_present(&mut self, gpa: GuestPhys, access: Access) -> Result<(), Failure> {
        match self.vm.memory.check(gpa, access) {
            Ok(()) => Ok(()),
            Err(Miss::NotPresent) => self.load_for_call(GuestPageFault { gpa, gva: GuestVirt(gpa.0), access }),
            Err(Miss::Nothing | Miss::Device | Miss::Forbidden) => Err(Failure::BadAddress),
        }
    }

    /// A call touches a page that has no frame: the same event as when the guest does.
    fn load_for_call(&mut self, fault: GuestPageFault) -> Result<(), Failure> {
        if !self.vm.memory.is_ram(fault.gpa) {
            return Err(Failure::BadAddress);
        }
        self.vm_exit(VmExit::PageFault(fault));
        self.load_page(fault).map(drop).map_err(Failure::Stop)
    }
}
