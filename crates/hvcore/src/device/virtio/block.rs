//! The block device (virtio 1.2, §5.2). What the disk holds is behind the door.

use crate::device::virtio::dma::Dma;
use crate::device::virtio::queue::{Chain, MAX_REQUEST, MAX_SIZE, Malformed};
use crate::door::DiskError;
use virtio_bindings::virtio_blk::{
    VIRTIO_BLK_F_BLK_SIZE, VIRTIO_BLK_F_DISCARD, VIRTIO_BLK_F_FLUSH, VIRTIO_BLK_F_RO, VIRTIO_BLK_F_SEG_MAX, VIRTIO_BLK_F_WRITE_ZEROES, VIRTIO_BLK_ID_BYTES,
    VIRTIO_BLK_S_IOERR, VIRTIO_BLK_S_OK, VIRTIO_BLK_S_UNSUPP, VIRTIO_BLK_T_DISCARD, VIRTIO_BLK_T_FLUSH, VIRTIO_BLK_T_GET_ID, VIRTIO_BLK_T_IN, VIRTIO_BLK_T_OUT,
    VIRTIO_BLK_T_WRITE_ZEROES, VIRTIO_BLK_WRITE_ZEROES_FLAG_UNMAP,
};

/// Bytes of a sector.
pub const SECTOR: u64 = 512;
/// Bytes of the header that begins a request.
const HEADER: usize = 16;
/// Bytes of a range in a discard or write-zeroes request, and most ranges.
const RANGE: usize = 16;
const MAX_RANGES: u32 = 16;
/// Most sectors of a range that is discarded or filled with zeroes.
const MAX_RANGE_SECTORS: u32 = 0x10_0000;

/// A disk, as the guest was given it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Block {
    /// The disk's number at the door.
    pub disk: usize,
    /// Sectors of 512 bytes.
    pub sectors: u64,
    /// Stores are refused.
    pub read_only: bool,
}

impl Block {
    pub(super) fn features(&self) -> u64 {
        let bit = |feature: u32| 1u64 << feature;
        let writing = bit(VIRTIO_BLK_F_DISCARD) | bit(VIRTIO_BLK_F_WRITE_ZEROES);
        let common = bit(VIRTIO_BLK_F_SEG_MAX) | bit(VIRTIO_BLK_F_BLK_SIZE) | bit(VIRTIO_BLK_F_FLUSH);
        common | if self.read_only { bit(VIRTIO_BLK_F_RO) } else { writing }
    }

    /// `struct virtio_blk_config`, as far as the features make it.
    pub(super) fn config(&self) -> [u8; 60] {
        let mut bytes = [0; 60];
        bytes[..8].copy_from_slice(&self.sectors.to_le_bytes());
        let mut word = |at: usize, value: u32| bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
        word(12, u32::from(MAX_SIZE) - 2); // seg_max: a request without its header and status
        word(20, SECTOR as u32); // blk_size
        if !self.read_only {
            word(36, MAX_RANGE_SECTORS); // max_discard_sectors
            word(40, MAX_RANGES); // max_discard_seg
            word(44, 8); // discard_sector_alignment: a page
            word(48, MAX_RANGE_SECTORS); // max_write_zeroes_sectors
            word(52, MAX_RANGES); // max_write_zeroes_seg
            bytes[56] = 1; // write_zeroes_may_unmap
        }
        bytes
    }

    /// Serves a request; returns how many bytes were written from the start of its writable part.
    pub(super) fn serve(&self, dma: &mut Dma<'_, '_>, chain: &Chain) -> Result<u32, Malformed> {
        let mut header = [0; HEADER];
        let room = chain.writable().left();
        if chain.readable().read(dma, &mut header)? < HEADER || room == 0 {
            return Err(Malformed);
        }
        let field = |at: usize| u32::from_le_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
        let sector = u64::from(field(12)) << 32 | u64::from(field(8));
        let (status, written) = match field(0) {
            VIRTIO_BLK_T_IN => self.read(dma, chain, sector, room - 1)?,
            VIRTIO_BLK_T_OUT => (self.write(dma, chain, sector)?, 0),
            VIRTIO_BLK_T_FLUSH => (status(dma.with(|context| context.door.disk_flush(context.vm.id, self.disk))), 0),
            VIRTIO_BLK_T_GET_ID => self.identify(dma, chain, room - 1)?,
            VIRTIO_BLK_T_DISCARD => (self.ranges(dma, chain, false)?, 0),
            VIRTIO_BLK_T_WRITE_ZEROES => (self.ranges(dma, chain, true)?, 0),
            _ => (VIRTIO_BLK_S_UNSUPP, 0),
        };
        let mut last = chain.writable();
        last.skip(room - 1);
        last.write(dma, &[status as u8])?;
        // Bytes that were written without a gap.
        let whole = written == room - 1;
        Ok(u32::try_from(if whole { room } else { written }).unwrap_or(u32::MAX))
    }

