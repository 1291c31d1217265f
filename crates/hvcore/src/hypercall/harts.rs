//! TIME, IPI, RFENCE and HSM for the one hart that there is (SBI 2.0, chapters 6 to 9).

use crate::addr::GuestPhys;
use crate::exit::Stop;
use crate::handler::Context;
use crate::hypercall::Reply;
use guest_abi::sbi::SbiError;

/// HSM: the hart runs.
const STARTED: u32 = 0;
/// HSM suspend types: the hart keeps its state, or begins anew.
const RETENTIVE: u32 = 0;
const NON_RETENTIVE: u32 = 0x8000_0000;
/// SUSP's one sleep type.
const SUSPEND_TO_RAM: u32 = 0;

pub(super) fn time(context: &mut Context<'_>, function: u32, a: [u32; 6]) -> Reply {
    if function != 0 {
        return Reply::Error(SbiError::NotSupported);
    }
    context.set_timer(a[0], a[1]);
    Reply::Value(0)
}

pub(super) fn ipi(context: &mut Context<'_>, function: u32, a: [u32; 6]) -> Reply {
    if function != 0 {
        return Reply::Error(SbiError::NotSupported);
    }
    match selects_hart_0(a[0], a[1]) {
        Ok(selected) => {
            context.vm.hart.csr.software |= selected;
            Reply::Value(0)
        }
        Err(error) => Reply::Error(error),
    }
}

/// Nothing is ever stale on this machine, so fences only check their harts. There are no guests of guests.
pub(super) fn rfence(function: u32, a: [u32; 6]) -> Reply {
    match (function, selects_hart_0(a[0], a[1])) {
        (0..=2, Ok(_)) => Reply::Value(0),
        (0..=2, Err(error)) => Reply::Error(error),
        _ => Reply::Error(SbiError::NotSupported),
    }
}

pub(super) fn hsm(context: &Context<'_>, function: u32, a: [u32; 6]) -> Reply {
    match (function, a[0]) {
        (3, RETENTIVE) => Reply::Wait,
        (3, NON_RETENTIVE) => suspend(context, a[1], a[2]),
        (3, _) => Reply::Error(SbiError::InvalidParam),
        (0, 0) => Reply::Error(SbiError::AlreadyAvailable),
        (1, _) => Reply::Halt(Stop::Halt), // the last hart stops: nothing can start it again
        (2, 0) => Reply::Value(STARTED),
        (0 | 2, _) => Reply::Error(SbiError::InvalidParam),
        _ => Reply::Error(SbiError::NotSupported),
    }
}

/// SUSP (SBI 2.0, chapter 13): of the system's sleeps there is the one to memory.
pub(super) fn susp(context: &Context<'_>, function: u32, a: [u32; 6]) -> Reply {
    match (function, a[0]) {
        (0, SUSPEND_TO_RAM) => suspend(context, a[1], a[2]),
        (0, _) => Reply::Error(SbiError::InvalidParam),
        _ => Reply::Error(SbiError::NotSupported),
    }
}

/// The hart sleeps until an interrupt that `sie` enables is pending, and begins anew at `resume`.
fn suspend(context: &Context<'_>, resume: u32, opaque: u32) -> Reply {
    if resume & 1 == 0 && context.vm.memory.is_ram(GuestPhys(resume)) {
        Reply::Suspend { resume, opaque }
    } else {
        Reply::Error(SbiError::InvalidAddress)
    }
}

/// Whether a hart mask selects hart 0; an error if it selects any other (SBI 2.0, §3.1).
fn selects_hart_0(mask: u32, base: u32) -> Result<bool, SbiError> {
    match (base, mask) {
        (u32::MAX, _) | (0, 1) => Ok(true),
        (_, 0) => Ok(false),
        _ => Err(SbiError::InvalidParam),
    }
}

impl Context<'_> {
    /// The timer fires when `time` is at least this; that it was pending is over.
    pub fn set_timer(&mut self, low: u32, high: u32) {
        self.vm.hart.csr.stimecmp = u64::from(high) << 32 | u64::from(low);
    }
}
