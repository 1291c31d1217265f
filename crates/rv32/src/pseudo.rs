//! The table of pseudo-instructions and of other spellings of real ones, as GNU as 2.40 has them: one row a form.
//!
//! Most rows are a template: one real instruction with some fields given; the operands give the rest, in the same
//! way as those of a real row. The others name a behaviour ([`Expansion`]) that the assembler has.

use crate::compressed::{COp, compress, compress_as};
use crate::instructions::{Insn, Op};
use crate::isa::Ext;
use crate::operand::Operand;

/// What a pseudo-instruction becomes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Expansion {
    /// The template with the operands filled in.
    One,
    /// The template with the operands filled in, as this compressed instruction.
    Compressed(COp),
    /// Load a constant: `addi`, `lui`, or `lui` and `addi`.
    Li,
    /// Load an address: like [`Lla`](Expansion::Lla), or through the GOT in position-independent code.
    La,
    /// Load an address relative to pc: `auipc rd, %pcrel_hi(symbol)`, `addi rd, rd, %pcrel_lo(label)`.
    Lla,
    /// Load the address of a TLS initial-exec GOT entry: `auipc` `R_RISCV_TLS_GOT_HI20`, `lw`.
    LaTlsIe,
    /// Load the address of a TLS general-dynamic GOT entry: `auipc` `R_RISCV_TLS_GD_HI20`, `addi`.
    LaTlsGd,
    /// Far call or jump: `auipc` into the template's rs1 with `R_RISCV_CALL_PLT`, `jalr rd, 0(rs1)`.
    Call,
    /// Load from a symbol: `auipc rd, %pcrel_hi(symbol)`, the template's op `rd, %pcrel_lo(label)(rd)`.
    LoadSymbol,
    /// Store to a symbol through a temporary (rs1): `auipc rs1, …`, the template's op `rs2, %pcrel_lo(label)(rs1)`.
    StoreSymbol,
    /// `add` that carries a `R_RISCV_TPREL_ADD` for its fourth operand, `%tprel_add(symbol)`.
    TprelAdd,
    /// `slli rd, rs1, n`, `srai rd, rd, n`, n in the template's imm (without Zbb).
    ShiftLeftRightArithmetic,
    /// `slli rd, rs1, n`, `srli rd, rd, n`, n in the template's imm (without Zbb).
    ShiftLeftRightLogical,
    /// An instruction that is illegal for ever: the halfword 0 where compression is on, else the template.
    Unimp,
    /// The halfword 0.
    IllegalHalfword,
    /// The word in the template's imm, with rs1 in bits 19:15: instructions that the specification withdrew. No hart has
    /// them, so they are no real rows.
    Withdrawn,
}

/// One row.
#[derive(Debug)]
pub struct PseudoRow {
    /// As it is written.
    pub mnemonic: &'static str,
    /// In the order in which they are written; each gives the fields of [`Insn`] that it gives in a real row.
    pub operands: &'static [Operand],
    /// The fields that no operand gives.
    pub template: Insn,
    /// What it becomes.
    pub expansion: Expansion,
    /// The compressed instructions that GNU as takes for this spelling, if they are not those of the filled-in
    /// template: `jr` becomes `c.jr`, which `jalr zero, 0(rs1)` never does.
    pub compressed: Option<&'static [COp]>,
    /// The extension that has it.
    pub ext: Ext,
    /// Whether a disassembler prints it instead of the real instruction, when told to print aliases.
    pub printed: bool,
    /// One line for reference pages.
    pub summary: &'static str,
}

impl PseudoRow {
    /// The compressed form of a filled-in [`Expansion::One`] that GNU as takes, if there is one.
    pub fn compress(&self, insn: &Insn) -> Option<(COp, u16)> {
        match self.compressed {
            Some(candidates) => candidates.iter().find_map(|cop| compress_as(*cop, insn)),
            None => compress(insn),
        }
    }
}

