//! The real-time clock: goldfish (Android's emulator; QEMU's `goldfish_rtc`). Nanoseconds since 1970: what the
//! configuration says at vt 0, and one for each unit of vt since. An alarm is looked for at the start of each turn.

use crate::device::{BusError, Effect};

/// Offsets of the registers.
mod register {
    /// Low word of the time; a load keeps the high word for the next register.
    pub const TIME_LOW: u32 = 0x00;
    /// High word of the time.
    pub const TIME_HIGH: u32 = 0x04;
    /// Low word of the alarm; a store sets the alarm.
    pub const ALARM_LOW: u32 = 0x08;
    /// High word of the alarm.
    pub const ALARM_HIGH: u32 = 0x0c;
    /// Whether the alarm interrupts.
    pub const IRQ_ENABLED: u32 = 0x10;
    /// A store takes the alarm back.
    pub const CLEAR_ALARM: u32 = 0x14;
    /// Whether an alarm is set.
    pub const ALARM_STATUS: u32 = 0x18;
    /// A store ends the interrupt.
    pub const CLEAR_INTERRUPT: u32 = 0x1c;
}

/// The registers.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Rtc {
    /// What the clock shows at vt 0.
    pub start: u64,
    /// The high word that goes with the low word that was read.
    pub time_high: u32,
    /// High word for the next alarm.
    pub alarm_high: u32,
    /// When the alarm goes off, if one is set.
    pub alarm: Option<u64>,
    /// The alarm went off.
    pub pending: bool,
    /// The alarm interrupts.
    pub enabled: bool,
}

impl Rtc {
    /// A clock that shows `start` at vt 0.
    #[must_use]
    pub fn new(start: u64) -> Rtc {
        Rtc { start, ..Rtc::default() }
    }

    /// A load at this vt.
    pub fn read(&mut self, vt: u64, offset: u32, width: u32) -> Result<u32, BusError> {
        let now = self.start.wrapping_add(vt);
        Ok(match word(offset, width)? {
            register::TIME_LOW => {
                self.time_high = (now >> 32) as u32;
                now as u32
            }
            register::TIME_HIGH => self.time_high,
            register::ALARM_LOW => self.alarm.unwrap_or(0) as u32,
            register::ALARM_HIGH => self.alarm_high,
            register::IRQ_ENABLED => u32::from(self.enabled),
            register::ALARM_STATUS => u32::from(self.alarm.is_some()),
            _ => 0,
        })
    }

    /// A store at this vt. Setting the time moves the clock.
    pub fn write(&mut self, vt: u64, offset: u32, width: u32, value: u32) -> Result<Effect, BusError> {
        let now = self.start.wrapping_add(vt);
        match word(offset, width)? {
            register::TIME_LOW => self.start = (now >> 32 << 32 | u64::from(value)).wrapping_sub(vt),
            register::TIME_HIGH => self.start = (now & 0xffff_ffff | u64::from(value) << 32).wrapping_sub(vt),
            register::ALARM_LOW => {
                self.alarm = Some(u64::from(self.alarm_high) << 32 | u64::from(value));
                self.advance(vt);
            }
            register::ALARM_HIGH => self.alarm_high = value,
            register::IRQ_ENABLED => self.enabled = value & 1 == 1,
            register::CLEAR_ALARM => self.alarm = None,
            register::CLEAR_INTERRUPT => self.pending = false,
            _ => {}
        }
        Ok(Effect::None)
    }

    /// The alarm goes off if its time has come.
    pub fn advance(&mut self, vt: u64) {
        if self.alarm.is_some_and(|alarm| alarm <= self.start.wrapping_add(vt)) {
            self.alarm = None;
            self.pending = true;
        }
    }

    /// The vt at which the alarm will raise the interrupt line, if it will.
    #[must_use]
    pub fn alarm_vt(&self) -> Option<u64> {
        self.alarm.filter(|_| self.enabled).map(|alarm| alarm.saturating_sub(self.start))
    }

    /// The interrupt line.
    #[must_use]
    pub fn interrupt(&self) -> bool {
        self.pending && self.enabled
    }
}

/// Registers are words.
fn word(offset: u32, width: u32) -> Result<u32, BusError> {
    if width == 4 && offset.is_multiple_of(4) { Ok(offset) } else { Err(BusError) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_runs_with_vt_can_be_set_and_has_an_alarm() {
        let mut rtc = Rtc::new(7 << 32 | 5);
        assert_eq!((rtc.read(u64::from(u32::MAX), 0, 4), rtc.read(0, 4, 4)), (Ok(4), Ok(8)), "the high word goes with the low one");
        rtc.write(100, 0, 4, 1000).expect("low");
        rtc.write(100, 4, 4, 9).expect("high");
        assert_eq!((rtc.read(150, 0, 4), rtc.read(150, 4, 4)), (Ok(1050), Ok(9)));
        rtc.write(150, 0x0c, 4, 9).expect("alarm");
        rtc.write(150, 0x08, 4, 2000).expect("alarm");
        rtc.write(150, 0x10, 4, 1).expect("enable");
        assert_eq!((rtc.read(150, 0x18, 4), rtc.alarm_vt(), rtc.interrupt()), (Ok(1), Some(1100), false));
        rtc.advance(1099);
        assert!(!rtc.interrupt());
        rtc.advance(1100);
        assert!(rtc.interrupt());
        assert_eq!(rtc.read(1100, 0x18, 4), Ok(0));
        rtc.write(1100, 0x1c, 4, 0).expect("clear");
        assert!(!rtc.interrupt());
        assert_eq!((rtc.read(0, 0, 1), rtc.write(0, 2, 4, 0)), (Err(BusError), Err(BusError)));
    }
}
