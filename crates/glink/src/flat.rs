//! Images without headers: raw memory and Intel hexadecimal records.

use crate::image::Image;
use crate::layout::Layout;
use crate::problem::Problem;
use diag::codes;
use object::elf;
use std::fmt::Write;

/// The loaded pieces in order of load address.
fn pieces<'i>(image: &'i Image, layout: &Layout) -> Vec<(u64, &'i [u8])> {
    let loaded = image.segments.iter().filter(|segment| segment.kind == elf::PT_LOAD).flat_map(|segment| &segment.outputs);
    let mut pieces: Vec<(u64, &[u8])> = loaded.map(|&output| (layout.outputs[output].load, &image.bytes[image.spans[output].clone()])).filter(|(_, bytes)| !bytes.is_empty()).collect();
    pieces.sort_by_key(|&(address, _)| address);
    pieces.dedup_by_key(|piece| piece.0);
    pieces
}

/// A file larger than this is a script with sections far apart, not an image.
const LARGEST: u64 = 1 << 30;

/// The bytes of memory from the lowest loaded address to the highest; gaps are zero.
pub fn binary(image: &Image, layout: &Layout, problems: &mut Vec<Problem>) -> Vec<u8> {
    let pieces = pieces(image, layout);
    let start = pieces.first().map_or(0, |&(address, _)| address);
    let end = pieces.iter().map(|&(address, bytes)| address + bytes.len() as u64).max().unwrap_or(start);
    if end - start > LARGEST {
        problems.push(Problem::plain(&codes::E0514, format!("a flat image would span {:#x} to {end:#x}, {} bytes", start, end - start)));
        return Vec::new();
    }
    let mut out = vec![0; (end - start) as usize];
    for (address, bytes) in pieces {
        let at = (address - start) as usize;
        out[at..at + bytes.len()].copy_from_slice(bytes);
    }
    out
}

/// Intel hexadecimal: data records of 16 bytes, extended linear addresses, the entry, the end.
pub fn ihex(image: &Image, layout: &Layout) -> Vec<u8> {
    let mut out = String::new();
    let mut upper: Option<u16> = None;
    for (start, bytes) in pieces(image, layout) {
        let mut at = 0;
        while at < bytes.len() {
            let address = start as u32 + at as u32;
            if upper != Some((address >> 16) as u16) {
                upper = Some((address >> 16) as u16);
                record(&mut out, 0, 4, &((address >> 16) as u16).to_be_bytes());
            }
            // A record does not cross 64 KiB.
            let length = (bytes.len() - at).min(16).min(0x1_0000 - (address & 0xffff) as usize);
            record(&mut out, address as u16, 0, &bytes[at..at + length]);
            at += length;
        }
    }
    record(&mut out, 0, 5, &image.entry.to_be_bytes());
    record(&mut out, 0, 1, &[]);
    out.into_bytes()
}

fn record(out: &mut String, address: u16, kind: u8, data: &[u8]) {
    let [high, low] = address.to_be_bytes();
    let header = [data.len() as u8, high, low, kind];
    let sum = header.iter().chain(data).fold(0u8, |sum, byte| sum.wrapping_add(*byte));
    out.push(':');
    for byte in header.iter().chain(data).chain([&sum.wrapping_neg()]) {
        let _ = write!(out, "{byte:02X}");
    }
    out.push_str("\r\n");
}
