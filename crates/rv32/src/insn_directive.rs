//! The table of formats of the `.insn` directive (GNU as 2.40, "RISC-V Instruction Formats"): one row a format, with
//! the parts in the order in which they are written, and the names that an opcode may be written by.

use crate::format;
use crate::operand::Syntax;
use crate::reloc::Field;

/// A part of a format.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Part {
    /// Opcode of a 32-bit instruction: 7 bits, the low two 11; a number or a name of [`OPCODES`].
    Opcode,
    /// Bits 14:12.
    Funct3,
    /// Bits 31:25.
    Funct7,
    /// Bits 26:25.
    Funct2,
    /// Register, bits 11:7.
    Rd,
    /// Register, bits 19:15.
    Rs1,
    /// Register, bits 24:20.
    Rs2,
    /// Register, bits 31:27.
    Rs3,
    /// 12-bit signed immediate, bits 31:20.
    ImmI,
    /// `imm(rs1)`, I-type.
    Load,
    /// `imm(rs1)`, S-type.
    Store,
    /// Upper 20 bits, written as 0 to 0xfffff.
    ImmU,
    /// Branch target.
    BranchTarget,
    /// Jump target.
    JumpTarget,
    /// Quadrant of a 16-bit instruction: 0 to 2, or `C0`, `C1`, `C2`.
    COpcode,
    /// Bits 15:13.
    CFunct3,
    /// Bits 15:12.
    CFunct4,
    /// Bits 15:10.
    CFunct6,
    /// Bits 6:5.
    CFunct2,
    /// Register, bits 11:7.
    CRd,
    /// Register, bits 6:2.
    CRs2,
    /// Register x8 to x15, bits 9:7.
    CRs1Short,
    /// Register x8 to x15, bits 4:2.
    CRs2Short,
    /// 6-bit signed immediate of CI.
    CImm6,
    /// 6 bits 12:7, not permuted.
    CUimm6,
    /// 8 bits 12:5, not permuted.
    CUimm8,
    /// `imm(rs1')`: 5 bits 12:10 and 6:5, not permuted otherwise; register x8 to x15 in bits 9:7.
    COffset5,
    /// Target of a compressed branch.
    CBranchTarget,
    /// Target of a compressed jump.
    CJumpTarget,
}

/// Bits 12:10 and 6:5.
const MASK_CL_RAW: u32 = 0x1c60;

impl Part {
    /// (first bit, width) of parts that are one run of bits; `None` for permuted immediates.
    const fn run(self) -> Option<(u32, u32)> {
        Some(match self {
            Part::Opcode => (0, 7),
            Part::Funct3 => (12, 3),
            Part::Funct7 => (25, 7),
            Part::Funct2 => (25, 2),
            Part::Rd | Part::CRd => (7, 5),
            Part::Rs1 => (15, 5),
            Part::Rs2 => (20, 5),
            Part::Rs3 => (27, 5),
            Part::ImmI | Part::Load => (20, 12),
            Part::ImmU => (12, 20),
            Part::COpcode => (0, 2),
            Part::CFunct3 => (13, 3),
            Part::CFunct4 => (12, 4),
            Part::CFunct6 => (10, 6),
            Part::CFunct2 => (5, 2),
            Part::CRs2 => (2, 5),
            Part::CRs1Short => (7, 3),
            Part::CRs2Short => (2, 3),
            Part::CUimm6 => (7, 6),
            Part::CUimm8 => (5, 8),
            Part::Store
            | Part::BranchTarget
            | Part::JumpTarget
            | Part::CImm6
            | Part::COffset5
            | Part::CBranchTarget
            | Part::CJumpTarget => return None,
        })
    }

    /// Writes a value into the part: a number, a register number (0 to 31; 8 to 15 for short ones), a byte offset.
    /// Bits that do not fit are dropped: ask [`fits`](Part::fits) first.
    pub const fn insert(self, word: &mut u32, value: i32) {
        let half = *word as u16;
        *word = match self {
            Part::Store => format::insert_s(*word, value),
            Part::BranchTarget => format::insert_b(*word, value),
            Part::JumpTarget => format::insert_j(*word, value),
            Part::CImm6 => format::insert_ci(half, value) as u32,
            Part::COffset5 => {
                *word & !MASK_CL_RAW | (value as u32 & 3) << 5 | (value as u32 >> 2 & 7) << 10
            }
            Part::CBranchTarget => format::insert_cb(half, value) as u32,
            Part::CJumpTarget => format::insert_cj(half, value) as u32,
            Part::Opcode
            | Part::Funct3
            | Part::Funct7
            | Part::Funct2
            | Part::Rd
            | Part::Rs1
            | Part::Rs2
            | Part::Rs3
            | Part::ImmI
            | Part::Load
            | Part::ImmU
            | Part::COpcode
            | Part::CFunct3
            | Part::CFunct4
            | Part::CFunct6
            | Part::CFunct2
            | Part::CRd
            | Part::CRs2
            | Part::CRs1Short
            | Part::CRs2Short
            | Part::CUimm6
            | Part::CUimm8 => {
                let Some((from, width)) = self.run() else {
                    return;
                };
                let mask = ((1u32 << width) - 1) << from;
                *word & !mask | ((value as u32) << from) & mask
            }
        };
    }

