//! The stepper: fetch, decode, execute, one instruction at a time. The definition of every other engine.

use crate::addr::GuestVirt;
use crate::engine::execute::execute;
use crate::engine::{Core, Engine, Event, Step};
use crate::exit::{DebugEvent, VmExit};
use crate::memory::host::HostMemory;
use crate::vm::Vm;
use rv32::{Decoder, Isa};

/// The engine. All that it keeps is what words decode to, which depends on nothing else.
#[derive(Clone, Debug, Default)]
pub struct Stepper {
    /// One for each set of extensions that was met.
    decoders: Vec<Decoder>,
}

impl Stepper {
    /// The decoder for a set of extensions.
    pub(super) fn decoder(&mut self, isa: Isa) -> &mut Decoder {
        let known = self.decoders.iter().position(|decoder| decoder.isa() == isa);
        let at = known.unwrap_or_else(|| {
            self.decoders.push(Decoder::new(isa));
            self.decoders.len() - 1
        });
        &mut self.decoders[at]
    }
}

impl Engine for Stepper {
    fn run(&mut self, vm: &mut Vm, host: &mut HostMemory, fuel: u64) -> Option<VmExit> {
        let breakpoints = vm.debug.has_breakpoints();
        let decoder = self.decoder(vm.config.isa);
        Core { vm, host, recheck: false }.run(fuel, |core, _| {
            if breakpoints && core.vm.debug.breaks_at(core.vm.hart.pc, core.vm.hart.vt) {
                return Err(Event::Exit(VmExit::Debug(DebugEvent::Breakpoint)));
            }
            core.step(decoder)
        })
    }
}

impl Core<'_> {
    /// One instruction.
    #[inline]
    pub(super) fn step(&mut self, decoder: &mut Decoder) -> Step<()> {
        let word = self.fetch(GuestVirt(self.vm.hart.pc))?;
        self.perform(decoder, word)
    }

    /// The instruction `word`, which is what a fetch from pc gives.
    #[inline]
    pub(super) fn perform(&mut self, decoder: &mut Decoder, word: u32) -> Step<()> {
        let Some(decoded) = decoder.decode(word) else {
            let bits = if word & 3 == 3 { word } else { word & 0xffff };
            return Err(Event::Exit(VmExit::PrivilegedInstruction(bits)));
        };
        let next = execute(self, &decoded, word)?;
        self.vm.hart.retire(next);
        Ok(())
    }
}
