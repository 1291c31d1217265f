//! Encoding: the row's fixed bits, then each operand into its place.

use crate::instructions::Insn;

/// Encodes a 32-bit instruction. Every operand must fit ([`crate::Operand::fits`]); bits that do not are dropped.
pub fn encode(insn: &Insn) -> u32 {
    debug_assert!(
        insn.op
            .row()
            .operands
            .iter()
            .all(|operand| operand.fits(insn)),
        "{insn:?} does not fit"
    );
    encode_unchecked(insn)
}

/// Encodes what fits.
pub(crate) fn encode_unchecked(insn: &Insn) -> u32 {
    let row = insn.op.row();
    let mut word = row.bits;
    for operand in row.operands {
        operand.insert(&mut word, insn);
    }
    word
}
