//! The entropy device (virtio 1.2, §5.4): the guest's own stream of random bytes, the one of `--seed`.

use crate::device::virtio::dma::Dma;
use crate::device::virtio::queue::{Chain, Malformed};
use rand_chacha::rand_core::RngCore;

/// Most bytes that one request is given; it may get fewer than it has room for.
const MOST: u64 = 64 * 1024;

/// Fills a request's buffers; returns how many bytes it got.
pub(super) fn serve(dma: &mut Dma<'_, '_>, chain: &Chain) -> Result<u32, Malformed> {
    let mut to = chain.writable();
    let wanted = to.left().min(MOST);
    let mut done = 0;
    while done < wanted {
        let mut part = [0; 256];
        let part = &mut part[..(wanted - done).min(256) as usize];
        dma.with(|context| context.vm.random.fill_bytes(part));
        to.write(dma, part)?;
        done += part.len() as u64;
    }
    Ok(done as u32)
}
