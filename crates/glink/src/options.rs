//! What a link is asked to do: inputs in their order, and options.

use crate::build_id::BuildId;
use crate::compressed::Compress;
use host::FileData;
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

/// One thing on the command line, in its order: order decides which archive member is taken.
#[derive(Clone, Debug)]
pub enum InputSpec {
    /// An object, an archive or a script, read from the file system.
    File(PathBuf),
    /// An object or archive that is already in memory, under the name that messages give it.
    Bytes {
        /// Name for messages and the map.
        name: String,
        /// Contents.
        data: FileData,
    },
    /// `-lNAME` (`libNAME.a`) or `-l:FILE`, looked for in each search folder, then among the
    /// built-in archives.
    Library(String),
    /// `--start-group`: archives until the end of the group are searched again and again until
    /// nothing new is found.
    GroupStart,
    /// `--end-group`.
    GroupEnd,
    /// `--whole-archive` (true) and `--no-whole-archive` (false), for what follows.
    WholeArchive(bool),
    /// `--push-state`: whether whole archives are taken is remembered.
    PushState,
    /// `--pop-state`: and counts again.
    PopState,
    /// Here stand the files that a script names (`INPUT`, `GROUP`, MRI's `LOAD`): the script's number in
    /// [`Options::scripts`], and then in [`Options::mri_scripts`]. Those of scripts without a place come last.
    OfScript(usize),
    /// `--just-symbols`: the addresses of this file's symbols count, and nothing else of it.
    JustSymbols(PathBuf),
    /// `-b binary` (true): files that follow are raw bytes; `-b elf32-littleriscv` (false): objects again.
    Raw(bool),
}

/// What is done with sections that no line of the script names (`--orphan-handling`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Orphans {
    /// They go behind their likes.
    #[default]
    Place,
    /// They are left out.
    Discard,
    /// They are placed, and each is told.
    Warn,
    /// Each is an error.
    Error,
}

/// How common blocks are ordered (`--sort-common`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SortCommon {
    /// The strictest alignment first.
    Descending,
    /// The strictest alignment last.
    Ascending,
}

/// What an undefined symbol is (`--unresolved-symbols`, `--warn-unresolved-symbols`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Unresolved {
    /// An error.
    #[default]
    Error,
    /// A warning; its address is 0.
    Warn,
    /// Nothing; its address is 0.
    Ignore,
}

/// How the script's patterns that do not say so order their sections (`--sort-section`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SortSections {
    /// By name.
    Name,
    /// By alignment, greatest first.
    Alignment,
}

/// What is done when nothing defines the entry symbol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Startup {
    /// An error that says how to define it.
    #[default]
    Required,
    /// If no input defines `_start` or `main`, `main` is the first instruction of the first input's
    /// first executable section.
    FirstInstruction,
}

/// Which symbols the image keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Strip {
    /// All but the compiler's own labels (`.L…`).
    #[default]
    Nothing,
    /// No debug sections (`-S`).
    Debug,
    /// No symbols and no debug sections (`-s`).
    All,
}

/// Which local symbols the image keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Discard {
    /// Locals whose names begin with `.L` go (`-X`, the default).
    #[default]
    Temporary,
    /// All locals go (`-x`).
    Locals,
    /// None go (`--discard-none`).
    Nothing,
}

/// What kind of file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Format {
    /// An ELF32 executable with the `HVK` note.
    #[default]
    Elf,
    /// The bytes of memory from the lowest loaded address to the highest.
    Binary,
    /// Intel hexadecimal records.
    Ihex,
    /// Motorola S-records.
    Srec,
    /// Hexadecimal bytes as Verilog's `$readmemh` reads them.
    Verilog,
}

impl Format {
    /// The names of the formats, as `--oformat` and `OUTPUT_FORMAT` have them; the first of each is the one that is shown.
    pub const NAMES: &'static [(&'static str, Format)] =
        &[("elf32-littleriscv", Format::Elf), ("elf", Format::Elf), ("binary", Format::Binary), ("ihex", Format::Ihex), ("srec", Format::Srec), ("verilog", Format::Verilog)];

    /// The format of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Format> {
        Format::NAMES.iter().find(|(known, _)| *known == name).map(|&(_, format)| format)
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        Format::NAMES.iter().find(|(_, format)| *format == self).map_or("", |(name, _)| name)
    }
}

/// The right-hand side of a `--defsym`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Defsym {
    /// Symbol to define.
    pub name: String,
    /// An expression of the script language.
    pub value: String,
    /// How many scripts stand before it on the command line: it is assigned behind them.
    pub scripts_before: usize,
}

impl Defsym {
    /// A symbol that stands before all scripts.
    #[must_use]
    pub fn new(name: &str, value: &str) -> Defsym {
        Defsym { name: name.to_string(), value: value.to_string(), scripts_before: 0 }
    }
}