    /// Writes the base register of a memory part.
    pub const fn insert_base(self, word: &mut u32, register: u8) {
        if matches!(self, Part::Load | Part::Store) {
            Part::Rs1.insert(word, register as i32);
        } else if matches!(self, Part::COffset5) {
            Part::CRs1Short.insert(word, register as i32);
        }
    }

    /// The values that may be written, inclusive; of a memory part, its offset.
    pub const fn range(self) -> (i32, i32) {
        match self {
            Part::ImmI | Part::Load | Part::Store => (-2048, 2047),
            Part::BranchTarget => (-4096, 4094),
            Part::JumpTarget => (-0x10_0000, 0xf_fffe),
            Part::COpcode => (0, 2),
            Part::CRs1Short | Part::CRs2Short => (8, 15),
            Part::CImm6 => (-32, 31),
            Part::COffset5 => (0, 31),
            Part::CBranchTarget => (-256, 254),
            Part::CJumpTarget => (-2048, 2046),
            Part::Opcode
            | Part::Funct3
            | Part::Funct7
            | Part::Funct2
            | Part::Rd
            | Part::Rs1
            | Part::Rs2
            | Part::Rs3
            | Part::ImmU
            | Part::CFunct3
            | Part::CFunct4
            | Part::CFunct6
            | Part::CFunct2
            | Part::CRd
            | Part::CRs2
            | Part::CUimm6
            | Part::CUimm8 => match self.run() {
                Some((_, width)) => (0, (1 << width) - 1),
                None => (0, 0),
            },
        }
    }

    /// Whether a value may be written.
    pub const fn fits(self, value: i32) -> bool {
        let (low, high) = self.range();
        let aligned = match self.syntax() {
            Syntax::Target => value & 1 == 0,
            Syntax::Register
            | Syntax::Immediate
            | Syntax::Memory
            | Syntax::Csr
            | Syntax::FenceSet
            | Syntax::None => true,
        };
        low <= value
            && value <= high
            && aligned
            && (!matches!(self, Part::Opcode) || value & 3 == 3)
    }

    /// How the part is written.
    pub const fn syntax(self) -> Syntax {
        match self {
            Part::Rd
            | Part::Rs1
            | Part::Rs2
            | Part::Rs3
            | Part::CRd
            | Part::CRs2
            | Part::CRs1Short
            | Part::CRs2Short => Syntax::Register,
            Part::Load | Part::Store | Part::COffset5 => Syntax::Memory,
            Part::BranchTarget | Part::JumpTarget | Part::CBranchTarget | Part::CJumpTarget => {
                Syntax::Target
            }
            Part::Opcode
            | Part::Funct3
            | Part::Funct7
            | Part::Funct2
            | Part::ImmI
            | Part::ImmU
            | Part::COpcode
            | Part::CFunct3
            | Part::CFunct4
            | Part::CFunct6
            | Part::CFunct2
            | Part::CImm6
            | Part::CUimm6
            | Part::CUimm8 => Syntax::Immediate,
        }
    }

    /// The field that a relocation of the part patches, if the part takes an address.
    pub const fn field(self) -> Option<Field> {
        match self {
            Part::ImmI | Part::Load => Some(Field::I),
            Part::Store => Some(Field::S),
            Part::ImmU => Some(Field::U),
            Part::BranchTarget => Some(Field::B),
            Part::JumpTarget => Some(Field::J),
            Part::CBranchTarget => Some(Field::CB),
            Part::CJumpTarget => Some(Field::CJ),
            Part::Opcode
            | Part::Funct3
            | Part::Funct7
            | Part::Funct2
            | Part::Rd
            | Part::Rs1
            | Part::Rs2
            | Part::Rs3
            | Part::COpcode
            | Part::CFunct3
            | Part::CFunct4
            | Part::CFunct6
            | Part::CFunct2
            | Part::CRd
            | Part::CRs2
            | Part::CRs1Short
            | Part::CRs2Short
            | Part::CImm6
            | Part::CUimm6
            | Part::CUimm8
            | Part::COffset5 => None,
        }
    }

    /// The part's name in usage lines.
    pub const fn placeholder(self) -> &'static str {
        match self {
            Part::Opcode => "opcode7",
            Part::Funct3 | Part::CFunct3 => "funct3",
            Part::Funct7 => "funct7",
            Part::Funct2 | Part::CFunct2 => "funct2",
            Part::Rd | Part::CRd => "rd",
            Part::Rs1 => "rs1",
            Part::Rs2 | Part::CRs2 => "rs2",
            Part::Rs3 => "rs3",
            Part::ImmI => "simm12",
            Part::Load | Part::Store => "simm12(rs1)",
            Part::ImmU => "uimm20",
            Part::BranchTarget | Part::JumpTarget | Part::CBranchTarget | Part::CJumpTarget => {
                "target"
            }
            Part::COpcode => "opcode2",
            Part::CFunct4 => "funct4",
            Part::CFunct6 => "funct6",
            Part::CRs1Short => "rs1'",
            Part::CRs2Short => "rs2'",
            Part::CImm6 => "simm6",
            Part::CUimm6 => "uimm6",
            Part::CUimm8 => "uimm8",
            Part::COffset5 => "uimm5(rs1')",
        }
    }
}

