//! The operands of 32-bit instructions: where each lives in the word, what it may be, how it is written.

use crate::format;
use crate::instructions::Insn;
use std::ops::RangeInclusive;

/// An operand of a row, in the order in which the assembly language writes them.
///
/// Each kind knows the bits that it owns ([`mask`](Operand::mask)), moves its value between the word and the fields of
/// [`Insn`] ([`insert`](Operand::insert), [`extract`](Operand::extract)), and judges it ([`fits`](Operand::fits)).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Operand {
    /// Destination register, `insn.rd`.
    Rd,
    /// First source register, `insn.rs1`.
    Rs1,
    /// Second source register, `insn.rs2`.
    Rs2,
    /// 12-bit signed immediate, `insn.imm`.
    ImmI,
    /// Shift amount 0 to 31, `insn.imm`.
    Shamt,
    /// Upper immediate: written as 0 to 0xfffff, `insn.imm` is that number shifted left by 12.
    ImmU,
    /// Target of a conditional branch; `insn.imm` is the byte offset from the instruction.
    BranchTarget,
    /// Target of `jal`; `insn.imm` is the byte offset from the instruction.
    JumpTarget,
    /// `imm(rs1)` of a load or `jalr`.
    Load,
    /// `imm(rs1)` of a store.
    Store,
    /// `(rs1)`, also written `0(rs1)`: an address without offset.
    Address,
    /// A CSR by name or number, `insn.imm` = 0 to 4095.
    Csr,
    /// 5-bit unsigned immediate in the place of rs1 (`csrrwi`); `insn.rs1`.
    Uimm5,
    /// Predecessor set of `fence`, any of `iorw`; bits 7:4 of `insn.imm`.
    FencePred,
    /// Successor set of `fence`; bits 3:0 of `insn.imm`.
    FenceSucc,
    /// Memory ordering of an atomic, written as a suffix of the mnemonic; `insn.imm` bit 1 = aq, bit 0 = rl.
    Ordering,
    /// An address expression of a pseudo-instruction (`la`, `call`, `lw rd, symbol`). Owns no bits.
    Symbol,
    /// Any 32-bit constant (`li`). Owns no bits; `insn.imm`.
    Imm32,
}

/// What kind of text an operand is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Syntax {
    /// A register name.
    Register,
    /// A constant expression.
    Immediate,
    /// An expression that names an address: label, offset from `.`
    Target,
    /// An optional expression and a register in parentheses.
    Memory,
    /// A CSR name or number.
    Csr,
    /// A set of the letters `i`, `o`, `r`, `w`, not empty, in this order.
    FenceSet,
    /// Not written as an operand of its own.
    None,
}

const REG_RD: u32 = 0x1f << 7;
const REG_RS1: u32 = 0x1f << 15;
const REG_RS2: u32 = 0x1f << 20;

const fn put(word: &mut u32, mask: u32, value: u32) {
    *word = (*word & !mask) | ((value << mask.trailing_zeros()) & mask);
}

const fn get(word: u32, mask: u32) -> u32 {
    (word & mask) >> mask.trailing_zeros()
}

impl Operand {
    /// The bits of the instruction word that the operand owns.
    pub const fn mask(self) -> u32 {
        match self {
            Operand::Rd => REG_RD,
            Operand::Rs1 | Operand::Address | Operand::Uimm5 => REG_RS1,
            Operand::Rs2 | Operand::Shamt => REG_RS2,
            Operand::ImmI | Operand::Csr => format::MASK_I,
            Operand::ImmU => format::MASK_U,
            Operand::BranchTarget => format::MASK_B,
            Operand::JumpTarget => format::MASK_J,
            Operand::Load => format::MASK_I | REG_RS1,
            Operand::Store => format::MASK_S | REG_RS1,
            Operand::FencePred => 0xf << 24,
            Operand::FenceSucc => 0xf << 20,
            Operand::Ordering => 0x3 << 25,
            Operand::Symbol | Operand::Imm32 => 0,
        }
    }

