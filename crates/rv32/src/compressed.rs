//! The table of 16-bit instructions (chapter “C” of the unprivileged specification, without the floating-point ones):
//! one row an instruction, with the 32-bit instruction that it stands for.

use crate::format;
use crate::instructions::{self, Insn, Op};
use crate::isa::Ext;
use std::ops::RangeInclusive;

/// An operand of a compressed row. It moves values between the halfword and the fields of the *expanded* [`Insn`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum COperand {
    /// Destination, any register, bits 11:7.
    Rd,
    /// Destination and first source in one, any register, bits 11:7.
    RdRs1,
    /// First source, any register, bits 11:7.
    Rs1,
    /// Second source, any register, bits 6:2.
    Rs2,
    /// Destination `x8`–`x15`, bits 4:2.
    RdShort,
    /// Destination and first source in one, `x8`–`x15`, bits 9:7.
    RdRs1Short,
    /// First source `x8`–`x15`, bits 9:7.
    Rs1Short,
    /// Second source `x8`–`x15`, bits 4:2.
    Rs2Short,
    /// The stack pointer, written but not encoded.
    Sp,
    /// 6-bit signed immediate.
    Imm6,
    /// Shift amount 0 to 31 (on RV32 bit 5 of the shift amount must be 0).
    Shamt,
    /// Upper immediate of `c.lui`, written as `lui`'s: 1 to 31 or 0xfffe0 to 0xfffff.
    UpperImm6,
    /// Immediate of `c.addi4spn`: 4 to 1020, a multiple of 4.
    Addi4spn,
    /// Immediate of `c.addi16sp`: -512 to 496, a multiple of 16.
    Addi16sp,
    /// `imm(rs1)` of `c.lw` and `c.sw`: rs1 in `x8`–`x15`, 0 to 124 in steps of 4.
    Word,
    /// `imm(sp)` of `c.lwsp`, 0 to 252 in steps of 4.
    LoadSp,
    /// `imm(sp)` of `c.swsp`, 0 to 252 in steps of 4.
    StoreSp,
    /// Branch target, within -256 to 254 bytes.
    BranchTarget,
    /// Jump target, within -2048 to 2046 bytes.
    JumpTarget,
}

/// A condition on the operands of a compressed row.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Rule {
    /// rd is not x0.
    RdNonzero,
    /// rd is not sp.
    RdNotSp,
    /// rs1 is not x0.
    Rs1Nonzero,
    /// rs2 is not x0.
    Rs2Nonzero,
    /// The immediate is not 0.
    ImmNonzero,
    /// The immediate is 0.
    ImmZero,
}

impl Rule {
    const fn holds(self, insn: &Insn) -> bool {
        match self {
            Rule::RdNonzero => insn.rd != 0,
            Rule::RdNotSp => insn.rd != 2,
            Rule::Rs1Nonzero => insn.rs1 != 0,
            Rule::Rs2Nonzero => insn.rs2 != 0,
            Rule::ImmNonzero => insn.imm != 0,
            Rule::ImmZero => insn.imm == 0,
        }
    }
}

/// When GNU as 2.40 takes the compressed form of an instruction that was written in its 32-bit spelling.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Automatic {
    /// Whenever it expands to the same instruction and is no hint.
    Always,
    /// Only for pseudo-instructions whose row says so (`jr`, `ret`): `jalr zero, 0(ra)` stays 32 bits long.
    Pseudo,
    /// When the target is in reach, which layout decides.
    Layout,
    /// Never.
    Never,
}

/// One row of the compressed table.
#[derive(Debug)]
pub struct CRow {
    /// The instruction.
    pub op: COp,
    /// As it is written.
    pub mnemonic: &'static str,
    /// The fixed bits of the encoding.
    pub bits: u16,
    /// Which bits are fixed; all others belong to exactly one operand.
    pub mask: u16,
    /// The extension that has it.
    pub ext: Ext,
    /// In the order in which they are written.
    pub operands: &'static [COperand],
    /// What must hold for the encoding to be this instruction at all: other values are reserved or another row.
    pub require: &'static [Rule],
    /// What must hold besides, or the encoding is a hint (it decodes, and [`compress`] does not make it).
    pub not_hint: &'static [Rule],
    /// The 32-bit instruction that it stands for, with the fields that no operand gives.
    pub expands_to: Insn,
    /// When an assembler chooses it by itself.
    pub automatic: Automatic,
    /// The row whose spelling disassemblers print, if not its own.
    pub printed_as: Option<COp>,
    /// One line for reference pages.
    pub summary: &'static str,
}

