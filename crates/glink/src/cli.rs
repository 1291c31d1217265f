//! The command line, in GNU ld's spelling.

mod flags;
mod response;

pub use flags::reference;

use crate::build_id::{self, BuildId};
use crate::compressed::Compress;
use crate::options::{Defsym, Discard, Format, InputSpec, Options, Orphans, SortCommon, SortSections, Strip, Unresolved};
use diag::{Diagnostic, Severity, Sources, codes};
use host::{FileKind, Host};
use crate::reproduce::{Read, Recorder};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// Exit status: the image was made.
const OK: u8 = 0;
/// Exit status: errors were reported.
const FAILED: u8 = 1;
/// Exit status: the command line is wrong.
const USAGE: u8 = 2;

/// What `-m` takes; those of Linux look for libraries in other folders, of which glink has none.
const EMULATIONS: &[&str] = &["elf32lriscv", "elf32lriscv_ilp32", "elf32lriscv_ilp32f"];

/// More threads than any machine has use for.
const MOST_THREADS: usize = 1024;

/// How messages are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
enum Show {
    #[default]
    Text,
    Json,
}

/// A parsed command line.
#[derive(Debug, Default)]
struct Command {
    inputs: Vec<InputSpec>,
    options: Options,
    output: PathBuf,
    map: Option<MapTo>,
    show: Show,
    colour: Option<bool>,
    fatal_warnings: bool,
    no_warnings: bool,
    explain: Option<String>,
    reproduce: Option<PathBuf>,
    trace: bool,
    /// Names of the symbols that are kept, one a line.
    retained: Option<PathBuf>,
    dependencies: Option<PathBuf>,
    import_library: Option<PathBuf>,
    /// What is said before the link.
    greeting: String,
    /// Whether the command line names the output.
    names_output: bool,
}

/// Where the map goes.
#[derive(Clone, Debug, PartialEq, Eq)]
enum MapTo {
    Stdout,
    File(PathBuf),
}

/// Runs the program; `arguments` begin with its name.
pub fn run(arguments: &[OsString], host: &mut dyn Host) -> u8 {
    let arguments = match response::expand(arguments.get(1..).unwrap_or_default(), host.files()) {
        Ok(arguments) => arguments,
        Err(message) => return usage(host, &message),
    };
    let command = match parse(&arguments) {
        Ok(Parsed::Command(command)) => *command,
        Ok(Parsed::Text(text)) => {
            // Nobody to tell if standard output is closed.
            let _ = host.stdout().write_all(text.as_bytes());
            return OK;
        }
        Err(message) => return usage(host, &message),
    };
    if let Some(code) = &command.explain {
        return explain(host, code);
    }
    let mut command = command;
    if let Some(path) = &command.retained {
        match host.files().read(path) {
            Ok(text) => command.options.retained = Some(text.split(|&b| b == b'\n').map(|line| line.trim_ascii().to_vec()).filter(|name| !name.is_empty()).collect()),
            Err(error) => return usage(host, &format!("cannot read {}, the file of --retain-symbols-file: {error}", path.display())),
        }
    }
    // Nobody to tell if standard output is closed.
    let _ = host.stdout().write_all(command.greeting.as_bytes());
    let mut sources = Sources::new();
    let (linked, read) = if command.reproduce.is_some() || command.dependencies.is_some() {
        let mut recorder = Recorder::new(host.files());
        (crate::link(&command.inputs, &command.options, &mut sources, &mut recorder), recorder.finish())
    } else {
        (crate::link(&command.inputs, &command.options, &mut sources, host.files()), Read::default())
    };
    let mut diagnostics = linked.diagnostics;
    if let (Some(name), false) = (&linked.output, command.names_output) {
        command.output = PathBuf::from(name);
    }
    let mut write = |host: &mut dyn Host, path: &Path, bytes: &[u8], what: &str| {
        if let Err(error) = host.write(path, bytes, FileKind::Plain) {
            diagnostics.push(Diagnostic::new(&codes::E0519, format!("cannot write {what}{}: {error}", path.display())));
        }
    };
    if let Some(path) = &command.reproduce {
        write(host, path, &read.archive(&arguments), "");
    }
    if let Some(path) = &command.dependencies {
        write(host, path, read.rule(&command.output).as_bytes(), "the dependencies to ");
    }
    if let (Some(path), Some(library)) = (&command.import_library, &linked.import_library) {
        write(host, path, library, "the import library ");
    }
    // Nobody to tell if standard output is closed.
    let _ = host.stdout().write_all(linked.report.as_bytes());
    if command.no_warnings {
        diagnostics.retain(|diagnostic| diagnostic.severity != Severity::Warning);
    }
    if command.fatal_warnings {
        for diagnostic in diagnostics.iter_mut().filter(|diagnostic| diagnostic.severity == Severity::Warning) {
            diagnostic.severity = Severity::Error;
        }
    }
    if command.trace {
        let names: String = linked.inputs.iter().map(|name| format!("{name}\n")).collect();
        let _ = host.stdout().write_all(names.as_bytes());
    }
    // The map is written also when the link failed: it may show why.
    if let Some(map) = &linked.map {
        let written = match &command.map {
            // A script asks for it.
            None | Some(MapTo::Stdout) => host.stdout().write_all(map.as_bytes()).map_err(|error| error.to_string()),
            Some(MapTo::File(path)) => host.write(path, map.as_bytes(), FileKind::Plain).map_err(|error| error.to_string()),
        };
        if let Err(error) = written {
            let path = if let Some(MapTo::File(path)) = &command.map { path.display().to_string() } else { "standard output".into() };
            diagnostics.push(Diagnostic::new(&codes::E0519, format!("cannot write the map to {path}: {error}")));
        }
    }
    let failed = diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error);
    if let (Some(image), false) = (&linked.image, failed) {
        let kind = if linked.format == Format::Elf && !command.options.relocatable { FileKind::Executable } else { FileKind::Plain };
        if let Err(error) = host.write(&command.output, image, kind) {
            diagnostics.push(Diagnostic::new(&codes::E0519, format!("cannot write {}: {error}", command.output.display())));
        }
    }
    show(&command, host, &sources, &diagnostics);
    if diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error) { FAILED } else { OK }
}

