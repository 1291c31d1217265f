//! The legacy calls (SBI 2.0, chapter 5): one function each, the answer in a0 alone.

use crate::exit::{PowerOff, Stop};
use crate::handler::Context;
use crate::hypercall::Reply;
use crate::hypercall::buffer::Failure;
use crate::memory::Access;
use guest_abi::sbi::{Extension, SbiError};

pub(super) fn call(context: &mut Context<'_>, extension: Extension, a: [u32; 6]) -> Reply {
    match extension {
        Extension::LegacySetTimer => context.set_timer(a[0], a[1]),
        Extension::LegacyConsolePutchar => context.console_write(&[a[0] as u8]),
        Extension::LegacyConsoleGetchar => {
            let mut byte = [0];
            let count = context.console_read(&mut byte);
            context.vm.board.update_lines();
            return Reply::Legacy(if count == 1 { u32::from(byte[0]) } else { u32::MAX });
        }
        Extension::LegacyClearIpi => context.vm.hart.csr.software = false,
        Extension::LegacySendIpi => match hart_mask(context, a[0]) {
            Ok(mask) => context.vm.hart.csr.software |= mask & 1 == 1,
            Err(failure) => return bad_mask(failure),
        },
        Extension::LegacyRemoteFenceI | Extension::LegacyRemoteSfenceVma | Extension::LegacyRemoteSfenceVmaAsid => {
            if let Err(failure) = hart_mask(context, a[0]) {
                return bad_mask(failure);
            }
        }
        Extension::LegacyShutdown => return Reply::Halt(Stop::PowerOff { code: 0, by: PowerOff::LegacyShutdown }),
        Extension::Base
        | Extension::Hsm
        | Extension::Ipi
        | Extension::Hvk
        | Extension::Dbcn
        | Extension::Rfence
        | Extension::Srst
        | Extension::Susp
        | Extension::Time => return Reply::Error(SbiError::NotSupported),
    }
    Reply::Legacy(0)
}

/// The mask of harts at a virtual address; a null pointer means all.
fn hart_mask(context: &mut Context<'_>, pointer: u32) -> Result<u32, Failure> {
    if pointer == 0 {
        return Ok(1);
    }
    context.find_virtual(pointer, 4, Access::Load)?;
    context.gather()?;
    Ok(context.scratch.bytes.iter().rev().fold(0, |value, &byte| value << 8 | u32::from(byte)))
}

fn bad_mask(failure: Failure) -> Reply {
    match failure {
        Failure::BadAddress => Reply::Legacy(SbiError::InvalidAddress.code() as u32),
        Failure::Stop(stop) => Reply::Stop(stop),
    }
}
