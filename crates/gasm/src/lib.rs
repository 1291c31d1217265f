//! gasm, an assembler for RISC-V guest software.