fn show(command: &Command, host: &mut dyn Host, sources: &Sources, diagnostics: &[Diagnostic]) {
    if diagnostics.is_empty() {
        return;
    }
    let text = match command.show {
        Show::Text => {
            let colour = command.colour.unwrap_or_else(|| host.stderr_is_terminal());
            diag::render_text(sources, diagnostics, colour)
        }
        Show::Json => diag::render_json(sources, diagnostics),
    };
    let _ = host.stderr().write_all(text.as_bytes());
}

fn usage(host: &mut dyn Host, message: &str) -> u8 {
    let _ = host.stderr().write_all(format!("glink: {}\n", message.trim_end()).as_bytes());
    USAGE
}

fn explain(host: &mut dyn Host, code: &str) -> u8 {
    match diag::explain(code) {
        Ok(page) => {
            let _ = host.stdout().write_all(page.as_bytes());
            OK
        }
        Err(unknown) => usage(host, &unknown.to_string()),
    }
}

enum Parsed {
    Command(Box<Command>),
    Text(String),
}

fn parse(arguments: &[OsString]) -> Result<Parsed, String> {
    let given = match flags::Given::read(arguments) {
        Ok(given) => given,
        Err(error) if !error.use_stderr() => return Ok(Parsed::Text(error.to_string())),
        Err(error) => return Err(error.to_string().trim_start_matches("error: ").to_string()),
    };
    if let Some(refusal) = flags::refusal(&given) {
        return Err(refusal);
    }
    // Of an option given twice the last one counts, as in GNU ld.
    let text = |name: &str| given.texts(name).pop();
    let all = |name: &str| given.texts(name);
    let path = |name: &str| given.paths(name).pop();
    // Of an option and its opposite the last one counts.
    let last_of = |on: &str, off: &str, default: bool| match (given.places(on).pop(), given.places(off).pop()) {
        (Some(on), Some(off)) => on > off,
        (Some(_), None) => true,
        (None, Some(_)) => false,
        (None, None) => default,
    };
    let flag = |name: &str| given.has(name);
    let mut options = Options {
        entry: text("entry"),
        undefined: all("undefined"),
        wrap: all("wrap"),
        sysroot: text("sysroot").unwrap_or_default(),
        only_own_folders: flag("nostdlib"),
        warn_passed_over: !flag("no-warn-search-mismatch"),
        mri_scripts: given.paths("mri-script"),
        may_be_undefined: all("ignore-unresolved-symbol"),
        traced: all("trace-symbol"),
        check_overlaps: last_of("check-sections", "no-check-sections", true),
        gc_keep_exported: last_of("gc-keep-exported", "no-gc-keep-exported", false),
        in_spite_of_errors: flag("noinhibit-exec"),
        import_library: flag("out-implib"),
        strict_symbols: flag("disable-multiple-abs-defs"),
        scripts: given.paths("script"),
        default_script: path("default-script"),
        required: all("require-defined"),
        relocatable: flag("relocatable"),
        non_contiguous_regions: flag("enable-non-contiguous-regions"),
        define_common: flag("define-common"),
        emit_relocs: flag("emit-relocs"),
        force_group_allocation: flag("force-group-allocation"),
        memory_usage: flag("print-memory-usage"),
        cross_references: flag("cref"),
        map_discarded: last_of("print-map-discarded", "no-print-map-discarded", true),
        relax: last_of("relax", "no-relax", true),
        gc_sections: last_of("gc-sections", "no-gc-sections", false),
        print_gc_sections: last_of("print-gc-sections", "no-print-gc-sections", false),
        why_live: all("why-live"),
        omagic: last_of("omagic", "no-omagic", false),
        nmagic: flag("nmagic"),
        allow_multiple_definition: flag("allow-multiple-definition"),
        ..Options::platform()
    };
    options.search_dirs = given.paths("library-path").iter().map(|folder| options.rooted(folder)).collect();
    for pattern in all("unique") {
        if pattern.is_empty() { options.unique_orphans = true } else { options.unique.push(pattern) }
    }
    options.package_note = text("package-metadata").filter(|text| !text.is_empty()).map(|text| build_id::package_note(&text));
    let script_places = given.places("script");
    for (text, place) in all("defsym").into_iter().zip(given.places("defsym")) {
        let (name, value) = text.split_once('=').ok_or_else(|| format!("--defsym takes NAME=VALUE, not `{text}`"))?;
        if assigns_again(value) {
            return Err(format!("--defsym defines one symbol, NAME=VALUE; `{text}` has a second `=` (give --defsym again for another symbol)"));
        }
        let scripts_before = script_places.iter().filter(|&&script| script < place).count();
        options.defsyms.push(Defsym { scripts_before, ..Defsym::new(name.trim(), value) });
    }
    for (option, section, segment) in [("Ttext", ".text", "text-segment"), ("Tdata", ".data", "data-segment"), ("Tbss", ".bss", "bss-segment")] {
        let Some(address) = text(option) else { continue };
        let address = flags::address(&address).ok_or_else(|| format!("-{option} takes an address, not `{address}`"))?;
        // The built-in layout, and scripts like it, begin at a segment's start.
        match option {
            "Ttext" if !options.has_script() => options.text_base = address,
            _ => options.section_starts.push((section.to_string(), address)),
        }
        options.segment_starts.push((segment.to_string(), address));
    }
    for option in ["Ttext-segment", "Trodata-segment", "Tldata-segment"] {
        let Some(address) = text(option) else { continue };
        let address = flags::address(&address).ok_or_else(|| format!("-{option} takes an address, not `{address}`"))?;
        options.segment_starts.push((option[1..].to_string(), address));
    }
    for given in all("section-start") {
        let found = given.split_once('=').and_then(|(name, address)| Some((name.to_string(), flags::address(address)?)));
        options.section_starts.push(found.ok_or_else(|| format!("--section-start takes SECTION=ADDRESS, not `{given}`"))?);
    }
    options.orphans = match text("orphan-handling").as_deref() {
        None | Some("place") => Orphans::Place,
        Some("discard") => Orphans::Discard,
        Some("warn") => Orphans::Warn,
        Some("error") => Orphans::Error,
        Some(other) => return Err(format!("--orphan-handling takes place, discard, warn or error, not `{other}`")),
    };
    options.sort_sections = match text("sort-section").as_deref() {
        None => None,
        Some("name") => Some(SortSections::Name),
        Some("alignment") => Some(SortSections::Alignment),
        Some(other) => return Err(format!("--sort-section takes name or alignment, not `{other}`")),
    };
    options.sort_common = match text("sort-common").as_deref() {
        None => None,
        Some("descending") => Some(SortCommon::Descending),
        Some("ascending") => Some(SortCommon::Ascending),
        Some(other) => return Err(format!("--sort-common takes descending or ascending, not `{other}`")),
    };
    let warn_undefined = last_of("warn-unresolved-symbols", "error-unresolved-symbols", false);
    options.unresolved = match text("unresolved-symbols").as_deref() {
        None | Some("report-all" | "ignore-in-shared-libs") if warn_undefined => Unresolved::Warn,
        None | Some("report-all" | "ignore-in-shared-libs") => Unresolved::Error,
        Some("ignore-all" | "ignore-in-object-files") => Unresolved::Ignore,
        Some(other) => return Err(format!("--unresolved-symbols takes ignore-all, ignore-in-object-files or report-all, not `{other}`")),
    };
    options.compress = match text("compress-debug-sections").as_deref() {
        None | Some("none") => Compress::No,
        Some("zlib" | "zlib-gabi") => Compress::Zlib,
        Some("zlib-gnu") => Compress::Gnu,
        Some(other) => return Err(format!("--compress-debug-sections takes none, zlib, zlib-gabi or zlib-gnu, not `{other}`")),
    };
    options.build_id = match text("build-id").as_deref() {
        None | Some("none") => None,
        Some(style) => Some(BuildId::parse(style)?),
    };
    if let Some(size) = text("guest-memory") {
        options.guest_memory = flags::number(&size).ok_or_else(|| format!("--guest-memory takes a size such as 64K, not `{size}`"))?;
    }
    if let Some(threads) = text("threads") {
        let number = threads.parse().ok().filter(|threads| (1..=MOST_THREADS).contains(threads));
        options.threads = Some(number.ok_or_else(|| format!("--threads takes a number from 1 to {MOST_THREADS}, not `{threads}`"))?);
    }
    for keyword in all("z") {
        match flags::Z_KEYWORDS.iter().find(|(name, _)| keyword == *name || keyword.starts_with(&format!("{name}="))) {
            Some((_, flags::Z::Nothing)) => {}
            Some((_, flags::Z::MultipleDefinitions)) => options.allow_multiple_definition = true,
            Some((_, flags::Z::StartStopGc(on))) => options.start_stop_gc = *on,
            Some((_, flags::Z::UniqueSymbols(on))) => options.unique_symbols = *on,
            Some((_, flags::Z::Undefined(accepted))) => options.unresolved = if *accepted { Unresolved::Ignore } else if warn_undefined { Unresolved::Warn } else { Unresolved::Error },
            Some((_, kind @ (flags::Z::PageSize | flags::Z::CommonPageSize))) => {
                let size = keyword.split_once('=').and_then(|(_, size)| flags::number(size)).filter(|size| size.is_power_of_two() && *size <= 1 << 16);
                let size = size.ok_or_else(|| format!("-z {keyword}: a page has a power of two of bytes, at most 64K"))?;
                if *kind == flags::Z::PageSize { options.page_size = size } else { options.common_page_size = Some(size) }
            }
            None => return Err(format!("-z {keyword} is not supported")),
        }
    }
    for emulation in all("m") {
        if !EMULATIONS.contains(&emulation.as_str()) {
            return Err(format!("-m {emulation} is not supported; glink links for elf32lriscv"));
        }
    }
    options.strip = if flag("strip-all") {
        Strip::All
    } else if flag("strip-debug") {
        Strip::Debug
    } else {
        Strip::Nothing
    };
    options.discard = if flag("discard-all") {
        Discard::Locals
    } else if flag("discard-none") {
        Discard::Nothing
    } else {
        Discard::Temporary
    };
    options.format = match text("oformat") {
        None => None,
        Some(name) => Some(Format::named(&name).ok_or_else(|| format!("--oformat {name} is not supported; there are elf, binary, ihex, srec and verilog"))?),
    };
    let output = path("output").unwrap_or_else(|| PathBuf::from("a.out"));
    let map = match (path("Map"), flag("print-map")) {
        (Some(path), _) if path.as_os_str() == "-" => Some(MapTo::Stdout),
        (Some(path), _) => Some(MapTo::File(map_path(&path, &output))),
        (None, true) => Some(MapTo::Stdout),
        (None, false) => None,
    };
    // References between objects are shown in the map; without one they are the output.
    let map = if flag("cref") && map.is_none() { Some(MapTo::Stdout) } else { map };
    options.map = map.is_some();
    let inputs = flags::inputs(&given)?;
    let explain = text("explain");
    if flag("target-help") {
        return Ok(Parsed::Text(flags::help()));
    }
    if flag("print-sysroot") {
        return Ok(Parsed::Text(if options.sysroot.is_empty() { String::new() } else { format!("{}\n", options.sysroot) }));
    }
    let greeting = greeting(&options, flag);
    let has_inputs = inputs.iter().any(|input| matches!(input, InputSpec::File(_) | InputSpec::Library(_) | InputSpec::Bytes { .. })) || options.has_script();
    if !has_inputs && !greeting.is_empty() {
        return Ok(Parsed::Text(greeting));
    }
    if explain.is_none() && !has_inputs {
        return Err("no input files; try --help".to_string());
    }
    let show = match text("diagnostics").as_deref() {
        Some("json") => Show::Json,
        _ => Show::Text,
    };
    let colour = match text("color").as_deref() {
        Some("always") => Some(true),
        Some("never") => Some(false),
        _ => None,
    };
    options.output = output.display().to_string();
    Ok(Parsed::Command(Box::new(Command {
        inputs,
        options,
        output,
        map,
        show,
        colour,
        fatal_warnings: last_of("fatal-warnings", "no-fatal-warnings", false),
        no_warnings: flag("no-warnings"),
        explain,
        reproduce: path("reproduce"),
        trace: flag("trace") || flag("verbose"),
        retained: path("retain-symbols-file"),
        dependencies: path("dependency-file"),
        import_library: path("out-implib"),
        greeting,
        names_output: flag("output"),
    })))
}