macro_rules! compressed_instructions {
    ($($op:ident $mnemonic:literal $bits:literal $mask:literal $ext:ident [$($operand:ident),*] => $base:ident $({$($field:ident : $value:expr),+})?
       require [$($rule:ident),*] not_hint [$($hint:ident),*] $automatic:ident $(printed_as $printed:ident)? $summary:literal;)+) => {
        /// The compressed instructions; one variant a row.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        #[repr(u8)]
        pub enum COp {
            $(#[doc = concat!("`", $mnemonic, "`: ", $summary, ".")] $op,)+
        }

        impl COp {
            /// Every compressed instruction, in the order of the table.
            pub const ALL: [COp; ROW_COUNT] = [$(COp::$op),+];
        }

        /// How many compressed instructions the table has.
        pub const ROW_COUNT: usize = [$(COp::$op),+].len();

        /// The table.
        pub static ROWS: [CRow; ROW_COUNT] = [$(CRow {
            op: COp::$op,
            mnemonic: $mnemonic,
            bits: $bits,
            mask: $mask,
            ext: Ext::$ext,
            operands: &[$(COperand::$operand),*],
            require: &[$(Rule::$rule),*],
            not_hint: &[$(Rule::$hint),*],
            expands_to: Insn { $($($field: $value,)+)? ..Insn::new(Op::$base) },
            automatic: Automatic::$automatic,
            printed_as: { #[allow(unused_mut, unused_assignments, reason = "the column is optional")] { let mut printed = None; $(printed = Some(COp::$printed);)? printed } },
            summary: $summary,
        }),+];
    };
}

// A column `not_hint` that excludes more than `require` marks the encodings that the chapter's “HINT Instructions” lists: they decode
// as what they expand to (which changes no state but the pc).
compressed_instructions! {
    // quadrant 0
    CAddi4spn  "c.addi4spn" 0x0000 0xe003 C [RdShort, Sp, Addi4spn]     => Addi  {rs1: 2}  require [ImmNonzero] not_hint [] Always "rd = sp + imm";
    CLw        "c.lw"       0x4000 0xe003 C [RdShort, Word]             => Lw              require [] not_hint [] Always "Load word: rd = mem(rs1 + imm)";
    CSw        "c.sw"       0xc000 0xe003 C [Rs2Short, Word]            => Sw              require [] not_hint [] Always "Store word: mem(rs1 + imm) = rs2";
    // quadrant 1
    CNop       "c.nop"      0x0001 0xef83 C [Imm6]                      => Addi            require [] not_hint [ImmZero] Always printed_as CAddi "No operation; with an immediate, a hint";
    CAddi      "c.addi"     0x0001 0xe003 C [RdRs1, Imm6]               => Addi            require [RdNonzero] not_hint [ImmNonzero] Always "rd = rd + imm";
    CJal       "c.jal"      0x2001 0xe003 C [JumpTarget]                => Jal   {rd: 1}   require [] not_hint [] Never  "Jump and link: ra = address of the next instruction; pc = target";
    CLi        "c.li"       0x4001 0xe003 C [Rd, Imm6]                  => Addi            require [] not_hint [RdNonzero] Always "rd = imm";
    CAddi16sp  "c.addi16sp" 0x6101 0xef83 C [Sp, Addi16sp]              => Addi  {rd: 2, rs1: 2} require [ImmNonzero] not_hint [] Always "sp = sp + imm";
    CLui       "c.lui"      0x6001 0xe003 C [Rd, UpperImm6]             => Lui             require [ImmNonzero, RdNotSp] not_hint [RdNonzero] Always "rd = imm << 12";
    CSrli      "c.srli"     0x8001 0xfc03 C [RdRs1Short, Shamt]         => Srli            require [ImmNonzero] not_hint [] Always "rd = rd >> shamt, zeros from above";
    CSrli64    "c.srli64"   0x8001 0xfc7f C [RdRs1Short]                => Srli            require [] not_hint [] Never "Shift by 64 of RV128; a hint here";
    CSrai      "c.srai"     0x8401 0xfc03 C [RdRs1Short, Shamt]         => Srai            require [ImmNonzero] not_hint [] Always "rd = rd >> shamt, copies of the sign from above";
    CSrai64    "c.srai64"   0x8401 0xfc7f C [RdRs1Short]                => Srai            require [] not_hint [] Never "Shift by 64 of RV128; a hint here";
    CAndi      "c.andi"     0x8801 0xec03 C [RdRs1Short, Imm6]          => Andi            require [] not_hint [] Always "rd = rd & imm";
    CSub       "c.sub"      0x8c01 0xfc63 C [RdRs1Short, Rs2Short]      => Sub             require [] not_hint [] Always "rd = rd - rs2";
    CXor       "c.xor"      0x8c21 0xfc63 C [RdRs1Short, Rs2Short]      => Xor             require [] not_hint [] Always "rd = rd ^ rs2";
    COr        "c.or"       0x8c41 0xfc63 C [RdRs1Short, Rs2Short]      => Or              require [] not_hint [] Always "rd = rd | rs2";
    CAnd       "c.and"      0x8c61 0xfc63 C [RdRs1Short, Rs2Short]      => And             require [] not_hint [] Always "rd = rd & rs2";
    CJ         "c.j"        0xa001 0xe003 C [JumpTarget]                => Jal             require [] not_hint [] Layout "Jump: pc = target";
    CBeqz      "c.beqz"     0xc001 0xe003 C [Rs1Short, BranchTarget]    => Beq             require [] not_hint [] Layout "Branch if rs1 = 0";
    CBnez      "c.bnez"     0xe001 0xe003 C [Rs1Short, BranchTarget]    => Bne             require [] not_hint [] Layout "Branch if rs1 ≠ 0";
    // quadrant 2
    CSlli      "c.slli"     0x0002 0xf003 C [RdRs1, Shamt]              => Slli            require [ImmNonzero] not_hint [RdNonzero] Always "rd = rd << shamt";
    CSlli64    "c.slli64"   0x0002 0xf07f C [RdRs1]                     => Slli            require [] not_hint [] Never "Shift by 64 of RV128; a hint here";
    CLwsp      "c.lwsp"     0x4002 0xe003 C [Rd, LoadSp]                => Lw    {rs1: 2}  require [RdNonzero] not_hint [] Always "Load word: rd = mem(sp + imm)";
    CJr        "c.jr"       0x8002 0xf07f C [Rs1]                       => Jalr            require [Rs1Nonzero] not_hint [] Pseudo "Jump: pc = rs1";
    CMv        "c.mv"       0x8002 0xf003 C [Rd, Rs2]                   => Add             require [Rs2Nonzero] not_hint [RdNonzero] Always "rd = rs2";
    CEbreak    "c.ebreak"   0x9002 0xffff C []                          => Ebreak          require [] not_hint [] Always "Breakpoint: traps to the debugger";
    CJalr      "c.jalr"     0x9002 0xf07f C [Rs1]                       => Jalr  {rd: 1}   require [Rs1Nonzero] not_hint [] Pseudo "Jump and link: ra = address of the next instruction; pc = rs1";
    CAdd       "c.add"      0x9002 0xf003 C [RdRs1, Rs2]                => Add             require [Rs2Nonzero] not_hint [RdNonzero] Always "rd = rd + rs2";
    CSwsp      "c.swsp"     0xc002 0xe003 C [Rs2, StoreSp]              => Sw    {rs1: 2}  require [] not_hint [] Always "Store word: mem(sp + imm) = rs2";
}

impl COp {
    /// The row of the instruction.
    #[inline]
    pub fn row(self) -> &'static CRow {
        &ROWS[self as usize]
    }

    /// The mnemonic.
    pub fn mnemonic(self) -> &'static str {
        self.row().mnemonic
    }
}

