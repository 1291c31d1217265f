//! What a debugger asks of a guest. None of it is part of the guest's state, and nothing of it is seen by the guest.

use crate::addr::GuestVirt;
use std::collections::BTreeSet;

/// A debugger's wishes for one guest.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct DebugControl {
    breakpoints: BTreeSet<GuestVirt>,
    /// Leave after each step.
    pub single_step: bool,
    /// Leave at an `ebreak` instead of trapping into the guest.
    pub claim_ebreak: bool,
    /// The vt at which a breakpoint was reported: going on from there passes it.
    reported_at: Option<u64>,
}

impl DebugControl {
    /// Leave before the instruction at an address, whenever pc comes there.
    pub fn add_breakpoint(&mut self, at: GuestVirt) {
        self.breakpoints.insert(at);
    }

    /// Takes a breakpoint away; tells whether there was one.
    pub fn remove_breakpoint(&mut self, at: GuestVirt) -> bool {
        self.breakpoints.remove(&at)
    }

    /// Whether any instruction has a breakpoint.
    #[inline]
    pub(crate) fn has_breakpoints(&self) -> bool {
        !self.breakpoints.is_empty()
    }

    /// Whether to leave before the instruction at `pc` at this vt.
    pub(crate) fn breaks_at(&self, pc: u32, vt: u64) -> bool {
        self.reported_at != Some(vt) && self.breakpoints.contains(&GuestVirt(pc))
    }

    pub(crate) fn reported(&mut self, vt: u64) {
        self.reported_at = Some(vt);
    }
}
