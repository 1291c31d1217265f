//! The console: a 16550A (National Semiconductor PC16550D; QEMU's `serial`). The transmitter is always empty, the
//! receiver is [`ConsoleFifo`]. Clearing the receive FIFO gives its bytes back to the line rather than dropping
//! them, and the line is quiet for a while: drivers read and drop what is there when they begin, and a driver's
//! start-up never loses input.

use crate::device::console::ConsoleFifo;
use crate::device::{BusError, Effect};

/// Offsets of the registers.
mod register {
    /// Receive buffer and transmit holding register; low divisor.
    pub const DATA: u32 = 0;
    /// Interrupt enable; high divisor.
    pub const IER: u32 = 1;
    /// Interrupt identification and FIFO control.
    pub const IIR_FCR: u32 = 2;
    /// Line control.
    pub const LCR: u32 = 3;
    /// Modem control.
    pub const MCR: u32 = 4;
    /// Line status.
    pub const LSR: u32 = 5;
    /// Modem status.
    pub const MSR: u32 = 6;
    /// Scratch.
    pub const SCR: u32 = 7;
}

const IER_RECEIVE: u8 = 1;
const IER_TRANSMIT: u8 = 2;
const IIR_NONE: u8 = 1;
const IIR_TRANSMIT: u8 = 2;
const IIR_RECEIVE: u8 = 4;
const IIR_TIMEOUT: u8 = 0xc;
const IIR_FIFO: u8 = 0xc0;
const FCR_ENABLE: u8 = 1;
const FCR_CLEAR_RECEIVER: u8 = 2;
const LCR_DIVISOR: u8 = 0x80;
const MCR_LOOP: u8 = 0x10;
const LSR_DATA: u8 = 1;
const LSR_TRANSMITTER_EMPTY: u8 = 0x60;
const MSR_CONNECTED: u8 = 0xb0;

/// How often a driver that polls finds nothing after it has cleared the receive FIFO.
const QUIET: u8 = 16;

/// The registers.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Uart {
    /// Interrupt enable.
    pub ier: u8,
    /// FIFO control: bit 0 and the trigger level.
    pub fcr: u8,
    /// Line control.
    pub lcr: u8,
    /// Modem control.
    pub mcr: u8,
    /// Scratch.
    pub scr: u8,
    /// Divisor; without effect.
    pub divisor: [u8; 2],
    /// The transmitter became empty and the guest has not been told.
    pub transmit_pending: bool,
    /// It has been: the interrupt for it was claimed. The identification still says why it came.
    pub transmit_told: bool,
    /// In loop mode: the byte sent and not yet received.
    pub looped: Option<u8>,
    /// The receive FIFO was cleared: so many times more the line status says that nothing was received. Enabling the
    /// receive interrupt ends it.
    pub quiet: u8,
}

impl Uart {
    /// A load; registers are bytes, wider loads are zero-extended.
    pub fn read(&mut self, offset: u32, _width: u32, input: &mut ConsoleFifo) -> Result<u32, BusError> {
        let divisor = self.lcr & LCR_DIVISOR != 0;
        let byte = match offset {
            register::DATA if divisor => self.divisor[0],
            register::DATA if self.loops() => self.looped.take().unwrap_or(0),
            register::DATA if self.quiet > 0 => 0,
            register::DATA => input.take_byte().unwrap_or(0),
            register::IER if divisor => self.divisor[1],
            register::IER => self.ier,
            register::IIR_FCR => self.identify(input),
            register::LCR => self.lcr,
            register::MCR => self.mcr,
            register::LSR => {
                let data = if self.received(input) > 0 { LSR_DATA } else { 0 };
                self.quiet = self.quiet.saturating_sub(1);
                LSR_TRANSMITTER_EMPTY | data
            }
            register::MSR => self.modem_status(),
            register::SCR => self.scr,
            _ => return Err(BusError),
        };
        Ok(u32::from(byte))
    }

