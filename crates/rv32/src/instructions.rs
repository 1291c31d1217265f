//! The table of 32-bit instructions: one row an instruction.
//!
//! To add an instruction, add its row (and, in [`crate::isa`], its extension). The build then names every exhaustive
//! `match` that has to learn its meaning.

use crate::isa::Ext;
use crate::operand::Operand;

/// One row of the table.
#[derive(Debug)]
pub struct Row {
    /// The instruction.
    pub op: Op,
    /// As it is written and printed, without an ordering suffix.
    pub mnemonic: &'static str,
    /// The fixed bits of the encoding.
    pub bits: u32,
    /// Which bits are fixed; all others belong to exactly one operand.
    pub mask: u32,
    /// The extension that has it.
    pub ext: Ext,
    /// In the order in which they are written.
    pub operands: &'static [Operand],
    /// One line for reference pages and completion.
    pub summary: &'static str,
}

/// An instruction with its operands. What the fields hold depends on the row's operands; fields that no operand
/// names are 0. Compressed instructions are held as what they expand to.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Insn {
    /// Which instruction.
    pub op: Op,
    /// Destination register, 0 to 31.
    pub rd: u8,
    /// First source register, 0 to 31; the 5-bit immediate of `csrrwi`, `csrrsi`, `csrrci`.
    pub rs1: u8,
    /// Second source register, 0 to 31.
    pub rs2: u8,
    /// The immediate, sign-extended: a number, a byte offset from this instruction, a shift amount, a CSR number
    /// (0 to 4095), the ordering of an atomic (bit 1 = aq, bit 0 = rl), the sets of a fence (`pred << 4 | succ`).
    /// For `lui` and `auipc` the value already shifted left by 12.
    pub imm: i32,
}

impl Insn {
    /// The instruction with every field 0.
    pub const fn new(op: Op) -> Insn {
        Insn {
            op,
            rd: 0,
            rs1: 0,
            rs2: 0,
            imm: 0,
        }
    }
}

