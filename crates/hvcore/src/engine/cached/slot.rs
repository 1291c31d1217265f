//! What an instruction is predecoded to: eight bytes that the fast loop can execute without looking at the word again.

use rv32::{Decoded, Ext, Isa, Op};

/// Halfwords of a page: one slot each, for the instruction that begins there.
pub(super) const SLOTS: usize = 2048;

/// The register that takes what is written to x0. The loop's register file has 256, so that no index needs a check.
const SINK: u8 = 32;

/// A predecoded instruction, in eight bytes: kind, three registers, immediate. Which of them mean what depends on the
/// kind. One number, so that it travels in one processor register.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Slot(u64);

impl Slot {
    /// Not looked at yet, or changed since.
    pub const UNDECODED: Slot = Slot::new(Kind::Undecoded, 0, 0, 0, 0);
    const SLOW: Slot = Slot::new(Kind::Slow, 0, 0, 0, 0);

    const fn new(kind: Kind, rd: u8, rs1: u8, rs2: u8, imm: u32) -> Slot {
        Slot(kind as u64 | (rd as u64) << 8 | (rs1 as u64) << 16 | (rs2 as u64) << 24 | (imm as u64) << 32)
    }

    /// The number of the kind.
    #[inline(always)]
    pub fn kind(self) -> usize {
        usize::from(self.0 as u8)
    }

    /// Destination register ([`SINK`] for x0); of stores and branches the second source.
    #[inline(always)]
    pub fn rd(self) -> usize {
        usize::from((self.0 >> 8) as u8)
    }

    /// First source register.
    #[inline(always)]
    pub fn rs1(self) -> usize {
        usize::from((self.0 >> 16) as u8)
    }

    /// Second source register.
    #[inline(always)]
    pub fn rs2(self) -> usize {
        usize::from((self.0 >> 24) as u8)
    }

    /// The immediate. Of near jumps the target's slot; of far jumps and `auipc` the offset from the page's start.
    #[inline(always)]
    pub fn imm(self) -> u32 {
        (self.0 >> 32) as u32
    }
}

/// Kinds of slots. Those with `C` in front are two bytes long, others four.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(super) enum Kind {
    Undecoded,
    /// The stepper does it.
    Slow,
    Nop, CNop,
    Const, CConst,
    Auipc,
    Jal, CJal, JalFar, CJalFar, J, CJ, JFar, CJFar,
    Jalr, CJalr,
    Beq, Bne, Blt, Bge, Bltu, Bgeu, CBeqz, CBnez,
    BeqFar, BneFar, BltFar, BgeFar, BltuFar, BgeuFar, CBeqzFar, CBnezFar,
    Lb, Lh, Lw, Lbu, Lhu, CLw,
    Sb, Sh, Sw, CSw,
    Addi, Slti, Sltiu, Xori, Ori, Andi, Slli, Srli, Srai,
    CAddi, CAndi, CSlli, CSrli, CSrai,
    Add, Sub, Sll, Slt, Sltu, Xor, Srl, Sra, Or, And,
    CMv, CAdd, CSub, CXor, COr, CAnd,
    Mul, Mulh, Mulhsu, Mulhu, Div, Divu, Rem, Remu,
    Sh1add, Sh2add, Sh3add,
    Andn, Orn, Xnor, Max, Maxu, Min, Minu, Rol, Ror, Rori, Clz, Ctz, Cpop, SextB, SextH, ZextH, Rev8, OrcB,
    Bclr, Bclri, Bext, Bexti, Binv, Binvi, Bset, Bseti,
}

/// How many kinds there are.
pub(super) const KINDS: usize = Kind::Bseti as usize + 1;

/// Predecodes the instruction that begins at slot `at` of a page; `word` is what stands there, its upper half
/// meaningless in the last slot.
pub(super) fn predecode(isa: Isa, word: u32, at: usize) -> Slot {
    let crosses = at == SLOTS - 1 && word & 3 == 3;
    match rv32::decode_on_hart(isa, word) {
        Some(decoded) if !crosses => of(isa, &decoded, at),
        Some(_) | None => Slot::SLOW,
    }
}

