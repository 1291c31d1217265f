//! What an instruction is predecoded to: a function, and what it works on, so that nobody looks at the word again.

use super::fast::Handler;
use rv32::{Decoded, Ext, Isa, Op};

/// Halfwords of a page: places where an instruction can begin.
pub(super) const HALVES: usize = 2048;

/// The register that takes what is written to x0. The loop's register file has 256, so that no index needs a check.
const SINK: u8 = 32;

/// A predecoded instruction.
#[derive(Clone, Copy)]
pub(super) struct Slot {
    /// Does it.
    pub handler: Handler,
    /// What it works on.
    pub operands: Operands,
}

/// Registers, immediate, and the length of the run; which of them mean what depends on the kind. One number, so that it
/// travels in one processor register:
///
/// ```text
/// 63           32 31  24 23      8 7    0
/// | immediate    | rs1  |   run   |  rd  |
/// | rs2  |
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Operands(u64);

impl Operands {
    const fn new(rd: u8, rs1: u8, imm: u32) -> Operands {
        Operands(rd as u64 | (rs1 as u64) << 24 | (imm as u64) << 32)
    }

    /// With the number of instructions that retire from here to the end of the run, if none leaves it.
    pub fn with_run(self, run: u16) -> Operands {
        Operands(self.0 & !0x00ff_ff00 | u64::from(run) << 8)
    }

    /// With another immediate.
    pub fn with_imm(self, imm: u32) -> Operands {
        Operands(self.0 & 0xffff_ffff | u64::from(imm) << 32)
    }

    /// Destination register ([`SINK`] for x0); of stores and branches the second source.
    #[inline(always)]
    pub fn rd(self) -> usize {
        usize::from(self.0 as u8)
    }

    /// First source register.
    #[inline(always)]
    pub fn rs1(self) -> usize {
        usize::from((self.0 >> 24) as u8)
    }

    /// Second source register, of kinds without an immediate.
    #[inline(always)]
    pub fn rs2(self) -> usize {
        usize::from((self.0 >> 56) as u8)
    }

    /// How many instructions retire from here to the end of the run, if none leaves it.
    #[inline(always)]
    pub fn run(self) -> i32 {
        i32::from((self.0 >> 8) as u16)
    }

    /// The immediate. Of near jumps how many slots the target is away; of other jumps and `auipc` the offset from the page's start.
    #[inline(always)]
    pub fn imm(self) -> u32 {
        (self.0 >> 32) as u32
    }
}

/// Kinds of slots. How long an instruction is makes no difference.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(super) enum Kind {
    /// No instruction: goes on at an offset from the page's start.
    Goto,
    /// The stepper does it.
    Slow,
    Nop,
    /// `lui`, `li`.
    Const,
    /// `lui` and the `addi` after it: both.
    Wide,
    Auipc,
    /// `auipc` and the `addi` after it: both.
    Address,
    Mv,
    /// Jumps and branches to a slot of the same page that is known,
    Jal, J, Beq, Bne, Blt, Bge, Bltu, Bgeu,
    /// and anywhere.
    JalFar, JFar, BeqFar, BneFar, BltFar, BgeFar, BltuFar, BgeuFar, Jalr,
    Lb, Lh, Lw, Lbu, Lhu,
    Sb, Sh, Sw,
    Amoswap, Amoadd, Amoxor, Amoand, Amoor, Amomin, Amomax, Amominu, Amomaxu,
    Addi, Slti, Sltiu, Xori, Ori, Andi, Slli, Srli, Srai,
    Add, Sub, Sll, Slt, Sltu, Xor, Srl, Sra, Or, And,
    Mul, Mulh, Mulhsu, Mulhu, Div, Divu, Rem, Remu,
    Sh1add, Sh2add, Sh3add,
    Andn, Orn, Xnor, Max, Maxu, Min, Minu, Rol, Ror, Rori, Clz, Ctz, Cpop, SextB, SextH, ZextH, Rev8, OrcB,
    Bclr, Bclri, Bext, Bexti, Binv, Binvi, Bset, Bseti,
}

impl Kind {
    /// Whether execution never goes on with the slot that follows: the end of a run.
    pub const fn ends(self) -> bool {
        matches!(self, Kind::Goto | Kind::Slow | Kind::Jal | Kind::JalFar | Kind::J | Kind::JFar | Kind::Jalr)
    }

    /// The near kind of a far jump: to a slot that is known, of the same page.
    pub fn near(self) -> Option<Kind> {
        NEAR.iter().find(|(far, _)| *far == self).map(|(_, near)| *near)
    }

