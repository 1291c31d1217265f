//! Addresses with types: a guest-virtual address never becomes a guest-physical one by accident.

use std::fmt;

macro_rules! address {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub struct $name(pub u32);

        impl $name {
            /// The start of the page that holds the address.
            #[must_use]
            pub const fn page(self) -> $name {
                $name(self.0 & !(PAGE_SIZE - 1))
            }

            /// Offset in its page, 0 to 4095.
            #[must_use]
            pub const fn page_offset(self) -> u32 {
                self.0 & (PAGE_SIZE - 1)
            }

            /// The address `bytes` further, modulo 2^32.
            #[must_use]
            pub const fn wrapping_add(self, bytes: u32) -> $name {
                $name(self.0.wrapping_add(bytes))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:#010x}", self.0)
            }
        }
    };
}

use guest_abi::PAGE_SIZE;

address! {
    /// A guest-virtual address: what an instruction names.
    GuestVirt
}
address! {
    /// A guest-physical address: what the guest's page table gives, what the EPT translates.
    GuestPhys
}

/// A frame of host memory, by its number in the pool. Guests never see it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct HostFrame(pub(crate) u32);

impl HostFrame {
    /// The frame's number in the pool.
    #[must_use]
    pub const fn number(self) -> u32 {
        self.0
    }
}