/// Everything that a link can be told, with the platform's defaults.
#[derive(Clone, Debug)]
pub struct Options {
    /// Entry symbol or, failing that, an address (`-e`); none: the script's `ENTRY`, or `_start`.
    pub entry: Option<String>,
    /// What to do without an entry symbol.
    pub startup: Startup,
    /// `--defsym`, in order; later ones see earlier ones.
    pub defsyms: Vec<Defsym>,
    /// `-u`: symbols that count as undefined from the start.
    pub undefined: Vec<String>,
    /// `--require-defined`: as `-u`, and an error if nothing defines them.
    pub required: Vec<String>,
    /// `--wrap`: uses of `X` become uses of `__wrap_X`, uses of `__real_X` become uses of `X`.
    pub wrap: Vec<String>,
    /// `-L`: where `-l` looks.
    pub search_dirs: Vec<PathBuf>,
    /// Archives that `-l` finds after all folders, by file name: `("libhv.a", bytes)`. Messages
    /// show them as `<built-in>/libhv.a`.
    pub builtin_archives: Vec<(String, FileData)>,
    /// Linker scripts in place of the default layout (`-T`); what they say adds up.
    pub scripts: Vec<PathBuf>,
    /// Scripts in the language of the MRI linker (`-c`), read behind [`Options::scripts`].
    pub mri_scripts: Vec<PathBuf>,
    /// What `=` and `$SYSROOT` before a path stand for (`--sysroot`); empty: nothing.
    pub sysroot: String,
    /// `SEARCH_DIR` does not count (`-nostdlib`).
    pub only_own_folders: bool,
    /// Libraries for other machines that `-l` passes over are told of.
    pub warn_passed_over: bool,
    /// Linker script in place of the default layout, read behind all else (`-dT`), if no other is given.
    pub default_script: Option<PathBuf>,
    /// First address of the image in the default layout (`-Ttext`).
    pub text_base: u32,
    /// Addresses of output sections (`--section-start`, `-Tdata`; with a script also `-Ttext`).
    pub section_starts: Vec<(String, u32)>,
    /// Addresses of segments that the script asks for with `SEGMENT_START`.
    pub segment_starts: Vec<(String, u32)>,
    /// Make an object instead of an image (`-r`).
    pub relocatable: bool,
    /// How common blocks are ordered; none: as they were first seen.
    pub sort_common: Option<SortCommon>,
    /// With `-r`, section groups are resolved as in an image (`--force-group-allocation`).
    pub force_group_allocation: bool,
    /// Whether the image keeps its relocations (`--emit-relocs`).
    pub emit_relocs: bool,
    /// Every local symbol's name gets a number (`-z unique-symbol`).
    pub unique_symbols: bool,
    /// How debug sections are written (`--compress-debug-sections`).
    pub compress: Compress,
    /// The note that identifies the image (`--build-id`).
    pub build_id: Option<BuildId>,
    /// With `-r`, allocate common blocks (`-d`).
    pub define_common: bool,
    /// What happens to sections that the script does not name.
    pub orphans: Orphans,
    /// Sections that the script does not name are not joined (`--unique`).
    pub unique_orphans: bool,
    /// Nor are sections with names like these, whatever the script says (`--unique=SECTION`).
    pub unique: Vec<String>,
    /// The note `.note.package`, which says what the image is part of (`--package-metadata`).
    pub package_note: Option<Vec<u8>>,
    /// Sections that do not fit a region go where the script would put them next (`--enable-non-contiguous-regions`).
    pub non_contiguous_regions: bool,
    /// How patterns order their sections if they do not say.
    pub sort_sections: Option<SortSections>,
    /// What undefined symbols are.
    pub unresolved: Unresolved,
    /// Symbols that may be undefined (`--ignore-unresolved-symbol`).
    pub may_be_undefined: Vec<String>,
    /// What segments are aligned to, and `CONSTANT(MAXPAGESIZE)` (`-z max-page-size`).
    pub page_size: u32,
    /// `CONSTANT(COMMONPAGESIZE)` (`-z common-page-size`); none: the same.
    pub common_page_size: Option<u32>,
    /// Output sections that overlap are errors (`--check-sections`).
    pub check_overlaps: bool,
    /// `__start_NAME` and `__stop_NAME` keep no section alive (`-z start-stop-gc`).
    pub start_stop_gc: bool,
    /// Shorten calls and addresses where the objects allow it.
    pub relax: bool,
    /// Leave out sections that nothing refers to.
    pub gc_sections: bool,
    /// What global symbols are in is kept (`--gc-keep-exported`).
    pub gc_keep_exported: bool,
    /// List those sections, as notes.
    pub print_gc_sections: bool,
    /// Explain why this symbol's section was kept.
    pub why_live: Vec<String>,
    /// One segment, readable, writable and executable, sections not aligned to pages (`-N`).
    pub omagic: bool,
    /// Segments are not aligned to pages in the file (`-n`).
    pub nmagic: bool,
    /// A second definition is no error; the first counts (`-z muldefs`).
    pub allow_multiple_definition: bool,
    /// A second definition is an error in a file of `--just-symbols` too (`--disable-multiple-abs-defs`).
    pub strict_symbols: bool,
    /// What is kept of symbols and debug sections.
    pub strip: Strip,
    /// Which local symbols are kept.
    pub discard: Discard,
    /// Only symbols of these names are kept (`--retain-symbols-file`).
    pub retained: Option<BTreeSet<Vec<u8>>>,
    /// What kind of file is made; none: what the script says, or ELF.
    pub format: Option<Format>,
    /// Make the image in spite of errors, if there can be one (`--noinhibit-exec`).
    pub in_spite_of_errors: bool,
    /// Make an object with the image's global symbols (`--out-implib`).
    pub import_library: bool,
    /// Tell which files define and use these symbols (`--trace-symbol`).
    pub traced: Vec<String>,
    /// Whether to write the map.
    pub map: bool,
    /// What the map calls the image.
    pub output: String,
    /// On how many threads to work, as many as there are processors by default; the result is the same for
    /// any number.
    pub threads: Option<usize>,
    /// Add to the map which objects define and use each symbol (`--cref`).
    pub cross_references: bool,
    /// Say how full the regions of `MEMORY` are (`--print-memory-usage`).
    pub memory_usage: bool,
    /// List discarded sections in the map.
    pub map_discarded: bool,
    /// Raises the note's minimum RAM to this many bytes (`--guest-memory`).
    pub guest_memory: u32,
}