const fn put(half: &mut u16, from: u32, width: u32, value: u8) {
    let mask = ((1u16 << width) - 1) << from;
    *half = (*half & !mask) | (((value as u16) << from) & mask);
}

const fn get(half: u16, from: u32, width: u32) -> u8 {
    ((half >> from) & ((1 << width) - 1)) as u8
}

impl COperand {
    /// The bits of the halfword that the operand owns.
    pub const fn mask(self) -> u16 {
        match self {
            COperand::Rd | COperand::RdRs1 | COperand::Rs1 => 0x1f << 7,
            COperand::Rs2 => 0x1f << 2,
            COperand::RdShort | COperand::Rs2Short => 0x7 << 2,
            COperand::RdRs1Short | COperand::Rs1Short => 0x7 << 7,
            COperand::Sp => 0,
            COperand::Imm6 => format::MASK_CI,
            COperand::Shamt => 0x1f << 2,
            COperand::UpperImm6 => format::MASK_CI_LUI,
            COperand::Addi4spn => format::MASK_CIW,
            COperand::Addi16sp => format::MASK_CI_16SP,
            COperand::Word => format::MASK_CL_W | 0x7 << 7,
            COperand::LoadSp => format::MASK_CI_LWSP,
            COperand::StoreSp => format::MASK_CSS_SWSP,
            COperand::BranchTarget => format::MASK_CB,
            COperand::JumpTarget => format::MASK_CJ,
        }
    }

