//! The balloon (virtio 1.2, §5.5): pages that the guest does without go back to the pool.

use crate::addr::GuestPhys;
use crate::device::virtio::dma::Dma;
use crate::device::virtio::queue::{Chain, Malformed};
use guest_abi::PAGE_SIZE;

/// The queue of pages to give; the other one takes them back.
pub(super) const INFLATE: usize = 0;

/// The device's configuration.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Balloon {
    /// Pages that the host wants.
    pub wanted: u32,
    /// Pages that the guest says it has given.
    pub actual: u32,
}

impl Balloon {
    pub(super) fn config(&self) -> [u8; 8] {
        let mut bytes = [0; 8];
        bytes[..4].copy_from_slice(&self.wanted.to_le_bytes());
        bytes[4..].copy_from_slice(&self.actual.to_le_bytes());
        bytes
    }
}

/// Takes the pages of a request, a list of page numbers of 32 bits. Pages that are not RAM are none.
pub(super) fn inflate(dma: &mut Dma<'_, '_>, chain: &Chain) -> Result<u32, Malformed> {
    let mut from = chain.readable();
    let mut numbers = [0; 256];
    loop {
        let count = from.read(dma, &mut numbers)?;
        if count == 0 {
            return Ok(0);
        }
        for number in numbers[..count].chunks_exact(4) {
            let number = u32::from_le_bytes([number[0], number[1], number[2], number[3]]);
            let Some(gpa) = number.checked_mul(PAGE_SIZE).map(GuestPhys) else { continue };
            dma.with(|context| {
                context.scratch.moved += 64;
                context.vm.memory.discard_page(context.host, gpa);
            });
        }
    }
}
