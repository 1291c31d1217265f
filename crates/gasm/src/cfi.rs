//! Call frame information.

use crate::assembler::Assembler;
use crate::contents::Contents;
use crate::section::At;

/// What is known of frames.
#[derive(Default)]
pub struct Cfi {}

/// Bytes that an advance takes.
pub fn advance_len(_delta: u32) -> u32 {
    0
}

impl Assembler<'_> {
    /// Writes an advance.
    pub fn cfa_advance_contents(&mut self, _from: At, _to: At, _size: u32, _out: &mut Contents) {}
}