    /// Writes the operand's value from `insn` into its bits of `half`; bits that do not fit are dropped.
    pub const fn insert(self, half: &mut u16, insn: &Insn) {
        match self {
            COperand::Rd | COperand::RdRs1 => put(half, 7, 5, insn.rd),
            COperand::Rs1 => put(half, 7, 5, insn.rs1),
            COperand::Rs2 => put(half, 2, 5, insn.rs2),
            COperand::RdShort => put(half, 2, 3, insn.rd & 7),
            COperand::Rs2Short => put(half, 2, 3, insn.rs2 & 7),
            COperand::RdRs1Short => put(half, 7, 3, insn.rd & 7),
            COperand::Rs1Short => put(half, 7, 3, insn.rs1 & 7),
            COperand::Sp => {}
            COperand::Imm6 => *half = format::insert_ci(*half, insn.imm),
            COperand::Shamt => put(half, 2, 5, insn.imm as u8),
            COperand::UpperImm6 => *half = format::insert_ci_lui(*half, insn.imm),
            COperand::Addi4spn => *half = format::insert_ciw(*half, insn.imm),
            COperand::Addi16sp => *half = format::insert_ci_16sp(*half, insn.imm),
            COperand::Word => {
                *half = format::insert_cl_w(*half, insn.imm);
                put(half, 7, 3, insn.rs1 & 7);
            }
            COperand::LoadSp => *half = format::insert_ci_lwsp(*half, insn.imm),
            COperand::StoreSp => *half = format::insert_css_swsp(*half, insn.imm),
            COperand::BranchTarget => *half = format::insert_cb(*half, insn.imm),
            COperand::JumpTarget => *half = format::insert_cj(*half, insn.imm),
        }
    }

    /// Copies the fields that the operand gives.
    const fn give(self, from: &Insn, to: &mut Insn) {
        match self {
            COperand::Rd | COperand::RdShort => to.rd = from.rd,
            COperand::RdRs1 | COperand::RdRs1Short => {
                to.rd = from.rd;
                to.rs1 = from.rs1;
            }
            COperand::Rs1 | COperand::Rs1Short => to.rs1 = from.rs1,
            COperand::Rs2 | COperand::Rs2Short => to.rs2 = from.rs2,
            COperand::Sp => {}
            COperand::Word => {
                to.rs1 = from.rs1;
                to.imm = from.imm;
            }
            COperand::Imm6
            | COperand::Shamt
            | COperand::UpperImm6
            | COperand::Addi4spn
            | COperand::Addi16sp
            | COperand::LoadSp
            | COperand::StoreSp
            | COperand::BranchTarget
            | COperand::JumpTarget => to.imm = from.imm,
        }
    }

