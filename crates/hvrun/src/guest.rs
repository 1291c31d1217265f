//! From a guest's files to its image: sources are assembled, objects linked, images taken as they are.

use crate::cli::Options;
use crate::loader::{self, Kind, Loaded};
use crate::reporter::Reporter;
use crate::spec::GuestSpec;
use crate::symbols::Symbols;
use diag::{Diagnostic, Severity, codes};
use guest_abi::PAGE_SIZE;
use host::{FileData, FileError, Host};
use hvcore::Share;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

/// A guest that is ready to boot.
pub struct Guest {
    /// Its name in labels and reports.
    pub name: String,
    /// What was said about it.
    pub spec: GuestSpec,
    /// Its image, shared by all guests of the same files.
    pub loaded: Rc<Loaded>,
    /// Names and lines for its addresses.
    pub symbols: Rc<Symbols>,
}

impl Guest {
    /// What it may have of the host memory, in whole pages.
    #[must_use]
    pub fn share(&self) -> Share {
        let pages = |bytes: u64| u32::try_from(bytes / u64::from(PAGE_SIZE)).unwrap_or(u32::MAX);
        Share { reserve: self.spec.reserve.map_or(0, pages), limit: self.spec.limit.map_or(u32::MAX, pages) }
    }

    /// An instruction set without what is switched off for all guests and for this one.
    #[must_use]
    pub fn isa(&self, options: &Options, isa: rv32::Isa) -> rv32::Isa {
        isa_of(&self.spec, options, isa)
    }
}

fn isa_of(spec: &GuestSpec, options: &Options, isa: rv32::Isa) -> rv32::Isa {
    spec.without.iter().fold(options.isa(isa), |isa, &extension| isa.without(extension))
}

type Program = (Rc<Loaded>, Rc<Symbols>);

/// What decides what a guest's files become.
fn recipe(spec: &GuestSpec) -> (&[PathBuf], Option<u32>, &[rv32::Ext]) {
    (&spec.files, spec.load_at, &spec.without)
}

/// Makes every guest ready, in order. What is wrong has been shown when this returns `None`.
pub fn prepare(options: &Options, reporter: &mut Reporter, host: &mut dyn Host) -> Option<Vec<Guest>> {
    // `None`: refused, which is said once.
    let mut programs: BTreeMap<_, Option<Program>> = BTreeMap::new();
    for spec in &options.guests {
        if programs.contains_key(&recipe(spec)) {
            continue;
        }
        let program = match build(spec, options, reporter, host) {
            Ok((loaded, bytes)) => Some((Rc::new(loaded), Rc::new(Symbols::new(bytes, host.current_dir())))),
            Err(diagnostics) => {
                let located: Vec<Diagnostic> = diagnostics.into_iter().map(|diagnostic| spec.locate("image", diagnostic)).collect();
                reporter.show(host, &located);
                None
            }
        };
        programs.insert(recipe(spec), program);
    }
    let mut names = BTreeMap::new();
    let guests = options.guests.iter().map(|spec| {
        let (loaded, symbols) = programs.get(&recipe(spec))?.clone()?;
        Some(Guest { name: unique_name(spec, &mut names), spec: spec.clone(), loaded, symbols })
    });
    guests.collect()
}

/// The name that was given, or the first file's without its extension; a number tells equal ones apart. `taken` has
/// each name that is taken, with the last number that was tried for it.
fn unique_name(spec: &GuestSpec, taken: &mut BTreeMap<String, u32>) -> String {
    let stem = |path: &Path| path.file_stem().map_or_else(|| "guest".into(), |stem| stem.to_string_lossy().into_owned());
    let first = &spec.files[0];
    let name = spec.name.clone().unwrap_or_else(|| match stem(first) {
        // `examples/01-hello/main.s` is better called after its folder.
        name if name == "main" => first.parent().filter(|p| p.file_name().is_some()).map_or(name, stem),
        name => name,
    });
    // It labels lines.
    let name: String = name.chars().map(|c| if c.is_control() { '?' } else { c }).collect();
    let mut unique = name.clone();
    while taken.contains_key(&unique) {
        let number = taken.entry(name.clone()).or_insert(1);
        *number += 1;
        unique = format!("{name}-{number}");
    }
    taken.insert(unique.clone(), 1);
    unique
}

type Built = (Loaded, Arc<[u8]>);

fn build(spec: &GuestSpec, options: &Options, reporter: &mut Reporter, host: &mut dyn Host) -> Result<Built, Vec<Diagnostic>> {
    let files = read_all(spec, host)?;
    if let ([path], [data]) = (&spec.files[..], &files[..]) {
        let bytes = data.shared();
        let refuse = |reason: String| vec![refusal(path, &reason)];
        if let Some(address) = spec.load_at.or(options.load_at) {
            if is_source(path, &bytes) || loader::kind(&bytes) != Kind::Other {
                return Err(vec![refusal(path, "--load-at is for flat binaries, and it is none").help("leave `--load-at` out")]);
            }
            return Ok((loader::flat(&bytes, address).map_err(refuse)?, bytes));
        }
        if let Some(address) = loader::linux_address(&bytes).filter(|_| !is_source(path, &bytes)) {
            return Ok((loader::flat(&bytes, address).map_err(refuse)?, bytes));
        }
        if loader::kind(&bytes) == Kind::Executable {
            return Ok((loader::elf(&bytes).map_err(refuse)?, bytes));
        }
    }
    let bytes: Arc<[u8]> = link(spec, files, options, reporter, host)?.into();
    let loaded = loader::elf(&bytes).map_err(|reason| vec![refusal(&spec.files[0], &reason)])?;
    Ok((loaded, bytes))
}

