//! Guest memory: the pool of host frames, the EPT that maps guest-physical pages to them, the image that pages
//! are first read from, and the guest's own Sv32 tables on top.

pub mod ept;
pub mod guest;
pub mod host;
pub mod image;
mod page;
pub mod sv32;
pub mod swap;

pub(crate) use page::PageAddress;

/// What an access does.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Access {
    /// Instruction fetch.
    Fetch,
    /// Load, or load-reserved.
    Load,
    /// Store, store-conditional, or atomic read-modify-write.
    Store,
}
