//! The state of one hart.

use crate::addr::{GuestPhys, GuestVirt};
use crate::config::VirtualSpace;
use crate::cpu::csr::{Csrs, sstatus};
use crate::cpu::trap::Series;
use crate::memory::sv32::Regime;
use rv32::{Ext, Isa};

/// Privilege of the guest: VS and VU to the hypervisor.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Privilege {
    /// U-mode.
    User,
    /// S-mode.
    Supervisor,
}

/// One hart, as plain data.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Vcpu {
    /// x0 to x31; x0 is always 0.
    pub x: [u32; 32],
    /// Address of the next instruction.
    pub pc: u32,
    /// Privilege now.
    pub privilege: Privilege,
    /// The supervisor's CSRs.
    pub csr: Csrs,
    /// Guest-physical address of the word that `lr.w` reserved.
    pub reservation: Option<GuestPhys>,
    /// Instructions retired.
    pub instret: u64,
    /// Virtual time, in steps: taken and idled away.
    pub vt: u64,
    /// The part of `vt` that was idled away, so that `vt - skipped` steps were done.
    pub skipped: u64,
    /// In `wfi` (the instruction has retired) until an enabled interrupt is pending.
    pub waiting: bool,
    /// Traps taken since an instruction retired; what crash detection looks at.
    pub(crate) series: Option<Series>,
}

impl Vcpu {
    /// A hart at reset: S-mode, interrupts and translation off, the registers that the platform page names set.
    #[must_use]
    pub fn new(entry: GuestPhys, devicetree: GuestPhys, stack: u32) -> Vcpu {
        let mut x = [0; 32];
        x[2] = stack;
        x[11] = devicetree.0;
        Vcpu {
            x,
            pc: entry.0,
            privilege: Privilege::Supervisor,
            csr: Csrs::default(),
            reservation: None,
            instret: 0,
            vt: 0,
            skipped: 0,
            waiting: false,
            series: None,
        }
    }

    /// The register `number`, 0 to 31.
    #[inline]
    #[must_use]
    pub fn get(&self, number: u8) -> u32 {
        self.x[usize::from(number & 31)]
    }

    /// Sets a register; x0 stays 0.
    #[inline]
    pub fn set(&mut self, number: u8, value: u32) {
        self.x[usize::from(number & 31)] = value;
        self.x[0] = 0;
    }

    /// Steps done: instructions retired and traps taken.
    #[must_use]
    pub fn steps(&self) -> u64 {
        self.vt - self.skipped
    }

    /// An instruction retires and execution goes on at `next`.
    #[inline]
    pub(crate) fn retire(&mut self, next: u32) {
        self.pc = next;
        self.vt += 1;
        self.instret += 1;
    }

    /// Idle time passes until `vt` is `until`; never backwards.
    pub(crate) fn skip_to(&mut self, until: u64) {
        let idle = until.saturating_sub(self.vt);
        self.vt += idle;
        self.skipped += idle;
    }

    /// A store changed bytes of the word at `gpa`: a reservation on it is gone.
    #[inline]
    pub(crate) fn break_reservation(&mut self, gpa: GuestPhys) {
        if self.reservation == Some(GuestPhys(gpa.0 & !3)) {
            self.reservation = None;
        }
    }

    /// What decides how this hart's accesses translate now.
    #[inline]
    pub(crate) fn regime(&self, isa: Isa, space: VirtualSpace) -> Regime {
        Regime {
            satp: self.csr.satp,
            privilege: self.privilege,
            sum: self.csr.sstatus & sstatus::SUM != 0,
            mxr: self.csr.sstatus & sstatus::MXR != 0,
            hardware_ad: isa.contains(Ext::Svadu),
            space,
        }
    }

    /// The next instruction's address.
    #[must_use]
    pub fn pc(&self) -> GuestVirt {
        GuestVirt(self.pc)
    }
}