    /// Writes the operand's value from `insn` into its bits of `word`; bits that do not fit are dropped.
    pub const fn insert(self, word: &mut u32, insn: &Insn) {
        match self {
            Operand::Rd => put(word, REG_RD, insn.rd as u32),
            Operand::Rs1 | Operand::Address | Operand::Uimm5 => put(word, REG_RS1, insn.rs1 as u32),
            Operand::Rs2 => put(word, REG_RS2, insn.rs2 as u32),
            Operand::Shamt => put(word, REG_RS2, insn.imm as u32),
            Operand::ImmI | Operand::Csr => *word = format::insert_i(*word, insn.imm),
            Operand::ImmU => *word = format::insert_u(*word, insn.imm),
            Operand::BranchTarget => *word = format::insert_b(*word, insn.imm),
            Operand::JumpTarget => *word = format::insert_j(*word, insn.imm),
            Operand::Load => {
                *word = format::insert_i(*word, insn.imm);
                put(word, REG_RS1, insn.rs1 as u32);
            }
            Operand::Store => {
                *word = format::insert_s(*word, insn.imm);
                put(word, REG_RS1, insn.rs1 as u32);
            }
            Operand::FencePred => put(word, 0xf << 24, (insn.imm >> 4) as u32),
            Operand::FenceSucc => put(word, 0xf << 20, insn.imm as u32),
            Operand::Ordering => put(word, 0x3 << 25, insn.imm as u32),
            Operand::Symbol | Operand::Imm32 => {}
        }
    }

    /// Reads the operand's bits of `word` into the fields of `insn`.
    pub const fn extract(self, word: u32, insn: &mut Insn) {
        match self {
            Operand::Rd => insn.rd = get(word, REG_RD) as u8,
            Operand::Rs1 | Operand::Address | Operand::Uimm5 => insn.rs1 = get(word, REG_RS1) as u8,
            Operand::Rs2 => insn.rs2 = get(word, REG_RS2) as u8,
            Operand::Shamt => insn.imm = get(word, REG_RS2) as i32,
            Operand::ImmI => insn.imm = format::extract_i(word),
            Operand::Csr => insn.imm = get(word, format::MASK_I) as i32,
            Operand::ImmU => insn.imm = format::extract_u(word),
            Operand::BranchTarget => insn.imm = format::extract_b(word),
            Operand::JumpTarget => insn.imm = format::extract_j(word),
            Operand::Load => {
                insn.imm = format::extract_i(word);
                insn.rs1 = get(word, REG_RS1) as u8;
            }
            Operand::Store => {
                insn.imm = format::extract_s(word);
                insn.rs1 = get(word, REG_RS1) as u8;
            }
            Operand::FencePred => {
                insn.imm = (insn.imm & !0xf0) | ((get(word, 0xf << 24) as i32) << 4)
            }
            Operand::FenceSucc => insn.imm = (insn.imm & !0xf) | get(word, 0xf << 20) as i32,
            Operand::Ordering => insn.imm = get(word, 0x3 << 25) as i32,
            Operand::Symbol | Operand::Imm32 => {}
        }
    }

    /// The values that the immediate part may take **as [`Insn::imm`] holds them** (as `insn.rs1` for
    /// [`Uimm5`](Operand::Uimm5)); `None` for operands without one. See also [`step`](Operand::step).
    pub const fn range(self) -> Option<RangeInclusive<i32>> {
        Some(match self {
            Operand::ImmI | Operand::Load | Operand::Store => -2048..=2047,
            Operand::Shamt | Operand::Uimm5 => 0..=31,
            Operand::ImmU => i32::MIN..=0x7fff_f000,
            Operand::BranchTarget => -4096..=4094,
            Operand::JumpTarget => -0x10_0000..=0xf_fffe,
            Operand::Csr => 0..=4095,
            Operand::FencePred => 0..=0xff,
            Operand::FenceSucc => 0..=0xff,
            Operand::Ordering => 0..=3,
            Operand::Imm32 => i32::MIN..=i32::MAX,
            Operand::Rd | Operand::Rs1 | Operand::Rs2 | Operand::Address | Operand::Symbol => {
                return None;
            }
        })
    }

    /// The values that may be *written* for the immediate part: like [`range`](Operand::range), but 0..=0xfffff for
    /// an upper immediate and the offset range for targets.
    pub const fn written_range(self) -> Option<RangeInclusive<i32>> {
        match self {
            Operand::ImmU => Some(0..=0xf_ffff),
            Operand::FencePred | Operand::FenceSucc => Some(1..=15),
            Operand::Rd
            | Operand::Rs1
            | Operand::Rs2
            | Operand::ImmI
            | Operand::Shamt
            | Operand::BranchTarget
            | Operand::JumpTarget
            | Operand::Load
            | Operand::Store
            | Operand::Address
            | Operand::Csr
            | Operand::Uimm5
            | Operand::Ordering
            | Operand::Symbol
            | Operand::Imm32 => self.range(),
        }
    }

    /// What the value must be a multiple of.
    pub const fn step(self) -> i32 {
        match self {
            Operand::ImmU => 0x1000,
            Operand::BranchTarget | Operand::JumpTarget => 2,
            Operand::Rd
            | Operand::Rs1
            | Operand::Rs2
            | Operand::ImmI
            | Operand::Shamt
            | Operand::Load
            | Operand::Store
            | Operand::Address
            | Operand::Csr
            | Operand::Uimm5
            | Operand::FencePred
            | Operand::FenceSucc
            | Operand::Ordering
            | Operand::Symbol
            | Operand::Imm32 => 1,
        }
    }