fn read_all(spec: &GuestSpec, host: &mut dyn Host) -> Result<Vec<FileData>, Vec<Diagnostic>> {
    let mut files = Vec::new();
    let mut problems = Vec::new();
    for (number, path) in spec.files.iter().enumerate() {
        match host.read(path) {
            Ok(data) => files.push(data),
            Err(error) => problems.push(spec.locate_nth("image", number, unreadable(path, &error))),
        }
    }
    if problems.is_empty() { Ok(files) } else { Err(problems) }
}

fn unreadable(path: &Path, error: &FileError) -> Diagnostic {
    let diagnostic = Diagnostic::new(&codes::E0601, format!("cannot read {}: {error}", path.display()));
    match error {
        FileError::NotFound => diagnostic.help("check the spelling, or give the path from the current folder"),
        FileError::IsDirectory => diagnostic.help(format!("name a file in it, such as {}", path.join("main.s").display())),
        FileError::Denied | FileError::Other(_) => diagnostic,
    }
}

fn refusal(path: &Path, reason: &str) -> Diagnostic {
    Diagnostic::new(&codes::E0603, format!("{} cannot be booted: {reason}", path.display()))
}

/// A source is known by its name, unless what it holds is something else.
fn is_source(path: &Path, data: &[u8]) -> bool {
    loader::kind(data) == Kind::Other && path.extension().is_some_and(|extension| ["s", "S", "asm"].iter().any(|&known| extension == known))
}

/// Assembles the sources and links all files with the guest library.
fn link(spec: &GuestSpec, files: Vec<FileData>, options: &Options, reporter: &mut Reporter, host: &mut dyn Host) -> Result<Vec<u8>, Vec<Diagnostic>> {
    let paths = &spec.files;
    let mut inputs = Vec::new();
    let mut errors = Vec::new();
    let mut sources_only = true;
    let mut code = false;
    for (path, data) in paths.iter().zip(files) {
        let name = path.display().to_string();
        if is_source(path, &data) {
            match assemble(path, &data, spec, options, reporter, host) {
                Ok(object) => {
                    code |= loader::has_code(&object);
                    inputs.push(glink::InputSpec::Bytes { name, data: FileData::new(object, data.identity()) });
                }
                Err(diagnostics) => errors.extend(diagnostics),
            }
            continue;
        }
        match loader::kind(&data) {
            Kind::Object | Kind::Archive => {
                sources_only = false;
                inputs.push(glink::InputSpec::Bytes { name, data });
            }
            Kind::Executable => errors.push(
                Diagnostic::new(&codes::E0602, format!("{name} is an executable and cannot be linked with other files"))
                    .help("separate guests by blanks, the files of one guest by commas"),
            ),
            Kind::Other => errors.push(unknown(path, &data)),
        }
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    if sources_only && !code && options.libraries.is_empty() {
        return Err(vec![refusal(&paths[0], "there is no instruction in it").help("begin with `main:` and `ret`, after `.text`")]);
    }
    inputs.extend(options.libraries.iter().cloned().map(glink::InputSpec::Library));
    inputs.push(glink::InputSpec::Library("hv".into()));
    let link_options = glink::Options {
        // Objects say where they begin; a lone source of a beginner need not.
        startup: if sources_only { glink::Startup::FirstInstruction } else { glink::Startup::Required },
        search_dirs: options.library_path.clone(),
        defsyms: options.defsym.iter().map(|(name, value)| glink::Defsym::new(name, value)).collect(),
        omagic: options.omagic,
        ..glink::Options::platform()
    };
    let linked = glink::link(&inputs, &link_options, &mut reporter.sources, host.files());
    match linked.image {
        Some(image) => {
            reporter.show(host, &linked.diagnostics);
            Ok(image)
        }
        None => Err(linked.diagnostics),
    }
}

fn assemble(path: &Path, data: &FileData, spec: &GuestSpec, options: &Options, reporter: &mut Reporter, host: &mut dyn Host) -> Result<Vec<u8>, Vec<Diagnostic>> {
    let file = reporter.sources.add(path.display().to_string(), data.shared());
    let assembler_options = gasm::Options {
        include_dirs: options.include.clone(),
        builtin_includes: vec![("abi.s", || guest_lib::ABI_S.as_bytes().to_vec())],
        // Crash reports and link errors quote the source.
        debug_info: true,
        current_dir: host.current_dir().to_string_lossy().into_owned(),
        isa: isa_of(spec, options, gasm::Options::default().isa),
        ..gasm::Options::default()
    };
    let assembly = gasm::assemble(&mut reporter.sources, file, &assembler_options, host.files());
    match assembly.object {
        Some(object) => {
            debug_assert!(assembly.diagnostics.iter().all(|d| d.severity != Severity::Error));
            reporter.show(host, &assembly.diagnostics);
            Ok(object)
        }
        None => Err(assembly.diagnostics),
    }
}

fn unknown(path: &Path, data: &[u8]) -> Diagnostic {
    let diagnostic = Diagnostic::new(&codes::E0602, format!("{} is neither a source (.s), an object, an archive nor an image", path.display()));
    if data.is_empty() {
        diagnostic.note("the file is empty")
    } else if data.iter().take(512).all(|&b| b == b'\n' || b == b'\t' || b == b'\r' || b >= b' ') {
        diagnostic.note("it looks like text").help("if it is assembly, name it with the extension .s")
    } else {
        diagnostic.help("a flat binary needs its address: --load-at 0x80000000")
    }
}
