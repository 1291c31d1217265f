//! Interrupts: which are pending, which is taken, when the next can come.

use crate::cpu::csr::sstatus;
use crate::cpu::{Privilege, Vcpu};
use guest_abi::VT_PER_TICK;

/// A supervisor interrupt; all are delegated to S-mode.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Interrupt {
    /// Software (cause 1).
    Software,
    /// Timer (cause 5).
    Timer,
    /// External: the PLIC (cause 9).
    External,
}

/// In the order of priority (privileged specification, §10.1.3).
const PRIORITY: [Interrupt; 3] = [Interrupt::External, Interrupt::Software, Interrupt::Timer];

impl Interrupt {
    /// The number in `scause`, without its top bit.
    #[must_use]
    pub const fn number(self) -> u32 {
        match self {
            Interrupt::Software => 1,
            Interrupt::Timer => 5,
            Interrupt::External => 9,
        }
    }

    /// The bit in `sip` and `sie`.
    #[must_use]
    pub const fn bit(self) -> u32 {
        1 << self.number()
    }

    /// The interrupt's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Interrupt::Software => "software interrupt",
            Interrupt::Timer => "timer interrupt",
            Interrupt::External => "external interrupt",
        }
    }

    /// The interrupt with this number in `scause`.
    #[must_use]
    pub fn from_number(number: u32) -> Option<Interrupt> {
        PRIORITY.into_iter().find(|interrupt| interrupt.number() == number)
    }
}

/// Timers later than this never fire: 292 years of virtual time, and room to add to it.
pub(crate) const LAST_VT: u64 = 1 << 63;

/// The vt at which the timer is due, past or future; `None`: never.
pub(crate) fn timer_vt(hart: &Vcpu) -> Option<u64> {
    hart.csr.stimecmp.checked_mul(VT_PER_TICK).filter(|&vt| vt <= LAST_VT)
}

/// The value of `sip`. `external` is the interrupt controller's line.
pub(crate) fn pending(hart: &Vcpu, external: bool) -> u32 {
    let timer = timer_vt(hart).is_some_and(|due| hart.vt >= due);
    let bit = |interrupt: Interrupt, set: bool| if set { interrupt.bit() } else { 0 };
    bit(Interrupt::Software, hart.csr.software) | bit(Interrupt::Timer, timer) | bit(Interrupt::External, external)
}

/// Whether the hart takes interrupts that `sie` enables (U-mode always does).
fn takes_interrupts(hart: &Vcpu) -> bool {
    hart.privilege == Privilege::User || hart.csr.sstatus & sstatus::SIE != 0
}

/// The interrupt to take before the next instruction.
pub(crate) fn to_take(hart: &Vcpu, external: bool) -> Option<Interrupt> {
    let ready = pending(hart, external) & hart.csr.sie;
    if ready == 0 || !takes_interrupts(hart) {
        return None;
    }
    PRIORITY.into_iter().find(|interrupt| ready & interrupt.bit() != 0)
}

/// The vt of the first instruction before which an interrupt may have to be taken, if nothing but time changes:
/// now, when the timer fires, or `u64::MAX` for never.
pub(crate) fn next_check(hart: &Vcpu, external: bool) -> u64 {
    if to_take(hart, external).is_some() {
        return hart.vt;
    }
    if hart.csr.sie & Interrupt::Timer.bit() == 0 || !takes_interrupts(hart) {
        return u64::MAX;
    }
    timer_vt(hart).unwrap_or(u64::MAX)
}

/// Whether an interrupt that `sie` enables is pending: what ends a `wfi`, whatever `sstatus.SIE` says.
pub(crate) fn wakes(hart: &Vcpu, external: bool) -> bool {
    pending(hart, external) & hart.csr.sie != 0
}

/// The vt at which the timer will end a `wfi`; `None`: it will not.
pub(crate) fn timer_wake(hart: &Vcpu) -> Option<u64> {
    if hart.csr.sie & Interrupt::Timer.bit() == 0 { None } else { timer_vt(hart) }
}