/// The slot of a decoded instruction; one exhaustive match, so that a new row of the table must be decided here.
fn of(isa: Isa, decoded: &Decoded, at: usize) -> Slot {
    let i = decoded.insn;
    let short = decoded.len == 2;
    let here = 2 * at as u32;
    let rd = if i.rd == 0 { SINK } else { i.rd };
    let slot = |kind| Slot::new(kind, rd, i.rs1, i.rs2, i.imm as u32);
    let sized = |long, compressed| slot(if short { compressed } else { long });
    // Kinds without a compressed form: the table may learn one.
    let long = |kind| if short { Slot::SLOW } else { slot(kind) };
    let constant = |value: u32| Slot::new(if short { Kind::CConst } else { Kind::Const }, rd, 0, 0, value);
    // Branches have their second source where `jal` has its link register.
    let jump = |near, far, rd| jump(isa, here.wrapping_add(i.imm as u32), |is_near, imm| Slot::new(if is_near { near } else { far }, rd, i.rs1, 0, imm));
    let branch = |near, far| if short { Slot::SLOW } else { jump(near, far, i.rs2) };
    let store = |kind| Slot::new(kind, i.rs2, i.rs1, 0, i.imm as u32);
    match i.op {
        Op::Lui => constant(i.imm as u32),
        Op::Auipc if !short => Slot::new(Kind::Auipc, rd, 0, 0, here.wrapping_add(i.imm as u32)),
        Op::Auipc => Slot::SLOW,
        Op::Jal => match (i.rd == 0, short) {
            (true, false) => jump(Kind::J, Kind::JFar, rd),
            (true, true) => jump(Kind::CJ, Kind::CJFar, rd),
            (false, false) => jump(Kind::Jal, Kind::JalFar, rd),
            (false, true) => jump(Kind::CJal, Kind::CJalFar, rd),
        },
        Op::Jalr => sized(Kind::Jalr, Kind::CJalr),
        Op::Beq if short => jump(Kind::CBeqz, Kind::CBeqzFar, i.rs2),
        Op::Bne if short => jump(Kind::CBnez, Kind::CBnezFar, i.rs2),
        Op::Beq => branch(Kind::Beq, Kind::BeqFar),
        Op::Bne => branch(Kind::Bne, Kind::BneFar),
        Op::Blt => branch(Kind::Blt, Kind::BltFar),
        Op::Bge => branch(Kind::Bge, Kind::BgeFar),
        Op::Bltu => branch(Kind::Bltu, Kind::BltuFar),
        Op::Bgeu => branch(Kind::Bgeu, Kind::BgeuFar),

        Op::Lb => long(Kind::Lb),
        Op::Lh => long(Kind::Lh),
        Op::Lw => sized(Kind::Lw, Kind::CLw),
        Op::Lbu => long(Kind::Lbu),
        Op::Lhu => long(Kind::Lhu),
        Op::Sb if !short => store(Kind::Sb),
        Op::Sh if !short => store(Kind::Sh),
        Op::Sb | Op::Sh => Slot::SLOW,
        Op::Sw => store(if short { Kind::CSw } else { Kind::Sw }),

        Op::Addi if i.rd == 0 => sized(Kind::Nop, Kind::CNop),
        Op::Addi if i.rs1 == 0 => constant(i.imm as u32),
        Op::Addi => sized(Kind::Addi, Kind::CAddi),
        Op::Slti => long(Kind::Slti),
        Op::Sltiu => long(Kind::Sltiu),
        Op::Xori => long(Kind::Xori),
        Op::Ori => long(Kind::Ori),
        Op::Andi => sized(Kind::Andi, Kind::CAndi),
        Op::Slli => sized(Kind::Slli, Kind::CSlli),
        Op::Srli => sized(Kind::Srli, Kind::CSrli),
        Op::Srai => sized(Kind::Srai, Kind::CSrai),
        Op::Add if short && i.rs1 == 0 => slot(Kind::CMv),
        Op::Add => sized(Kind::Add, Kind::CAdd),
        Op::Sub => sized(Kind::Sub, Kind::CSub),
        Op::Sll => long(Kind::Sll),
        Op::Slt => long(Kind::Slt),
        Op::Sltu => long(Kind::Sltu),
        Op::Xor => sized(Kind::Xor, Kind::CXor),
        Op::Srl => long(Kind::Srl),
        Op::Sra => long(Kind::Sra),
        Op::Or => sized(Kind::Or, Kind::COr),
        Op::And => sized(Kind::And, Kind::CAnd),

        Op::Fence | Op::FenceTso | Op::FenceI => sized(Kind::Nop, Kind::CNop),
        Op::Ecall | Op::Ebreak | Op::Csrrw | Op::Csrrs | Op::Csrrc | Op::Csrrwi | Op::Csrrsi | Op::Csrrci => Slot::SLOW,
        Op::Sret | Op::Mret | Op::Dret | Op::Wfi | Op::SfenceVma => Slot::SLOW,
        Op::LrW | Op::ScW | Op::AmoswapW | Op::AmoaddW | Op::AmoxorW | Op::AmoandW | Op::AmoorW => Slot::SLOW,
        Op::AmominW | Op::AmomaxW | Op::AmominuW | Op::AmomaxuW => Slot::SLOW,

        Op::Mul => long(Kind::Mul),
        Op::Mulh => long(Kind::Mulh),
        Op::Mulhsu => long(Kind::Mulhsu),
        Op::Mulhu => long(Kind::Mulhu),
        Op::Div => long(Kind::Div),
        Op::Divu => long(Kind::Divu),
        Op::Rem => long(Kind::Rem),
        Op::Remu => long(Kind::Remu),

        Op::Sh1add => long(Kind::Sh1add),
        Op::Sh2add => long(Kind::Sh2add),
        Op::Sh3add => long(Kind::Sh3add),
        Op::Andn => long(Kind::Andn),
        Op::Orn => long(Kind::Orn),
        Op::Xnor => long(Kind::Xnor),
        Op::Max => long(Kind::Max),
        Op::Maxu => long(Kind::Maxu),
        Op::Min => long(Kind::Min),
        Op::Minu => long(Kind::Minu),
        Op::Rol => long(Kind::Rol),
        Op::Ror => long(Kind::Ror),
        Op::Rori => long(Kind::Rori),
        Op::Clz => long(Kind::Clz),
        Op::Ctz => long(Kind::Ctz),
        Op::Cpop => long(Kind::Cpop),
        Op::SextB => long(Kind::SextB),
        Op::SextH => long(Kind::SextH),
        Op::ZextH => long(Kind::ZextH),
        Op::Rev8 => long(Kind::Rev8),
        Op::OrcB => long(Kind::OrcB),
        Op::Bclr => long(Kind::Bclr),
        Op::Bclri => long(Kind::Bclri),
        Op::Bext => long(Kind::Bext),
        Op::Bexti => long(Kind::Bexti),
        Op::Binv => long(Kind::Binv),
        Op::Binvi => long(Kind::Binvi),
        Op::Bset => long(Kind::Bset),
        Op::Bseti => long(Kind::Bseti),
    }
}

/// A jump or branch to an offset from the page's start. One that would raise an exception is slow. `slot` makes the slot of
/// a near one, to a slot of this page, or of a far one, to an offset.
fn jump(isa: Isa, target: u32, slot: impl Fn(bool, u32) -> Slot) -> Slot {
    if target & 2 != 0 && !isa.contains(Ext::C) {
        return Slot::SLOW;
    }
    let near = target < 2 * SLOTS as u32;
    slot(near, if near { target / 2 } else { target })
}
