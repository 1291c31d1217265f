//! Virtqueues: `virtio-queue`'s split ring behind checks of our own, for every device alike (virtio 1.2, §2.7).
//!
//! What the crate lets pass and a device must never see is refused here: chains that loop or end nowhere, more
//! descriptors than the queue has, readable buffers behind writable ones, buffers that are not RAM.

use crate::device::virtio::dma::Dma;
use std::num::Wrapping;
use std::sync::atomic::Ordering;
use virtio_queue::{Queue, QueueOwnedT, QueueState, QueueT};
use vm_memory::{Bytes, GuestAddress, GuestMemory, Permissions};

/// Most descriptors of a queue, and so of a request. A request's list of buffers then takes 4 KiB.
pub(crate) const MAX_SIZE: u16 = 256;
/// Most bytes that a device moves for one request; what asks for more is answered with an error.
pub(crate) const MAX_REQUEST: u64 = 16 * 1024 * 1024;

/// The driver broke the rules; the device needs a reset.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Malformed;

/// A part of a request's buffers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Buffer {
    gpa: u64,
    bytes: u32,
}

/// A request: where its bytes are. Kept and used again, so that requests allocate nothing.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Chain {
    head: u16,
    buffers: Vec<Buffer>,
    /// So many of the buffers are for the device to read; it writes the others.
    readable: usize,
}

/// Walks through a request's bytes in order.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cursor<'c> {
    buffers: &'c [Buffer],
    /// Bytes of the first buffer that were passed.
    passed: u32,
}

impl Chain {
    /// Bytes for the device to read.
    pub fn readable(&self) -> Cursor<'_> {
        Cursor { buffers: &self.buffers[..self.readable], passed: 0 }
    }

    /// Room for the device to write.
    pub fn writable(&self) -> Cursor<'_> {
        Cursor { buffers: &self.buffers[self.readable..], passed: 0 }
    }
}

impl Cursor<'_> {
    /// Bytes that are left.
    pub fn left(&self) -> u64 {
        self.buffers.iter().map(|buffer| u64::from(buffer.bytes)).sum::<u64>() - u64::from(self.passed)
    }

    /// The next bytes that lie together, at most so many.
    fn take(&mut self, most: usize) -> Option<(GuestAddress, usize)> {
        while let Some(buffer) = self.buffers.first() {
            let left = buffer.bytes - self.passed;
            if left != 0 {
                let count = most.min(left as usize);
                let at = GuestAddress(buffer.gpa + u64::from(self.passed));
                self.passed += count as u32;
                return Some((at, count));
            }
            self.buffers = &self.buffers[1..];
            self.passed = 0;
        }
        None
    }

    /// Passes over so many bytes.
    pub fn skip(&mut self, bytes: u64) {
        let mut left = bytes;
        while left != 0 {
            let Some((_, count)) = self.take(usize::try_from(left).unwrap_or(usize::MAX)) else { break };
            left -= count as u64;
        }
    }

    /// Reads on; returns how many bytes there were.
    pub fn read(&mut self, dma: &Dma<'_, '_>, into: &mut [u8]) -> Result<usize, Malformed> {
        let mut done = 0;
        while done < into.len() {
            let Some((at, count)) = self.take(into.len() - done) else { break };
            dma.read_slice(&mut into[done..done + count], at).map_err(|_| Malformed)?;
            done += count;
        }
        Ok(done)
    }

    /// Writes on; returns for how many bytes there was room.
    pub fn write(&mut self, dma: &Dma<'_, '_>, bytes: &[u8]) -> Result<usize, Malformed> {
        let mut done = 0;
        while done < bytes.len() {
            let Some((at, count)) = self.take(bytes.len() - done) else { break };
            dma.write_slice(&bytes[done..done + count], at).map_err(|_| Malformed)?;
            done += count;
        }
        Ok(done)
    }
}

/// A queue of a device at work.
pub(crate) struct Virtqueue {
    queue: Queue,
}

impl Virtqueue {
    /// The queue in this state, if it lies in RAM and is ready.
    pub fn new(state: &QueueState, dma: &Dma<'_, '_>) -> Result<Virtqueue, Malformed> {
        let queue = Queue::try_from(*state).map_err(|_| Malformed)?;
        if queue.is_valid(dma) { Ok(Virtqueue { queue }) } else { Err(Malformed) }
    }

    /// The state to keep.
    pub fn state(&self) -> QueueState {
        self.queue.state()
    }

    /// Whether the driver has made a request available.
    pub fn has_request(&self, dma: &Dma<'_, '_>) -> Result<bool, Malformed> {
        let available = self.queue.avail_idx(dma, Ordering::Acquire).map_err(|_| Malformed)?;
        Ok(available != Wrapping(self.queue.next_avail()))
    }

    /// Takes the next request, if there is one.
    pub fn pop(&mut self, dma: &Dma<'_, '_>, chain: &mut Chain) -> Result<bool, Malformed> {
        chain.buffers.clear();
        chain.readable = 0;
        let size = self.queue.size();
        let mut descriptors = match self.queue.iter(dma).map_err(|_| Malformed)?.next() {
            Some(descriptors) => descriptors,
            None => return if self.has_request(dma)? { Err(Malformed) } else { Ok(false) },
        };
        chain.head = descriptors.head_index();
        let mut ends = false;
        let mut writable = false;
        for descriptor in descriptors.by_ref() {
            if chain.buffers.len() == usize::from(size) {
                return Err(Malformed);
            }
            if descriptor.is_write_only() {
                writable = true;
            } else if writable {
                return Err(Malformed); // §2.7.4.2
            } else {
                chain.readable += 1;
            }
            let bytes = descriptor.len();
            if bytes != 0 && !dma.check_range(descriptor.addr(), bytes as usize, Permissions::ReadWrite) {
                return Err(Malformed);
            }
            chain.buffers.push(Buffer { gpa: descriptor.addr().0, bytes });
            ends = !descriptor.has_next();
        }
        // A chain that was cut short: a loop, an index outside the table, a table in a table.
        if ends { Ok(true) } else { Err(Malformed) }
    }

    /// Gives a request back, with so many bytes written.
    pub fn push(&mut self, dma: &Dma<'_, '_>, chain: &Chain, written: u32) -> Result<(), Malformed> {
        self.queue.add_used(dma, chain.head, written).map_err(|_| Malformed)
    }

    /// Whether the driver wants to hear of the requests that were given back.
    pub fn wants_interrupt(&mut self, dma: &Dma<'_, '_>) -> Result<bool, Malformed> {
        if !self.queue.event_idx_enabled() {
            let flags: u16 = dma.load(GuestAddress(self.queue.avail_ring()), Ordering::Acquire).map_err(|_| Malformed)?;
            return Ok(u16::from_le(flags) & NO_INTERRUPT == 0);
        }
        self.queue.needs_notification(dma).map_err(|_| Malformed)
    }

    /// Asks the driver to tell of new requests; whether one came meanwhile.
    pub fn listen(&mut self, dma: &Dma<'_, '_>) -> Result<bool, Malformed> {
        self.queue.enable_notification(dma).map_err(|_| Malformed)
    }
}

/// `VIRTQ_AVAIL_F_NO_INTERRUPT`.
const NO_INTERRUPT: u16 = 1;
