//! Images without headers: raw memory, and records of hexadecimal digits (Intel's, Motorola's, Verilog's).

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

/// Motorola S-records: the image's name, data records of 16 bytes with addresses as wide as the highest needs, the entry.
pub fn srec(image: &Image, layout: &Layout, name: &str) -> Vec<u8> {
    let pieces = pieces(image, layout);
    let last = pieces.iter().map(|&(start, bytes)| start + bytes.len() as u64 - 1).max().unwrap_or(0).max(u64::from(image.entry));
    // Two, three or four bytes of address: records S1 and S9, S2 and S8, S3 and S7.
    let width = match last {
        0..=0xffff => 2,
        0x1_0000..=0xff_ffff => 3,
        _ => 4,
    };
    let mut out = String::new();
    let name = name.as_bytes();
    s_record(&mut out, 0, 2, 0, &name[..name.len().min(40)]);
    for (start, bytes) in pieces {
        for (index, row) in bytes.chunks(16).enumerate() {
            s_record(&mut out, width - 1, width, start as u32 + 16 * index as u32, row);
        }
    }
    s_record(&mut out, 11 - width, width, image.entry, &[]);
    out.into_bytes()
}

fn s_record(out: &mut String, kind: usize, width: usize, address: u32, data: &[u8]) {
    let address = &address.to_be_bytes()[4 - width..];
    let count = [(address.len() + data.len() + 1) as u8];
    let all = || count.iter().chain(address).chain(data);
    let sum = all().fold(0u8, |sum, byte| sum.wrapping_add(*byte));
    let _ = write!(out, "S{kind}");
    for byte in all().chain([&!sum]) {
        let _ = write!(out, "{byte:02X}");
    }
    out.push_str("\r\n");
}

/// Verilog: the address of each piece behind `@`, then its bytes, 16 a line.
pub fn verilog(image: &Image, layout: &Layout) -> Vec<u8> {
    let mut out = String::new();
    for (start, bytes) in pieces(image, layout) {
        let _ = write!(out, "@{start:08X}\r\n");
        for row in bytes.chunks(16) {
            let digits: Vec<String> = row.iter().map(|byte| format!("{byte:02X}")).collect();
            let _ = write!(out, "{}\r\n", digits.join(" "));
        }
    }
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
