//! Decoding: a word to the row that it matches. This is the stepper's decoder, so rows are found by a first
//! look-up of the opcode and funct3 bits in an index that is computed at compile time.

use crate::compressed::{self, COp};
use crate::instructions::{self, Insn, Op, Row};
use crate::isa::{Ext, Isa};
use crate::operand::Operand;

/// A decoded instruction.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Decoded {
    /// The instruction; of a compressed one, what it expands to.
    pub insn: Insn,
    /// Length in bytes: 2 or 4.
    pub len: u8,
    /// Which compressed instruction it was.
    pub compressed: Option<COp>,
}

/// An index over a table: the entries of bucket `b` are `entries[start[b]..end[b]]`.
struct Index<Entry, const BUCKETS: usize, const ENTRIES: usize> {
    start: [u16; BUCKETS],
    end: [u16; BUCKETS],
    entries: [Entry; ENTRIES],
}

impl<Entry, const BUCKETS: usize, const ENTRIES: usize> Index<Entry, BUCKETS, ENTRIES> {
    #[inline]
    fn bucket(&self, bucket: usize) -> &[Entry] {
        &self.entries[self.start[bucket] as usize..self.end[bucket] as usize]
    }
}

/// What decoding needs of a 32-bit row, computed from its operands: registers are always extracted and masked, which is
/// faster than asking each operand; the few other operands extract themselves.
#[derive(Clone, Copy)]
struct Entry32 {
    bits: u32,
    mask: u32,
    op: Op,
    rd: u8,
    rs1: u8,
    rs2: u8,
    others: [Option<Operand>; 2],
}

impl Entry32 {
    const fn new(row: &Row) -> Entry32 {
        let mut entry = Entry32 {
            bits: row.bits,
            mask: row.mask,
            op: row.op,
            rd: 0,
            rs1: 0,
            rs2: 0,
            others: [None; 2],
        };
        let (mut operand, mut others) = (0, 0);
        while operand < row.operands.len() {
            match row.operands[operand] {
                Operand::Rd => entry.rd = 0x1f,
                Operand::Rs1 | Operand::Address | Operand::Uimm5 => entry.rs1 = 0x1f,
                Operand::Rs2 => entry.rs2 = 0x1f,
                other @ (Operand::ImmI
                | Operand::Shamt
                | Operand::ImmU
                | Operand::BranchTarget
                | Operand::JumpTarget
                | Operand::Load
                | Operand::Store
                | Operand::Csr
                | Operand::FencePred
                | Operand::FenceSucc
                | Operand::Ordering
                | Operand::Symbol
                | Operand::Imm32) => {
                    entry.others[others] = Some(other);
                    others += 1;
                }
            }
            operand += 1;
        }
        entry
    }
}

/// Bucket of a 32-bit instruction: opcode bits 6:2, funct3.
const fn bucket32(word: u32) -> usize {
    ((word >> 2 & 0x1f) << 3 | (word >> 12 & 7)) as usize
}

/// Bucket of a 16-bit instruction: quadrant, funct3.
const fn bucket16(half: u16) -> usize {
    ((half & 3) << 3 | half >> 13) as usize
}

// Rows without funct3 (lui, auipc, jal) stand in 8 buckets each.
const ENTRIES32: usize = instructions::ROW_COUNT + 3 * 7;
const ENTRIES16: usize = compressed::ROW_COUNT;

static INDEX32: Index<Entry32, 256, ENTRIES32> = {
    let mut index = Index {
        start: [0; 256],
        end: [0; 256],
        entries: [Entry32::new(&instructions::ROWS[0]); ENTRIES32],
    };
    let mut filled = 0;
    let mut bucket = 0;
    while bucket < 256 {
        index.start[bucket] = filled as u16;
        let mut row = 0;
        while row < instructions::ROW_COUNT {
            let (bits, mask) = (instructions::ROWS[row].bits, instructions::ROWS[row].mask);
            let wanted = (bucket as u32 >> 3) << 2 | 3 | (bucket as u32 & 7) << 12;
            if (wanted ^ bits) & mask & 0x707f == 0 {
                index.entries[filled] = Entry32::new(&instructions::ROWS[row]);
                filled += 1;
            }
            row += 1;
        }
        index.end[bucket] = filled as u16;
        bucket += 1;
    }
    assert!(filled == ENTRIES32);
    index
};

static INDEX16: Index<u8, 32, ENTRIES16> = {
    let mut index = Index {
        start: [0; 32],
        end: [0; 32],
        entries: [0; ENTRIES16],
    };
    let mut filled = 0;
    let mut bucket = 0;
    while bucket < 32 {
        index.start[bucket] = filled as u16;
        let mut row = 0;
        while row < compressed::ROW_COUNT {
            if bucket16(compressed::ROWS[row].bits) == bucket {
                index.entries[filled] = row as u8;
                filled += 1;
            }
            row += 1;
        }
        index.end[bucket] = filled as u16;
        bucket += 1;
    }
    assert!(filled == ENTRIES16);
    index
};

/// Decodes the instruction in the low bits of `word`; of a 16-bit one the upper half is ignored. `None` for
/// encodings that no row has, reserved ones, and those of 48 bits and more.
///
/// Fences with reserved fields (`fm`, rd, rs1) do not decode, as in GNU objdump; a hart executes them:
/// [`decode_on_hart`].
#[inline]
pub fn decode(word: u32) -> Option<Decoded> {
    if word & 3 == 3 {
        decode32(word)
    } else {
        decode16(word as u16)
    }
}

