//! Engines: what executes guest instructions. The border is narrow, so that faster engines can stand beside the
//! stepper and be compared with it.

mod access;
mod alu;
mod atomic;
mod execute;
pub mod stepper;

use crate::cpu::Exception;
use crate::exit::VmExit;
use crate::memory::host::HostMemory;
use crate::vm::Vm;

/// Executes the instructions of a guest.
pub trait Engine {
    /// Runs the guest for at most `fuel` steps. `Some`: it left, with its state whole at the instruction that caused
    /// the exit, which has not begun. `None`: exactly `fuel` steps were done.
    ///
    /// Exceptions that belong to the guest are taken inside, a step each. An interrupt is an exit before the first
    /// instruction at which it is pending and enabled.
    fn run(&mut self, vm: &mut Vm, host: &mut HostMemory, fuel: u64) -> Option<VmExit>;
}

/// Why an instruction did not retire.
#[derive(Debug)]
pub(crate) enum Event {
    /// It raises an exception in the guest.
    Raise(Exception),
    /// The hypervisor has to do something first, or instead.
    Exit(VmExit),
}

/// The outcome of a part of an instruction.
type Step<T> = Result<T, Event>;

/// The guest and the pool that its frames are in: what an instruction works on.
pub(crate) struct Core<'a> {
    pub(crate) vm: &'a mut Vm,
    pub(crate) host: &'a mut HostMemory,
    /// The last instruction may have changed when the next interrupt is taken.
    pub(crate) recheck: bool,
}
