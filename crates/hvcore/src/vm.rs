//! One guest: everything that it is.

use crate::addr::{GuestPhys, GuestVirt};
use crate::config::VmConfig;
use crate::cpu::{Privilege, Vcpu};
use crate::debug::DebugControl;
use crate::device::Board;
use crate::exit::{ExitCounts, Stop};
use crate::memory::Access;
use crate::memory::guest::GuestMemory;
use crate::memory::host::HostMemory;
use crate::memory::sv32::{self, Regime};
use guest_abi::PAGE_SIZE;
use rand_chacha::ChaCha20Rng;
use std::fmt;

/// A guest's number, counted from 0 in the order in which they were added.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct VmId(pub usize);

impl fmt::Display for VmId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// What the host did for a guest's memory: no part of the guest's state.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct HostEvents {
    /// Pages that came back from swap.
    pub reloads: u64,
    /// Pages that it shared with other guests and got for itself.
    pub copies: u64,
    /// The vt at which a page last came back, and how many did then.
    pub(crate) last_reload: u64,
    pub(crate) at_once: u32,
}

/// One guest. Nothing of it is reachable from another.
#[derive(Debug)]
pub struct Vm {
    pub(crate) id: VmId,
    pub(crate) config: VmConfig,
    pub(crate) hart: Vcpu,
    pub(crate) memory: GuestMemory,
    pub(crate) board: Board,
    pub(crate) counts: ExitCounts,
    pub(crate) stop: Option<Stop>,
    pub(crate) reboots: u32,
    pub(crate) random: ChaCha20Rng,
    /// The host's wishes, no part of the guest's state.
    pub(crate) debug: DebugControl,
    /// In its turn the guest asked for console input, and there was none yet. Only how the host waits depends on it:
    /// no part of the guest's state.
    pub(crate) looked_in_vain: bool,
    pub(crate) host_events: HostEvents,
}

impl Vm {
    /// The guest's number.
    #[must_use]
    pub fn id(&self) -> VmId {
        self.id
    }

    /// The guest's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.config.name
    }

    /// What the guest was made with.
    #[must_use]
    pub fn config(&self) -> &VmConfig {
        &self.config
    }

    /// The hart.
    #[must_use]
    pub fn vcpu(&self) -> &Vcpu {
        &self.hart
    }

    /// RAM, EPT, image, devicetree.
    #[must_use]
    pub fn memory(&self) -> &GuestMemory {
        &self.memory
    }

    /// The devices.
    #[must_use]
    pub fn board(&self) -> &Board {
        &self.board
    }

    /// Exits so far, by reason.
    #[must_use]
    pub fn counts(&self) -> &ExitCounts {
        &self.counts
    }

    /// Why the guest stopped for good; `None`: it has not.
    #[must_use]
    pub fn stop(&self) -> Option<&Stop> {
        self.stop.as_ref()
    }

    /// Steps since the start: instructions retired and traps taken.
    #[must_use]
    pub fn steps(&self) -> u64 {
        self.hart.steps()
    }

    /// Instructions retired since the start.
    #[must_use]
    pub fn instret(&self) -> u64 {
        self.hart.instret
    }

    /// Virtual time in steps, idle time included.
    #[must_use]
    pub fn vt(&self) -> u64 {
        self.hart.vt
    }

    /// What the host did for its memory.
    #[must_use]
    pub fn host_events(&self) -> HostEvents {
        self.host_events
    }

    /// Reboots so far.
    #[must_use]
    pub fn reboots(&self) -> u32 {
        self.reboots
    }

    /// Where a virtual address leads now, without any effect; permissions are not looked at.
    #[must_use]
    pub fn translate(&self, host: &HostMemory, gva: GuestVirt) -> Option<GuestPhys> {
        let regime = Regime {
            privilege: Privilege::Supervisor,
            sum: true,
            mxr: true,
            hardware_ad: true,
            ..self.hart.regime(self.config.isa, self.config.virtual_space)
        };
        let read = |gpa: GuestPhys| {
            let mut word = [0; 4];
            if self.memory.peek(host, gpa, &mut word) == 4 { Ok(u32::from_le_bytes(word)) } else { Err(()) }
        };
        sv32::walk(&regime, gva, Access::Load, read).ok().map(|leaf| leaf.gpa)
    }

    /// Reads guest-virtual memory as it translates now, without any effect: never a device. `false`: some byte is
    /// not memory; the buffer is then worthless.
    pub(crate) fn peek(&self, host: &HostMemory, gva: GuestVirt, buffer: &mut [u8]) -> bool {
        let mut done = 0;
        while done < buffer.len() {
            let at = gva.wrapping_add(done as u32);
            let length = (buffer.len() - done).min((PAGE_SIZE - at.page_offset()) as usize);
            let Some(gpa) = self.translate(host, at) else { return false };
            if self.memory.peek(host, gpa, &mut buffer[done..done + length]) != length {
                return false;
            }
            done += length;
        }
        true
    }

    /// The bits of the instruction at an address: 16 or 32 of them.
    pub(crate) fn peek_instruction(&self, host: &HostMemory, gva: GuestVirt) -> Option<u32> {
        let mut low = [0; 2];
        let mut high = [0; 2];
        if !self.peek(host, gva, &mut low) {
            return None;
        }
        let low = u32::from(u16::from_le_bytes(low));
        if low & 3 != 3 {
            return Some(low);
        }
        self.peek(host, gva.wrapping_add(2), &mut high).then(|| u32::from(u16::from_le_bytes(high)) << 16 | low)
    }
}
