//! The cached interpreter: predecoded code by physical page, a software TLB, any host.
//!
//! All that it keeps can be thrown away at any instruction boundary, and nothing of it can be observed: what it cannot do
//! from what it knows the stepper does, and what it knows is watched ([`HostMemory`]), so that a store to code or to a page
//! table, by whomever, counts for the next instruction.
//!
//! ```text
//! fast loop    a run of slots of the code page at hand ──▶ another of its runs, or one of another page through the TLB
//!   │ leaves, with the instruction unbegun
//!   ├─ page not known     walk, remember, again
//!   ├─ not predecoded     predecode a run, again
//!   ├─ code stored to     forget what was made of its page, again
//!   └─ anything else      the stepper does one instruction
//! ```

mod code;
mod cursor;
mod fast;
mod slot;
mod tlb;

use crate::addr::{GuestPhys, GuestVirt};
use crate::engine::stepper::Stepper;
use crate::engine::{Core, Engine, Step};
use crate::exit::VmExit;
use crate::memory::{Access, PageAddress};
use crate::memory::host::{HostMemory, Watch};
use crate::vm::Vm;
use code::{CodeCache, Stale};
use fast::{Leave, Left, Missed, Registers, Start};
use guest_abi::PAGE_SIZE;
use rv32::Ext;
use tlb::Tlb;

/// With less fuel than this the stepper is as quick.
const LITTLE_FUEL: u64 = 4;

/// So many changes of a page table are followed one by one since it was last walked.
const FOLLOWED: u8 = 32;

/// The engine. Everything in it is a cache.
#[derive(Debug)]
pub struct Cached {
    stepper: Stepper,
    tlb: Tlb,
    code: CodeCache,
    x: Box<Registers>,
    /// [`HostMemory::mappings`] when the TLB was last right.
    mappings: u64,
}

impl Default for Cached {
    fn default() -> Cached {
        Cached { stepper: Stepper::default(), tlb: Tlb::default(), code: CodeCache::default(), x: Box::new([0; 256]), mappings: 0 }
    }
}

impl Engine for Cached {
    fn run(&mut self, vm: &mut Vm, host: &mut HostMemory, fuel: u64) -> Option<VmExit> {
        if fuel < LITTLE_FUEL || vm.debug.has_breakpoints() {
            return self.stepper.run(vm, host, fuel);
        }
        Core { vm, host, recheck: false }.run(fuel, |core, stop| {
            let learned = match self.run_fast(core, stop) {
                Some(left) => self.learn(core, &left),
                None => false,
            };
            if learned || core.vm.hart.vt == stop {
                return Ok(());
            }
            let decoder = self.stepper.decoder(core.vm.config.isa);
            match word(&self.tlb, &self.code, core) {
                Some(word) => core.perform(decoder, word),
                None => core.step(decoder),
            }
        })
    }
}