/// One format.
#[derive(Debug)]
pub struct FormatRow {
    /// As it is written after `.insn`.
    pub name: &'static str,
    /// Bytes: 2 or 4.
    pub len: u8,
    /// In the order in which they are written.
    pub parts: &'static [Part],
}

const fn row(name: &'static str, len: u8, parts: &'static [Part]) -> FormatRow {
    FormatRow { name, len, parts }
}

/// The formats; of one name, in the order in which to try them.
#[rustfmt::skip]
pub static FORMATS: &[FormatRow] = &[
    row("r",   4, &[Part::Opcode, Part::Funct3, Part::Funct7, Part::Rd, Part::Rs1, Part::Rs2]),
    row("r",   4, &[Part::Opcode, Part::Funct3, Part::Funct2, Part::Rd, Part::Rs1, Part::Rs2, Part::Rs3]),
    row("r4",  4, &[Part::Opcode, Part::Funct3, Part::Funct2, Part::Rd, Part::Rs1, Part::Rs2, Part::Rs3]),
    row("i",   4, &[Part::Opcode, Part::Funct3, Part::Rd, Part::Rs1, Part::ImmI]),
    row("i",   4, &[Part::Opcode, Part::Funct3, Part::Rd, Part::Load]),
    row("s",   4, &[Part::Opcode, Part::Funct3, Part::Rs2, Part::Store]),
    row("b",   4, &[Part::Opcode, Part::Funct3, Part::Rs1, Part::Rs2, Part::BranchTarget]),
    row("sb",  4, &[Part::Opcode, Part::Funct3, Part::Rs1, Part::Rs2, Part::BranchTarget]),
    row("u",   4, &[Part::Opcode, Part::Rd, Part::ImmU]),
    row("j",   4, &[Part::Opcode, Part::Rd, Part::JumpTarget]),
    row("uj",  4, &[Part::Opcode, Part::Rd, Part::JumpTarget]),
    row("cr",  2, &[Part::COpcode, Part::CFunct4, Part::CRd, Part::CRs2]),
    row("ci",  2, &[Part::COpcode, Part::CFunct3, Part::CRd, Part::CImm6]),
    row("ciw", 2, &[Part::COpcode, Part::CFunct3, Part::CRs2Short, Part::CUimm8]),
    row("css", 2, &[Part::COpcode, Part::CFunct3, Part::CRs2, Part::CUimm6]),
    row("cl",  2, &[Part::COpcode, Part::CFunct3, Part::CRs2Short, Part::COffset5]),
    row("cs",  2, &[Part::COpcode, Part::CFunct3, Part::CRs2Short, Part::COffset5]),
    row("ca",  2, &[Part::COpcode, Part::CFunct6, Part::CFunct2, Part::CRs1Short, Part::CRs2Short]),
    row("cb",  2, &[Part::COpcode, Part::CFunct3, Part::CRs1Short, Part::CBranchTarget]),
    row("cj",  2, &[Part::COpcode, Part::CFunct3, Part::CJumpTarget]),
];

/// Names of opcodes (RV32G "Base Opcode Map") for [`Part::Opcode`], and of quadrants for [`Part::COpcode`].
#[rustfmt::skip]
pub static OPCODES: &[(&str, u8)] = &[
    ("LOAD", 0x03), ("LOAD_FP", 0x07), ("CUSTOM_0", 0x0b), ("MISC_MEM", 0x0f), ("OP_IMM", 0x13), ("AUIPC", 0x17), ("OP_IMM_32", 0x1b),
    ("STORE", 0x23), ("STORE_FP", 0x27), ("CUSTOM_1", 0x2b), ("AMO", 0x2f), ("OP", 0x33), ("LUI", 0x37), ("OP_32", 0x3b),
    ("MADD", 0x43), ("MSUB", 0x47), ("NMSUB", 0x4b), ("NMADD", 0x4f), ("OP_FP", 0x53), ("OP_V", 0x57), ("CUSTOM_2", 0x5b),
    ("BRANCH", 0x63), ("JALR", 0x67), ("JAL", 0x6f), ("SYSTEM", 0x73), ("CUSTOM_3", 0x7b),
    ("C0", 0), ("C1", 1), ("C2", 2),
];

/// The formats of a name, in the order in which to try them.
pub fn formats(name: &[u8]) -> impl Iterator<Item = &'static FormatRow> {
    FORMATS
        .iter()
        .filter(move |row| row.name.as_bytes() == name)
}

/// The opcode of a name.
pub fn opcode(name: &[u8]) -> Option<u8> {
    OPCODES
        .iter()
        .find(|(known, _)| known.as_bytes() == name)
        .map(|(_, opcode)| *opcode)
}