    /// Reads the operand's bits of `half` into the fields of the expanded `insn`.
    pub const fn extract(self, half: u16, insn: &mut Insn) {
        match self {
            COperand::Rd => insn.rd = get(half, 7, 5),
            COperand::RdRs1 => {
                insn.rd = get(half, 7, 5);
                insn.rs1 = insn.rd;
            }
            COperand::Rs1 => insn.rs1 = get(half, 7, 5),
            COperand::Rs2 => insn.rs2 = get(half, 2, 5),
            COperand::RdShort => insn.rd = 8 + get(half, 2, 3),
            COperand::Rs2Short => insn.rs2 = 8 + get(half, 2, 3),
            COperand::RdRs1Short => {
                insn.rd = 8 + get(half, 7, 3);
                insn.rs1 = insn.rd;
            }
            COperand::Rs1Short => insn.rs1 = 8 + get(half, 7, 3),
            COperand::Sp => {}
            COperand::Imm6 => insn.imm = format::extract_ci(half),
            COperand::Shamt => insn.imm = get(half, 2, 5) as i32,
            COperand::UpperImm6 => insn.imm = format::extract_ci_lui(half),
            COperand::Addi4spn => insn.imm = format::extract_ciw(half),
            COperand::Addi16sp => insn.imm = format::extract_ci_16sp(half),
            COperand::Word => {
                insn.imm = format::extract_cl_w(half);
                insn.rs1 = 8 + get(half, 7, 3);
            }
            COperand::LoadSp => insn.imm = format::extract_ci_lwsp(half),
            COperand::StoreSp => insn.imm = format::extract_css_swsp(half),
            COperand::BranchTarget => insn.imm = format::extract_cb(half),
            COperand::JumpTarget => insn.imm = format::extract_cj(half),
        }
    }

    /// The values that the immediate part may take, **as [`Insn::imm`] holds them**; `None` for operands without
    /// one. See also [`step`](COperand::step).
    pub const fn range(self) -> Option<RangeInclusive<i32>> {
        Some(match self {
            COperand::Imm6 => -32..=31,
            COperand::Shamt => 0..=31,
            COperand::UpperImm6 => -(32 << 12)..=31 << 12,
            COperand::Addi4spn => 0..=1020,
            COperand::Addi16sp => -512..=496,
            COperand::Word => 0..=124,
            COperand::LoadSp | COperand::StoreSp => 0..=252,
            COperand::BranchTarget => -256..=254,
            COperand::JumpTarget => -2048..=2046,
            COperand::Rd
            | COperand::RdRs1
            | COperand::Rs1
            | COperand::Rs2
            | COperand::RdShort
            | COperand::RdRs1Short
            | COperand::Rs1Short
            | COperand::Rs2Short
            | COperand::Sp => return None,
        })
    }

    /// What the value must be a multiple of.
    pub const fn step(self) -> i32 {
        match self {
            COperand::UpperImm6 => 0x1000,
            COperand::Addi16sp => 16,
            COperand::Addi4spn | COperand::Word | COperand::LoadSp | COperand::StoreSp => 4,
            COperand::BranchTarget | COperand::JumpTarget => 2,
            COperand::Rd
            | COperand::RdRs1
            | COperand::Rs1
            | COperand::Rs2
            | COperand::RdShort
            | COperand::RdRs1Short
            | COperand::Rs1Short
            | COperand::Rs2Short
            | COperand::Sp
            | COperand::Imm6
            | COperand::Shamt => 1,
        }
    }

    /// Whether the value in `insn` can be encoded. `rd`/`rs1` pairs must agree.
    pub fn fits(self, insn: &Insn) -> bool {
        let short = |r: u8| (8..16).contains(&r);
        let immediate =
            || self.range().is_some_and(|r| r.contains(&insn.imm)) && insn.imm % self.step() == 0;
        match self {
            COperand::Rd => insn.rd < 32,
            COperand::RdRs1 => insn.rd < 32 && insn.rs1 == insn.rd,
            COperand::Rs1 => insn.rs1 < 32,
            COperand::Rs2 => insn.rs2 < 32,
            COperand::RdShort => short(insn.rd),
            COperand::Rs2Short => short(insn.rs2),
            COperand::RdRs1Short => short(insn.rd) && insn.rs1 == insn.rd,
            COperand::Rs1Short => short(insn.rs1),
            COperand::Sp => true,
            COperand::Word => short(insn.rs1) && immediate(),
            COperand::LoadSp | COperand::StoreSp => insn.rs1 == 2 && immediate(),
            COperand::Imm6
            | COperand::Shamt
            | COperand::UpperImm6
            | COperand::Addi4spn
            | COperand::Addi16sp
            | COperand::BranchTarget
            | COperand::JumpTarget => immediate(),
        }
    }

