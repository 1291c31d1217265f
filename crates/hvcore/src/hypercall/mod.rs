//! Hypercalls: `ecall` from S-mode. SBI 2.0 calling convention, numbers in `guest-abi`.

mod base;
pub(crate) mod buffer;
mod console;
mod harts;
mod hvk;
mod legacy;
mod reset;

use crate::cpu::csr::sstatus;
use crate::exit::Stop;
use crate::handler::{After, Context};
use guest_abi::sbi::{Extension, SbiError};

/// Registers of the calling convention.
const A0: u8 = 10;
const A1: u8 = 11;
const A6: u8 = 16;
const A7: u8 = 17;

/// The answer to a call.
pub(crate) enum Reply {
    /// a0 = 0, a1 = value.
    Value(u32),
    /// a0 = error, a1 = 0.
    Error(SbiError),
    /// A legacy call's answer: a0 alone.
    Legacy(u32),
    /// Done; the rest of the slice is given up.
    Yield,
    /// The hart waits for an interrupt, then the call returns 0.
    Wait,
    /// The hart waits for an interrupt, then begins anew.
    Suspend {
        /// Where.
        resume: u32,
        /// What it finds in a1.
        opaque: u32,
    },
    /// The guest ends by its own will.
    Halt(Stop),
    /// The guest ends otherwise.
    Stop(Stop),
    /// The guest reboots.
    Reboot,
}

/// Serves the call at pc: one step.
pub(crate) fn serve(context: &mut Context<'_>) -> After {
    let hart = &context.vm.hart;
    let arguments: [u32; 6] = std::array::from_fn(|i| hart.get(A0 + i as u8));
    let function = hart.get(A6);
    let reply = match Extension::from_id(hart.get(A7)) {
        Some(extension) => call(context, extension, function, arguments),
        None => Reply::Error(SbiError::NotSupported),
    };
    let hart = &mut context.vm.hart;
    hart.vt += 1;
    hart.reservation = None; // the guest trapped, as far as it can know
    let answers: &[(u8, u32)] = match &reply {
        Reply::Value(value) => &[(A0, 0), (A1, *value)],
        Reply::Error(error) => &[(A0, error.code() as u32), (A1, 0)],
        Reply::Legacy(value) => &[(A0, *value)],
        Reply::Yield | Reply::Wait => &[(A0, 0), (A1, 0)],
        Reply::Suspend { .. } | Reply::Halt(_) | Reply::Stop(_) | Reply::Reboot => &[],
    };
    for &(register, value) in answers {
        hart.set(register, value);
    }
    if !answers.is_empty() {
        hart.pc = hart.pc.wrapping_add(4);
    }
    match reply {
        Reply::Value(_) | Reply::Error(_) | Reply::Legacy(_) => {}
        Reply::Wait => context.vm.hart.waiting = true,
        Reply::Suspend { resume, opaque } => {
            // SBI 2.0, table 14: what a hart begins with; the other registers may hold anything.
            let hart = &mut context.vm.hart;
            hart.pc = resume;
            hart.csr.satp = 0;
            hart.csr.sstatus &= !sstatus::SIE;
            hart.set(A0, 0);
            hart.set(A1, opaque);
            hart.waiting = true;
        }
        Reply::Yield => {
            hart.skip_to(context.surroundings.slice_end);
            return After::Yield;
        }
        Reply::Halt(stop) => context.halt(stop),
        Reply::Stop(stop) => context.stop(stop),
        Reply::Reboot => context.reboot(),
    }
    After::Continue
}

/// One exhaustive match: a new extension must be decided here.
fn call(context: &mut Context<'_>, extension: Extension, function: u32, a: [u32; 6]) -> Reply {
    match extension {
        Extension::LegacySetTimer
        | Extension::LegacyConsolePutchar
        | Extension::LegacyConsoleGetchar
        | Extension::LegacyClearIpi
        | Extension::LegacySendIpi
        | Extension::LegacyRemoteFenceI
        | Extension::LegacyRemoteSfenceVma
        | Extension::LegacyRemoteSfenceVmaAsid
        | Extension::LegacyShutdown => legacy::call(context, extension, a),
        Extension::Base => base::call(function, a),
        Extension::Time => harts::time(context, function, a),
        Extension::Ipi => harts::ipi(context, function, a),
        Extension::Rfence => harts::rfence(function, a),
        Extension::Hsm => harts::hsm(context, function, a),
        Extension::Srst => reset::call(function, a),
        Extension::Dbcn => console::dbcn(context, function, a),
        Extension::Hvk => hvk::call(context, function, a),
        Extension::Susp => harts::susp(context, function, a),
    }
}

/// Whether the platform serves an extension: what BASE answers to a probe.
fn available(extension: Extension) -> bool {
    match extension {
        Extension::LegacySetTimer
        | Extension::LegacyConsolePutchar
        | Extension::LegacyConsoleGetchar
        | Extension::LegacyClearIpi
        | Extension::LegacySendIpi
        | Extension::LegacyRemoteFenceI
        | Extension::LegacyRemoteSfenceVma
        | Extension::LegacyRemoteSfenceVmaAsid
        | Extension::LegacyShutdown
        | Extension::Base
        | Extension::Time
        | Extension::Ipi
        | Extension::Rfence
        | Extension::Hsm
        | Extension::Srst
        | Extension::Dbcn
        | Extension::Susp
        | Extension::Hvk => true,
    }
}
