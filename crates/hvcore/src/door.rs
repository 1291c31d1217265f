//! The door: everything that is not computed from state comes in here, and what a guest says goes out here. A
//! recorder at the door is record and replay.

use crate::exit::VmExit;
use crate::vm::{Vm, VmId};

/// The answer to a request for console input.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ConsoleInput {
    /// This many bytes, at least 1, were put at the start of the buffer.
    Bytes(usize),
    /// Nothing is there now; something may come.
    Nothing,
    /// Nothing will ever come again.
    End,
}

/// The answer to a group of guests that is idle or pauses.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Idle {
    /// Time goes on until this vt (not before `now`, not after `until`), and input is looked for again.
    Until(u64),
    /// Not yet: the group asks again after the others have run, or after [`Door::sleep`].
    Wait,
}

/// A disk did not do what it was asked: the guest's driver is told of an I/O error.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DiskError;

/// The outside world. The core calls it from [`Hypervisor::run`](crate::Hypervisor::run) only.
pub trait Door {
    /// The guest writes to its console at this vt. Must take all of it: what to do about a slow or vanished reader
    /// is decided behind the door, never in the guest.
    fn console_write(&mut self, vm: VmId, vt: u64, bytes: &[u8]);

    /// The guest's console wants input at this vt; `buffer` is never empty. Must not block.
    fn console_read(&mut self, vm: VmId, vt: u64, buffer: &mut [u8]) -> ConsoleInput;

    /// All guests of a group are in `wfi`, at vt `now`. `vm` is the group's first guest. Its own next event is at
    /// `until` (`None`: only input can wake it). A virtual clock answers `Idle::Until(until)`, and `Idle::Wait` for
    /// `None`. Must not block.
    fn idle(&mut self, vm: VmId, now: u64, until: Option<u64>) -> Idle;

    /// A group goes on at vt `now`, but no guest of it was busy to the end of the last round: each was in `wfi` or
    /// gave up the rest of its slice, and idle time passed. Asks whether it may have passed, and how far it went; no
    /// event of the group's own comes before `until`. `polls`: those who gave up had looked for input in vain, and
    /// lose nothing if the door waits for some. A virtual clock answers `Idle::Until(now)`. Must not block.
    fn pause(&mut self, vm: VmId, now: u64, until: u64, polls: bool) -> Idle;

    /// No guest can run: every group was answered [`Idle::Wait`]. May block until that changes, until input comes
    /// or until [`should_stop`](Self::should_stop) would say yes.
    fn sleep(&mut self);

    /// Whether to leave `run` (a timeout, an interrupt from the terminal). Asked once in each round of a group, after
    /// each [`sleep`](Self::sleep), and after hypercalls that moved many bytes.
    fn should_stop(&mut self) -> bool;

    /// Reads what a guest's disk holds from a byte offset. The range lies on the disk as [`VmConfig`](crate::VmConfig)
    /// describes it; what has never been there is zeroes.
    fn disk_read(&mut self, _vm: VmId, _disk: usize, _offset: u64, _buffer: &mut [u8]) -> Result<(), DiskError> {
        Err(DiskError)
    }

    /// Writes to a guest's disk.
    fn disk_write(&mut self, _vm: VmId, _disk: usize, _offset: u64, _bytes: &[u8]) -> Result<(), DiskError> {
        Err(DiskError)
    }

    /// Makes sure that what was written to a guest's disk stays.
    fn disk_flush(&mut self, _vm: VmId, _disk: usize) -> Result<(), DiskError> {
        Err(DiskError)
    }

    /// Fills a range with zeroes. `keep`: the space for it must stay reserved, else it may be given up.
    fn disk_zero(&mut self, _vm: VmId, _disk: usize, _offset: u64, _bytes: u64, _keep: bool) -> Result<(), DiskError> {
        Err(DiskError)
    }
}

/// Someone who watches: traces, statistics, a debugger. Nothing that it does can change a guest.
pub trait Observer {
    /// Whether [`step`](Self::step) is wanted; asked once a slice. Slow.
    fn wants_steps(&mut self) -> bool;

    /// A guest left. Its state is as it was when it left: pc is at the instruction that caused the exit, the
    /// exit's step is not counted yet.
    fn exit(&mut self, vm: &Vm, exit: &VmExit);

    /// A step was done: the instruction `bits` at `pc` (`None`: it could not be read) retired or trapped. The
    /// state is that after it.
    fn step(&mut self, vm: &Vm, pc: u32, bits: Option<u32>);

    /// HVK MARK: a point on the timeline.
    fn mark(&mut self, vm: &Vm, tag: u32, value: u32);

    /// The guest stopped for good; why is in [`Vm::stop`]. Called once for each guest.
    fn stopped(&mut self, vm: &Vm);
}
