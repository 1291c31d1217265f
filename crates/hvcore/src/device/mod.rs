//! The devices of a guest, and which window of guest-physical memory belongs to which.
//!
//! A device is a state struct with `read` and `write` by offset and width. To add one: its file, its window in
//! [`at`], its lines in [`Board`].

pub mod console;
pub mod devicetree;
pub mod finisher;
mod io;
pub mod plic;
pub mod uart;

use crate::addr::GuestPhys;
use console::ConsoleFifo;
use finisher::Finisher;
use guest_abi::memory_map::{FINISHER, PLIC, UART0};
use plic::Plic;
use uart::Uart;

/// A device with a window.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Device {
    /// Test finisher.
    Finisher,
    /// Interrupt controller.
    Plic,
    /// Console.
    Uart,
}

/// The device at an address, and the offset in its window.
#[must_use]
pub fn at(gpa: GuestPhys) -> Option<(Device, u32)> {
    [(Device::Uart, UART0), (Device::Plic, PLIC), (Device::Finisher, FINISHER)]
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
}

impl Board {
    /// A load of `width` (1, 2, 4) bytes.
    pub fn read(&mut self, device: Device, offset: u32, width: u32) -> Result<u32, BusError> {
        let value = match device {
            Device::Uart => self.uart.read(offset, width, &mut self.input),
            Device::Plic => self.plic.read(offset, width),
            Device::Finisher => self.finisher.read(offset, width),
        };
        self.update_lines();
        value
    }

    /// A store of `width` (1, 2, 4) bytes.
    pub fn write(&mut self, device: Device, offset: u32, width: u32, value: u32) -> Result<Effect, BusError> {
        let effect = match device {
            Device::Uart => self.uart.write(offset, width, value),
            Device::Plic => self.plic.write(offset, width, value),
            Device::Finisher => self.finisher.write(offset, width, value),
        };
        self.update_lines();
        effect
    }

    /// Carries the devices' interrupt lines to the interrupt controller.
    pub fn update_lines(&mut self) {
        self.plic.set_line(plic::UART_SOURCE, self.uart.interrupt(&self.input));
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
        self.uart.receives_by_interrupt() && self.plic.would_deliver(plic::UART_SOURCE)
    }
}
