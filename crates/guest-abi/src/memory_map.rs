//! The guest-physical memory map (platform page, "Physical memory map"), compatible with QEMU's
//! `virt` machine.

/// A region of guest-physical memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Region {
    /// The name that assembly and the reference use, in capitals.
    pub name: &'static str,
    /// First guest-physical address.
    pub base: u32,
    /// Size in bytes.
    pub size: u32,
    /// PLIC source of the device in the region, if it has one.
    pub irq: Option<u32>,
    /// What is there.
    pub summary: &'static str,
}

impl Region {
    /// Whether `address` lies in the region.
    #[must_use]
    pub const fn contains(&self, address: u32) -> bool {
        address.wrapping_sub(self.base) < self.size
    }
}

macro_rules! regions {
    ($($(#[$doc:meta])* $name:ident $base:literal $size:literal $irq:expr, $summary:literal;)*) => {
        $($(#[$doc])*
        pub const $name: Region = Region { name: stringify!($name), base: $base, size: $size, irq: $irq, summary: $summary };)*
        /// Every region, in the order of addresses.
        pub const REGIONS: &[Region] = &[$($name),*];
    };
}

regions! {
    /// Boot ROM.
    BOOT_ROM 0x0000_1000 0x0000_f000 None, "boot ROM, read-only: the devicetree of guests with under 1 MiB of RAM";
    /// Test finisher.
    FINISHER 0x0010_0000 0x0000_1000 None, "test finisher: a store of 0x5555 powers off, `code << 16 | 0x3333` with a code, 0x7777 reboots";
    /// Real-time clock.
    RTC 0x0010_1000 0x0000_1000 Some(11), "real-time clock (goldfish)";
    /// Platform-level interrupt controller.
    PLIC 0x0c00_0000 0x0400_0000 None, "PLIC, 95 sources; context 0 = M (inert), context 1 = hart 0 S-mode";
    /// The console.
    UART0 0x1000_0000 0x0000_0100 Some(10), "UART 16550A: the console";
    /// virtio-mmio transports, one each [`VIRTIO_STRIDE`] bytes.
    VIRTIO 0x1000_1000 0x0000_8000 Some(1), "eight virtio-mmio slots of 4 KiB, interrupts 1 to 8";
    /// Windows for shared regions.
    SHM 0x4000_0000 0x4000_0000 Some(12), "windows for shared regions; the interrupt is the doorbell's";
    /// RAM, here with the most that a guest can have.
    RAM 0x8000_0000 0x8000_0000 None, "RAM, at most 2 GiB";
}

/// Bytes from one virtio-mmio slot to the next.
pub const VIRTIO_STRIDE: u32 = 0x1000;
/// Number of virtio-mmio slots; slot N has interrupt 1 + N.
pub const VIRTIO_SLOTS: u32 = 8;
/// Number of PLIC sources, source 0 not counted.
pub const PLIC_SOURCES: u32 = 95;

/// Values to store in the test finisher's one register.
pub mod finisher {
    /// Power off with code 0.
    pub const PASS: u32 = 0x5555;
    /// Power off with the code in the upper half of the word.
    pub const FAIL: u32 = 0x3333;
    /// Reboot.
    pub const RESET: u32 = 0x7777;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_are_in_order_and_disjoint() {
        for pair in REGIONS.windows(2) {
            assert!(u64::from(pair[0].base) + u64::from(pair[0].size) <= u64::from(pair[1].base), "{} and {}", pair[0].name, pair[1].name);
        }
        assert!(UART0.contains(0x1000_00ff) && !UART0.contains(0x1000_0100) && !UART0.contains(0x0fff_ffff));
    }
}