    /// How the operand is written, in the terms of [`crate::Operand`]: what to parse into which field of [`Insn`].
    /// `None` for the written stack pointer. A parser of `rd`/`rs1` pairs sets both fields.
    pub const fn written_as(self) -> Option<crate::Operand> {
        use crate::Operand;
        Some(match self {
            COperand::Rd | COperand::RdRs1 | COperand::RdShort | COperand::RdRs1Short => {
                Operand::Rd
            }
            COperand::Rs1 | COperand::Rs1Short => Operand::Rs1,
            COperand::Rs2 | COperand::Rs2Short => Operand::Rs2,
            COperand::Sp => return None,
            COperand::Imm6 | COperand::Addi4spn | COperand::Addi16sp => Operand::ImmI,
            COperand::Shamt => Operand::Shamt,
            COperand::UpperImm6 => Operand::ImmU,
            COperand::Word | COperand::LoadSp | COperand::StoreSp => Operand::Load,
            COperand::BranchTarget => Operand::BranchTarget,
            COperand::JumpTarget => Operand::JumpTarget,
        })
    }

    /// The operand's name in usage lines.
    pub const fn placeholder(self) -> &'static str {
        match self {
            COperand::Rd | COperand::RdRs1 => "rd",
            COperand::RdShort | COperand::RdRs1Short => "rd'",
            COperand::Rs1 => "rs1",
            COperand::Rs1Short => "rs1'",
            COperand::Rs2 => "rs2",
            COperand::Rs2Short => "rs2'",
            COperand::Sp => "sp",
            COperand::Imm6 | COperand::UpperImm6 | COperand::Addi4spn | COperand::Addi16sp => "imm",
            COperand::Shamt => "shamt",
            COperand::Word => "imm(rs1')",
            COperand::LoadSp | COperand::StoreSp => "imm(sp)",
            COperand::BranchTarget | COperand::JumpTarget => "target",
        }
    }

    /// What is expected, for messages.
    pub const fn describe(self) -> &'static str {
        match self {
            COperand::Rd | COperand::RdRs1 | COperand::Rs1 | COperand::Rs2 => "a register",
            COperand::RdShort | COperand::RdRs1Short | COperand::Rs1Short | COperand::Rs2Short => {
                "a register of s0, s1, a0 to a5"
            }
            COperand::Sp => "the register sp",
            COperand::Imm6 => "an integer in -32..=31",
            COperand::Shamt => "a shift amount in 0..=31",
            COperand::UpperImm6 => "an integer in 1..=31 or 0xfffe0..=0xfffff",
            COperand::Addi4spn => "a multiple of 4 in 4..=1020",
            COperand::Addi16sp => "a multiple of 16 in -512..=496, not 0",
            COperand::Word => {
                "an address `imm(register)`: imm a multiple of 4 in 0..=124, a register of s0, s1, a0 to a5"
            }
            COperand::LoadSp | COperand::StoreSp => {
                "an address `imm(sp)`: imm a multiple of 4 in 0..=252"
            }
            COperand::BranchTarget => "a label within -256..=254 bytes",
            COperand::JumpTarget => "a label within -2048..=2046 bytes",
        }
    }
}

impl CRow {
    /// The expanded instruction of a halfword that matches `bits` and `mask`, if the rules allow it.
    pub(crate) fn expand(&self, half: u16) -> Option<Insn> {
        let mut insn = self.expands_to;
        for operand in self.operands {
            operand.extract(half, &mut insn);
        }
        self.require
            .iter()
            .all(|rule| rule.holds(&insn))
            .then_some(insn)
    }

    /// The first rule that `insn` breaks (for messages).
    pub fn broken_rule(&self, insn: &Insn) -> Option<Rule> {
        self.require.iter().copied().find(|rule| !rule.holds(insn))
    }
}

