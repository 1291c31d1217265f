//! The table of options: parser, help and spelling come from it.

use crate::options::InputSpec;
use clap::{Arg, ArgAction, ArgMatches, Command};
use std::ffi::{OsStr, OsString};
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
}

/// One option.
struct Row {
    id: &'static str,
    /// Spelling with one dash.
    short: Option<char>,
    /// Spellings with two dashes (one is as good); the first is shown. None: only the short one.
    long: &'static [&'static str],
    takes: Takes,
    /// What `--help` says; empty: accepted because compilers pass it, without effect, and not shown.
    help: &'static str,
}

const fn row(id: &'static str, short: Option<char>, long: &'static [&'static str], takes: Takes, help: &'static str) -> Row {
    Row { id, short, long, takes, help }
}

const ROWS: &[Row] = &[
    row("output", Some('o'), &["output"], Takes::Path("FILE"), "Write the image to FILE (a.out)"),
    row("library", Some('l'), &["library"], Takes::Text("NAME"), "Take what is needed from libNAME.a, or from FILE with -l:FILE"),
    row("library-path", Some('L'), &["library-path"], Takes::Path("FOLDER"), "Look for -lNAME in FOLDER"),
    row("start-group", None, &["start-group"], Takes::Nothing, "Search the archives up to --end-group again and again; also -("),
    row("end-group", None, &["end-group"], Takes::Nothing, "End a group; also -)"),
    row("whole-archive", None, &["whole-archive"], Takes::Nothing, "Take every member of the archives that follow"),
    row("no-whole-archive", None, &["no-whole-archive"], Takes::Nothing, "Take only the members that are needed"),
    row("entry", Some('e'), &["entry"], Takes::Text("SYMBOL"), "Start at SYMBOL, or at an address (_start)"),
    row("undefined", Some('u'), &["undefined"], Takes::Text("SYMBOL"), "Count SYMBOL as used, so that an archive's member with it is taken"),
    row("require-defined", None, &["require-defined"], Takes::Text("SYMBOL"), "As -u, and an error if nothing defines it"),
    row("unresolved-symbols", None, &["unresolved-symbols"], Takes::Text("HOW"), "Undefined symbols: report-all, ignore-all, ignore-in-object-files"),
    row("warn-unresolved-symbols", None, &["warn-unresolved-symbols"], Takes::Nothing, "Undefined symbols are warnings"),
    row("defsym", None, &["defsym"], Takes::Text("SYMBOL=VALUE"), "Define SYMBOL as an expression"),
    row("wrap", None, &["wrap"], Takes::Text("SYMBOL"), "Let uses of SYMBOL mean __wrap_SYMBOL, and __real_SYMBOL mean SYMBOL"),
    row("script", Some('T'), &["script"], Takes::Path("FILE"), "Lay the image out by a linker script"),
    row("default-script", None, &["default-script", "dT"], Takes::Path("FILE"), "As -T, if no -T is given"),
    row("Ttext", None, &["Ttext"], Takes::Text("ADDRESS"), "Start the image, with a script .text, at ADDRESS (0x80000000); hexadecimal"),
    row("Tdata", None, &["Tdata"], Takes::Text("ADDRESS"), "Put .data at ADDRESS"),
    row("Tbss", None, &["Tbss"], Takes::Text("ADDRESS"), "Put .bss at ADDRESS"),
    row("Ttext-segment", None, &["Ttext-segment"], Takes::Text("ADDRESS"), "What SEGMENT_START(\"text-segment\", ...) gives"),
    row("Trodata-segment", None, &["Trodata-segment"], Takes::Text("ADDRESS"), "What SEGMENT_START(\"rodata-segment\", ...) gives"),
    row("section-start", None, &["section-start"], Takes::Text("SECTION=ADDRESS"), "Put an output section at ADDRESS"),
    row("orphan-handling", None, &["orphan-handling"], Takes::Text("HOW"), "Sections that the script does not name: place, discard, warn, error"),
    row("enable-non-contiguous-regions", None, &["enable-non-contiguous-regions"], Takes::Nothing, "Send sections that do not fit their region on to the next line that takes them"),
    row("sort-section", None, &["sort-section"], Takes::Text("KEY"), "Order sections in the script's wildcards by name or alignment"),
    row("relocatable", Some('r'), &["relocatable", "i", "Ur"], Takes::Nothing, "Make one object of all, to be linked again"),
    row("force-group-allocation", None, &["force-group-allocation"], Takes::Nothing, "With -r, resolve section groups as in an image"),
    row("build-id", None, &["build-id"], Takes::Text("STYLE"), "Add a note that identifies the image: sha1 (default), md5, uuid, 0xHEX, none"),
    row("define-common", Some('d'), &["dc", "dp"], Takes::Nothing, "With -r, give common blocks their room"),
    row("just-symbols", Some('R'), &["just-symbols"], Takes::Path("FILE"), "Take the addresses of FILE's symbols, such as a ROM's, and nothing else of it"),
    row("sort-common", None, &["sort-common"], Takes::Text("ORDER"), "Order common blocks by alignment: descending (default) or ascending"),
    row("format", Some('b'), &["format"], Takes::Text("FORMAT"), "Files that follow are raw bytes (binary) or objects (elf32-littleriscv, default)"),
    row("emit-relocs", Some('q'), &["emit-relocs"], Takes::Nothing, "Keep the relocations in the image, for tools that change code"),
    row("omagic", Some('N'), &["omagic"], Takes::Nothing, "One segment, writable and executable, sections not aligned to pages"),
    row("no-omagic", None, &["no-omagic"], Takes::Nothing, "Keep to pages again after -N"),
    row("nmagic", Some('n'), &["nmagic"], Takes::Nothing, "Do not align segments to pages in the file"),
    row("relax", None, &["relax"], Takes::Nothing, "Shorten calls and addresses where objects allow it (default)"),
    row("no-relax", None, &["no-relax"], Takes::Nothing, "Do not"),
    row("gc-sections", None, &["gc-sections", "gc-section"], Takes::Nothing, "Leave out sections that nothing refers to"),
    row("no-gc-sections", None, &["no-gc-sections"], Takes::Nothing, "Keep all sections (default)"),
    row("print-gc-sections", None, &["print-gc-sections"], Takes::Nothing, "Say what --gc-sections left out"),
    row("why-live", None, &["why-live"], Takes::Text("SYMBOL"), "Say why SYMBOL is in the image"),
    row("Map", None, &["Map"], Takes::Path("FILE"), "Write a map to FILE, or to standard output for -"),
    row("print-map", Some('M'), &["print-map"], Takes::Nothing, "Write a map to standard output"),
    row("print-map-discarded", None, &["print-map-discarded"], Takes::Nothing, "List discarded sections in the map (default)"),
    row("no-print-map-discarded", None, &["no-print-map-discarded"], Takes::Nothing, "Do not"),
    row("cref", None, &["cref"], Takes::Nothing, "Add to the map which objects define and use each symbol"),
    row("print-memory-usage", None, &["print-memory-usage"], Takes::Nothing, "Say how full the regions of MEMORY are"),
    row("trace", Some('t'), &["trace"], Takes::Nothing, "Name the input files"),
    row("reproduce", None, &["reproduce"], Takes::Path("FILE.tar"), "Pack everything that the link reads, for a report of a fault"),
    row("guest-memory", None, &["guest-memory"], Takes::Text("SIZE"), "Let the image ask for at least SIZE of RAM, such as 64K"),
    row("oformat", None, &["oformat"], Takes::Text("FORMAT"), "Write elf, binary or ihex"),
    row("compress-debug-sections", None, &["compress-debug-sections"], Takes::Text("HOW"), "Write debug sections as none, zlib (zlib-gabi) or zlib-gnu"),
    row("strip-all", Some('s'), &["strip-all"], Takes::Nothing, "Leave out all symbols and debug sections"),
    row("strip-debug", Some('S'), &["strip-debug"], Takes::Nothing, "Leave out debug sections"),
    row("discard-all", Some('x'), &["discard-all"], Takes::Nothing, "Leave out local symbols"),
    row("discard-locals", Some('X'), &["discard-locals"], Takes::Nothing, "Leave out local symbols that begin with .L (default)"),
    row("discard-none", None, &["discard-none"], Takes::Nothing, "Keep all local symbols"),
    row("allow-multiple-definition", None, &["allow-multiple-definition"], Takes::Nothing, "Let the first of several definitions count"),
    row("z", Some('z'), &[], Takes::Text("KEYWORD"), "muldefs: as --allow-multiple-definition; others are accepted or refused by name"),
    row("m", Some('m'), &[], Takes::Text("EMULATION"), "elf32lriscv, the only one"),
    row("threads", None, &["threads", "thread-count"], Takes::Text("N"), "Work on N threads (as many as there are processors); the image is the same"),
    row("fatal-warnings", None, &["fatal-warnings"], Takes::Nothing, "Count warnings as errors"),
    row("diagnostics", None, &["diagnostics"], Takes::Text("FORMAT"), "Show messages as text or json"),
    row("color", None, &["color", "colour", "color-diagnostics"], Takes::Text("WHEN"), "Colour messages: auto, always, never"),
    row("explain", None, &["explain"], Takes::Text("CODE"), "Explain a diagnostic, such as E0515"),
    // Compilers pass these.
    row("plugin", None, &["plugin"], Takes::Text("FILE"), ""),
    row("plugin-opt", None, &["plugin-opt"], Takes::Text("OPTION"), ""),
    row("as-needed", None, &["as-needed"], Takes::Nothing, ""),
    row("no-as-needed", None, &["no-as-needed"], Takes::Nothing, ""),
    row("static", None, &["static", "Bstatic", "dn", "non_shared"], Takes::Nothing, ""),
    row("nostdlib", None, &["nostdlib"], Takes::Nothing, ""),
    row("no-warn", None, &["no-warn-mismatch", "no-warn-search-mismatch", "no-warn-rwx-segments", "warn-rwx-segments", "no-warn-execstack", "warn-execstack", "warn-common", "warn-once", "warn-section-align", "warn-alternate-em", "warn-constructors", "error-unresolved-symbols", "no-warnings", "enable-non-contiguous-regions-warnings", "no-fatal-warnings", "no-check-sections", "check-sections"], Takes::Nothing, ""),
    row("eh-frame-hdr", None, &["no-eh-frame-hdr", "no-export-dynamic", "no-dynamic-linker", "no-undefined", "demangle", "no-demangle", "no-gc-keep-exported", "no-ld-generated-unwind-info", "no-keep-memory", "reduce-memory-overheads", "no-allow-shlib-undefined"], Takes::Nothing, ""),
    row("EL", None, &["EL"], Takes::Nothing, ""),
    row("sysroot", None, &["sysroot"], Takes::Text("FOLDER"), ""),
    row("dynamic-linker", None, &["dynamic-linker", "rpath", "rpath-link", "soname", "hash-style"], Takes::Text("NAME"), ""),
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
}

/// The keywords of `-z`.
pub(super) const Z_KEYWORDS: &[(&str, Z)] = &[
    ("muldefs", Z::MultipleDefinitions),
    ("defs", Z::Nothing),
    ("norelro", Z::Nothing),
    ("relro", Z::Nothing),
    ("now", Z::Nothing),
    ("lazy", Z::Nothing),
    ("noexecstack", Z::Nothing),
    ("execstack", Z::Nothing),
    ("noseparate-code", Z::Nothing),
    ("separate-code", Z::Nothing),
    ("max-page-size", Z::PageSize),
    ("common-page-size", Z::Nothing),
    ("start-stop-gc", Z::StartStopGc(true)),
    ("nostart-stop-gc", Z::StartStopGc(false)),
    ("unique-symbol", Z::UniqueSymbols(true)),
    ("nounique-symbol", Z::UniqueSymbols(false)),
    ("start-stop-visibility", Z::Nothing),
    ("combreloc", Z::Nothing),
    ("nocombreloc", Z::Nothing),
    ("keep-text-section-prefix", Z::Nothing),
    ("nokeep-text-section-prefix", Z::Nothing),
    ("undefs", Z::Nothing),
    ("global", Z::Nothing),
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

/// The parser.
pub(super) fn command() -> Command {
    let mut command = Command::new("glink")
        .about("Links RISC-V RV32 objects and archives into a loadable guest image")
        .version(env!("CARGO_PKG_VERSION"))
        .no_binary_name(true)
        .after_help(EXAMPLES)
        .override_usage("glink [OPTIONS] FILE... [-lNAME]...")
        .disable_version_flag(true)
        .arg(Arg::new("version").short('v').visible_short_alias('V').long("version").action(ArgAction::Version).help("Show the version"))
        .arg(Arg::new("files").value_name("FILE").value_parser(clap::value_parser!(PathBuf)).action(ArgAction::Append).num_args(0..).help("Objects and archives, in order"));
    for row in ROWS {
        let mut arg = Arg::new(row.id).hide(row.help.is_empty()).help(row.help);
        if let Some(short) = row.short {
            arg = arg.short(short);
        }
        if let Some((first, others)) = row.long.split_first() {
            arg = arg.long(*first).aliases(others.iter().copied());
        }
        arg = match row.takes {
            // As a value, so that its place among the others is known.
            Takes::Nothing => arg.action(ArgAction::Append).num_args(0).default_missing_value("on"),
            Takes::Text(name) => arg.value_name(name).action(ArgAction::Append).allow_hyphen_values(true),
            Takes::Path(name) => arg.value_name(name).action(ArgAction::Append).value_parser(clap::value_parser!(PathBuf)).allow_hyphen_values(true),
        };
        command = command.arg(arg);
    }
    command
}

/// GNU spellings that are not clap's: `-long` for `--long`, `-(`, `--build-id`.
pub(super) fn normalise(arguments: &[OsString]) -> Vec<OsString> {
    let mut normal = Vec::with_capacity(arguments.len());
    let mut is_value = false;
    for argument in arguments {
        if is_value {
            is_value = false;
            normal.push(argument.clone());
            continue;
        }
        let bytes = argument.as_bytes();
        match bytes {
            b"-(" => normal.push("--start-group".into()),
            b"-)" => normal.push("--end-group".into()),
            b"--sort-common" | b"-sort-common" => normal.push("--sort-common=descending".into()),
            // Its value is optional, and never the next argument.
            b"--build-id" | b"-build-id" => normal.push("--build-id=sha1".into()),
            _ => {
                let argument = match long_name(bytes) {
                    Some(_) if !bytes.starts_with(b"--") => OsString::from_vec([b"-", bytes].concat()),
                    _ => argument.clone(),
                };
                is_value = takes_next(argument.as_os_str());
                normal.push(argument);
            }
        }
    }
    normal
}

/// The row of `--name`, `-name`, `--name=value`. With one dash a name that begins as a short option
/// with a value does (`-output` is `-o utput`) is not long, except for those that GNU ld has so.
fn long_name(argument: &[u8]) -> Option<&'static Row> {
    let (name, dashes) = match argument.strip_prefix(b"--") {
        Some(name) => (name, 2),
        None => (argument.strip_prefix(b"-")?, 1),
    };
    let name = name.split(|&b| b == b'=').next()?;
    if name.len() < 2 || dashes == 1 && name.starts_with(b"o") {
        return None;
    }
    ROWS.iter().find(|row| row.long.iter().any(|long| long.as_bytes() == name))
}

/// Whether the next argument is this one's value.
fn takes_next(argument: &OsStr) -> bool {
    let bytes = argument.as_bytes();
    if let Some(row) = long_name(bytes) {
        return row.takes != Takes::Nothing && !bytes.contains(&b'=');
    }
    match bytes {
        [b'-', short] => ROWS.iter().any(|row| row.short == Some(char::from(*short)) && row.takes != Takes::Nothing),
        _ => false,
    }
}

/// Inputs in the order of the command line.
pub(super) fn inputs(matches: &ArgMatches) -> Result<Vec<InputSpec>, String> {
    let mut ordered: Vec<(usize, InputSpec)> = Vec::new();
    let indices = |id: &str| matches.indices_of(id).into_iter().flatten().collect::<Vec<_>>();
    let files = matches.get_many::<PathBuf>("files").into_iter().flatten();
    ordered.extend(indices("files").into_iter().zip(files.map(|path| InputSpec::File(path.clone()))));
    let libraries = matches.get_many::<String>("library").into_iter().flatten();
    ordered.extend(indices("library").into_iter().zip(libraries.map(|name| InputSpec::Library(name.clone()))));
    let symbols = matches.get_many::<PathBuf>("just-symbols").into_iter().flatten();
    ordered.extend(indices("just-symbols").into_iter().zip(symbols.map(|path| InputSpec::JustSymbols(path.clone()))));
    for (id, spec) in [("start-group", InputSpec::GroupStart), ("end-group", InputSpec::GroupEnd), ("whole-archive", InputSpec::WholeArchive(true)), ("no-whole-archive", InputSpec::WholeArchive(false))] {
        ordered.extend(indices(id).into_iter().map(|index| (index, spec.clone())));
    }
    let formats = matches.get_many::<String>("format").into_iter().flatten();
    for (index, format) in indices("format").into_iter().zip(formats) {
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

    fn parsed(line: &str) -> ArgMatches {
        let arguments: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
        command().try_get_matches_from(normalise(&arguments)).unwrap_or_else(|error| panic!("{error}"))
    }

    #[test]
    fn the_table_is_sound() {
        command().debug_assert();
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
                other @ (InputSpec::Bytes { .. } | InputSpec::GroupStart | InputSpec::GroupEnd | InputSpec::WholeArchive(_) | InputSpec::JustSymbols(_) | InputSpec::Raw(_)) => format!("{other:?}"),
            })
            .collect();
        assert_eq!(names, ["a.o", "GroupStart", "-lx", "-ly", "b.o", "GroupEnd", "WholeArchive(true)", "c.a"]);
        assert_eq!(number("64K"), Some(65536));
        assert_eq!(number("0x10"), Some(16));
        assert_eq!(number("5000000000"), None);
    }
}