    /// A store; only the low byte counts.
    pub fn write(&mut self, offset: u32, _width: u32, value: u32) -> Result<Effect, BusError> {
        let divisor = self.lcr & LCR_DIVISOR != 0;
        let byte = value as u8;
        match offset {
            register::DATA if divisor => self.divisor[0] = byte,
            register::DATA => {
                self.transmitter_is_empty(); // the byte is gone at once
                if self.loops() {
                    self.looped = Some(byte);
                } else {
                    return Ok(Effect::Transmit(byte));
                }
            }
            register::IER if divisor => self.divisor[1] = byte,
            register::IER => {
                let newly = byte & !self.ier & IER_TRANSMIT != 0;
                self.ier = byte & 0xf;
                if newly {
                    self.transmitter_is_empty();
                }
                if self.ier & IER_RECEIVE != 0 {
                    self.quiet = 0;
                }
            }
            register::IIR_FCR => {
                self.fcr = byte & 0xc1;
                if byte & FCR_CLEAR_RECEIVER != 0 && self.ier & IER_RECEIVE == 0 {
                    self.quiet = QUIET;
                }
            }
            register::LCR => self.lcr = byte,
            register::MCR => {
                self.mcr = byte & 0x1f;
                self.looped = self.looped.filter(|_| byte & MCR_LOOP != 0);
            }
            register::LSR | register::MSR => {}
            register::SCR => self.scr = byte,
            _ => return Err(BusError),
        }
        Ok(Effect::None)
    }

    /// The interrupt line.
    #[must_use]
    pub fn interrupt(&self, input: &ConsoleFifo) -> bool {
        match self.cause(input) {
            IIR_NONE => false,
            IIR_TRANSMIT => !self.transmit_told,
            _ => true,
        }
    }

    /// The interrupt was claimed.
    pub(super) fn claimed(&mut self, input: &ConsoleFifo) {
        self.transmit_told |= self.cause(input) == IIR_TRANSMIT;
    }

    fn transmitter_is_empty(&mut self) {
        self.transmit_pending = true;
        self.transmit_told = false;
    }

    /// Whether a byte received raises the interrupt line.
    #[must_use]
    pub fn receives_by_interrupt(&self) -> bool {
        self.ier & IER_RECEIVE != 0 && !self.loops()
    }

    fn loops(&self) -> bool {
        self.mcr & MCR_LOOP != 0
    }

    fn received(&self, input: &ConsoleFifo) -> usize {
        match self.loops() {
            true => usize::from(self.looped.is_some()),
            false if self.quiet > 0 => 0,
            false => input.waiting().len(),
        }
    }

    fn cause(&self, input: &ConsoleFifo) -> u8 {
        let received = self.received(input);
        if self.ier & IER_RECEIVE != 0 && received > 0 {
            // With fewer bytes than the trigger level a 16550 reports a character time-out instead.
            let trigger = [1, 4, 8, 14][usize::from(self.fcr >> 6)];
            if self.fcr & FCR_ENABLE != 0 && received < trigger { IIR_TIMEOUT } else { IIR_RECEIVE }
        } else if self.ier & IER_TRANSMIT != 0 && self.transmit_pending {
            IIR_TRANSMIT
        } else {
            IIR_NONE
        }
    }

    /// Reading the register tells the guest that the transmitter is empty, if that is what it reports.
    fn identify(&mut self, input: &ConsoleFifo) -> u8 {
        let cause = self.cause(input);
        if cause == IIR_TRANSMIT {
            (self.transmit_pending, self.transmit_told) = (false, false);
        }
        cause | if self.fcr & FCR_ENABLE != 0 { IIR_FIFO } else { 0 }
    }

