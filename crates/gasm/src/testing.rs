//! Helpers of the unit tests.

use crate::{Assembly, Options, assemble};
use diag::Sources;
use host::MemoryHost;

/// Assembles a text with the built-in include and nothing else.
pub fn assemble_text(text: &str) -> Assembly {
    let options = Options { builtin_includes: vec![("abi.s", || b".equ ABI, 1\n".to_vec())], ..Options::default() };
    assemble_with(text.as_bytes(), &options)
}

/// Assembles bytes with options.
pub fn assemble_with(text: &[u8], options: &Options) -> Assembly {
    let mut sources = Sources::new();
    let main = sources.add("test.s", text.to_vec());
    let mut host = MemoryHost::new();
    assemble(&mut sources, main, options, &mut host)
}
