//! Console input on its way to the guest. The UART, SBI and HVK calls all take from here, so that no byte is
//! lost or seen twice whichever of them a guest mixes.

/// The size of a 16550's receive FIFO.
const CAPACITY: usize = 16;

/// Up to 16 bytes of input, oldest first, and whether more can come.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ConsoleFifo {
    bytes: [u8; CAPACITY],
    length: u8,
    ended: bool,
}

impl ConsoleFifo {
    /// Bytes that wait.
    #[must_use]
    pub fn waiting(&self) -> &[u8] {
        &self.bytes[..usize::from(self.length)]
    }

    /// How many more bytes fit.
    #[must_use]
    pub fn room(&self) -> usize {
        CAPACITY - usize::from(self.length)
    }

    /// Whether the input has ended: no byte will follow those that wait.
    #[must_use]
    pub fn ended(&self) -> bool {
        self.ended
    }

    /// The input ends here.
    pub(crate) fn end(&mut self) {
        self.ended = true;
    }

    /// Appends bytes; those beyond [`room`](Self::room) are ignored.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        for &byte in bytes.iter().take(self.room()) {
            self.bytes[usize::from(self.length)] = byte;
            self.length += 1;
        }
    }

    /// Takes as many of the oldest bytes as fit into `buffer`; returns how many.
    pub(crate) fn take(&mut self, buffer: &mut [u8]) -> usize {
        let count = buffer.len().min(usize::from(self.length));
        buffer[..count].copy_from_slice(&self.bytes[..count]);
        self.bytes.copy_within(count.., 0);
        self.length -= count as u8;
        // Equal states are equal bytes: nothing of the past stays behind.
        self.bytes[usize::from(self.length)..].fill(0);
        count
    }

    /// Takes the oldest byte.
    pub(crate) fn take_byte(&mut self) -> Option<u8> {
        let mut byte = [0];
        (self.take(&mut byte) == 1).then_some(byte[0])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_out_in_order_and_the_fifo_is_bounded() {
        let mut fifo = ConsoleFifo::default();
        fifo.push(&[7; 20]);
        assert_eq!((fifo.waiting().len(), fifo.room()), (16, 0));
        assert_eq!(fifo.take(&mut [0; 15]), 15);
        fifo.push(b"ab");
        assert_eq!((fifo.take_byte(), fifo.take_byte(), fifo.take_byte(), fifo.take_byte()), (Some(7), Some(b'a'), Some(b'b'), None));
        assert_eq!(fifo, ConsoleFifo::default());
    }
}