    /// Whether the value in `insn` can be encoded.
    pub fn fits(self, insn: &Insn) -> bool {
        let register = |r: u8| r < 32;
        let immediate =
            |v: i32| self.range().is_some_and(|r| r.contains(&v)) && v % self.step() == 0;
        match self {
            Operand::Rd => register(insn.rd),
            Operand::Rs1 | Operand::Address | Operand::Uimm5 => register(insn.rs1),
            Operand::Rs2 => register(insn.rs2),
            Operand::Load | Operand::Store => register(insn.rs1) && immediate(insn.imm),
            Operand::Symbol => true,
            Operand::ImmI
            | Operand::Shamt
            | Operand::ImmU
            | Operand::BranchTarget
            | Operand::JumpTarget
            | Operand::Csr
            | Operand::FencePred
            | Operand::FenceSucc
            | Operand::Ordering
            | Operand::Imm32 => immediate(insn.imm),
        }
    }

    /// How the operand is written.
    pub const fn syntax(self) -> Syntax {
        match self {
            Operand::Rd | Operand::Rs1 | Operand::Rs2 => Syntax::Register,
            Operand::ImmI | Operand::Shamt | Operand::ImmU | Operand::Uimm5 | Operand::Imm32 => {
                Syntax::Immediate
            }
            Operand::BranchTarget | Operand::JumpTarget | Operand::Symbol => Syntax::Target,
            Operand::Load | Operand::Store | Operand::Address => Syntax::Memory,
            Operand::Csr => Syntax::Csr,
            Operand::FencePred | Operand::FenceSucc => Syntax::FenceSet,
            Operand::Ordering => Syntax::None,
        }
    }

    /// The field of `insn` that a register operand names (the base register of a memory operand).
    pub const fn register_mut(self, insn: &mut Insn) -> Option<&mut u8> {
        match self {
            Operand::Rd => Some(&mut insn.rd),
            Operand::Rs1 | Operand::Load | Operand::Store | Operand::Address => Some(&mut insn.rs1),
            Operand::Rs2 => Some(&mut insn.rs2),
            Operand::ImmI
            | Operand::Shamt
            | Operand::ImmU
            | Operand::BranchTarget
            | Operand::JumpTarget
            | Operand::Csr
            | Operand::Uimm5
            | Operand::FencePred
            | Operand::FenceSucc
            | Operand::Ordering
            | Operand::Symbol
            | Operand::Imm32 => None,
        }
    }

    /// The operand's name in usage lines: `rd`, `imm(rs1)`, …
    pub const fn placeholder(self) -> &'static str {
        match self {
            Operand::Rd => "rd",
            Operand::Rs1 => "rs1",
            Operand::Rs2 => "rs2",
            Operand::ImmI | Operand::Imm32 | Operand::ImmU => "imm",
            Operand::Shamt => "shamt",
            Operand::BranchTarget | Operand::JumpTarget => "target",
            Operand::Load | Operand::Store => "imm(rs1)",
            Operand::Address => "(rs1)",
            Operand::Csr => "csr",
            Operand::Uimm5 => "uimm",
            Operand::FencePred => "pred",
            Operand::FenceSucc => "succ",
            Operand::Ordering => "",
            Operand::Symbol => "symbol",
        }
    }

    /// What is expected, for messages: "a register", "an integer in -2048..=2047".
    pub const fn describe(self) -> &'static str {
        match self {
            Operand::Rd | Operand::Rs1 | Operand::Rs2 => "a register",
            Operand::ImmI => "an integer in -2048..=2047",
            Operand::Shamt => "a shift amount in 0..=31",
            Operand::ImmU => "an integer in 0..=0xfffff (the upper 20 bits)",
            Operand::BranchTarget => "a label within -4096..=4094 bytes",
            Operand::JumpTarget => "a label within -1048576..=1048574 bytes",
            Operand::Load | Operand::Store => "an address `imm(register)` with imm in -2048..=2047",
            Operand::Address => "an address `(register)` without offset",
            Operand::Csr => "a CSR name or a number in 0..=4095",
            Operand::Uimm5 => "an integer in 0..=31",
            Operand::FencePred | Operand::FenceSucc => {
                "a set of the letters i, o, r, w in this order"
            }
            Operand::Ordering => "an ordering suffix of the mnemonic",
            Operand::Symbol => "a symbol or an address",
            Operand::Imm32 => "an integer of 32 bits",
        }
    }
}
