//! SRST: power off and reboot (SBI 2.0, chapter 10).

use crate::exit::{PowerOff, Stop};
use crate::hypercall::Reply;
use guest_abi::sbi::{SbiError, srst};

/// Types and reasons from here on are an implementation's or a vendor's own; we have none.
const IMPLEMENTATION_SPECIFIC: u32 = 0xe000_0000;

pub(super) fn call(function: u32, a: [u32; 6]) -> Reply {
    let [kind, reason, ..] = a;
    if function != 0 {
        return Reply::Error(SbiError::NotSupported);
    }
    if kind >= IMPLEMENTATION_SPECIFIC || reason >= IMPLEMENTATION_SPECIFIC {
        return Reply::Error(SbiError::NotSupported);
    }
    match (kind, reason) {
        (srst::TYPE_SHUTDOWN, srst::REASON_NONE) => Reply::Halt(Stop::PowerOff { code: 0, by: PowerOff::SystemReset }),
        (srst::TYPE_SHUTDOWN, srst::REASON_SYSTEM_FAILURE) => Reply::Halt(Stop::PowerOff { code: 1, by: PowerOff::SystemReset }),
        (srst::TYPE_COLD_REBOOT | srst::TYPE_WARM_REBOOT, srst::REASON_NONE | srst::REASON_SYSTEM_FAILURE) => Reply::Reboot,
        _ => Reply::Error(SbiError::InvalidParam),
    }
}