macro_rules! instructions {
    ($($(#[$meta:meta])* $op:ident $mnemonic:literal $bits:literal $mask:literal $ext:ident [$($operand:ident),*] $summary:literal;)+) => {
        /// The 32-bit instructions; one variant a row.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        #[repr(u8)]
        pub enum Op {
            $(#[doc = concat!("`", $mnemonic, "`: ", $summary, ".")] $op,)+
        }

        impl Op {
            /// Every instruction, in the order of the table.
            pub const ALL: [Op; ROW_COUNT] = [$(Op::$op),+];
        }

        /// How many instructions the table has.
        pub const ROW_COUNT: usize = [$(Op::$op),+].len();

        /// The table.
        pub static ROWS: [Row; ROW_COUNT] = [$(Row {
            op: Op::$op,
            mnemonic: $mnemonic,
            bits: $bits,
            mask: $mask,
            ext: Ext::$ext,
            operands: &[$(Operand::$operand),*],
            summary: $summary,
        }),+];
    };
}

impl Op {
    /// The row of the instruction.
    #[inline]
    pub fn row(self) -> &'static Row {
        &ROWS[self as usize]
    }

    /// The mnemonic, without an ordering suffix.
    pub fn mnemonic(self) -> &'static str {
        self.row().mnemonic
    }
}

// Sections and chapters are those of the unprivileged specification unless said otherwise.
instructions! {
    // op      mnemonic     bits        mask        extension operands                      summary
    // §2.4, §2.5: upper immediates and jumps
    Lui       "lui"        0x0000_0037 0x0000_007f I        [Rd, ImmU]                       "Load upper immediate: rd = imm << 12";
    Auipc     "auipc"      0x0000_0017 0x0000_007f I        [Rd, ImmU]                       "Add upper immediate to pc: rd = pc + (imm << 12)";
    Jal       "jal"        0x0000_006f 0x0000_007f I        [Rd, JumpTarget]                 "Jump and link: rd = address of the next instruction; pc = target";
    Jalr      "jalr"       0x0000_0067 0x0000_707f I        [Rd, Load]                       "Jump and link register: rd = address of the next instruction; pc = (rs1 + imm) with bit 0 cleared";
    Beq       "beq"        0x0000_0063 0x0000_707f I        [Rs1, Rs2, BranchTarget]         "Branch if rs1 = rs2";
    Bne       "bne"        0x0000_1063 0x0000_707f I        [Rs1, Rs2, BranchTarget]         "Branch if rs1 ≠ rs2";
    Blt       "blt"        0x0000_4063 0x0000_707f I        [Rs1, Rs2, BranchTarget]         "Branch if rs1 < rs2, signed";
    Bge       "bge"        0x0000_5063 0x0000_707f I        [Rs1, Rs2, BranchTarget]         "Branch if rs1 ≥ rs2, signed";
    Bltu      "bltu"       0x0000_6063 0x0000_707f I        [Rs1, Rs2, BranchTarget]         "Branch if rs1 < rs2, unsigned";
    Bgeu      "bgeu"       0x0000_7063 0x0000_707f I        [Rs1, Rs2, BranchTarget]         "Branch if rs1 ≥ rs2, unsigned";
    // §2.6: loads and stores
    Lb        "lb"         0x0000_0003 0x0000_707f I        [Rd, Load]                       "Load byte, sign-extended: rd = mem(rs1 + imm)";
    Lh        "lh"         0x0000_1003 0x0000_707f I        [Rd, Load]                       "Load halfword, sign-extended: rd = mem(rs1 + imm)";
    Lw        "lw"         0x0000_2003 0x0000_707f I        [Rd, Load]                       "Load word: rd = mem(rs1 + imm)";
    Lbu       "lbu"        0x0000_4003 0x0000_707f I        [Rd, Load]                       "Load byte, zero-extended: rd = mem(rs1 + imm)";
    Lhu       "lhu"        0x0000_5003 0x0000_707f I        [Rd, Load]                       "Load halfword, zero-extended: rd = mem(rs1 + imm)";
    Sb        "sb"         0x0000_0023 0x0000_707f I        [Rs2, Store]                     "Store byte: mem(rs1 + imm) = rs2";
    Sh        "sh"         0x0000_1023 0x0000_707f I        [Rs2, Store]                     "Store halfword: mem(rs1 + imm) = rs2";
    Sw        "sw"         0x0000_2023 0x0000_707f I        [Rs2, Store]                     "Store word: mem(rs1 + imm) = rs2";
    // §2.4: integer computation with an immediate
    Addi      "addi"       0x0000_0013 0x0000_707f I        [Rd, Rs1, ImmI]                  "Add immediate: rd = rs1 + imm";
    Slti      "slti"       0x0000_2013 0x0000_707f I        [Rd, Rs1, ImmI]                  "Set if less than immediate, signed: rd = rs1 < imm";
    Sltiu     "sltiu"      0x0000_3013 0x0000_707f I        [Rd, Rs1, ImmI]                  "Set if less than immediate, unsigned (imm is sign-extended first): rd = rs1 < imm";
    Xori      "xori"       0x0000_4013 0x0000_707f I        [Rd, Rs1, ImmI]                  "Exclusive or immediate: rd = rs1 ^ imm";
    Ori       "ori"        0x0000_6013 0x0000_707f I        [Rd, Rs1, ImmI]                  "Or immediate: rd = rs1 | imm";
    Andi      "andi"       0x0000_7013 0x0000_707f I        [Rd, Rs1, ImmI]                  "And immediate: rd = rs1 & imm";
    Slli      "slli"       0x0000_1013 0xfe00_707f I        [Rd, Rs1, Shamt]                 "Shift left logical immediate: rd = rs1 << shamt";
    Srli      "srli"       0x0000_5013 0xfe00_707f I        [Rd, Rs1, Shamt]                 "Shift right logical immediate: rd = rs1 >> shamt, zeros from above";
    Srai      "srai"       0x4000_5013 0xfe00_707f I        [Rd, Rs1, Shamt]                 "Shift right arithmetic immediate: rd = rs1 >> shamt, copies of the sign from above";
    // §2.4: integer computation between registers
    Add       "add"        0x0000_0033 0xfe00_707f I        [Rd, Rs1, Rs2]                   "Add: rd = rs1 + rs2";
    Sub       "sub"        0x4000_0033 0xfe00_707f I        [Rd, Rs1, Rs2]                   "Subtract: rd = rs1 - rs2";
    Sll       "sll"        0x0000_1033 0xfe00_707f I        [Rd, Rs1, Rs2]                   "Shift left logical: rd = rs1 << (rs2 & 31)";
    Slt       "slt"        0x0000_2033 0xfe00_707f I        [Rd, Rs1, Rs2]                   "Set if less than, signed: rd = rs1 < rs2";
    Sltu      "sltu"       0x0000_3033 0xfe00_707f I        [Rd, Rs1, Rs2]                   "Set if less than, unsigned: rd = rs1 < rs2";
    Xor       "xor"        0x0000_4033 0xfe00_707f I        [Rd, Rs1, Rs2]                   "Exclusive or: rd = rs1 ^ rs2";
    Srl       "srl"        0x0000_5033 0xfe00_707f I        [Rd, Rs1, Rs2]                   "Shift right logical: rd = rs1 >> (rs2 & 31), zeros from above";
    Sra       "sra"        0x4000_5033 0xfe00_707f I        [Rd, Rs1, Rs2]                   "Shift right arithmetic: rd = rs1 >> (rs2 & 31), copies of the sign from above";
    Or        "or"         0x0000_6033 0xfe00_707f I        [Rd, Rs1, Rs2]                   "Or: rd = rs1 | rs2";
    And       "and"        0x0000_7033 0xfe00_707f I        [Rd, Rs1, Rs2]                   "And: rd = rs1 & rs2";
    // §2.7, §2.8: ordering, calls to the environment
    Fence     "fence"      0x0000_000f 0xf00f_ffff I        [FencePred, FenceSucc]           "Order memory and device accesses: those in pred before those in succ";
    FenceTso  "fence.tso"  0x8330_000f 0xffff_ffff I        []                               "Order memory as total store ordering has it: all but earlier stores with later loads";
    FenceI    "fence.i"    0x0000_100f 0xffff_ffff Zifencei []                               "Order stores to code with the fetches that follow";
    Ecall     "ecall"      0x0000_0073 0xffff_ffff I        []                               "Call the environment: traps to the next privilege level";
    Ebreak    "ebreak"     0x0010_0073 0xffff_ffff I        []                               "Breakpoint: traps to the debugger";
    // chapter “Zicsr”
    Csrrw     "csrrw"      0x0000_1073 0x0000_707f Zicsr    [Rd, Csr, Rs1]                   "Swap: rd = csr; csr = rs1";
    Csrrs     "csrrs"      0x0000_2073 0x0000_707f Zicsr    [Rd, Csr, Rs1]                   "Read and set bits: rd = csr; csr |= rs1";
    Csrrc     "csrrc"      0x0000_3073 0x0000_707f Zicsr    [Rd, Csr, Rs1]                   "Read and clear bits: rd = csr; csr &= ~rs1";
    Csrrwi    "csrrwi"     0x0000_5073 0x0000_707f Zicsr    [Rd, Csr, Uimm5]                 "Swap with an immediate: rd = csr; csr = uimm";
    Csrrsi    "csrrsi"     0x0000_6073 0x0000_707f Zicsr    [Rd, Csr, Uimm5]                 "Read and set bits of an immediate: rd = csr; csr |= uimm";
    Csrrci    "csrrci"     0x0000_7073 0x0000_707f Zicsr    [Rd, Csr, Uimm5]                 "Read and clear bits of an immediate: rd = csr; csr &= ~uimm";
    // privileged specification, “Privileged Instructions”; `dret`: debug specification, “dret Instruction”
    Sret      "sret"       0x1020_0073 0xffff_ffff I        []                               "Return from a trap to supervisor mode";
    Mret      "mret"       0x3020_0073 0xffff_ffff I        []                               "Return from a trap to machine mode";
    Dret      "dret"       0x7b20_0073 0xffff_ffff I        []                               "Return from debug mode";
    Wfi       "wfi"        0x1050_0073 0xffff_ffff I        []                               "Wait for interrupt";
    SfenceVma "sfence.vma" 0x1200_0073 0xfe00_7fff I        [Rs1, Rs2]                       "Order page-table updates with the translations that follow; rs1 = address or x0 for all, rs2 = address space or x0 for all";
    // chapter “M”
    Mul       "mul"        0x0200_0033 0xfe00_707f Zmmul    [Rd, Rs1, Rs2]                   "Multiply, low half: rd = rs1 * rs2";
    Mulh      "mulh"       0x0200_1033 0xfe00_707f Zmmul    [Rd, Rs1, Rs2]                   "Multiply, high half, signed by signed";
    Mulhsu    "mulhsu"     0x0200_2033 0xfe00_707f Zmmul    [Rd, Rs1, Rs2]                   "Multiply, high half, signed rs1 by unsigned rs2";
    Mulhu     "mulhu"      0x0200_3033 0xfe00_707f Zmmul    [Rd, Rs1, Rs2]                   "Multiply, high half, unsigned by unsigned";
    Div       "div"        0x0200_4033 0xfe00_707f M        [Rd, Rs1, Rs2]                   "Divide, signed, towards zero; by zero gives -1";
    Divu      "divu"       0x0200_5033 0xfe00_707f M        [Rd, Rs1, Rs2]                   "Divide, unsigned; by zero gives 2^32 - 1";
    Rem       "rem"        0x0200_6033 0xfe00_707f M        [Rd, Rs1, Rs2]                   "Remainder, signed, with the sign of rs1; by zero gives rs1";
    Remu      "remu"       0x0200_7033 0xfe00_707f M        [Rd, Rs1, Rs2]                   "Remainder, unsigned; by zero gives rs1";
    // chapter “A”
    LrW       "lr.w"       0x1000_202f 0xf9f0_707f A        [Rd, Address, Ordering]          "Load reserved: rd = mem(rs1); reserves the word";
    ScW       "sc.w"       0x1800_202f 0xf800_707f A        [Rd, Rs2, Address, Ordering]     "Store conditional: if the reservation holds, mem(rs1) = rs2 and rd = 0, else rd = 1";
    AmoswapW  "amoswap.w"  0x0800_202f 0xf800_707f A        [Rd, Rs2, Address, Ordering]     "Atomic: rd = old = mem(rs1); mem(rs1) = rs2";
    AmoaddW   "amoadd.w"   0x0000_202f 0xf800_707f A        [Rd, Rs2, Address, Ordering]     "Atomic: rd = old = mem(rs1); mem(rs1) = old + rs2";
    AmoxorW   "amoxor.w"   0x2000_202f 0xf800_707f A        [Rd, Rs2, Address, Ordering]     "Atomic: rd = old = mem(rs1); mem(rs1) = old ^ rs2";
    AmoandW   "amoand.w"   0x6000_202f 0xf800_707f A        [Rd, Rs2, Address, Ordering]     "Atomic: rd = old = mem(rs1); mem(rs1) = old & rs2";
    AmoorW    "amoor.w"    0x4000_202f 0xf800_707f A        [Rd, Rs2, Address, Ordering]     "Atomic: rd = old = mem(rs1); mem(rs1) = old | rs2";
    AmominW   "amomin.w"   0x8000_202f 0xf800_707f A        [Rd, Rs2, Address, Ordering]     "Atomic: rd = old = mem(rs1); mem(rs1) = the lesser of old and rs2, signed";
    AmomaxW   "amomax.w"   0xa000_202f 0xf800_707f A        [Rd, Rs2, Address, Ordering]     "Atomic: rd = old = mem(rs1); mem(rs1) = the greater of old and rs2, signed";
    AmominuW  "amominu.w"  0xc000_202f 0xf800_707f A        [Rd, Rs2, Address, Ordering]     "Atomic: rd = old = mem(rs1); mem(rs1) = the lesser of old and rs2, unsigned";
    AmomaxuW  "amomaxu.w"  0xe000_202f 0xf800_707f A        [Rd, Rs2, Address, Ordering]     "Atomic: rd = old = mem(rs1); mem(rs1) = the greater of old and rs2, unsigned";
    // chapter “B”: Zba
    Sh1add    "sh1add"     0x2000_2033 0xfe00_707f Zba      [Rd, Rs1, Rs2]                   "Shift left by 1 and add: rd = (rs1 << 1) + rs2";
    Sh2add    "sh2add"     0x2000_4033 0xfe00_707f Zba      [Rd, Rs1, Rs2]                   "Shift left by 2 and add: rd = (rs1 << 2) + rs2";
    Sh3add    "sh3add"     0x2000_6033 0xfe00_707f Zba      [Rd, Rs1, Rs2]                   "Shift left by 3 and add: rd = (rs1 << 3) + rs2";
    // chapter “B”: Zbb
    Andn      "andn"       0x4000_7033 0xfe00_707f Zbb      [Rd, Rs1, Rs2]                   "And with inverted operand: rd = rs1 & ~rs2";
    Orn       "orn"        0x4000_6033 0xfe00_707f Zbb      [Rd, Rs1, Rs2]                   "Or with inverted operand: rd = rs1 | ~rs2";
    Xnor      "xnor"       0x4000_4033 0xfe00_707f Zbb      [Rd, Rs1, Rs2]                   "Exclusive nor: rd = ~(rs1 ^ rs2)";
    Max       "max"        0x0a00_6033 0xfe00_707f Zbb      [Rd, Rs1, Rs2]                   "Maximum, signed";
    Maxu      "maxu"       0x0a00_7033 0xfe00_707f Zbb      [Rd, Rs1, Rs2]                   "Maximum, unsigned";
    Min       "min"        0x0a00_4033 0xfe00_707f Zbb      [Rd, Rs1, Rs2]                   "Minimum, signed";
    Minu      "minu"       0x0a00_5033 0xfe00_707f Zbb      [Rd, Rs1, Rs2]                   "Minimum, unsigned";
    Rol       "rol"        0x6000_1033 0xfe00_707f Zbb      [Rd, Rs1, Rs2]                   "Rotate left by rs2 & 31";
    Ror       "ror"        0x6000_5033 0xfe00_707f Zbb      [Rd, Rs1, Rs2]                   "Rotate right by rs2 & 31";
    Rori      "rori"       0x6000_5013 0xfe00_707f Zbb      [Rd, Rs1, Shamt]                 "Rotate right by shamt";
    Clz       "clz"        0x6000_1013 0xfff0_707f Zbb      [Rd, Rs1]                        "Count leading zero bits; 32 for 0";
    Ctz       "ctz"        0x6010_1013 0xfff0_707f Zbb      [Rd, Rs1]                        "Count trailing zero bits; 32 for 0";
    Cpop      "cpop"       0x6020_1013 0xfff0_707f Zbb      [Rd, Rs1]                        "Count one bits";
    SextB     "sext.b"     0x6040_1013 0xfff0_707f Zbb      [Rd, Rs1]                        "Sign-extend the low byte";
    SextH     "sext.h"     0x6050_1013 0xfff0_707f Zbb      [Rd, Rs1]                        "Sign-extend the low halfword";
    ZextH     "zext.h"     0x0800_4033 0xfff0_707f Zbb      [Rd, Rs1]                        "Zero-extend the low halfword";
    Rev8      "rev8"       0x6980_5013 0xfff0_707f Zbb      [Rd, Rs1]                        "Reverse the order of the bytes";
    OrcB      "orc.b"      0x2870_5013 0xfff0_707f Zbb      [Rd, Rs1]                        "Each byte: 0xff if it has a one bit, else 0";
    // chapter “B”: Zbs
    Bclr      "bclr"       0x4800_1033 0xfe00_707f Zbs      [Rd, Rs1, Rs2]                   "Clear bit rs2 & 31 of rs1";
    Bclri     "bclri"      0x4800_1013 0xfe00_707f Zbs      [Rd, Rs1, Shamt]                 "Clear bit shamt of rs1";
    Bext      "bext"       0x4800_5033 0xfe00_707f Zbs      [Rd, Rs1, Rs2]                   "Extract bit rs2 & 31 of rs1";
    Bexti     "bexti"      0x4800_5013 0xfe00_707f Zbs      [Rd, Rs1, Shamt]                 "Extract bit shamt of rs1";
    Binv      "binv"       0x6800_1033 0xfe00_707f Zbs      [Rd, Rs1, Rs2]                   "Invert bit rs2 & 31 of rs1";
    Binvi     "binvi"      0x6800_1013 0xfe00_707f Zbs      [Rd, Rs1, Shamt]                 "Invert bit shamt of rs1";
    Bset      "bset"       0x2800_1033 0xfe00_707f Zbs      [Rd, Rs1, Rs2]                   "Set bit rs2 & 31 of rs1";
    Bseti     "bseti"      0x2800_1013 0xfe00_707f Zbs      [Rd, Rs1, Shamt]                 "Set bit shamt of rs1";
}
