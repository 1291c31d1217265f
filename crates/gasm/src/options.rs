//! What the user asked for.

use diag::Levels;
use rv32::Isa;
use rv32::isa::{Arch, Spec};
use std::path::PathBuf;

/// A file that needs none: its name, and what makes the contents.
pub type BuiltIn = (&'static str, fn() -> Vec<u8>);

/// Options of an assembly; the default is the platform's.
#[derive(Clone, Debug)]
pub struct Options {
    /// Instruction set (`-march`): what is supported of it.
    pub isa: Isa,
    /// Everything that `-march` named, supported or not, with versions.
    pub arch: Arch,
    /// The edition of the unprivileged specification that gives versions where none are written (`-misa-spec`).
    pub spec: Spec,
    /// The version of the privileged specification that attributes name (`-mpriv-spec`).
    pub priv_spec: [u64; 3],
    /// `-I`, in order.
    pub include_dirs: Vec<PathBuf>,
    /// Files that `.include` finds when no folder has them.
    pub builtin_includes: Vec<BuiltIn>,
    /// Version of call frame information (`--gdwarf-cie-version`); `None`: the usual one.
    pub cie_version: Option<u8>,
    /// `--defsym`: symbols with their values.
    pub defines: Vec<(String, i64)>,
    /// `-g`: a line table of the assembly source itself.
    pub debug_info: bool,
    /// `-mrelax`: allow the linker to shorten code.
    pub relax: bool,
    /// `-fpic`.
    pub pic: bool,
    /// `-march-attr`: write attributes even if the source has none.
    pub attributes: bool,
    /// Make a listing (`-al`).
    pub listing: bool,
    /// Give the source with macros, conditionals and includes carried out (`-E`).
    pub expand: bool,
    /// Keep `.L` names in the symbol table (`-L`).
    pub keep_locals: bool,
    /// Sources read after the main one, as if they were appended to it.
    pub more_sources: Vec<diag::FileId>,
    /// Write `.note.GNU-stack`: `Some(true)` if the stack is to be executable.
    pub stack_note: Option<bool>,
    /// Severities of named diagnostics.
    pub levels: Levels,
    /// Folder of the compilation, for debug information.
    pub current_dir: String,
    /// `-ffile-prefix-map`: old and new beginning of paths in debug information.
    pub prefix_map: Vec<(String, String)>,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            isa: Isa::DEFAULT,
            arch: Isa::DEFAULT.into(),
            spec: Spec::default(),
            priv_spec: [1, 11, 0],
            include_dirs: Vec::new(),
            builtin_includes: Vec::new(),
            cie_version: None,
            defines: Vec::new(),
            debug_info: false,
            relax: true,
            pic: false,
            attributes: true,
            listing: false,
            expand: false,
            keep_locals: false,
            more_sources: Vec::new(),
            stack_note: None,
            levels: Levels::default(),
            current_dir: "/".into(),
            prefix_map: Vec::new(),
        }
    }
}
