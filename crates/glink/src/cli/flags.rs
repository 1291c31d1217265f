//! The table of options: parser, help and spelling come from it.

use crate::options::InputSpec;
use clap::{Arg, ArgAction, ArgMatches, Command};
use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;

/// What an option takes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Takes {
    /// Nothing.
    Nothing,
    /// A value with this name.
    Text(&'static str),
    /// A file or folder.
    Path(&'static str),
    /// A value with this name, only as `--name=value` or `-Xvalue`; without one this is it.
    Maybe(&'static str, &'static str),
}

/// What becomes of an option.
#[derive(Clone, Copy)]
enum Does {
    /// What `--help` says.
    This(&'static str),
    /// It is accepted, because compilers and build systems pass it, and has no effect: why.
    Nothing(&'static str),
    /// It is refused: why, and what to do.
    Refused(&'static str),
}

/// One option.
struct Row {
    id: &'static str,
    /// Spelling with one dash.
    short: Option<char>,
    /// Spellings with two dashes (one is as good); the first is shown. None: only the short one.
    long: &'static [&'static str],
    takes: Takes,
    does: Does,
}

impl Row {
    /// Its spellings, as people write them.
    fn spellings(&self) -> impl Iterator<Item = String> {
        // `-O2` has a long name of one letter too, so that clap gives its value's place.
        let long = self.long.iter().filter(|name| self.short.is_none_or(|short| **name != short.to_string()));
        self.short.map(|short| format!("-{short}")).into_iter().chain(long.map(|name| if name.len() == 1 || ONE_DASH.contains(name) { format!("-{name}") } else { format!("--{name}") }))
    }
}

/// Long names that people write with one dash.
const ONE_DASH: &[&str] = &[
    "Bdynamic", "Bno-symbolic", "Bshareable", "Bstatic", "Bsymbolic", "Bsymbolic-functions", "EB", "EL", "Map", "Qy", "Tbss", "Tdata", "Tldata-segment", "Trodata-segment", "Ttext", "Ttext-segment", "Ur", "assert",
    "call_shared", "dT", "dc", "dn", "dp", "dy", "fini", "flto", "flto-partition", "fuse-ld", "i", "init", "no-pie", "non_shared", "nostdlib", "pie", "plugin", "plugin-opt", "qmagic", "rpath", "rpath-link", "shared",
    "soname", "static",
];

/// Options that do something.
const fn row(id: &'static str, short: Option<char>, long: &'static [&'static str], takes: Takes, help: &'static str) -> Row {
    Row { id, short, long, takes, does: Does::This(help) }
}

/// Options that are accepted without effect.
const fn idle(id: &'static str, short: Option<char>, long: &'static [&'static str], takes: Takes, why: &'static str) -> Row {
    Row { id, short, long, takes, does: Does::Nothing(why) }
}

/// Options that are refused by name.
const fn refused(id: &'static str, short: Option<char>, long: &'static [&'static str], takes: Takes, cure: &'static str) -> Row {
    Row { id, short, long, takes, does: Does::Refused(cure) }
}

const ROWS: &[Row] = &[
    row("output", Some('o'), &["output"], Takes::Path("FILE"), "Write the image to FILE (a.out)"),
    row("library", Some('l'), &["library"], Takes::Text("NAME"), "Take what is needed from libNAME.a, or from FILE with -l:FILE"),
    row("library-path", Some('L'), &["library-path"], Takes::Path("FOLDER"), "Look for -lNAME in FOLDER; =FOLDER is one of --sysroot"),
    row("sysroot", None, &["sysroot"], Takes::Text("FOLDER"), "What a = before a path stands for, and where scripts in it find files with absolute names"),
    row("nostdlib", None, &["nostdlib"], Takes::Nothing, "Look only in the folders of -L, not in those of scripts' SEARCH_DIR"),
    row("no-warn-search-mismatch", None, &["no-warn-search-mismatch"], Takes::Nothing, "Do not tell of libraries for other machines that -l passes over"),
    row("start-group", None, &["start-group"], Takes::Nothing, "Search the archives up to --end-group again and again; also -("),
    row("end-group", None, &["end-group"], Takes::Nothing, "End a group; also -)"),
    row("whole-archive", None, &["whole-archive"], Takes::Nothing, "Take every member of the archives that follow"),
    row("no-whole-archive", None, &["no-whole-archive"], Takes::Nothing, "Take only the members that are needed"),
    row("push-state", None, &["push-state"], Takes::Nothing, "Remember whether --whole-archive is on"),
    row("pop-state", None, &["pop-state"], Takes::Nothing, "As it was at --push-state"),
    row("entry", Some('e'), &["entry"], Takes::Text("SYMBOL"), "Start at SYMBOL, or at an address (_start)"),
    row("undefined", Some('u'), &["undefined"], Takes::Text("SYMBOL"), "Count SYMBOL as used, so that an archive's member with it is taken"),
    row("require-defined", None, &["require-defined"], Takes::Text("SYMBOL"), "As -u, and an error if nothing defines it"),
    row("unresolved-symbols", None, &["unresolved-symbols"], Takes::Text("HOW"), "Undefined symbols: report-all, ignore-all, ignore-in-object-files"),
    row("warn-unresolved-symbols", None, &["warn-unresolved-symbols"], Takes::Nothing, "Undefined symbols are warnings"),
    row("error-unresolved-symbols", None, &["error-unresolved-symbols", "no-undefined"], Takes::Nothing, "Undefined symbols are errors (default)"),
    row("ignore-unresolved-symbol", None, &["ignore-unresolved-symbol"], Takes::Text("SYMBOL"), "SYMBOL may be undefined; its address is 0"),
    row("trace-symbol", Some('y'), &["trace-symbol"], Takes::Text("SYMBOL"), "Name each file that defines or uses SYMBOL"),
    row("defsym", None, &["defsym"], Takes::Text("SYMBOL=VALUE"), "Define SYMBOL as an expression"),
    row("wrap", None, &["wrap"], Takes::Text("SYMBOL"), "Let uses of SYMBOL mean __wrap_SYMBOL, and __real_SYMBOL mean SYMBOL"),
    row("script", Some('T'), &["script"], Takes::Path("FILE"), "Lay the image out by a linker script"),
    row("default-script", None, &["default-script", "dT"], Takes::Path("FILE"), "As -T, if no -T is given"),
    row("mri-script", Some('c'), &["mri-script"], Takes::Path("FILE"), "Lay the image out by a script in the language of the MRI linker"),
    row("Ttext", None, &["Ttext"], Takes::Text("ADDRESS"), "Start the image, with a script .text, at ADDRESS (0x80000000); hexadecimal"),
    row("Tdata", None, &["Tdata"], Takes::Text("ADDRESS"), "Put .data at ADDRESS"),
    row("Tbss", None, &["Tbss"], Takes::Text("ADDRESS"), "Put .bss at ADDRESS"),
    row("Ttext-segment", None, &["Ttext-segment"], Takes::Text("ADDRESS"), "What SEGMENT_START(\"text-segment\", ...) gives"),
    row("Trodata-segment", None, &["Trodata-segment"], Takes::Text("ADDRESS"), "What SEGMENT_START(\"rodata-segment\", ...) gives"),
    row("Tldata-segment", None, &["Tldata-segment"], Takes::Text("ADDRESS"), "What SEGMENT_START(\"ldata-segment\", ...) gives"),
    row("check-sections", None, &["check-sections"], Takes::Nothing, "Refuse output sections that overlap (default)"),
    row("no-check-sections", None, &["no-check-sections"], Takes::Nothing, "Let them overlap"),
    row("unique", None, &["unique"], Takes::Maybe("SECTION", ""), "Do not join input sections of this name, or any that the script does not name"),
    row("section-start", None, &["section-start"], Takes::Text("SECTION=ADDRESS"), "Put an output section at ADDRESS"),
    row("orphan-handling", None, &["orphan-handling"], Takes::Text("HOW"), "Sections that the script does not name: place, discard, warn, error"),
    row("enable-non-contiguous-regions", None, &["enable-non-contiguous-regions"], Takes::Nothing, "Send sections that do not fit their region on to the next line that takes them"),
    row("sort-section", None, &["sort-section"], Takes::Text("KEY"), "Order sections in the script's wildcards by name or alignment"),
    row("relocatable", Some('r'), &["relocatable", "i", "Ur"], Takes::Nothing, "Make one object of all, to be linked again"),
    row("force-group-allocation", None, &["force-group-allocation"], Takes::Nothing, "With -r, resolve section groups as in an image"),
    row("build-id", None, &["build-id"], Takes::Maybe("STYLE", "sha1"), "Add a note that identifies the image: sha1 (default), md5, uuid, 0xHEX, none"),
    row("package-metadata", None, &["package-metadata"], Takes::Maybe("JSON", ""), "Add a note that says what the image is part of"),
    row("define-common", Some('d'), &["dc", "dp"], Takes::Nothing, "With -r, give common blocks their room"),
    row("just-symbols", Some('R'), &["just-symbols"], Takes::Path("FILE"), "Take the addresses of FILE's symbols, such as a ROM's, and nothing else of it; of two definitions the first counts"),
    row("disable-multiple-abs-defs", None, &["disable-multiple-abs-defs"], Takes::Nothing, "Let two definitions be an error there too"),
    row("sort-common", None, &["sort-common"], Takes::Maybe("ORDER", "descending"), "Order common blocks by alignment: descending (default) or ascending"),
    row("format", Some('b'), &["format"], Takes::Text("FORMAT"), "Files that follow are raw bytes (binary) or objects (elf32-littleriscv, default)"),
    row("emit-relocs", Some('q'), &["emit-relocs"], Takes::Nothing, "Keep the relocations in the image, for tools that change code"),
    row("omagic", Some('N'), &["omagic"], Takes::Nothing, "One segment, writable and executable, sections not aligned to pages"),
    row("no-omagic", None, &["no-omagic"], Takes::Nothing, "Keep to pages again after -N"),
    row("nmagic", Some('n'), &["nmagic"], Takes::Nothing, "Do not align segments to pages in the file"),
    row("relax", None, &["relax"], Takes::Nothing, "Shorten calls and addresses where objects allow it (default)"),
    row("no-relax", None, &["no-relax"], Takes::Nothing, "Do not"),
    row("gc-sections", None, &["gc-sections"], Takes::Nothing, "Leave out sections that nothing refers to"),
    row("no-gc-sections", None, &["no-gc-sections"], Takes::Nothing, "Keep all sections (default)"),
    row("gc-keep-exported", None, &["gc-keep-exported"], Takes::Nothing, "With --gc-sections, keep what global symbols are in"),
    row("no-gc-keep-exported", None, &["no-gc-keep-exported"], Takes::Nothing, "Do not (default)"),
    row("print-gc-sections", None, &["print-gc-sections"], Takes::Nothing, "Say what --gc-sections left out"),
    row("no-print-gc-sections", None, &["no-print-gc-sections"], Takes::Nothing, "Do not (default)"),
    row("why-live", None, &["why-live"], Takes::Text("SYMBOL"), "Say why SYMBOL is in the image"),
    row("Map", None, &["Map"], Takes::Path("FILE"), "Write a map to FILE, or to standard output for -"),
    row("print-map", Some('M'), &["print-map"], Takes::Nothing, "Write a map to standard output"),
    row("print-map-discarded", None, &["print-map-discarded"], Takes::Nothing, "List discarded sections in the map (default)"),
    row("no-print-map-discarded", None, &["no-print-map-discarded"], Takes::Nothing, "Do not"),
    row("cref", None, &["cref"], Takes::Nothing, "Add to the map which objects define and use each symbol"),
    row("print-memory-usage", None, &["print-memory-usage"], Takes::Nothing, "Say how full the regions of MEMORY are"),
    row("trace", Some('t'), &["trace"], Takes::Nothing, "Name the input files"),
    row("show-version", Some('v'), &[], Takes::Nothing, "Show the version, and link if there is anything to link"),
    row("show-emulations", Some('V'), &[], Takes::Nothing, "As -v, and show what -m takes"),
    row("verbose", None, &["verbose"], Takes::Maybe("LEVEL", "1"), "Show the version and the built-in layout, and name the input files"),
    row("dependency-file", None, &["dependency-file"], Takes::Path("FILE"), "Write a rule for make: the image depends on every file that was read"),
    row("out-implib", None, &["out-implib"], Takes::Path("FILE"), "Write an object with the addresses of the image's global symbols, for --just-symbols of another image"),
    row("print-output-format", None, &["print-output-format"], Takes::Nothing, "Show the format that is written"),
    row("print-sysroot", None, &["print-sysroot"], Takes::Nothing, "Show the folder of --sysroot"),
    row("target-help", None, &["target-help"], Takes::Nothing, "Show this help"),
    row("reproduce", None, &["reproduce"], Takes::Path("FILE.tar"), "Pack everything that the link reads, for a report of a fault"),
    row("guest-memory", None, &["guest-memory"], Takes::Text("SIZE"), "Let the image ask for at least SIZE of RAM, such as 64K"),
    row("oformat", None, &["oformat"], Takes::Text("FORMAT"), "Write elf, binary, ihex, srec or verilog"),
    row("compress-debug-sections", None, &["compress-debug-sections"], Takes::Text("HOW"), "Write debug sections as none, zlib (zlib-gabi) or zlib-gnu"),
    row("strip-all", Some('s'), &["strip-all"], Takes::Nothing, "Leave out all symbols and debug sections"),
    row("strip-debug", Some('S'), &["strip-debug"], Takes::Nothing, "Leave out debug sections"),
    row("discard-all", Some('x'), &["discard-all"], Takes::Nothing, "Leave out local symbols"),
    row("discard-locals", Some('X'), &["discard-locals"], Takes::Nothing, "Leave out local symbols that begin with .L (default)"),
    row("discard-none", None, &["discard-none"], Takes::Nothing, "Keep all local symbols"),
    row("retain-symbols-file", None, &["retain-symbols-file"], Takes::Path("FILE"), "Leave out all symbols that FILE does not name, one a line"),
    row("noinhibit-exec", None, &["noinhibit-exec"], Takes::Nothing, "Write the image in spite of errors, if there can be one; they are warnings"),
    row("allow-multiple-definition", None, &["allow-multiple-definition"], Takes::Nothing, "Let the first of several definitions count"),
    row("z", Some('z'), &[], Takes::Text("KEYWORD"), "muldefs: as --allow-multiple-definition; others are accepted or refused by name"),
    row("m", Some('m'), &[], Takes::Text("EMULATION"), "elf32lriscv, or as Linux has it elf32lriscv_ilp32 and the like; they are the same"),
    row("threads", None, &["threads", "thread-count"], Takes::Text("N"), "Work on N threads (as many as there are processors); the image is the same"),
    row("fatal-warnings", None, &["fatal-warnings"], Takes::Nothing, "Count warnings as errors"),
    row("no-fatal-warnings", None, &["no-fatal-warnings"], Takes::Nothing, "Do not (default)"),
    row("no-warnings", Some('w'), &["no-warnings"], Takes::Nothing, "Do not show warnings"),
    row("diagnostics", None, &["diagnostics"], Takes::Text("FORMAT"), "Show messages as text or json"),
    row("color", None, &["color", "colour", "color-diagnostics"], Takes::Text("WHEN"), "Colour messages: auto, always, never"),
    row("explain", None, &["explain"], Takes::Text("CODE"), "Explain a diagnostic, such as E0515"),
    // Without effect.
    idle("plugins", None, &["plugin", "plugin-opt", "flto-partition", "fuse-ld"], Takes::Text("TEXT"), "For link-time optimisation, which glink does not do: give it objects with code (`gcc -ffat-lto-objects`)"),
    idle("flto", None, &["flto"], Takes::Maybe("HOW", ""), "As `-plugin`"),
    idle("static", None, &["static", "Bstatic", "dn", "non_shared", "Bdynamic", "dy", "call_shared", "as-needed", "no-as-needed", "no-pie"], Takes::Nothing, "There are no shared libraries: `-l` finds `libNAME.a`, and the image is static"),
    idle("dynamic", Some('E'), &["export-dynamic", "no-export-dynamic", "no-dynamic-linker", "no-allow-shlib-undefined", "allow-shlib-undefined", "copy-dt-needed-entries", "no-copy-dt-needed-entries", "Bsymbolic", "Bsymbolic-functions", "Bno-symbolic", "undefined-version", "no-undefined-version", "default-symver", "default-imported-symver", "dynamic-list-data", "dynamic-list-cpp-new", "dynamic-list-cpp-typeinfo", "no-eh-frame-hdr", "enable-new-dtags", "disable-new-dtags", "warn-textrel"], Takes::Nothing, "A static image has no dynamic symbols"),
    idle("dynamic-names", Some('I'), &["dynamic-linker", "rpath", "rpath-link", "soname", "hash-style", "version-script", "version-exports-section", "dynamic-list", "export-dynamic-symbol", "export-dynamic-symbol-list", "spare-dynamic-tags", "exclude-libs"], Takes::Text("TEXT"), "A static image has no dynamic symbols"),
    idle("init", None, &["init", "fini"], Takes::Text("SYMBOL"), "For a dynamic loader; use `.init_array` and `.fini_array`"),
    idle("warn", None, &["no-warn-mismatch", "no-warn-rwx-segments", "warn-rwx-segments", "no-warn-execstack", "warn-execstack", "warn-common", "warn-once", "warn-section-align", "warn-alternate-em", "warn-constructors", "warn-multiple-gp", "enable-non-contiguous-regions-warnings"], Takes::Nothing, "glink has no such warning; what does not fit together is an error"),
    idle("memory", None, &["no-keep-memory", "reduce-memory-overheads", "map-whole-files", "no-map-whole-files", "traditional-format", "qmagic", "Qy"], Takes::Nothing, "How GNU ld works inside, or formats of other systems"),
    idle("sizes", None, &["hash-size", "max-cache-size"], Takes::Text("SIZE"), "How GNU ld works inside"),
    idle("assert", Some('a'), &["assert"], Takes::Text("KEYWORD"), "For other systems"),
    idle("ignored", Some('g'), &[], Takes::Nothing, "Ignored, as in GNU ld"),
    idle("EL", None, &["EL"], Takes::Nothing, "RISC-V guests are little-endian"),
    idle("gpsize", Some('G'), &["gpsize"], Takes::Text("SIZE"), "What is small enough for `.sdata` is the compiler's decision (`gcc -msmall-data-limit`)"),
    idle("optimize", Some('O'), &["O"], Takes::Maybe("LEVEL", ""), "Strings are merged, and calls shortened, at any level"),
    idle("demangle", None, &["demangle"], Takes::Maybe("STYLE", ""), "Names are shown as objects have them"),
    idle("no-demangle", None, &["no-demangle"], Takes::Nothing, "Names are shown as objects have them"),
    idle("strip-discarded", None, &["strip-discarded"], Takes::Nothing, "Symbols of sections that are not in the image are never in its table"),
    idle("no-define-common", None, &["no-define-common"], Takes::Nothing, "For shared libraries; an image must have room for its common blocks"),
    idle("no-accept-unknown-input-arch", None, &["no-accept-unknown-input-arch"], Takes::Nothing, "Always so"),
    idle("ctf", None, &["ctf-variables", "no-ctf-variables"], Takes::Nothing, "CTF sections are carried through as they are"),
    idle("ctf-share-types", None, &["ctf-share-types"], Takes::Text("HOW"), "CTF sections are carried through as they are"),
    // Refused.
    refused("shared", None, &["shared", "Bshareable"], Takes::Nothing, "guests are static images: there are no shared libraries; make an archive with `ar rc libNAME.a`"),
    refused("pie", None, &["pie", "pic-executable"], Takes::Nothing, "images are loaded where they are linked; choose the place with -Ttext or a script"),
    refused("filters", Some('f'), &["auxiliary"], Takes::Text("NAME"), "it belongs to shared libraries, which there are not"),
    refused("filter", Some('F'), &["filter"], Takes::Text("NAME"), "it belongs to shared libraries, which there are not"),
    refused("EB", None, &["EB"], Takes::Nothing, "RISC-V guests are little-endian"),
    refused("architecture", Some('A'), &["architecture"], Takes::Text("ARCH"), "there is one architecture; name the library itself with -l:FILE"),
    refused("accept-unknown-input-arch", None, &["accept-unknown-input-arch"], Takes::Nothing, "give data with -b binary, and assemble code again"),
    refused("eh-frame-hdr", None, &["eh-frame-hdr"], Takes::Nothing, "static programs find .eh_frame through symbols of the script; let it define __eh_frame_start"),
    refused("embedded-relocs", None, &["embedded-relocs"], Takes::Nothing, "keep the relocations with --emit-relocs"),
    refused("force-exe-suffix", None, &["force-exe-suffix"], Takes::Nothing, "name the file with its suffix: -o FILE.exe"),
    refused("no-strip-discarded", None, &["no-strip-discarded"], Takes::Nothing, "such symbols have no address; -Map lists the sections that are not in the image"),
    refused("split", None, &["split-by-file", "split-by-reloc"], Takes::Maybe("COUNT", ""), "ELF sections have no such limits; leave it out"),
    refused("stats", None, &["stats"], Takes::Nothing, "measure with `time glink ...`"),
    refused("task-link", None, &["task-link"], Takes::Text("SYMBOL"), "link with -r, then make symbols local with `objcopy --localize-symbol`"),
    refused("error-handling-script", None, &["error-handling-script"], Takes::Text("SCRIPT"), "glink runs no programs; read its messages from --diagnostics=json"),
    refused("default-library-path", Some('Y'), &[], Takes::Text("PATH"), "name the folder with -L"),
];

/// What `-z KEYWORD` means.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Z {
    /// It speaks of dynamic linking, of hardening by an operating system or of defaults.
    Nothing,
    /// The first definition counts.
    MultipleDefinitions,
    /// Whether bounds of sections keep them alive.
    StartStopGc(bool),
    /// Whether local symbols are numbered.
    UniqueSymbols(bool),
    /// The size of a page.
    PageSize,
    /// `CONSTANT(COMMONPAGESIZE)`.
    CommonPageSize,
    /// Whether undefined symbols are accepted.
    Undefined(bool),
}

/// The keywords of `-z`.
pub(super) const Z_KEYWORDS: &[(&str, Z)] = &[
    ("muldefs", Z::MultipleDefinitions),
    ("defs", Z::Undefined(false)),
    ("norelro", Z::Nothing),
    ("relro", Z::Nothing),
    ("now", Z::Nothing),
    ("lazy", Z::Nothing),
    ("noexecstack", Z::Nothing),
    ("execstack", Z::Nothing),
    ("noseparate-code", Z::Nothing),
    ("separate-code", Z::Nothing),
    ("max-page-size", Z::PageSize),
    ("common-page-size", Z::CommonPageSize),
    ("start-stop-gc", Z::StartStopGc(true)),
    ("nostart-stop-gc", Z::StartStopGc(false)),
    ("unique-symbol", Z::UniqueSymbols(true)),
    ("nounique-symbol", Z::UniqueSymbols(false)),
    ("start-stop-visibility", Z::Nothing),
    ("combreloc", Z::Nothing),
    ("nocombreloc", Z::Nothing),
    ("keep-text-section-prefix", Z::Nothing),
    ("nokeep-text-section-prefix", Z::Nothing),
    ("undefs", Z::Undefined(true)),
    ("global", Z::Nothing),
    ("globalaudit", Z::Nothing),
    ("interpose", Z::Nothing),
    ("nodefaultlib", Z::Nothing),
    ("nodelete", Z::Nothing),
    ("nodlopen", Z::Nothing),
    ("nodump", Z::Nothing),
    ("nocopyreloc", Z::Nothing),
    ("dynamic-undefined-weak", Z::Nothing),
    ("nodynamic-undefined-weak", Z::Nothing),
    ("origin", Z::Nothing),
    ("initfirst", Z::Nothing),
    ("noexecheap", Z::Nothing),
    ("stack-size", Z::Nothing),
    ("text", Z::Nothing),
    ("notext", Z::Nothing),
    ("nognustack", Z::Nothing),
];

const EXAMPLES: &str = "Examples:
  glink hello.o -lhv -o hello            start-up code and library come from the built-in libhv.a
  glink a.o b.o -L lib -lm -o prog       an archive lib/libm.a
  glink small.o -lhv -N -o small         one segment, for guests of a few pages
  glink kernel.o -T kernel.ld -Map=-     a linker script; the map on standard output
  glink --explain E0515                  what a message means

Exit status: 0 the image was made, 1 errors were reported, 2 the command line is wrong.";

/// What `--version` shows behind the name: configure scripts look for `GNU` there.
pub(super) const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), " (compatible with GNU ld)");

/// What a command line gives, by the rows' ids.
pub(super) struct Given(ArgMatches);

impl Given {
    /// Reads a command line; the error is clap's, or help that was asked for.
    pub(super) fn read(arguments: &[OsString]) -> Result<Given, clap::Error> {
        let (arguments, used) = normalise(arguments);
        // To make all options takes as long as a small link: only those that are given, unless something is wrong.
        let matches = command(&used).try_get_matches_from(&arguments).or_else(|_| command(&all_rows()).try_get_matches_from(&arguments))?;
        Ok(Given(matches))
    }

    /// The values of an option that takes a text, in order.
    pub(super) fn texts(&self, id: &str) -> Vec<String> {
        self.0.try_get_many::<String>(id).ok().flatten().into_iter().flatten().cloned().collect()
    }

    /// The values of an option that takes a path, in order.
    pub(super) fn paths(&self, id: &str) -> Vec<PathBuf> {
        self.0.try_get_many::<PathBuf>(id).ok().flatten().into_iter().flatten().cloned().collect()
    }

    /// Where an option stands among the others.
    pub(super) fn places(&self, id: &str) -> Vec<usize> {
        let is_known = self.0.try_contains_id(id).unwrap_or(false);
        is_known.then(|| self.0.indices_of(id)).flatten().into_iter().flatten().collect()
    }

    /// Whether an option is given.
    pub(super) fn has(&self, id: &str) -> bool {
        self.0.try_contains_id(id).unwrap_or(false)
    }
}

fn all_rows() -> Vec<&'static Row> {
    ROWS.iter().collect()
}

/// The help of all options.
pub(super) fn help() -> String {
    command(&all_rows()).render_help().to_string()
}

/// The parser of these options.
fn command(rows: &[&'static Row]) -> Command {
    let mut command = Command::new("glink")
        .about("Links RISC-V RV32 objects and archives into a loadable guest image")
        .version(VERSION)
        .no_binary_name(true)
        .after_help(EXAMPLES)
        .override_usage("glink [OPTIONS] FILE... [-lNAME]...")
        .disable_version_flag(true)
        .arg(Arg::new("version").long("version").action(ArgAction::Version).help("Show the version"))
        .arg(Arg::new("files").value_name("FILE").value_parser(clap::value_parser!(PathBuf)).action(ArgAction::Append).num_args(0..).help("Objects and archives, in order"));
    for row in rows {
        let help = if let Does::This(help) = row.does { help } else { "" };
        let mut arg = Arg::new(row.id).hide(help.is_empty()).help(help);
        if let Some(short) = row.short {
            arg = arg.short(short);
        }
        if let Some((first, others)) = row.long.split_first() {
            arg = arg.long(*first).aliases(others.iter().copied());
        }
        arg = match row.takes {
            // As a value, so that its place among the others is known.
            Takes::Nothing => arg.action(ArgAction::Append).num_args(0).default_missing_value("on"),
            Takes::Text(name) | Takes::Maybe(name, _) => arg.value_name(name).action(ArgAction::Append).allow_hyphen_values(true),
            Takes::Path(name) => arg.value_name(name).action(ArgAction::Append).value_parser(clap::value_parser!(PathBuf)).allow_hyphen_values(true),
        };
        command = command.arg(arg);
    }
    command
}

/// GNU spellings that are not clap's: `-long` for `--long`, `-(`, `--build-id`, beginnings of names.
/// Gives the rows of the options that are given, too.
fn normalise(arguments: &[OsString]) -> (Vec<OsString>, Vec<&'static Row>) {
    let mut normal = Vec::with_capacity(arguments.len());
    let mut used: Vec<&'static Row> = Vec::new();
    let mut is_value = false;
    for argument in arguments {
        if is_value {
            is_value = false;
            normal.push(argument.clone());
            continue;
        }
        let argument = match argument.as_bytes() {
            b"-(" => b"--start-group",
            b"-)" => &b"--end-group"[..],
            argument => argument,
        };
        let (argument, takes, row) = canonical(argument);
        is_value = takes;
        normal.push(OsString::from_vec(argument));
        used.extend(row.filter(|row| !used.iter().any(|known| known.id == row.id)));
    }
    (normal, used)
}

/// An argument as clap takes it, whether the next one is its value, and its row.
fn canonical(argument: &[u8]) -> (Vec<u8>, bool, Option<&'static Row>) {
    if let Some((name, row)) = long_name(argument) {
        let value = argument.iter().position(|&b| b == b'=').map(|at| &argument[at..]);
        let mut whole = [b"--", name.as_bytes(), value.unwrap_or_default()].concat();
        if let (Takes::Maybe(_, default), None) = (row.takes, value) {
            whole.extend([b"=", default.as_bytes()].concat());
        }
        return (whole, value.is_none() && matches!(row.takes, Takes::Text(_) | Takes::Path(_)), Some(row));
    }
    let row = match argument {
        [b'-', short, ..] => ROWS.iter().find(|row| row.short == Some(char::from(*short))),
        _ => None,
    };
    match row {
        // clap would take the `=` of `-L=/lib` for itself.
        Some(Row { short: Some('L'), long: [name, ..], .. }) if argument.get(2) == Some(&b'=') => ([b"--", name.as_bytes(), b"=", &argument[2..]].concat(), false, row),
        Some(Row { takes: Takes::Maybe(..), long: [name, ..], .. }) => ([b"--", name.as_bytes(), b"=", &argument[2..]].concat(), false, row),
        Some(own) => (argument.to_vec(), argument.len() == 2 && own.takes != Takes::Nothing, row),
        None => (argument.to_vec(), false, None),
    }
}

/// The long name of `--name`, `-name`, `--name=value`, and its row. With one dash a name that begins as a short
/// option with a value does (`-output` is `-o utput`) is not long, except for those that GNU ld has so. Behind two
/// dashes the beginning of one name alone is that name.
fn long_name(argument: &[u8]) -> Option<(&'static str, &'static Row)> {
    let (name, dashes) = match argument.strip_prefix(b"--") {
        Some(name) => (name, 2),
        None => (argument.strip_prefix(b"-")?, 1),
    };
    let name = name.split(|&b| b == b'=').next()?;
    if name.is_empty() || dashes == 1 && name.starts_with(b"o") || CLAPS_OWN.iter().any(|own| own.as_bytes() == name) {
        return None;
    }
    let all = || ROWS.iter().flat_map(|row| row.long.iter().map(move |&long| (long, row)));
    // One letter behind one dash is the short option of that name, if there is one.
    let is_short = name.len() == 1 && dashes == 1 && ROWS.iter().any(|row| row.short == Some(char::from(name[0])));
    all().find(|(long, _)| long.as_bytes() == name && !is_short).or_else(|| {
        let mut begun = all().filter(|(long, _)| dashes == 2 && long.as_bytes().starts_with(name));
        let first = begun.next()?;
        // Two names of one option are no choice.
        begun.all(|(_, row)| row.id == first.1.id).then_some(first)
    })
}

/// Options that are in no row.
const CLAPS_OWN: &[&str] = &["help", "version"];

/// What is refused of a command line, with the cure.
pub(super) fn refusal(given: &Given) -> Option<String> {
    ROWS.iter().find_map(|row| match row.does {
        Does::Refused(cure) if given.has(row.id) => Some(format!("{} is not supported: {cure}", row.spellings().collect::<Vec<_>>().join(", "))),
        Does::This(_) | Does::Nothing(_) | Does::Refused(_) => None,
    })
}

/// The reference of all options, in Markdown.
pub fn reference() -> String {
    let table = |kind: fn(&Does) -> Option<&'static str>| {
        let mut text = String::new();
        for row in ROWS {
            let Some(what) = kind(&row.does) else { continue };
            let value = match row.takes {
                Takes::Nothing => String::new(),
                Takes::Text(name) | Takes::Path(name) => format!(" {name}"),
                Takes::Maybe(name, _) => format!("[={name}]"),
            };
            // Behind a letter a value that may be left out stands at once.
            let shown = |spelling: String| if spelling.len() == 2 { format!("`{spelling}{}`", value.replace('=', "")) } else { format!("`{spelling}{value}`") };
            let spellings: Vec<String> = row.spellings().map(shown).collect();
            text.push_str(&format!("| {} | {what} |\n", spellings.join(", ")));
        }
        text
    };
    let done = table(|does| if let Does::This(what) = does { Some(what) } else { None });
    let idle = table(|does| if let Does::Nothing(why) = does { Some(why) } else { None });
    let refused = table(|does| if let Does::Refused(cure) = does { Some(cure) } else { None });
    let keywords: Vec<String> = Z_KEYWORDS.iter().filter(|(_, meaning)| *meaning == Z::Nothing).map(|(name, _)| format!("`{name}`")).collect();
    format!(
        "# glink's options\n\nGenerated from the table of options by `BLESS=1 cargo test -p glink --test options`.\n\n\
        They are GNU ld's. A long name has one dash or two, its value stands behind `=` or is the next argument, and with two dashes the\n\
        beginning of a name is enough if no other name has it. `@FILE` stands for the arguments in FILE.\n\n\
        | option | what |\n| --- | --- |\n{done}\n\
        ## Accepted without effect\n\n| option | why |\n| --- | --- |\n{idle}\n\
        `-z` with {}: they speak of dynamic linking, of hardening by an operating system or of what is so anyway.\n\n\
        ## Refused by name\n\n| option | why, and what to do |\n| --- | --- |\n{refused}",
        keywords.join(", ")
    )
}

/// Inputs in the order of the command line.
pub(super) fn inputs(given: &Given) -> Result<Vec<InputSpec>, String> {
    let mut ordered: Vec<(usize, InputSpec)> = Vec::new();
    ordered.extend(given.places("files").into_iter().zip(given.paths("files").into_iter().map(InputSpec::File)));
    ordered.extend(given.places("library").into_iter().zip(given.texts("library").into_iter().map(InputSpec::Library)));
    ordered.extend(given.places("just-symbols").into_iter().zip(given.paths("just-symbols").into_iter().map(InputSpec::JustSymbols)));
    let marks = [
        ("start-group", InputSpec::GroupStart),
        ("end-group", InputSpec::GroupEnd),
        ("whole-archive", InputSpec::WholeArchive(true)),
        ("no-whole-archive", InputSpec::WholeArchive(false)),
        ("push-state", InputSpec::PushState),
        ("pop-state", InputSpec::PopState),
    ];
    for (id, spec) in marks {
        ordered.extend(given.places(id).into_iter().map(|index| (index, spec.clone())));
    }
    // Files that a script names stand where the script does; those of `-c` are numbered behind those of `-T`.
    let scripts = given.places("script").into_iter().chain(given.places("mri-script"));
    ordered.extend(scripts.enumerate().map(|(number, index)| (index, InputSpec::OfScript(number))));
    for (index, format) in given.places("format").into_iter().zip(given.texts("format")) {
        let raw = match format.as_str() {
            "binary" => true,
            "elf32-littleriscv" | "elf" | "default" => false,
            other => return Err(format!("-b {other} is not supported; there are binary and elf32-littleriscv")),
        };
        ordered.push((index, InputSpec::Raw(raw)));
    }
    ordered.sort_by_key(|(index, _)| *index);
    Ok(ordered.into_iter().map(|(_, spec)| spec).collect())
}

/// An address: hexadecimal with or without `0x`, as in GNU ld.
pub(super) fn address(text: &str) -> Option<u32> {
    let digits = text.strip_prefix("0x").or(text.strip_prefix("0X")).unwrap_or(text);
    u32::from_str_radix(digits, 16).ok()
}

/// A number as scripts write it; also bare hexadecimal after `0x`, and `K`, `M`.
pub(super) fn number(text: &str) -> Option<u32> {
    let (digits, radix) = match text.strip_prefix("0x").or(text.strip_prefix("0X")) {
        Some(hex) => (hex, 16),
        None => (text, 10),
    };
    let (digits, scale) = match digits.as_bytes().last()? {
        b'K' | b'k' => (&digits[..digits.len() - 1], 1u32 << 10),
        b'M' | b'm' => (&digits[..digits.len() - 1], 1 << 20),
        b'G' | b'g' => (&digits[..digits.len() - 1], 1 << 30),
        _ => (digits, 1),
    };
    u32::from_str_radix(digits, radix).ok()?.checked_mul(scale)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Given {
        let arguments: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
        Given::read(&arguments).unwrap_or_else(|error| panic!("{error}"))
    }

    #[test]
    fn the_table_is_sound() {
        command(&all_rows()).debug_assert();
    }

    #[test]
    fn order_and_spellings() {
        let matches = parsed("-melf32lriscv a.o -Llib --start-group -lx -l y b.o -) --whole-archive -Map=m -o out -nostdlib -Ttext=0x1000 -z muldefs -plugin x -plugin-opt=-pass c.a");
        let names: Vec<String> = inputs(&matches)
            .unwrap()
            .iter()
            .map(|input| match input {
                InputSpec::File(path) => path.display().to_string(),
                InputSpec::Library(name) => format!("-l{name}"),
                other @ (InputSpec::Bytes { .. } | InputSpec::GroupStart | InputSpec::GroupEnd | InputSpec::WholeArchive(_) | InputSpec::JustSymbols(_) | InputSpec::Raw(_) | InputSpec::PushState | InputSpec::PopState | InputSpec::OfScript(_)) => format!("{other:?}"),
            })
            .collect();
        assert_eq!(names, ["a.o", "GroupStart", "-lx", "-ly", "b.o", "GroupEnd", "WholeArchive(true)", "c.a"]);
        assert_eq!(number("64K"), Some(65536));
        assert_eq!(number("0x10"), Some(16));
        assert_eq!(number("5000000000"), None);
    }
}