    /// Whether it retires: everything that is an instruction and not the stepper's.
    pub fn retires(self) -> bool {
        !matches!(self, Kind::Goto | Kind::Slow)
    }
}

/// Jumps that can become near.
const NEAR: [(Kind, Kind); 8] = [
    (Kind::JFar, Kind::J), (Kind::JalFar, Kind::Jal),
    (Kind::BeqFar, Kind::Beq), (Kind::BneFar, Kind::Bne), (Kind::BltFar, Kind::Blt), (Kind::BgeFar, Kind::Bge),
    (Kind::BltuFar, Kind::Bltu), (Kind::BgeuFar, Kind::Bgeu),
];

/// How many kinds there are.
pub(super) const KINDS: usize = Kind::Bseti as usize + 1;

/// A predecoded instruction before it is known what follows it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Predecoded {
    pub kind: Kind,
    pub operands: Operands,
    /// Its length in halfwords; of [`Kind::Slow`] it means nothing.
    pub halves: usize,
}

/// Goes on at a halfword of the page, or at the next page's first.
pub(super) fn goto(at: usize) -> Predecoded {
    Predecoded { kind: Kind::Goto, operands: Operands::new(SINK, 0, 2 * at as u32), halves: 0 }
}

/// Predecodes the instruction that begins at halfword `at` of a page; `word` is what stands there, its upper half
/// meaningless in the last halfword.
pub(super) fn predecode(isa: Isa, word: u32, at: usize) -> Predecoded {
    let crosses = at == HALVES - 1 && word & 3 == 3;
    let decoded = rv32::decode_on_hart(isa, word).filter(|_| !crosses);
    let (kind, operands) = decoded.as_ref().map_or((Kind::Slow, Operands::new(SINK, 0, 0)), |decoded| of(isa, decoded, at));
    Predecoded { kind, operands, halves: decoded.map_or(0, |decoded| usize::from(decoded.len) / 2) }
}

/// The one slot that does what two do, if there is one, to stand for the first.
pub(super) fn both(first: &Predecoded, second: &Predecoded) -> Option<Predecoded> {
    let same = second.kind == Kind::Addi && second.operands.rd() == first.operands.rd() && second.operands.rs1() == first.operands.rd();
    let (_, kind) = [(Kind::Const, Kind::Wide), (Kind::Auipc, Kind::Address)].into_iter().find(|(one, _)| same && *one == first.kind)?;
    let operands = first.operands.with_imm(first.operands.imm().wrapping_add(second.operands.imm()));
    Some(Predecoded { kind, operands, ..*first })
}