impl Options {
    /// The defaults with the guest library built in, so that `-lhv` is found everywhere.
    #[must_use]
    pub fn platform() -> Options {
        Options { builtin_archives: builtin_archives(), ..Options::default() }
    }
}

impl Options {
    /// A path of the command line or a script: `=` or `$SYSROOT` before it is the folder of `--sysroot`.
    #[must_use]
    pub fn rooted(&self, path: &Path) -> PathBuf {
        let bytes = path.as_os_str().as_bytes();
        match bytes.strip_prefix(b"=").or(bytes.strip_prefix(b"$SYSROOT")) {
            Some(rest) => PathBuf::from(OsString::from_vec([self.sysroot.as_bytes(), rest].concat())),
            None => path.to_path_buf(),
        }
    }

    /// Whether segments stand in the file without regard to pages.
    #[must_use]
    pub fn is_unpaged(&self) -> bool {
        self.omagic || self.nmagic
    }

    /// Whether a script is given in place of the built-in layout.
    #[must_use]
    pub fn has_script(&self) -> bool {
        !self.scripts.is_empty() || !self.mri_scripts.is_empty() || self.default_script.is_some()
    }

    /// Where `-Ttext` and the like put a segment: `text-segment`, `data-segment`, `bss-segment`.
    #[must_use]
    pub fn segment_start(&self, name: &str) -> Option<u32> {
        let given = self.segment_starts.iter().rev().find(|(segment, _)| segment == name).map(|&(_, address)| address);
        given.or_else(|| (name == "text-segment" && self.text_base != guest_abi::memory_map::RAM.base).then_some(self.text_base))
    }

    /// The address that the command line gives an output section.
    #[must_use]
    pub fn section_start(&self, name: &str) -> Option<u32> {
        self.section_starts.iter().rev().find(|(section, _)| section == name).map(|&(_, address)| address)
    }
}

#[cfg(feature = "program")]
fn builtin_archives() -> Vec<(String, FileData)> {
    vec![("libhv.a".to_string(), FileData::built_in(guest_lib::LIBHV_A))]
}

#[cfg(not(feature = "program"))]
fn builtin_archives() -> Vec<(String, FileData)> {
    Vec::new()
}

impl Default for Options {
    fn default() -> Options {
        Options {
            entry: None,
            startup: Startup::Required,
            defsyms: Vec::new(),
            undefined: Vec::new(),
            required: Vec::new(),
            wrap: Vec::new(),
            search_dirs: Vec::new(),
            builtin_archives: Vec::new(),
            scripts: Vec::new(),
            mri_scripts: Vec::new(),
            sysroot: String::new(),
            only_own_folders: false,
            warn_passed_over: true,
            default_script: None,
            text_base: guest_abi::memory_map::RAM.base,
            section_starts: Vec::new(),
            segment_starts: Vec::new(),
            relocatable: false,
            define_common: false,
            sort_common: None,
            force_group_allocation: false,
            emit_relocs: false,
            unique_symbols: false,
            compress: Compress::No,
            build_id: None,
            orphans: Orphans::Place,
            unique_orphans: false,
            unique: Vec::new(),
            package_note: None,
            non_contiguous_regions: false,
            sort_sections: None,
            unresolved: Unresolved::Error,
            may_be_undefined: Vec::new(),
            page_size: crate::layout::PAGE as u32,
            common_page_size: None,
            check_overlaps: true,
            start_stop_gc: false,
            relax: true,
            gc_sections: false,
            gc_keep_exported: false,
            print_gc_sections: false,
            why_live: Vec::new(),
            omagic: false,
            nmagic: false,
            allow_multiple_definition: false,
            strict_symbols: false,
            strip: Strip::Nothing,
            discard: Discard::Temporary,
            retained: None,
            format: None,
            in_spite_of_errors: false,
            import_library: false,
            traced: Vec::new(),
            map: false,
            output: "a.out".to_string(),
            threads: None,
            cross_references: false,
            memory_usage: false,
            map_discarded: true,
            guest_memory: 0,
        }
    }
}
