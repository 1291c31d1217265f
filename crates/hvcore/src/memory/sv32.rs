//! The guest's own address translation (privileged specification, §10.3): Sv32 with two levels, 4 MiB superpages,
//! hardware update of the accessed and dirty bits (Svadu), and the optional limit of the `classic` configuration.
//!
//! The walk is a function of the tables alone: it says what it found and which update is due, and changes nothing.

use crate::addr::{GuestPhys, GuestVirt};
use crate::config::VirtualSpace;
use crate::cpu::Privilege;
use crate::memory::Access;
use guest_abi::PAGE_SIZE;

/// Bits of a page-table entry.
pub mod pte {
    /// Valid.
    pub const V: u32 = 1;
    /// Readable.
    pub const R: u32 = 1 << 1;
    /// Writable.
    pub const W: u32 = 1 << 2;
    /// Executable.
    pub const X: u32 = 1 << 3;
    /// Accessible in U-mode.
    pub const U: u32 = 1 << 4;
    /// Global.
    pub const G: u32 = 1 << 5;
    /// Accessed.
    pub const A: u32 = 1 << 6;
    /// Dirty.
    pub const D: u32 = 1 << 7;
}

/// Everything that decides a translation besides the tables.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Regime {
    /// The CSR.
    pub satp: u32,
    /// Privilege of the access.
    pub privilege: Privilege,
    /// `sstatus.SUM`: S-mode may load and store user pages.
    pub sum: bool,
    /// `sstatus.MXR`: loads may use executable pages.
    pub mxr: bool,
    /// Svadu: hardware sets A and D; without it a clear bit is a page fault (Svade).
    pub hardware_ad: bool,
    /// The part of the virtual space that translates.
    pub space: VirtualSpace,
}

impl Regime {
    /// Whether translation is off.
    #[inline]
    #[must_use]
    pub fn is_bare(&self) -> bool {
        self.satp >> 31 == 0
    }
}

/// The end of a walk.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Leaf {
    /// Where the address leads.
    pub gpa: GuestPhys,
    /// The entry to write back, with A (and D) set, before the access is made.
    pub update: Option<(GuestPhys, u32)>,
    /// Where the entries were read, the root's first.
    pub entries: [Option<GuestPhys>; 2],
}

/// Why a walk gives no address. `E` is why an entry could not be read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum WalkFault<E> {
    /// The tables refuse the access: a page fault of its kind.
    Page,
    /// The walk leaves the 32-bit guest-physical space: an access fault of the original kind.
    Access,
    /// The entry at this address could not be read.
    Entry(GuestPhys, E),
}

/// Walks the tables for one address (privileged specification, §10.3.2). `read` reads an entry.
pub fn walk<E>(
    regime: &Regime,
    gva: GuestVirt,
    access: Access,
    mut read: impl FnMut(GuestPhys) -> Result<u32, E>,
) -> Result<Leaf, WalkFault<E>> {
    if regime.is_bare() {
        return Ok(Leaf { gpa: GuestPhys(gva.0), update: None, entries: [None; 2] });
    }
    if !regime.space.translates(gva) {
        return Err(WalkFault::Page);
    }
    let mut table_ppn = regime.satp & 0x003f_ffff;
    let mut entries = [None; 2];
    for level in [1u32, 0] {
        let index = (gva.0 >> (12 + 10 * level)) & 0x3ff;
        let address = physical(table_ppn, index * 4).ok_or(WalkFault::Access)?;
        let entry = read(address).map_err(|error| WalkFault::Entry(address, error))?;
        entries[1 - level as usize] = Some(address);
        if entry & pte::V == 0 || entry & (pte::R | pte::W) == pte::W {
            return Err(WalkFault::Page);
        }
        let ppn = entry >> 10;
        if entry & (pte::R | pte::X) == 0 {
            // A pointer to the next level; A, D and U are reserved there, and there is no level below 0.
            if entry & (pte::A | pte::D | pte::U) != 0 {
                return Err(WalkFault::Page);
            }
            table_ppn = ppn;
            continue;
        }
        if !permits(regime, entry, access) || (level == 1 && ppn & 0x3ff != 0) {
            return Err(WalkFault::Page);
        }
        let wanted = entry | pte::A | if access == Access::Store { pte::D } else { 0 };
        if wanted != entry && !regime.hardware_ad {
            return Err(WalkFault::Page);
        }
        let offset = gva.0 & ((PAGE_SIZE << (10 * level)) - 1);
        let gpa = physical(ppn, offset).ok_or(WalkFault::Access)?;
        return Ok(Leaf { gpa, update: (wanted != entry).then_some((address, wanted)), entries });
    }
    Err(WalkFault::Page)
}

/// Whether the leaf's permissions allow the access.
fn permits(regime: &Regime, entry: u32, access: Access) -> bool {
    let user_page = entry & pte::U != 0;
    let mode_allows = match regime.privilege {
        Privilege::User => user_page,
        Privilege::Supervisor => !user_page || (regime.sum && access != Access::Fetch),
    };
    let kind_allows = match access {
        Access::Fetch => entry & pte::X != 0,
        Access::Load => entry & pte::R != 0 || (regime.mxr && entry & pte::X != 0),
        Access::Store => entry & pte::W != 0,
    };
    mode_allows && kind_allows
}

/// The address `offset` bytes into page number `ppn` (22 bits), if it has only 32 bits.
fn physical(ppn: u32, offset: u32) -> Option<GuestPhys> {
    u32::try_from((u64::from(ppn) << 12) + u64::from(offset)).ok().map(GuestPhys)
}
