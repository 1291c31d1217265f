//! Encoding: the row's fixed bits, then each operand into its place.

use crate::instructions::Insn;

/// Encodes a 32-bit instruction. Every operand must fit ([`crate::Operand::fits`]); bits that do not are dropped.
pub fn encode(insn: &Insn) -> u32 {
    let row = insn.op.row();
    let mut word = row.bits;
    for operand in row.operands {
        debug_assert!(operand.fits(insn), "{insn:?}: {operand:?} does not fit");
        operand.insert(&mut word, insn);
    }
    word
}