    /// In loop mode the modem lines are those of the modem control register, crossed over.
    fn modem_status(&self) -> u8 {
        if !self.loops() {
            return MSR_CONNECTED;
        }
        let line = |mcr_bit: u8, msr_bit: u8| if self.mcr & mcr_bit != 0 { msr_bit } else { 0 };
        line(1, 0x20) | line(2, 0x10) | line(4, 0x40) | line(8, 0x80)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn polling_driver() {
        let (mut uart, mut input) = (Uart::default(), ConsoleFifo::default());
        assert_eq!(uart.read(5, 1, &mut input), Ok(0x60));
        assert_eq!(uart.write(0, 1, 0x141), Ok(Effect::Transmit(b'A')));
        input.push(b"xy");
        assert_eq!(uart.read(5, 1, &mut input), Ok(0x61));
        assert_eq!((uart.read(0, 1, &mut input), uart.read(0, 4, &mut input)), (Ok(u32::from(b'x')), Ok(u32::from(b'y'))));
        assert_eq!((uart.read(0, 1, &mut input), uart.read(5, 1, &mut input)), (Ok(0), Ok(0x60)));
        assert_eq!((uart.read(8, 1, &mut input), uart.write(8, 1, 0)), (Err(BusError), Err(BusError)));
    }

    #[test]
    fn interrupts_are_identified_by_priority_and_cleared_as_a_16550_does() {
        let (mut uart, mut input) = (Uart::default(), ConsoleFifo::default());
        assert_eq!(uart.read(2, 1, &mut input), Ok(1));
        uart.write(1, 1, 3).expect("IER");
        assert!(uart.interrupt(&input), "enabling the transmit interrupt with an empty transmitter raises it");
        input.push(b"z");
        assert_eq!(uart.read(2, 1, &mut input), Ok(4), "receive comes first");
        uart.read(0, 1, &mut input).expect("data");
        assert_eq!(uart.read(2, 1, &mut input), Ok(2));
        assert_eq!(uart.read(2, 1, &mut input), Ok(1), "reading the identification cleared it");
        assert!(!uart.interrupt(&input));
        uart.write(0, 1, 0).expect("data");
        assert!(uart.interrupt(&input), "each byte sent empties the transmitter again");
        uart.write(1, 1, 1).expect("IER");
        uart.write(2, 1, 0xc7).expect("FCR");
        input.push(&[1; 13]);
        assert_eq!(uart.read(2, 1, &mut input), Ok(0xcc), "13 bytes of a trigger level of 14: time-out");
        input.push(&[1]);
        assert_eq!(uart.read(2, 1, &mut input), Ok(0xc4));
    }

    #[test]
    fn an_empty_transmitter_interrupts_once_though_the_driver_never_asks_why() {
        let (mut uart, mut input) = (Uart::default(), ConsoleFifo::default());
        uart.write(1, 1, 3).expect("IER");
        input.push(b"x");
        uart.claimed(&input);
        assert!(uart.interrupt(&input), "for the byte");
        uart.read(0, 1, &mut input).expect("data");
        assert!(uart.interrupt(&input), "for the transmitter");
        uart.claimed(&input);
        assert!(!uart.interrupt(&input));
        uart.write(0, 1, 0).expect("data");
        assert!(uart.interrupt(&input), "it is empty again");
        uart.claimed(&input);
        assert_eq!((uart.read(2, 1, &mut input), uart.read(2, 1, &mut input)), (Ok(2), Ok(1)), "the driver that asks is answered");
        assert_eq!((uart.transmit_pending, uart.transmit_told), (false, false));
    }

    #[test]
    fn what_waits_when_a_driver_begins_is_not_lost() {
        // As Linux begins: clear the FIFOs, read what is there and drop it, enable the receive interrupt.
        let (mut uart, mut input) = (Uart::default(), ConsoleFifo::default());
        input.push(b"early");
        for byte in [1, 7, 0] {
            uart.write(2, 1, byte).expect("FCR");
        }
        for _ in 0..2 {
            assert_eq!((uart.read(5, 1, &mut input), uart.read(0, 1, &mut input)), (Ok(0x60), Ok(0)));
        }
        uart.write(1, 1, 5).expect("IER");
        assert!(uart.interrupt(&input));
        assert_eq!((uart.read(5, 1, &mut input), uart.read(0, 1, &mut input)), (Ok(0x61), Ok(u32::from(b'e'))));
        // Cleared while the interrupt is enabled, and by a driver that polls.
        uart.write(2, 1, 7).expect("FCR");
        assert_eq!((uart.read(5, 1, &mut input), uart.read(0, 1, &mut input)), (Ok(0x61), Ok(u32::from(b'a'))));
        uart.write(1, 1, 0).expect("IER");
        uart.write(2, 1, 7).expect("FCR");
        let polls = (0..100).take_while(|_| uart.read(5, 1, &mut input) == Ok(0x60)).count();
        assert_eq!((polls, uart.read(0, 1, &mut input)), (usize::from(QUIET), Ok(u32::from(b'r'))));
    }

    #[test]
    fn loop_mode_scratch_and_divisor() {
        let (mut uart, mut input) = (Uart::default(), ConsoleFifo::default());
        uart.write(4, 1, 0x1a).expect("MCR");
        assert_eq!(uart.read(6, 1, &mut input), Ok(0x90), "what Linux looks for");
        assert_eq!(uart.write(0, 1, 0x55), Ok(Effect::None));
        assert_eq!((uart.read(5, 1, &mut input), uart.read(0, 1, &mut input)), (Ok(0x61), Ok(0x55)));
        uart.write(4, 1, 0).expect("MCR");
        assert_eq!(uart.read(6, 1, &mut input), Ok(0xb0));
        uart.write(7, 1, 0xa5).expect("SCR");
        uart.write(3, 1, 0x83).expect("LCR");
        uart.write(0, 1, 1).expect("DLL");
        uart.write(1, 1, 2).expect("DLM");
        assert_eq!((uart.read(0, 1, &mut input), uart.read(1, 1, &mut input), uart.ier), (Ok(1), Ok(2), 0));
        assert_eq!(uart.read(7, 1, &mut input), Ok(0xa5));
    }
}
