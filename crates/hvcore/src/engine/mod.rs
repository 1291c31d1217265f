//! Engines: what executes guest instructions. The border is narrow, so that faster engines can stand beside the
//! stepper and be compared with it.

mod access;
mod alu;
mod atomic;
pub mod cached;
mod execute;
pub mod stepper;

use crate::cpu::{Exception, interrupt, trap};
use crate::exit::VmExit;
use crate::memory::host::HostMemory;
use crate::vm::Vm;

use cached::Cached;
use stepper::Stepper;

/// The engines that there are, to choose one by name. What guests see is the same under each.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum EngineKind {
    /// One instruction at a time: the definition of the others.
    Stepper,
    /// Predecoded code and a software TLB.
    #[default]
    Cached,
}

impl EngineKind {
    /// Every engine.
    pub const ALL: [EngineKind; 2] = [EngineKind::Stepper, EngineKind::Cached];

    /// The engine's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            EngineKind::Stepper => "stepper",
            EngineKind::Cached => "cached",
        }
    }
}

/// An engine that was chosen while the program runs.
#[derive(Debug)]
pub enum AnyEngine {
    /// See [`EngineKind::Stepper`].
    Stepper(Stepper),
    /// See [`EngineKind::Cached`].
    Cached(Cached),
}

impl From<EngineKind> for AnyEngine {
    fn from(kind: EngineKind) -> AnyEngine {
        match kind {
            EngineKind::Stepper => AnyEngine::Stepper(Stepper::default()),
            EngineKind::Cached => AnyEngine::Cached(Cached::default()),
        }
    }
}

impl Default for AnyEngine {
    fn default() -> AnyEngine {
        EngineKind::default().into()
    }
}

impl Engine for AnyEngine {
    fn run(&mut self, vm: &mut Vm, host: &mut HostMemory, fuel: u64) -> Option<VmExit> {
        match self {
            AnyEngine::Stepper(engine) => engine.run(vm, host, fuel),
            AnyEngine::Cached(engine) => engine.run(vm, host, fuel),
        }
    }
}

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

impl Core<'_> {
    /// The loop of every engine: runs for at most `fuel` steps, takes exceptions, and leaves for exits and interrupts, as
    /// [`Engine::run`] says. `advance` gets on towards the step that it is told, by none or some instructions, and never
    /// past one that sets `recheck`.
    #[inline]
    fn run(&mut self, fuel: u64, mut advance: impl FnMut(&mut Self, u64) -> Step<()>) -> Option<VmExit> {
        let end = self.vm.hart.vt + fuel;
        loop {
            // Nothing but time changes the answer until an instruction says so; devices change it only in exits.
            let check = interrupt::next_check(&self.vm.hart, self.vm.board.external_interrupt());
            let stop = end.min(check);
            self.recheck = false;
            while self.vm.hart.vt < stop && !self.recheck {
                match advance(self, stop) {
                    Ok(()) => {}
                    Err(Event::Exit(exit)) => return Some(exit),
                    Err(Event::Raise(exception)) => {
                        if let Err(repeated) = trap::raise(&mut self.vm.hart, exception) {
                            return Some(VmExit::Crash { first: repeated.first, repeated: repeated.last });
                        }
                        self.recheck = true;
                    }
                }
            }
            if self.vm.hart.vt >= end {
                return None;
            }
            if let Some(interrupt) = interrupt::to_take(&self.vm.hart, self.vm.board.external_interrupt()) {
                return Some(VmExit::Interrupt(interrupt));
            }
        }
    }
}
