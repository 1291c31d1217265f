//! Cuts the bytes of a section into instructions, data and runs of zeros.

use super::input::Section;
use rv32::Decoded;
use std::ops::Range;

/// What a piece is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// An instruction.
    Instruction(Decoded),
    /// Among instructions, but none that is known.
    Unknown,
    /// Data, 1, 2 or 4 bytes.
    Data,
    /// Zeros, as many as there are.
    Zeros,
}

/// A piece of a section.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Piece {
    /// Its address.
    pub address: u32,
    /// Bytes.
    pub len: u32,
    /// What it is.
    pub kind: Kind,
}

/// So many zeros are shown as a number of zeros.
const ZEROS: u32 = 16;

/// The pieces of a range of a section, in order; none reaches over a label. `zeros`: write out zeros too.
pub fn pieces<'s>(section: &'s Section<'s>, range: Range<u32>, zeros: bool) -> impl Iterator<Item = Piece> + 's {
    let mut at = range.start;
    let mut label = section.symbols.partition_point(|s| s.address <= at);
    let mut mapping = section.mapping.partition_point(|(a, _)| *a <= at);
    let mut relocation = section.relocations.partition_point(|r| r.address < at);
    std::iter::from_fn(move || {
        if at >= range.end {
            return None;
        }
        label += section.symbols[label..].iter().take_while(|s| s.address <= at).count();
        mapping += section.mapping[mapping..].iter().take_while(|(a, _)| *a <= at).count();
        relocation += section.relocations[relocation..].iter().take_while(|r| r.address < at).count();
        let code = mapping.checked_sub(1).map_or(section.code, |m| section.mapping[m].1);
        let next_mapping = section.mapping.get(mapping).map_or(u32::MAX, |(a, _)| *a);
        let stop = range.end.min(next_mapping).min(section.symbols.get(label).map_or(u32::MAX, |s| s.address));
        let rest = &section.bytes[(at - section.address) as usize..];
        let clear = stop.min(section.relocations.get(relocation).map_or(u32::MAX, |r| r.address));
        let mut run = if zeros { 0 } else { rest.iter().take((clear - at) as usize).take_while(|b| **b == 0).count() as u32 };
        if code {
            // The zeros may be the beginning of the next instruction, but not two of them.
            run &= !1;
        } else if at + run < clear {
            run &= !3;
        }
        let piece = if run >= ZEROS {
            Piece { address: at, len: run, kind: Kind::Zeros }
        } else if code {
            let bytes = &rest[..rest.len().min((stop.max(at + 1) - at) as usize)];
            instruction(at, bytes)
        } else {
            let len = match stop - at {
                n @ 0..=2 => n,
                3 => 2,
                _ => 4,
            };
            Piece { address: at, len, kind: Kind::Data }
        };
        at += piece.len;
        Some(piece)
    })
}

/// The instruction at the start of `bytes`, which are not empty.
fn instruction(address: u32, bytes: &[u8]) -> Piece {
    let len = length(bytes);
    if len > bytes.len() {
        let len = if bytes.len() >= 2 { 2 } else { 1 };
        return Piece { address, len, kind: if len == 2 { Kind::Unknown } else { Kind::Data } };
    }
    let mut word = [0; 4];
    let used = len.min(4);
    word[..used].copy_from_slice(&bytes[..used]);
    let decoded = if len <= 4 { rv32::decode(u32::from_le_bytes(word)) } else { None };
    Piece { address, len: len as u32, kind: decoded.map_or(Kind::Unknown, Kind::Instruction) }
}

/// Length of an instruction by its first bits (unprivileged specification, "Expanded Instruction-Length Encoding").
fn length(bytes: &[u8]) -> usize {
    match *bytes {
        [low, ..] if low & 3 != 3 => 2,
        [low, ..] if low & 0x1c != 0x1c => 4,
        [low, ..] if low & 0x3f == 0x1f => 6,
        [low, ..] if low & 0x7f == 0x3f => 8,
        [_, high, ..] if high & 0x70 != 0x70 => 10 + 2 * usize::from(high >> 4 & 7),
        _ => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn section(bytes: &'static [u8], mapping: Vec<(u32, bool)>) -> Section<'static> {
        Section { name: ".text".into(), address: 0x100, bytes, code: true, allocated: true, symbols: Vec::new(), relocations: Vec::new(), mapping, line_base: 0 }
    }

    fn lengths(section: &Section<'_>) -> Vec<(u32, u32, bool)> {
        pieces(section, section.address..section.end(), false).map(|p| (p.address, p.len, matches!(p.kind, Kind::Instruction(_)))).collect()
    }

    #[test]
    fn instructions_and_data() {
        let s = section(&[0x13, 0, 0, 0, 0x01, 0, 1, 2, 3, 4, 5, 6, 7, 0x82, 0x80], vec![(0x100, true), (0x106, false), (0x10d, true)]);
        assert_eq!(lengths(&s), [(0x100, 4, true), (0x104, 2, true), (0x106, 4, false), (0x10a, 2, false), (0x10c, 1, false), (0x10d, 2, true)]);
    }

    #[test]
    fn what_is_cut_off_or_long_is_unknown() {
        assert_eq!(lengths(&section(&[0x13, 0, 0], vec![])), [(0x100, 2, false), (0x102, 1, false)]);
        assert_eq!(lengths(&section(&[0x1f, 0, 1, 2, 3, 4, 0x82, 0x80], vec![])), [(0x100, 6, false), (0x106, 2, true)]);
        assert_eq!(lengths(&section(&[0xff; 3], vec![])), [(0x100, 2, false), (0x102, 1, false)]);
    }

    #[test]
    fn zeros_are_counted() {
        assert_eq!(lengths(&section(&[0; 33], vec![])), [(0x100, 32, false), (0x120, 1, false)]);
        assert_eq!(pieces(&section(&[0; 40], vec![]), 0x100..0x128, true).count(), 20);
    }
}