/// What `-v`, `--verbose` and `--print-output-format` say before the link.
fn greeting(options: &Options, flag: impl Fn(&str) -> bool) -> String {
    let mut text = String::new();
    if flag("show-version") || flag("show-emulations") || flag("verbose") {
        text.push_str(&format!("glink {}\n", flags::VERSION));
    }
    if flag("show-emulations") {
        text.push_str(&format!("-m takes {}\n", EMULATIONS.join(", ")));
    }
    if flag("verbose") && !options.has_script() {
        text.push_str(&format!("the built-in layout, which -T replaces:\n{RULER}\n{}{RULER}\n", crate::DEFAULT_SCRIPT));
    }
    if flag("print-output-format") {
        text.push_str(&format!("{}\n", options.format.unwrap_or_default().name()));
    }
    text
}

/// Stands around the built-in layout.
const RULER: &str = "==================================================";

/// Where the map goes: into a folder under the output's name, which also takes the place of a `%`.
fn map_path(given: &Path, output: &Path) -> PathBuf {
    let name = output.file_name().unwrap_or_default().to_string_lossy();
    let text = given.to_string_lossy();
    match text.strip_suffix('%') {
        Some(folder) => PathBuf::from(format!("{folder}{name}.map")),
        None if text.contains('%') => PathBuf::from(text.replacen('%', &name, 1)),
        None if given.is_dir() => given.join(format!("{name}.map")),
        None => given.to_path_buf(),
    }
}

