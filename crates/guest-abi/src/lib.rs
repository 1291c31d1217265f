//! The contract between a guest and the hypervisor, as tables.
//!
//! The guest platform (`docs/reference/platform.md`) in numbers: the memory map, the SBI and
//! `HVK` hypercalls, the reasons of VM exits, the note in a loadable image, and the exit statuses
//! of `hvrun`. Each fact stands in one row; the hypervisor dispatches on it, [`header`] writes it
//! out for assembly (`abi.s`) and C (`hv.h`), and [`reference`] for the documentation.
//!
//! How either side implements a row is not known here.

pub mod exit;
pub mod header;
pub mod image;
pub mod memory_map;
pub mod reference;
pub mod sbi;

pub use exit::{ExitReason, Status};
pub use header::{abi_s, hv_h};

/// Bytes of a page, of a frame of host memory, and of an EPT entry's reach.
pub const PAGE_SIZE: u32 = 4096;

/// Steps of a time slice on the reference configuration (platform page, "Configurations").
pub const SLICE_STEPS: u32 = 10_000;

/// Virtual time advances by one for each step; the `time` CSR counts one for this many (a 10 MHz
/// clock, platform page, "Time").
pub const VT_PER_TICK: u64 = 100;

/// Frequency of the `time` CSR in Hz, as the devicetree's `timebase-frequency` gives it.
pub const TIMEBASE_HZ: u32 = 10_000_000;

/// The reference configuration of the system's description: `hvrun --machine classic`.
pub mod classic {
    /// RAM of one guest, in bytes.
    pub const GUEST_RAM: u32 = 16 * 1024;
    /// Host memory for all guests together, in bytes.
    pub const HOST_MEMORY: u64 = 64 * 1024;
    /// Guests at once.
    pub const MAX_GUESTS: usize = 4;
    /// Bytes of virtual space that translate while `satp` is on, from the start of RAM.
    pub const VIRTUAL_SPACE: u32 = 4 * 1024 * 1024;
}

/// The default configuration: `hvrun --machine virt`.
pub mod virt {
    /// RAM of one guest, in bytes.
    pub const GUEST_RAM: u32 = 128 * 1024 * 1024;
    /// The most RAM that a guest can have, in bytes (platform page, "Physical memory map").
    pub const MAX_GUEST_RAM: u32 = 0x8000_0000;
}