    /// The byte offset of a transfer, if all of it is on the disk and it is not too long.
    fn place(&self, sector: u64, bytes: u64) -> Option<u64> {
        let end = sector.checked_add(bytes.div_ceil(SECTOR))?;
        (bytes.is_multiple_of(SECTOR) && end <= self.sectors && bytes <= MAX_REQUEST).then(|| sector * SECTOR)
    }

    fn read(&self, dma: &mut Dma<'_, '_>, chain: &Chain, sector: u64, bytes: u64) -> Result<(u32, u64), Malformed> {
        let Some(start) = self.place(sector, bytes) else { return Ok((VIRTIO_BLK_S_IOERR, 0)) };
        let mut page = [0; 4096];
        let mut to = chain.writable();
        let mut done = 0;
        while done < bytes {
            let part = &mut page[..(bytes - done).min(4096) as usize];
            if dma.with(|context| context.door.disk_read(context.vm.id, self.disk, start + done, part)).is_err() {
                return Ok((VIRTIO_BLK_S_IOERR, done));
            }
            to.write(dma, part)?;
            done += part.len() as u64;
        }
        moved(dma, bytes);
        Ok((VIRTIO_BLK_S_OK, bytes))
    }

    fn write(&self, dma: &mut Dma<'_, '_>, chain: &Chain, sector: u64) -> Result<u32, Malformed> {
        let mut from = chain.readable();
        from.skip(HEADER as u64);
        let bytes = from.left();
        let Some(start) = self.place(sector, bytes).filter(|_| !self.read_only) else { return Ok(VIRTIO_BLK_S_IOERR) };
        let mut page = [0; 4096];
        let mut done = 0;
        while done < bytes {
            let part = &mut page[..(bytes - done).min(4096) as usize];
            from.read(dma, part)?;
            if dma.with(|context| context.door.disk_write(context.vm.id, self.disk, start + done, part)).is_err() {
                return Ok(VIRTIO_BLK_S_IOERR);
            }
            done += part.len() as u64;
        }
        moved(dma, bytes);
        Ok(VIRTIO_BLK_S_OK)
    }

    /// The disk's name, padded with zeroes.
    fn identify(&self, dma: &mut Dma<'_, '_>, chain: &Chain, room: u64) -> Result<(u32, u64), Malformed> {
        let mut name = [0; VIRTIO_BLK_ID_BYTES as usize];
        let text = format_args!("hvkit-disk-{}", self.disk).to_string();
        let length = text.len().min(name.len());
        name[..length].copy_from_slice(&text.as_bytes()[..length]);
        let count = room.min(name.len() as u64);
        chain.writable().write(dma, &name[..count as usize])?;
        Ok((VIRTIO_BLK_S_OK, count))
    }

    /// Discards ranges of sectors or fills them with zeroes. Either reads as zeroes afterwards.
    fn ranges(&self, dma: &mut Dma<'_, '_>, chain: &Chain, zeroes: bool) -> Result<u32, Malformed> {
        let mut from = chain.readable();
        from.skip(HEADER as u64);
        let bytes = from.left();
        if self.read_only || bytes == 0 || !bytes.is_multiple_of(RANGE as u64) || bytes / RANGE as u64 > u64::from(MAX_RANGES) {
            return Ok(VIRTIO_BLK_S_IOERR);
        }
        for _ in 0..bytes / RANGE as u64 {
            let mut range = [0; RANGE];
            from.read(dma, &mut range)?;
            let field = |at: usize| u32::from_le_bytes([range[at], range[at + 1], range[at + 2], range[at + 3]]);
            let (sector, count, flags) = (u64::from(field(4)) << 32 | u64::from(field(0)), field(8), field(12));
            let known = if zeroes { VIRTIO_BLK_WRITE_ZEROES_FLAG_UNMAP } else { 0 };
            if flags & !known != 0 {
                return Ok(VIRTIO_BLK_S_UNSUPP);
            }
            let on_disk = sector.checked_add(u64::from(count)).is_some_and(|end| end <= self.sectors);
            if !on_disk || count > MAX_RANGE_SECTORS {
                return Ok(VIRTIO_BLK_S_IOERR);
            }
            let (at, length) = (sector * SECTOR, u64::from(count) * SECTOR);
            let keep = zeroes && flags & VIRTIO_BLK_WRITE_ZEROES_FLAG_UNMAP == 0;
            if dma.with(|context| context.door.disk_zero(context.vm.id, self.disk, at, length, keep)).is_err() {
                return Ok(VIRTIO_BLK_S_IOERR);
            }
            moved(dma, length / 64); // a hole is cheap
        }
        Ok(VIRTIO_BLK_S_OK)
    }
}

fn status(result: Result<(), DiskError>) -> u32 {
    match result {
        Ok(()) => VIRTIO_BLK_S_OK,
        Err(DiskError) => VIRTIO_BLK_S_IOERR,
    }
}

/// Bytes that the host moved: the door is asked now and then whether to stop.
fn moved(dma: &mut Dma<'_, '_>, bytes: u64) {
    dma.with(|context| context.scratch.moved += bytes);
}