#[inline]
fn decode32(word: u32) -> Option<Decoded> {
    let entries = INDEX32.bucket(bucket32(word));
    let entry = entries
        .iter()
        .find(|entry| (word ^ entry.bits) & entry.mask == 0)?;
    let mut insn = Insn {
        op: entry.op,
        rd: (word >> 7) as u8 & entry.rd,
        rs1: (word >> 15) as u8 & entry.rs1,
        rs2: (word >> 20) as u8 & entry.rs2,
        imm: 0,
    };
    for operand in entry.others.iter().map_while(|operand| *operand) {
        operand.extract(word, &mut insn);
    }
    Some(Decoded {
        insn,
        len: 4,
        compressed: None,
    })
}

#[inline]
fn decode16(half: u16) -> Option<Decoded> {
    let rows = INDEX16.bucket(bucket16(half));
    rows.iter().find_map(|row| {
        let row = &compressed::ROWS[*row as usize];
        if (half ^ row.bits) & row.mask != 0 {
            return None;
        }
        Some(Decoded {
            insn: row.expand(half)?,
            len: 2,
            compressed: Some(row.op),
        })
    })
}

/// Like [`decode`], but only instructions of the extensions in `isa`.
pub fn decode_for(isa: Isa, word: u32) -> Option<Decoded> {
    decode(word).filter(|decoded| allowed(isa, decoded))
}

/// What a hart with the extensions of `isa` executes: like [`decode_for`], and fences whose reserved fields are not
/// zero execute as the fence without them (§2.7 and chapter “Zifencei” of the unprivileged specification: implementations shall
/// ignore rd, rs1 and the immediate of `fence.i`, and treat reserved `fm` as 0).
#[inline]
pub fn decode_on_hart(isa: Isa, word: u32) -> Option<Decoded> {
    const FENCE: u32 = 0x0000_000f;
    const FENCE_I: u32 = 0x0000_100f;
    let decoded = decode(word).or_else(|| match word & 0x707f {
        FENCE => decode32(word & 0x0ff0_0000 | FENCE),
        FENCE_I => decode32(FENCE_I),
        _ => None,
    })?;
    allowed(isa, &decoded).then_some(decoded)
}

/// Decodes like [`decode_on_hart`] and remembers: programs use few different instructions. Entries are found by the
/// instruction's own bits, so nothing ever makes them stale, and what is remembered cannot be observed.
#[derive(Clone, Debug)]
pub struct Decoder {
    isa: Isa,
    /// (bits, what they decode to). A halfword stands here with the upper half 0.
    entries: Vec<(u32, Option<Decoded>)>,
}

impl Decoder {
    const SIZE_LOG2: u32 = 11;

    /// A decoder for a hart with the extensions of `isa`.
    pub fn new(isa: Isa) -> Decoder {
        // The word 0 decodes to nothing, as the entries say from the start.
        let entries = vec![(0, None); 1 << Decoder::SIZE_LOG2];
        Decoder { isa, entries }
    }

    /// The extensions that it decodes.
    pub fn isa(&self) -> Isa {
        self.isa
    }

    /// The same as [`decode_on_hart`].
    #[inline]
    pub fn decode(&mut self, word: u32) -> Option<Decoded> {
        let bits = if word & 3 == 3 { word } else { word & 0xffff };
        // Fibonacci hashing: the upper bits of the product depend on all bits.
        let at = (bits.wrapping_mul(0x9e37_79b1) >> (32 - Decoder::SIZE_LOG2)) as usize;
        let entry = &mut self.entries[at];
        if entry.0 != bits {
            *entry = (bits, decode_on_hart(self.isa, bits));
        }
        entry.1
    }
}

fn allowed(isa: Isa, decoded: &Decoded) -> bool {
    isa.contains(decoded.insn.op.row().ext)
        && (decoded.compressed.is_none() || isa.contains(Ext::C))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a walk over the whole table finds.
    fn linear(word: u32) -> Option<Op> {
        instructions::ROWS
            .iter()
            .find(|row| (word ^ row.bits) & row.mask == 0)
            .map(|row| row.op)
    }

    #[test]
    fn the_index_finds_what_a_walk_over_the_table_finds() {
        let mut x = 0x1234_5678u32;
        for _ in 0..200_000 {
            x = x.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let word = (x ^ x >> 15) | 3;
            assert_eq!(
                decode32(word).map(|d| d.insn.op),
                linear(word),
                "{word:#010x}"
            );
        }
        for row in &instructions::ROWS {
            assert_eq!(decode32(row.bits).map(|d| d.insn.op), Some(row.op));
        }
    }

    #[test]
    fn a_decoder_remembers_rightly() {
        for isa in [Isa::PLATFORM, Isa::BASE] {
            let mut decoder = Decoder::new(isa);
            let mut x = 7u32;
            for round in 0..300_000u32 {
                x = x.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                // few words, so that they come again, and many, so that they collide
                let word = if round % 2 == 0 {
                    x
                } else {
                    (x >> 20).wrapping_mul(0x0123_4567)
                };
                assert_eq!(
                    decoder.decode(word),
                    decode_on_hart(isa, word),
                    "{word:#010x}"
                );
            }
        }
    }

    #[test]
    fn a_hart_executes_fences_with_reserved_fields() {
        let fence = decode_on_hart(Isa::DEFAULT, 0xf330_8a0f).unwrap();
        assert_eq!((fence.insn.op, fence.insn.imm), (Op::Fence, 0x33));
        assert_eq!(
            decode_on_hart(Isa::DEFAULT, 0x1231_1a8f).unwrap().insn.op,
            Op::FenceI
        );
        assert_eq!(
            decode_on_hart(Isa::DEFAULT.without(Ext::Zifencei), 0x1231_1a8f),
            None
        );
        assert_eq!(decode(0xf330_8a0f), None);
        assert_eq!(
            decode_on_hart(Isa::DEFAULT, 0x8330_000f).unwrap().insn.op,
            Op::FenceTso
        );
    }
}
