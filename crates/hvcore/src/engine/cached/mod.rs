//! The cached interpreter: predecoded code by physical page, a software TLB, any host.
//!
//! All that it keeps can be thrown away at any instruction boundary, and nothing of it can be observed: what it cannot do
//! from what it knows the stepper does, and what it knows is watched ([`HostMemory`]), so that a store to code or to a page
//! table, by whomever, counts for the next instruction.
//!
//! ```text
//! fast loop    slots of the code page at hand ──▶ next slot, or a slot of another page through the TLB
//!   │ leaves, with the instruction unbegun
//!   ├─ page not known     walk, remember, again
//!   └─ anything else      the stepper does one instruction
//! ```

mod code;
mod fast;
mod slot;
mod tlb;

use crate::addr::{GuestPhys, GuestVirt};
use crate::engine::stepper::Stepper;
use crate::engine::{Core, Engine, Step};
use crate::exit::VmExit;
use crate::memory::Access;
use crate::memory::host::{HostMemory, Watch};
use crate::vm::Vm;
use code::CodeCache;
use fast::{Fast, Leave, Missed, State};
use guest_abi::PAGE_SIZE;
use rv32::Ext;
use tlb::Tlb;

/// With less fuel than this the stepper is as quick.
const LITTLE_FUEL: u64 = 4;

/// The engine. Everything in it is a cache.
#[derive(Debug, Default)]
pub struct Cached {
    stepper: Stepper,
    tlb: Tlb,
    code: CodeCache,
    state: Box<State>,
    /// [`HostMemory::mappings`] when the TLB was last right.
    mappings: u64,
}

impl Engine for Cached {
    fn run(&mut self, vm: &mut Vm, host: &mut HostMemory, fuel: u64) -> Option<VmExit> {
        if fuel < LITTLE_FUEL || vm.debug.has_breakpoints() {
            return self.stepper.run(vm, host, fuel);
        }
        Core { vm, host, recheck: false }.run(fuel, |core, stop| {
            let leave = self.run_fast(core, stop);
            if leave == Leave::Fuel || self.learn(core, leave) {
                return Ok(());
            }
            core.step(self.stepper.decoder(core.vm.config.isa))
        })
    }
}

impl Cached {
    /// Runs the fast loop until vt is `stop` or something else has to be done.
    fn run_fast(&mut self, core: &mut Core<'_>, stop: u64) -> Leave {
        self.settle(core.host);
        self.tlb.choose(core.vm.id, &core.vm.hart);
        let Some(context) = self.tlb.current() else { return Leave::Slow };
        let hart = &mut core.vm.hart;
        let misaligned = if core.vm.config.isa.contains(Ext::C) { 0 } else { 2 };
        let refuse = if hart.reservation.is_some() { tlb::REFUSE } else { 0 };
        let mut fast = Fast { pages: self.code.pages(), frames: core.host.frames(), context, refuse, misaligned };
        let (leave, done) = fast.run(&mut self.state, &mut hart.x, &mut hart.pc, stop - hart.vt);
        hart.vt += done;
        hart.instret += done;
        leave
    }

    /// Takes in what was changed in memory since the last time.
    #[inline]
    fn settle(&mut self, host: &mut HostMemory) {
        if self.mappings != host.mappings() {
            self.mappings = host.mappings();
            self.tlb.flush();
        }
        if host.has_changes() {
            self.take_changes(host);
        }
    }

    #[cold]
    fn take_changes(&mut self, host: &mut HostMemory) {
        let (tlb, code) = (&mut self.tlb, &mut self.code);
        host.take_changes(|host, change| {
            let watch = host.watched(change.frame);
            let all = change.bytes >= PAGE_SIZE; // then it is watched no longer, for whatever it was
            if code.changed(change.frame, change.offset, change.bytes) || watch.table || all {
                tlb.flush();
                host.watch(change.frame, Watch { table: false, ..watch });
            }
        });
    }

    /// Finds out what the fast loop did not know. `false`: nothing could be learned, the stepper has to do the instruction.
    fn learn(&mut self, core: &mut Core<'_>, leave: Leave) -> bool {
        let Missed { gva, bytes, access } = self.state.missed;
        let learned = match leave {
            Leave::Fuel | Leave::Slow => return false,
            Leave::Fetch => self.learn_fetch(core),
            // One that is not aligned may cross into the next page, and must judge both before it does anything.
            Leave::Data if !gva.is_multiple_of(bytes) => return false,
            Leave::Data => self.learn_data(core, GuestVirt(gva), access),
        };
        // An access that cannot be made is the stepper's: it finds the same, and does what is due.
        learned.unwrap_or(false)
    }

    fn learn_fetch(&mut self, core: &mut Core<'_>) -> Step<bool> {
        let gva = GuestVirt(core.vm.hart.pc);
        let gpa = self.translate(core, gva, Access::Fetch)?;
        let Ok(frame) = core.vm.memory.frame(gpa, Access::Fetch) else { return Ok(false) };
        let (index, stale) = self.code.find_or_make(core.host, frame, core.vm.config.isa);
        if stale {
            self.tlb.flush();
            self.tlb.choose(core.vm.id, &core.vm.hart);
        }
        self.tlb.set_fetch(gva, index);
        Ok(true)
    }

    fn learn_data(&mut self, core: &mut Core<'_>, gva: GuestVirt, access: Access) -> Step<bool> {
        if access == Access::Store && core.vm.hart.reservation.is_some() {
            return Ok(false);
        }
        let gpa = self.translate(core, gva, access)?;
        let Ok(frame) = core.vm.memory.frame(gpa, access) else { return Ok(false) };
        if access == Access::Load {
            self.tlb.set_load(gva, frame);
            return Ok(true);
        }
        if core.host.watched(frame).table {
            return Ok(false);
        }
        self.tlb.set_store(gva, frame, self.code.find(frame));
        Ok(true)
    }

    /// Translates as an access does. The tables that were walked are watched from now on.
    fn translate(&mut self, core: &mut Core<'_>, gva: GuestVirt, access: Access) -> Step<GuestPhys> {
        let leaf = core.walk(gva, access)?;
        core.update_entry(gva, access, &leaf)?;
        for entry in leaf.entries.into_iter().flatten() {
            // An entry in the boot ROM never changes.
            let Ok(frame) = core.vm.memory.frame(entry, Access::Load) else { continue };
            let watch = core.host.watched(frame);
            if !watch.table {
                core.host.watch(frame, Watch { table: true, ..watch });
                // There may be translations for stores to it.
                self.tlb.flush();
            }
        }
        self.settle(core.host);
        self.tlb.choose(core.vm.id, &core.vm.hart);
        Ok(leaf.gpa)
    }
}
