//! The test finisher: one register whose stores power the guest off or reboot it. Other values are ignored.

use crate::device::{BusError, Effect};
use guest_abi::memory_map::finisher::{FAIL, PASS, RESET};

/// The device; it has no state.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Finisher;

impl Finisher {
    /// Reads 0.
    pub fn read(&mut self, offset: u32, width: u32) -> Result<u32, BusError> {
        register(offset, width).map(|()| 0)
    }

    /// The low half of the value chooses; a failure's code is in the high half.
    pub fn write(&mut self, offset: u32, width: u32, value: u32) -> Result<Effect, BusError> {
        register(offset, width)?;
        Ok(match value & 0xffff {
            PASS => Effect::PowerOff { code: 0 },
            FAIL => Effect::PowerOff { code: value >> 16 },
            RESET => Effect::Reboot,
            _ => Effect::None,
        })
    }
}

/// Only the first word is a register, and bytes of it are not.
fn register(offset: u32, width: u32) -> Result<(), BusError> {
    if offset == 0 && width >= 2 { Ok(()) } else { Err(BusError) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stores_power_off_reboot_or_do_nothing() {
        let mut finisher = Finisher;
        assert_eq!(finisher.write(0, 4, 0x5555), Ok(Effect::PowerOff { code: 0 }));
        assert_eq!(finisher.write(0, 2, 0x5555), Ok(Effect::PowerOff { code: 0 }));
        assert_eq!(finisher.write(0, 4, 7 << 16 | 0x3333), Ok(Effect::PowerOff { code: 7 }));
        assert_eq!(finisher.write(0, 4, 0x7777), Ok(Effect::Reboot));
        assert_eq!(finisher.write(0, 4, 1), Ok(Effect::None));
        assert_eq!(finisher.write(0, 1, 0x55), Err(BusError));
        assert_eq!(finisher.write(4, 4, 0x5555), Err(BusError));
        assert_eq!(finisher.read(0, 4), Ok(0));
    }
}
