//! The linker script language: the built-in default layout is written in it too, so there is one
//! way to lay out an image.

pub mod ast;
pub mod mri;
pub mod overlay;
pub mod parse;
pub mod pattern;
pub mod read;
pub mod show;
pub mod words;

/// The default layout, in the script language; GNU ld reads it as well. Under `-N`
/// `CONSTANT(MAXPAGESIZE)` is 4, so that segments are not kept apart.
pub const DEFAULT: &str = include_str!("default.ld");

/// The layout of `-r`.
pub const RELOCATABLE: &str = include_str!("relocatable.ld");
