//! Encodings that GNU objdump 2.40 prints as instructions of this ISA and that the specification reserves: the
//! decoder refuses them. Every disagreement with objdump is a row here; a test walks the encodings.

/// One set of encodings.
#[derive(Debug)]
pub struct ReservedRow {
    /// What objdump prints.
    pub printed_as: &'static str,
    /// 2 or 4 bytes.
    pub len: u8,
    /// The fixed bits.
    pub bits: u32,
    /// Which bits are fixed.
    pub mask: u32,
    /// Where the specification says so.
    pub section: &'static str,
}

impl ReservedRow {
    /// Whether the encoding at the start of `word` is of this row.
    pub const fn matches(&self, word: u32) -> bool {
        let len = if word & 3 == 3 { 4 } else { 2 };
        self.len == len && (word ^ self.bits) & self.mask == 0
    }
}

const fn row(
    printed_as: &'static str,
    len: u8,
    bits: u32,
    mask: u32,
    section: &'static str,
) -> ReservedRow {
    ReservedRow {
        printed_as,
        len,
        bits,
        mask,
        section,
    }
}

/// The rows.
#[rustfmt::skip]
pub static ROWS: &[ReservedRow] = &[
    row("c.unimp",            2, 0x0000, 0xffff, "unprivileged, C: Defined Illegal Instruction"),
    row("c.addi16sp sp,0",    2, 0x6101, 0xffff, "unprivileged, C: Integer Register-Immediate Operations (nzimm = 0 is reserved)"),
    row("c.slli, shamt ≥ 32", 2, 0x1002, 0xf003, "unprivileged, C: Integer Register-Immediate Operations (RV32: shamt[5] = 1 is for custom extensions)"),
    row("c.srli, shamt ≥ 32", 2, 0x9001, 0xfc03, "unprivileged, C: Integer Register-Immediate Operations (RV32: shamt[5] = 1 is for custom extensions)"),
    row("c.srai, shamt ≥ 32", 2, 0x9401, 0xfc03, "unprivileged, C: Integer Register-Immediate Operations (RV32: shamt[5] = 1 is for custom extensions)"),
    row("slli, shamt ≥ 32",   4, 0x0200_1013, 0xfe00_707f, "unprivileged, RV32I: Integer Register-Immediate Instructions (imm[11:5] = 0)"),
    row("srli, shamt ≥ 32",   4, 0x0200_5013, 0xfe00_707f, "unprivileged, RV32I: Integer Register-Immediate Instructions (imm[11:5] = 0)"),
    row("srai, shamt ≥ 32",   4, 0x4200_5013, 0xfe00_707f, "unprivileged, RV32I: Integer Register-Immediate Instructions (imm[11:5] = 0x20)"),
    row("rori, shamt ≥ 32",   4, 0x6200_5013, 0xfe00_707f, "unprivileged, B (Zbb): rori (RV32: shamt[5] = 1 is reserved)"),
    row("bclri, shamt ≥ 32",  4, 0x4a00_1013, 0xfe00_707f, "unprivileged, B (Zbs): bclri (RV32: shamt[5] = 1 is reserved)"),
    row("bexti, shamt ≥ 32",  4, 0x4a00_5013, 0xfe00_707f, "unprivileged, B (Zbs): bexti (RV32: shamt[5] = 1 is reserved)"),
    row("binvi, shamt ≥ 32",  4, 0x6a00_1013, 0xfe00_707f, "unprivileged, B (Zbs): binvi (RV32: shamt[5] = 1 is reserved)"),
    row("bseti, shamt ≥ 32",  4, 0x2a00_1013, 0xfe00_707f, "unprivileged, B (Zbs): bseti (RV32: shamt[5] = 1 is reserved)"),
    row("uret",               4, 0x0020_0073, 0xffff_ffff, "privileged, RISC-V Privileged Instruction Set Listings: not in it (the N extension was withdrawn)"),
    row("hret",               4, 0x2020_0073, 0xffff_ffff, "privileged, RISC-V Privileged Instruction Set Listings: not in it (of version 1.9)"),
    row("sfence.vm",          4, 0x1040_0073, 0xfff0_7fff, "privileged, RISC-V Privileged Instruction Set Listings: not in it (of version 1.9)"),
];

/// The row that has an encoding, if one has.
pub fn find(word: u32) -> Option<&'static ReservedRow> {
    ROWS.iter().find(|row| row.matches(word))
}
