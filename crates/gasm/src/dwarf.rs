//! Line numbers.

use crate::assembler::{Assembler, Stmt};
use diag::Span;

/// What is known of lines.
#[derive(Default)]
pub struct Lines {
    /// Files of `.file number`.
    pub files: Vec<(u32, Option<Vec<u8>>, Vec<u8>, Option<[u8; 16]>)>,
}

impl Lines {
    /// `.file number`.
    pub fn add_file(&mut self, number: u32, folder: Option<Vec<u8>>, name: Vec<u8>, md5: Option<[u8; 16]>) {
        self.files.push((number, folder, name, md5));
    }

    /// `# 12 "file"`.
    pub fn marker(&mut self, _at: Span, _line: u32, _file: &[u8]) {}
}

impl Assembler<'_> {
    /// `.loc`.
    pub fn loc(&mut self, _s: Stmt<'_>) {}

    /// An instruction is about to be written.
    #[inline]
    pub fn line_of_instruction(&mut self) {}
}