macro_rules! pseudo_instructions {
    ($($mnemonic:literal [$($operand:ident),*] $ext:ident => $base:ident $({$($field:ident : $value:expr),+})?
       $expansion:ident $(($cop:ident))? $(compressed [$($compressed:ident),*])? $(printed $printed:literal)? $summary:literal;)+) => {
        /// The table.
        pub static ROWS: [PseudoRow; ROW_COUNT] = [$(PseudoRow {
            mnemonic: $mnemonic,
            operands: &[$(Operand::$operand),*],
            template: Insn { $($($field: $value,)+)? ..Insn::new(Op::$base) },
            expansion: Expansion::$expansion $((COp::$cop))?,
            compressed: [$(Some(&[$(COp::$compressed),*] as &[COp]),)? None][0],
            ext: Ext::$ext,
            printed: [$($printed,)? false][0],
            summary: $summary,
        }),+];

        /// How many forms the table has.
        pub const ROW_COUNT: usize = [$($mnemonic),+].len();
    };
}

// Rows of one mnemonic stand in the order in which GNU as tries them. `printed true`: the first such row whose
// template agrees is what objdump prints for the real instruction.
pseudo_instructions! {
    // mnemonic [operands]                 ext => instruction {given fields}       behaviour
    "unimp"   []                           I => Csrrw {imm: 0xc00}                 Unimp "An instruction that is illegal for ever";
    "c.unimp" []                           C => Addi                               IllegalHalfword "The 16-bit instruction that is illegal for ever";
    "uret"    []                           I => Addi {imm: 0x0020_0073}            Withdrawn "Return from user mode's trap handler (N extension, withdrawn)";
    "hret"    []                           I => Addi {imm: 0x2020_0073}            Withdrawn "Return from the hypervisor's trap handler (privileged 1.9, withdrawn)";
    "sfence.vm" []                         I => Addi {imm: 0x1040_0073}            Withdrawn "Former sfence.vma (privileged 1.9, withdrawn)";
    "sfence.vm" [Rs1]                      I => Addi {imm: 0x1040_0073}            Withdrawn "Former sfence.vma for one address (privileged 1.9, withdrawn)";
    "c.nop"   []                           C => Addi                               Compressed(CNop) "No operation";
    "nop"     []                           I => Addi                               One compressed [CNop] printed true "No operation";
    "li"      [Rd, Imm32]                  I => Addi                               Li "Load a constant of 32 bits";
    "li"      [Rd, ImmI]                   I => Addi                               One compressed [CLi] printed true "Load a constant of 12 bits";
    "mv"      [Rd, Rs1]                    I => Addi                               One compressed [CMv] printed true "Copy a register";
    "move"    [Rd, Rs1]                    I => Addi                               One compressed [CMv] "Copy a register";
    "not"     [Rd, Rs1]                    I => Xori {imm: -1}                     One printed true "Invert all bits";
    "neg"     [Rd, Rs2]                    I => Sub                                One printed true "Negate";
    "seqz"    [Rd, Rs1]                    I => Sltiu {imm: 1}                     One printed true "Set if zero";
    "snez"    [Rd, Rs2]                    I => Sltu                               One printed true "Set if not zero";
    "sltz"    [Rd, Rs1]                    I => Slt                                One printed true "Set if negative";
    "sgtz"    [Rd, Rs2]                    I => Slt                                One printed true "Set if positive";
    "sgt"     [Rd, Rs2, Rs1]               I => Slt                                One "Set if greater than, signed";
    "sgtu"    [Rd, Rs2, Rs1]               I => Sltu                               One "Set if greater than, unsigned";
    "zext.b"  [Rd, Rs1]                    I => Andi {imm: 255}                    One printed true "Zero-extend the low byte";
    "sext.b"  [Rd, Rs1]                    I => Slli {imm: 24}                     ShiftLeftRightArithmetic "Sign-extend the low byte, where Zbb is missing";
    "sext.h"  [Rd, Rs1]                    I => Slli {imm: 16}                     ShiftLeftRightArithmetic "Sign-extend the low halfword, where Zbb is missing";
    "zext.h"  [Rd, Rs1]                    I => Slli {imm: 16}                     ShiftLeftRightLogical "Zero-extend the low halfword, where Zbb is missing";

    // an immediate in the place of the second register
    "add"     [Rd, Rs1, ImmI]              I => Addi                               One compressed [CAddi, CAddi4spn, CAddi16sp] "`addi`";
    "add"     [Rd, Rs1, Rs2, Symbol]       I => Add                                TprelAdd "`add` marked as part of a thread-local address: fourth operand `%tprel_add(symbol)`";
    "and"     [Rd, Rs1, ImmI]              I => Andi                               One "`andi`";
    "or"      [Rd, Rs1, ImmI]              I => Ori                                One "`ori`";
    "xor"     [Rd, Rs1, ImmI]              I => Xori                               One "`xori`";
    "slt"     [Rd, Rs1, ImmI]              I => Slti                               One "`slti`";
    "sltu"    [Rd, Rs1, ImmI]              I => Sltiu                              One "`sltiu`";
    "sll"     [Rd, Rs1, Shamt]             I => Slli                               One "`slli`";
    "srl"     [Rd, Rs1, Shamt]             I => Srli                               One "`srli`";
    "sra"     [Rd, Rs1, Shamt]             I => Srai                               One "`srai`";
    "ror"     [Rd, Rs1, Shamt]             Zbb => Rori                             One "`rori`";
    "bclr"    [Rd, Rs1, Shamt]             Zbs => Bclri                            One "`bclri`";
    "bext"    [Rd, Rs1, Shamt]             Zbs => Bexti                            One "`bexti`";
    "binv"    [Rd, Rs1, Shamt]             Zbs => Binvi                            One "`binvi`";
    "bset"    [Rd, Rs1, Shamt]             Zbs => Bseti                            One "`bseti`";

    // branches
    "beqz"    [Rs1, BranchTarget]          I => Beq                                One printed true "Branch if zero";
    "bnez"    [Rs1, BranchTarget]          I => Bne                                One printed true "Branch if not zero";
    "blez"    [Rs2, BranchTarget]          I => Bge                                One printed true "Branch if zero or negative";
    "bgez"    [Rs1, BranchTarget]          I => Bge                                One printed true "Branch if zero or positive";
    "bltz"    [Rs1, BranchTarget]          I => Blt                                One printed true "Branch if negative";
    "bgtz"    [Rs2, BranchTarget]          I => Blt                                One printed true "Branch if positive";
    "bgt"     [Rs2, Rs1, BranchTarget]     I => Blt                                One "Branch if greater than, signed";
    "ble"     [Rs2, Rs1, BranchTarget]     I => Bge                                One "Branch if less than or equal, signed";
    "bgtu"    [Rs2, Rs1, BranchTarget]     I => Bltu                               One "Branch if greater than, unsigned";
    "bleu"    [Rs2, Rs1, BranchTarget]     I => Bgeu                               One "Branch if less than or equal, unsigned";

    // jumps and calls
    "j"       [JumpTarget]                 I => Jal                                One printed true "Jump";
    "jal"     [JumpTarget]                 I => Jal {rd: 1}                        One printed true "Jump and link in ra";
    "ret"     []                           I => Jalr {rs1: 1}                      One compressed [CJr] printed true "Return: jump to ra";
    "jr"      [Rs1]                        I => Jalr                               One compressed [CJr] printed true "Jump to a register";
    "jr"      [Load]                       I => Jalr                               One printed true "Jump to a register plus offset";
    "jr"      [Rs1, ImmI]                  I => Jalr                               One "Jump to a register plus offset";
    "jalr"    [Rs1]                        I => Jalr {rd: 1}                       One compressed [CJalr] printed true "Jump to a register, link in ra";
    "jalr"    [Load]                       I => Jalr {rd: 1}                       One printed true "Jump to a register plus offset, link in ra";
    "jalr"    [Rs1, ImmI]                  I => Jalr {rd: 1}                       One "Jump to a register plus offset, link in ra";
    "jalr"    [Rd, Rs1]                    I => Jalr                               One printed true "Jump to a register, link in rd";
    "jalr"    [Rd, Rs1, ImmI]              I => Jalr                               One "Jump to a register plus offset, link in rd";
    "call"    [Symbol]                     I => Jalr {rd: 1, rs1: 1}               Call "Call a function at any distance, link in ra";
    "call"    [Rd, Symbol]                 I => Jalr {rs1: 6}                      Call "Call a function at any distance, link in rd; changes t1";
    "tail"    [Symbol]                     I => Jalr {rs1: 6}                      Call "Jump to a function at any distance; changes t1";
    "jump"    [Symbol, Rs1]                I => Jalr                               Call "Jump to any distance through the register given";

    // addresses
    "la"        [Rd, Symbol]               I => Addi                               La "Load an address";
    "lla"       [Rd, Symbol]               I => Addi                               Lla "Load an address, relative to pc";
    "la.tls.ie" [Rd, Symbol]               I => Lw                                 LaTlsIe "Load the thread-pointer offset of a symbol (initial exec)";
    "la.tls.gd" [Rd, Symbol]               I => Addi                               LaTlsGd "Load the address of a symbol's TLS index (general dynamic)";
    "lb"      [Rd, Symbol]                 I => Lb                                 LoadSymbol "Load byte at a symbol";
    "lbu"     [Rd, Symbol]                 I => Lbu                                LoadSymbol "Load unsigned byte at a symbol";
    "lh"      [Rd, Symbol]                 I => Lh                                 LoadSymbol "Load halfword at a symbol";
    "lhu"     [Rd, Symbol]                 I => Lhu                                LoadSymbol "Load unsigned halfword at a symbol";
    "lw"      [Rd, Symbol]                 I => Lw                                 LoadSymbol "Load word at a symbol";
    "sb"      [Rs2, Symbol, Rs1]           I => Sb                                 StoreSymbol "Store byte at a symbol; changes the last register";
    "sh"      [Rs2, Symbol, Rs1]           I => Sh                                 StoreSymbol "Store halfword at a symbol; changes the last register";
    "sw"      [Rs2, Symbol, Rs1]           I => Sw                                 StoreSymbol "Store word at a symbol; changes the last register";

    // control and status registers
    "rdcycle"    [Rd]                      I => Csrrs {imm: 0xc00}                 One printed true "Read the cycle counter";
    "rdtime"     [Rd]                      I => Csrrs {imm: 0xc01}                 One printed true "Read the clock";
    "rdinstret"  [Rd]                      I => Csrrs {imm: 0xc02}                 One printed true "Read the counter of retired instructions";
    "rdcycleh"   [Rd]                      I => Csrrs {imm: 0xc80}                 One printed true "Read the upper half of the cycle counter";
    "rdtimeh"    [Rd]                      I => Csrrs {imm: 0xc81}                 One printed true "Read the upper half of the clock";
    "rdinstreth" [Rd]                      I => Csrrs {imm: 0xc82}                 One printed true "Read the upper half of the counter of retired instructions";
    "csrr"    [Rd, Csr]                    Zicsr => Csrrs                          One printed true "Read a CSR";
    "csrw"    [Csr, Rs1]                   Zicsr => Csrrw                          One printed true "Write a CSR";
    "csrw"    [Csr, Uimm5]                 Zicsr => Csrrwi                         One "Write an immediate to a CSR";
    "csrwi"   [Csr, Uimm5]                 Zicsr => Csrrwi                         One printed true "Write an immediate to a CSR";
    "csrs"    [Csr, Rs1]                   Zicsr => Csrrs                          One printed true "Set bits of a CSR";
    "csrs"    [Csr, Uimm5]                 Zicsr => Csrrsi                         One "Set bits of a CSR by an immediate";
    "csrsi"   [Csr, Uimm5]                 Zicsr => Csrrsi                         One printed true "Set bits of a CSR by an immediate";
    "csrc"    [Csr, Rs1]                   Zicsr => Csrrc                          One printed true "Clear bits of a CSR";
    "csrc"    [Csr, Uimm5]                 Zicsr => Csrrci                         One "Clear bits of a CSR by an immediate";
    "csrci"   [Csr, Uimm5]                 Zicsr => Csrrci                         One printed true "Clear bits of a CSR by an immediate";
    "csrrw"   [Rd, Csr, Uimm5]             Zicsr => Csrrwi                         One "`csrrwi`";
    "csrrs"   [Rd, Csr, Uimm5]             Zicsr => Csrrsi                         One "`csrrsi`";
    "csrrc"   [Rd, Csr, Uimm5]             Zicsr => Csrrci                         One "`csrrci`";

    // ordering and the environment
    "fence"   []                           I => Fence {imm: 0xff}                  One printed true "Order everything: `fence iorw, iorw`";
    "pause"   []                           Zihintpause => Fence {imm: 0x10}        One "Hint that the hart is spinning";
    "scall"   []                           I => Ecall                              One "`ecall`";
    "sbreak"  []                           I => Ebreak                             One "`ebreak`";
    "sfence.vma" []                        I => SfenceVma                          One printed true "Order all page-table updates";
    "sfence.vma" [Rs1]                     I => SfenceVma                          One printed true "Order page-table updates of an address";
}