/// The kind and operands of a decoded instruction; one exhaustive match, so that a new row of the table must be decided here.
fn of(isa: Isa, decoded: &Decoded, at: usize) -> (Kind, Operands) {
    let i = decoded.insn;
    let here = 2 * at as u32;
    let rd = if i.rd == 0 { SINK } else { i.rd };
    let slow = (Kind::Slow, Operands::new(SINK, 0, 0));
    let registers = |kind| (kind, Operands::new(rd, i.rs1, u32::from(i.rs2) << 24));
    let immediate = |kind| (kind, Operands::new(rd, i.rs1, i.imm as u32));
    let constant = |kind, value: u32| (kind, Operands::new(rd, 0, value));
    let store = |kind| (kind, Operands::new(i.rs2, i.rs1, i.imm as u32));
    // One to a target that would raise an exception is slow.
    let jump = |kind, rd| {
        let target = here.wrapping_add(i.imm as u32);
        if target & 2 != 0 && !isa.contains(Ext::C) { slow } else { (kind, Operands::new(rd, i.rs1, target)) }
    };
    let branch = |kind| jump(kind, i.rs2);
    match i.op {
        Op::Lui => constant(Kind::Const, i.imm as u32),
        Op::Auipc => constant(Kind::Auipc, here.wrapping_add(i.imm as u32)),
        Op::Jal if i.rd == 0 => jump(Kind::JFar, rd),
        Op::Jal => jump(Kind::JalFar, rd),
        Op::Jalr => immediate(Kind::Jalr),
        Op::Beq => branch(Kind::BeqFar),
        Op::Bne => branch(Kind::BneFar),
        Op::Blt => branch(Kind::BltFar),
        Op::Bge => branch(Kind::BgeFar),
        Op::Bltu => branch(Kind::BltuFar),
        Op::Bgeu => branch(Kind::BgeuFar),

        Op::Lb => immediate(Kind::Lb),
        Op::Lh => immediate(Kind::Lh),
        Op::Lw => immediate(Kind::Lw),
        Op::Lbu => immediate(Kind::Lbu),
        Op::Lhu => immediate(Kind::Lhu),
        Op::Sb => store(Kind::Sb),
        Op::Sh => store(Kind::Sh),
        Op::Sw => store(Kind::Sw),

        Op::Addi if i.rd == 0 => immediate(Kind::Nop),
        Op::Addi if i.rs1 == 0 => constant(Kind::Const, i.imm as u32),
        Op::Addi if i.imm == 0 => immediate(Kind::Mv),
        Op::Addi => immediate(Kind::Addi),
        Op::Slti => immediate(Kind::Slti),
        Op::Sltiu => immediate(Kind::Sltiu),
        Op::Xori => immediate(Kind::Xori),
        Op::Ori => immediate(Kind::Ori),
        Op::Andi => immediate(Kind::Andi),
        Op::Slli => immediate(Kind::Slli),
        Op::Srli => immediate(Kind::Srli),
        Op::Srai => immediate(Kind::Srai),
        Op::Add if i.rs1 == 0 => (Kind::Mv, Operands::new(rd, i.rs2, 0)),
        Op::Add => registers(Kind::Add),
        Op::Sub => registers(Kind::Sub),
        Op::Sll => registers(Kind::Sll),
        Op::Slt => registers(Kind::Slt),
        Op::Sltu => registers(Kind::Sltu),
        Op::Xor => registers(Kind::Xor),
        Op::Srl => registers(Kind::Srl),
        Op::Sra => registers(Kind::Sra),
        Op::Or => registers(Kind::Or),
        Op::And => registers(Kind::And),

        Op::Fence | Op::FenceTso | Op::FenceI => immediate(Kind::Nop),
        Op::Ecall | Op::Ebreak | Op::Csrrw | Op::Csrrs | Op::Csrrc | Op::Csrrwi | Op::Csrrsi | Op::Csrrci => slow,
        Op::Sret | Op::Mret | Op::Dret | Op::Wfi | Op::SfenceVma => slow,
        Op::LrW | Op::ScW => slow,

        Op::AmoswapW => registers(Kind::Amoswap),
        Op::AmoaddW => registers(Kind::Amoadd),
        Op::AmoxorW => registers(Kind::Amoxor),
        Op::AmoandW => registers(Kind::Amoand),
        Op::AmoorW => registers(Kind::Amoor),
        Op::AmominW => registers(Kind::Amomin),
        Op::AmomaxW => registers(Kind::Amomax),
        Op::AmominuW => registers(Kind::Amominu),
        Op::AmomaxuW => registers(Kind::Amomaxu),

        Op::Mul => registers(Kind::Mul),
        Op::Mulh => registers(Kind::Mulh),
        Op::Mulhsu => registers(Kind::Mulhsu),
        Op::Mulhu => registers(Kind::Mulhu),
        Op::Div => registers(Kind::Div),
        Op::Divu => registers(Kind::Divu),
        Op::Rem => registers(Kind::Rem),
        Op::Remu => registers(Kind::Remu),

        Op::Sh1add => registers(Kind::Sh1add),
        Op::Sh2add => registers(Kind::Sh2add),
        Op::Sh3add => registers(Kind::Sh3add),
        Op::Andn => registers(Kind::Andn),
        Op::Orn => registers(Kind::Orn),
        Op::Xnor => registers(Kind::Xnor),
        Op::Max => registers(Kind::Max),
        Op::Maxu => registers(Kind::Maxu),
        Op::Min => registers(Kind::Min),
        Op::Minu => registers(Kind::Minu),
        Op::Rol => registers(Kind::Rol),
        Op::Ror => registers(Kind::Ror),
        Op::Rori => immediate(Kind::Rori),
        Op::Clz => immediate(Kind::Clz),
        Op::Ctz => immediate(Kind::Ctz),
        Op::Cpop => immediate(Kind::Cpop),
        Op::SextB => immediate(Kind::SextB),
        Op::SextH => immediate(Kind::SextH),
        Op::ZextH => immediate(Kind::ZextH),
        Op::Rev8 => immediate(Kind::Rev8),
        Op::OrcB => immediate(Kind::OrcB),
        Op::Bclr => registers(Kind::Bclr),
        Op::Bclri => immediate(Kind::Bclri),
        Op::Bext => registers(Kind::Bext),
        Op::Bexti => immediate(Kind::Bexti),
        Op::Binv => registers(Kind::Binv),
        Op::Binvi => immediate(Kind::Binvi),
        Op::Bset => registers(Kind::Bset),
        Op::Bseti => immediate(Kind::Bseti),
    }
}
