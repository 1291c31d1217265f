//! The RV32 instruction set as data: registers, CSRs, instructions, pseudo-instructions, relocations.
//!
//! Every fact stands in one table, one row a fact: [`instructions`], [`compressed`], [`pseudo`], [`csr`],
//! [`reloc`], [`isa`]. The encoder, the decoder, the printer, the judge of operands, mnemonic lookup, compression
//! and the reference pages are readers of those rows; nothing else lists instructions.
//!
//! The crate knows nothing of source text, files or memory and has no dependencies. Section numbers in comments
//! are those of the RISC-V unprivileged and privileged specifications, version 20240411.

pub mod compressed;
pub mod csr;
mod decode;
mod encode;
pub mod format;
pub mod insn_directive;
pub mod instructions;
pub mod isa;
mod lookup;
pub mod operand;
pub mod print;
pub mod pseudo;
pub mod reference;
mod reg;
pub mod reloc;
pub mod reserved;
pub mod sections;
pub mod unsupported;

pub use compressed::{COp, COperand, CRow, compress, encode_c};
pub use csr::CsrRow;
pub use decode::{Decoded, Decoder, decode, decode_for, decode_on_hart};
pub use encode::encode;
pub use instructions::{Insn, Op, Row};
pub use isa::{Ext, Isa, IsaError};
pub use lookup::{Form, lookup, mnemonics};
pub use operand::Operand;
pub use print::{Registers, Style, print, print_with};
pub use pseudo::{Expansion, PseudoRow};
pub use reg::Reg;
pub use reloc::{Field, Reloc};