/// Encodes `insn` (in its expanded form) as this compressed instruction, if it is exactly what that expands to;
/// hints included.
pub fn encode_c(cop: COp, insn: &Insn) -> Option<u16> {
    let row = cop.row();
    // Fields that no operand gives must be the row's.
    let mut expanded = row.expands_to;
    for operand in row.operands {
        operand.give(insn, &mut expanded);
    }
    if expanded != *insn || !row.operands.iter().all(|operand| operand.fits(insn)) || row.broken_rule(insn).is_some() {
        return None;
    }
    let mut half = row.bits;
    for operand in row.operands {
        operand.insert(&mut half, insn);
    }
    debug_assert_eq!(row.expand(half), Some(*insn));
    Some(half)
}

/// The compressed form that GNU as 2.40 takes for an instruction written in its 32-bit spelling with registers
/// and constants, if there is one. Never for jumps and branches: their reach is known after layout
/// (see [`short_form`]); nor for `jalr`: see [`crate::PseudoRow::compress`].
pub fn compress(insn: &Insn) -> Option<(COp, u16)> {
    compress_where(insn, Automatic::Always)
        .or_else(|| compress_where(&other_spelling(insn)?, Automatic::Always))
}

/// The compressed form of a jump or branch (`jal zero`, `beq`/`bne` with zero) whose `imm` is known.
pub fn short_form(insn: &Insn) -> Option<(COp, u16)> {
    compress_where(insn, Automatic::Layout)
}

/// The given compressed form of an instruction, for a spelling that GNU as compresses to that only. Unlike
/// [`compress`] it takes a zero immediate: GNU as makes `add rd, rd, 0` the hint `c.addi rd, 0`.
pub(crate) fn compress_as(cop: COp, insn: &Insn) -> Option<(COp, u16)> {
    let spellings = [Some(*insn), other_spelling(insn)];
    spellings.iter().flatten().find_map(|insn| {
        let no_hint = cop
            .row()
            .not_hint
            .iter()
            .all(|rule| *rule == Rule::ImmNonzero || rule.holds(insn));
        no_hint
            .then(|| encode_c(cop, insn))
            .flatten()
            .map(|half| (cop, half))
    })
}

/// For each instruction the number + 1 of the first row that expands to it, and for each row that of the next row of
/// the same instruction; 0 ends a list. The assembler asks for every instruction whether a short form fits.
static FIRST: [u8; instructions::ROWS.len()] = LISTS.0;
static NEXT: [u8; ROWS.len()] = LISTS.1;

const LISTS: ([u8; instructions::ROWS.len()], [u8; ROWS.len()]) = {
    let mut first = [0; instructions::ROWS.len()];
    let mut next = [0; ROWS.len()];
    let mut i = ROWS.len();
    while i > 0 {
        i -= 1;
        let op = ROWS[i].expands_to.op as usize;
        next[i] = first[op];
        first[op] = i as u8 + 1;
    }
    (first, next)
};

/// The rows that expand to an instruction, in the order of the table.
fn rows_of(op: Op) -> impl Iterator<Item = &'static CRow> {
    let mut number = FIRST[op as usize];
    std::iter::from_fn(move || {
        let i = usize::from(number.checked_sub(1)?);
        number = NEXT[i];
        Some(&ROWS[i])
    })
}

fn compress_where(insn: &Insn, automatic: Automatic) -> Option<(COp, u16)> {
    rows_of(insn.op)
        .filter(|row| row.automatic == automatic)
        .filter(|row| row.not_hint.iter().all(|rule| rule.holds(insn)))
        .find_map(|row| Some((row.op, encode_c(row.op, insn)?)))
}

/// Another instruction of the same effect that may have a compressed form where this one has none.
fn other_spelling(insn: &Insn) -> Option<Insn> {
    let commutes = matches!(insn.op, Op::Add | Op::And | Op::Or | Op::Xor);
    if commutes && insn.rd == insn.rs2 {
        return Some(Insn {
            rs1: insn.rs2,
            rs2: insn.rs1,
            ..*insn
        });
    }
    if insn.op == Op::Addi && insn.imm == 0 {
        // `addi rd, rs1, 0` is how `mv` is spelled in 32 bits, `add rd, zero, rs2` what `c.mv` expands to.
        return Some(Insn {
            op: Op::Add,
            rd: insn.rd,
            rs1: 0,
            rs2: insn.rs1,
            imm: 0,
        });
    }
    None
}
