//! The RV32 instruction set as data: registers, CSRs, instructions, pseudo-instructions, relocations.
