//! The stepper: fetch, decode, execute, one instruction at a time. The definition of every other engine.

use crate::addr::GuestVirt;
use crate::cpu::{interrupt, trap};
use crate::engine::execute::execute;
use crate::engine::{Core, Engine, Event, Step};
use crate::exit::{DebugEvent, VmExit};
use crate::memory::host::HostMemory;
use crate::vm::Vm;

/// The engine without state.
#[derive(Clone, Copy, Debug, Default)]
pub struct Stepper;

impl Engine for Stepper {
    fn run(&mut self, vm: &mut Vm, host: &mut HostMemory, fuel: u64) -> Option<VmExit> {
        let end = vm.hart.vt + fuel;
        let breakpoints = vm.debug.has_breakpoints();
        let mut core = Core { vm, host, recheck: false };
        loop {
            // Nothing but time changes the answer until an instruction says so; devices change it only in exits.
            let check = interrupt::next_check(&core.vm.hart, core.vm.board.external_interrupt());
            let stop = end.min(check);
            core.recheck = false;
            while core.vm.hart.vt < stop && !core.recheck {
                if breakpoints && core.vm.debug.breaks_at(core.vm.hart.pc, core.vm.hart.vt) {
                    return Some(VmExit::Debug(DebugEvent::Breakpoint));
                }
                match core.step() {
                    Ok(()) => {}
                    Err(Event::Exit(exit)) => return Some(exit),
                    Err(Event::Raise(exception)) => {
                        if let Err(repeated) = trap::raise(&mut core.vm.hart, exception) {
                            return Some(VmExit::Crash { first: repeated.first, repeated: repeated.last });
                        }
                        core.recheck = true;
                    }
                }
            }
            if core.vm.hart.vt >= end {
                return None;
            }
            if let Some(interrupt) = interrupt::to_take(&core.vm.hart, core.vm.board.external_interrupt()) {
                return Some(VmExit::Interrupt(interrupt));
            }
        }
    }
}

impl Core<'_> {
    /// One instruction.
    #[inline]
    fn step(&mut self) -> Step<()> {
        let pc = self.vm.hart.pc;
        let word = self.fetch(GuestVirt(pc))?;
        let Some(decoded) = rv32::decode_on_hart(self.vm.config.isa, word) else {
            let bits = if word & 3 == 3 { word } else { word & 0xffff };
            return Err(Event::Exit(VmExit::PrivilegedInstruction(bits)));
        };
        let next = execute(self, &decoded, word)?;
        self.vm.hart.retire(next);
        Ok(())
    }
}
