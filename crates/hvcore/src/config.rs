//! What a hypervisor and a guest are made with. Every figure of the platform page's configurations is a field.

use crate::addr::GuestVirt;
use crate::memory::host::Share;
use guest_abi::memory_map::RAM;
use guest_abi::{SLICE_STEPS, classic, virt};
use rv32::Isa;
use std::sync::Arc;

/// 2000-01-01, in nanoseconds since 1970.
const RTC_START: u64 = 946_684_800_000_000_000;

/// The part of the virtual space that translates while `satp` is on. Without paging there is no restriction.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum VirtualSpace {
    /// All 4 GiB.
    Full,
    /// Only this many bytes from the start of RAM; anything else page-faults.
    Limited(u32),
}

impl VirtualSpace {
    /// Whether an address may translate at all.
    #[inline]
    #[must_use]
    pub const fn translates(self, gva: GuestVirt) -> bool {
        match self {
            VirtualSpace::Full => true,
            VirtualSpace::Limited(bytes) => gva.0.wrapping_sub(RAM.base) < bytes,
        }
    }
}

/// Figures that all guests share.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HypervisorConfig {
    /// Host memory for guest frames, in bytes; rounded down to pages.
    pub host_memory_bytes: u64,
    /// How many guests there may be; `None`: any number.
    pub max_guests: Option<usize>,
    /// Steps of a time slice; at least 1.
    pub slice: u32,
}

impl HypervisorConfig {
    /// The default configuration: host memory as the guests touch it, any number of guests.
    #[must_use]
    pub fn virt() -> HypervisorConfig {
        HypervisorConfig { host_memory_bytes: u64::MAX, max_guests: None, slice: SLICE_STEPS }
    }

    /// The description's figures: 64 KiB of host memory, four guests.
    #[must_use]
    pub fn classic() -> HypervisorConfig {
        HypervisorConfig { host_memory_bytes: classic::HOST_MEMORY, max_guests: Some(classic::MAX_GUESTS), slice: SLICE_STEPS }
    }
}

/// A virtio device.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DeviceConfig {
    /// What it is.
    pub kind: DeviceKind,
    /// With the legacy transport (version 1) instead of the modern one.
    pub legacy: bool,
}

/// Kinds of virtio devices.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum DeviceKind {
    /// A disk; the door knows it by its number among the guest's disks, from 0.
    Block {
        /// Its size in sectors of 512 bytes.
        sectors: u64,
        /// The guest may not write to it.
        read_only: bool,
    },
    /// Random bytes.
    Entropy,
    /// The guest's console.
    Console,
    /// Pages that the guest does without.
    Balloon {
        /// Pages that the host wants.
        wanted: u32,
    },
}

/// One guest.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct VmConfig {
    /// What reports and traces call it.
    pub name: String,
    /// RAM in bytes: a multiple of the page size, at most 2 GiB.
    pub ram_bytes: u32,
    /// The extensions that the guest has; instructions and CSRs of others do not exist for it.
    pub isa: Isa,
    /// The part of the virtual space that translates.
    pub virtual_space: VirtualSpace,
    /// How often the guest may reboot; the next reboot powers it off.
    pub max_reboots: u32,
    /// The guest is stopped when it has done this many steps.
    pub max_steps: Option<u64>,
    /// Seed of the guest's random bytes.
    pub seed: u64,
    /// `bootargs` in the devicetree; empty: none.
    pub boot_args: String,
    /// Guests with the same number run in one group, in step with each other; `None`: a group of its own.
    pub group: Option<u32>,
    /// What the guest may have of the host memory.
    pub share: Share,
    /// Bytes that the guest finds in RAM below the devicetree, which says where (`linux,initrd-start`).
    pub initrd: Option<Arc<[u8]>>,
    /// What the real-time clock shows at vt 0, in nanoseconds since 1970.
    pub rtc_start: u64,
    /// The virtio devices, by slot; at most [`virtio::SLOTS`](crate::device::virtio::SLOTS).
    pub devices: Vec<DeviceConfig>,
}

impl VmConfig {
    /// A guest of the default configuration: 128 MiB of RAM, 4 GiB of virtual space.
    #[must_use]
    pub fn virt(name: &str) -> VmConfig {
        VmConfig {
            name: name.to_owned(),
            ram_bytes: virt::GUEST_RAM,
            isa: Isa::PLATFORM,
            virtual_space: VirtualSpace::Full,
            max_reboots: 0,
            max_steps: None,
            seed: 0,
            boot_args: String::new(),
            group: None,
            share: Share::default(),
            initrd: None,
            rtc_start: RTC_START,
            devices: Vec::new(),
        }
    }

    /// A guest of the description: 16 KiB of RAM, 4 MiB of virtual space.
    #[must_use]
    pub fn classic(name: &str) -> VmConfig {
        VmConfig { ram_bytes: classic::GUEST_RAM, virtual_space: VirtualSpace::Limited(classic::VIRTUAL_SPACE), ..VmConfig::virt(name) }
    }
}