/// Whether a `=` in an expression is no part of a comparison.
fn assigns_again(value: &str) -> bool {
    let bytes = value.as_bytes();
    (0..bytes.len()).any(|at| bytes[at] == b'=' && bytes.get(at + 1) != Some(&b'=') && !at.checked_sub(1).is_some_and(|before| b"=<>!".contains(&bytes[before])))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_of_repeated_options_counts() {
        let arguments: Vec<OsString> = "-o one -e a x.o -o two -e b --no-relax --relax -Ttext=0x1000 -Ttext=0x2000".split(' ').map(OsString::from).collect();
        let Ok(Parsed::Command(command)) = parse(&arguments) else { panic!("not a command") };
        assert_eq!(command.output, PathBuf::from("two"));
        assert_eq!(command.options.entry.as_deref(), Some("b"));
        assert_eq!(command.options.text_base, 0x2000);
        assert!(command.options.relax);
        assert!(parse(&["--no-such-option".into()]).is_err_and(|message| message.contains("--no-such-option")));
        assert!(parse(&["--shared".into(), "x.o".into()]).is_err_and(|message| message.contains("shared")));
        assert!(parse(&["--defsym=a=b=c".into(), "x.o".into()]).is_err_and(|message| message.contains("second `=`")));
        assert!(parse(&["--defsym=a=b==c".into(), "x.o".into()]).is_ok());
    }
}
