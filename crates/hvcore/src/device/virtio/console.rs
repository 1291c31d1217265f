//! The console device (virtio 1.2, §5.3), one port: the guest's console by another way. Its input comes from the same
//! place as the UART's, so that no byte is lost or seen twice, and goes to the one that printed last.

use crate::device::virtio::Slot;
use crate::device::virtio::dma::Dma;
use crate::device::virtio::queue::{Chain, Malformed};
use crate::handler::Context;

/// The queue of buffers for input.
pub(super) const RECEIVE: usize = 0;

/// Slices in which input is held back: see [`Slot::quiet`].
pub(super) const QUIET: u8 = 20;

/// Whether input waits that goes this way, now.
pub(super) fn has_input(slot: &Slot, context: &Context<'_>) -> bool {
    slot.quiet == 0 && !context.vm.board.printed_elsewhere && !context.vm.board.input.waiting().is_empty()
}

/// Writes a request's bytes to the console.
pub(super) fn transmit(dma: &mut Dma<'_, '_>, chain: &Chain) -> Result<u32, Malformed> {
    let mut from = chain.readable();
    let mut page = [0; 4096];
    loop {
        let count = from.read(dma, &mut page)?;
        if count == 0 {
            return Ok(0);
        }
        dma.with(|context| {
            context.scratch.moved += count as u64;
            context.vm.board.printed_elsewhere = false;
            context.door.console_write(context.vm.id, context.vm.hart.vt, &page[..count]);
        });
    }
}

/// Fills a buffer with the input that waits; returns how many bytes there were.
pub(super) fn receive(dma: &mut Dma<'_, '_>, chain: &Chain) -> Result<u32, Malformed> {
    let mut to = chain.writable();
    let mut page = [0; 256];
    let room = to.left().min(page.len() as u64) as usize;
    let count = dma.with(|context| context.vm.board.input.take(&mut page[..room]));
    to.write(dma, &page[..count])?;
    Ok(count as u32)
}