impl Cached {
    /// Runs the fast loop until vt is `stop`, or almost, or something else has to be done.
    fn run_fast(&mut self, core: &mut Core<'_>, stop: u64) -> Option<Left> {
        self.settle(core.host);
        self.tlb.choose(core.vm.id, &core.vm.hart);
        let context = self.tlb.current()?;
        let hart = &mut core.vm.hart;
        let misaligned = if core.vm.config.isa.contains(Ext::C) { 0 } else { 2 };
        let reserved = hart.reservation.and_then(|gpa| core.vm.memory.frame_of(gpa)).and_then(|frame| core.host.address(frame));
        let reserved = reserved.unwrap_or(PageAddress::NOWHERE);
        let start = Start { pages: self.code.pages(), frames: core.host.hold(), context, reserved, misaligned };
        self.x[..32].copy_from_slice(&hart.x);
        let left = fast::run(start, &mut self.x, hart.pc, stop - hart.vt);
        hart.x.copy_from_slice(&self.x[..32]);
        hart.pc = left.pc;
        hart.vt += left.done;
        hart.instret += left.done;
        Some(left)
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
            if code.changed(change.frame, change.offset, change.bytes) || watch.root || watch.last_level == 1 || all {
                tlb.flush();
                host.watch(change.frame, Watch { root: false, last_level: 0, ..watch });
            } else if watch.last_level > 1 {
                (change.offset / 4..=(change.offset + change.bytes - 1) / 4).for_each(|index| tlb.forget(index));
                host.watch(change.frame, Watch { last_level: watch.last_level - 1, ..watch });
            }
        });
    }

    /// Finds out what the fast loop did not know. `false`: nothing could be learned, the stepper has to do the instruction.
    fn learn(&mut self, core: &mut Core<'_>, left: &Left) -> bool {
        let Missed { gva, bytes, access } = left.missed;
        let learned = match left.why {
            Leave::Fuel | Leave::Slow => return false,
            Leave::Fetch => self.learn_fetch(core),
            Leave::Undecoded => Ok(self.decode(core)),
            // One that is not aligned may cross into the next page, and must judge both before it does anything.
            Leave::Data if !gva.is_multiple_of(bytes) => return false,
            Leave::Data => self.learn_data(core, GuestVirt(gva), access),
            Leave::Code => {
                self.code.forget(left.changed);
                return true;
            }
        };
        // An access that cannot be made is the stepper's: it finds the same, and does what is due.
        learned.unwrap_or(false)
    }

    /// Predecodes what is at pc.
    fn decode(&mut self, core: &Core<'_>) -> bool {
        let pc = GuestVirt(core.vm.hart.pc);
        let Some(index) = self.tlb.current().and_then(|context| context.fetch(pc.0)) else { return false };
        self.code.decode(core.host, index, pc.page_offset() as usize / 2);
        true
    }

    fn learn_fetch(&mut self, core: &mut Core<'_>) -> Step<bool> {
        let gva = GuestVirt(core.vm.hart.pc);
        let gpa = self.translate(core, gva, Access::Fetch)?;
        let Ok(frame) = core.vm.memory.frame(gpa, Access::Fetch) else { return Ok(false) };
        let (index, stale) = self.code.find_or_make(core.host, frame, core.vm.config.isa);
        match (stale, core.host.address(frame)) {
            (Stale::Nothing, _) => {}
            (Stale::Stores, Some(page)) => self.tlb.forget_stores(page),
            (Stale::Stores, None) | (Stale::All, _) => {
                self.tlb.flush();
                self.tlb.choose(core.vm.id, &core.vm.hart);
            }
        }
        self.tlb.set_fetch(gva, index);
        Ok(true)
    }

    fn learn_data(&mut self, core: &mut Core<'_>, gva: GuestVirt, access: Access) -> Step<bool> {
        let gpa = self.translate(core, gva, access)?;
        let Ok(frame) = core.vm.memory.frame(gpa, access) else { return Ok(false) };
        let Some(page) = core.host.address(frame) else { return Ok(false) };
        if access == Access::Load {
            self.tlb.set_load(gva, page);
            return Ok(true);
        }
        let reserved = core.vm.hart.reservation.and_then(|gpa| core.vm.memory.frame_of(gpa));
        if core.host.watched(frame).is_table() || reserved == Some(frame) {
            return Ok(false);
        }
        self.tlb.set_store(gva, page, self.code.find(frame));
        Ok(true)
    }

    /// Translates as an access does. The tables that were walked are watched from now on.
    fn translate(&mut self, core: &mut Core<'_>, gva: GuestVirt, access: Access) -> Step<GuestPhys> {
        let leaf = core.walk(gva, access)?;
        core.update_entry(gva, access, &leaf)?;
        for (level, entry) in leaf.entries.into_iter().enumerate() {
            // An entry in the boot ROM never changes.
            let Some(Ok(frame)) = entry.map(|entry| core.vm.memory.frame(entry, Access::Load)) else { continue };
            let old = core.host.watched(frame);
            let new = if level == 0 { Watch { root: true, ..old } } else { Watch { last_level: FOLLOWED, ..old } };
            if new != old {
                core.host.watch(frame, new);
            }
            if !old.is_table() {
                // There may be translations for stores to it.
                match core.host.address(frame) {
                    Some(page) => self.tlb.forget_stores(page),
                    None => self.tlb.flush(),
                }
            }
        }
        self.settle(core.host);
        self.tlb.choose(core.vm.id, &core.vm.hart);
        Ok(leaf.gpa)
    }
}

/// The instruction at pc, if its page is known and it ends there.
fn word(tlb: &Tlb, code: &CodeCache, core: &Core<'_>) -> Option<u32> {
    let pc = GuestVirt(core.vm.hart.pc);
    let index = tlb.current()?.fetch(pc.0)?;
    code.word(core.host, index, pc.page_offset() as usize / 2)
}
