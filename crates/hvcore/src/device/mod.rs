//! The devices of a guest, and which window of guest-physical memory belongs to which.
//!
//! A device is a state struct with `read` and `write` by offset and width. To add one: its file, its window in
//! [`at`], its lines in [`Board`].

pub mod console;
pub mod devicetree;
pub mod finisher;
mod io;
pub mod plic;
pub mod rtc;
pub mod uart;
pub mod virtio;

use crate::addr::GuestPhys;
use console::ConsoleFifo;
use finisher::Finisher;
use guest_abi::memory_map::{FINISHER, PLIC, RTC, UART0, VIRTIO};
use plic::Plic;
use rtc::Rtc;
use uart::Uart;

/// A device with a window.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Device {
    /// Test finisher.
    Finisher,
    /// Interrupt controller.
    Plic,
    /// Real-time clock.
    Rtc,
    /// Console.
    Uart,
    /// The eight virtio slots.
    Virtio,
}

/// The device at an address, and the offset in its window.
#[must_use]
pub fn at(gpa: GuestPhys) -> Option<(Device, u32)> {
    [(Device::Uart, UART0), (Device::Plic, PLIC), (Device::Finisher, FINISHER), (Device::Virtio, VIRTIO), (Device::Rtc, RTC)]
        .into_iter()
        .find(|(_, window)| window.contains(gpa.0))
        .map(|(device, window)| (device, gpa.0 - window.base))
}

/// The device has no such register, or not of this width: an access fault into the guest.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BusError;

/// What a store to a device makes the hypervisor do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Effect {
    /// Nothing.
    None,
    /// A byte goes to the console.
    Transmit(u8),
    /// The guest powers off.
    PowerOff {
        /// Its exit code.
        code: u32,
    },
    /// The guest reboots.
    Reboot,
    /// A virtio device has work.
    Virtio(virtio::Notify),
}

/// Every device of one guest, and the interrupt lines between them.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Board {
    /// The console.
    pub uart: Uart,
    /// Console input that the guest has not taken yet; the UART's receive FIFO.
    pub input: ConsoleFifo,
    /// The interrupt controller.
    pub plic: Plic,
    /// The test finisher.
    pub finisher: Finisher,
    /// The real-time clock.
    pub rtc: Rtc,
    /// The virtio devices, by slot.
    pub virtio: Vec<virtio::Slot>,
    /// The guest's last console output went another way than by a virtio console. Input goes where output comes from:
    /// with several consoles, the one that asked last is the one that waits for an answer.
    pub printed_elsewhere: bool,
}

impl Board {
    /// A load of `width` (1, 2, 4) bytes at this vt.
    pub fn read(&mut self, vt: u64, device: Device, offset: u32, width: u32) -> Result<u32, BusError> {
        let value = match device {
            Device::Uart => self.uart.read(offset, width, &mut self.input),
            Device::Plic => self.plic.read(offset, width).inspect(|&value| {
                if let Some(source) = Plic::claimed_by(offset, value) {
                    self.claimed(source);
                }
            }),
            Device::Finisher => self.finisher.read(offset, width),
            Device::Rtc => self.rtc.read(vt, offset, width),
            Device::Virtio => Ok(virtio::read(&self.virtio, offset, width)),
        };
        self.update_lines();
        value
    }

    /// A store of `width` (1, 2, 4) bytes at this vt.
    pub fn write(&mut self, vt: u64, device: Device, offset: u32, width: u32, value: u32) -> Result<Effect, BusError> {
        let effect = match device {
            Device::Uart => self.uart.write(offset, width, value),
            Device::Plic => self.plic.write(offset, width, value),
            Device::Finisher => self.finisher.write(offset, width, value),
            Device::Rtc => self.rtc.write(vt, offset, width, value),
            Device::Virtio => Ok(virtio::write(&mut self.virtio, offset, width, value).map_or(Effect::None, Effect::Virtio)),
        };
        self.update_lines();
        effect
    }

    /// The guest took notice of an interrupt. Lines whose cause only an acknowledgement ends fall until there is something
    /// new: as under QEMU, whose interrupt controller forgets a line that stays high, so that drivers which do not
    /// acknowledge (xv6's UART, and its disk once) are not interrupted for ever.
    fn claimed(&mut self, source: u32) {
        if source == plic::UART_SOURCE {
            self.uart.claimed(&self.input);
        }
        for (number, slot) in self.virtio.iter_mut().enumerate() {
            slot.told |= source == virtio::source(number);
        }
    }

    /// Carries the devices' interrupt lines to the interrupt controller.
    pub fn update_lines(&mut self) {
        self.plic.set_line(plic::UART_SOURCE, self.uart.interrupt(&self.input));
        self.plic.set_line(plic::RTC_SOURCE, self.rtc.interrupt());
        for (number, slot) in self.virtio.iter().enumerate() {
            self.plic.set_line(virtio::source(number), slot.interrupt());
        }
    }

    /// Time has come as far as `vt`.
    pub fn advance(&mut self, vt: u64) {
        if self.rtc.alarm.is_some() {
            self.rtc.advance(vt);
            self.update_lines();
        }
    }

    /// The vt at which a device will raise the external interrupt by itself, if one will.
    #[must_use]
    pub fn next_event(&self) -> Option<u64> {
        self.rtc.alarm_vt().filter(|_| self.plic.would_deliver(plic::RTC_SOURCE))
    }

    /// The devices after a reboot. Console input that waits is not lost.
    #[must_use]
    pub fn reset(&self) -> Board {
        Board { input: self.input.clone(), rtc: Rtc::new(self.rtc.start), virtio: self.virtio.iter().map(virtio::Slot::reset).collect(), ..Board::default() }
    }

    /// The guest waits in `wfi`: input need not be held back from it.
    pub fn guest_waits(&mut self) {
        self.virtio.iter_mut().for_each(|slot| slot.quiet = 0);
    }

    /// A slice of the guest begins.
    pub fn begin_slice(&mut self) {
        self.virtio.iter_mut().for_each(virtio::Slot::pass_slice);
    }

    /// Whether console input would go to a virtio console.
    #[must_use]
    pub fn virtio_takes_input(&self) -> bool {
        !self.printed_elsewhere && self.virtio.iter().any(virtio::Slot::takes_input)
    }

    /// Whether console input waits to be carried to a virtio console.
    #[must_use]
    pub fn virtio_input_waits(&self) -> bool {
        !self.input.waiting().is_empty() && self.virtio_takes_input()
    }

    /// The interrupt controller's line to the hart.
    #[inline]
    #[must_use]
    pub fn external_interrupt(&self) -> bool {
        self.plic.output()
    }

    /// Whether console input, if any came, would raise the external interrupt.
    #[must_use]
    pub fn input_interrupts(&self) -> bool {
        let uart = self.uart.receives_by_interrupt() && self.plic.would_deliver(plic::UART_SOURCE);
        let virtio = |(number, slot): (usize, &virtio::Slot)| slot.takes_input() && self.plic.would_deliver(virtio::source(number));
        uart || !self.printed_elsewhere && self.virtio.iter().enumerate().any(virtio)
    }
}
