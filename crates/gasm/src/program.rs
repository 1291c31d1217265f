//! The program: command line in, object and messages out.

use crate::cli::{self, Command, Request};
use crate::{Assembly, Options, assemble, disassemble};
use diag::{Diagnostic, Severity, Sources, codes};
use host::{FileKind, Host};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Everything went well.
const OK: u8 = 0;
/// Errors were reported.
const FAILED: u8 = 1;
/// The command line makes no sense.
const USAGE: u8 = 2;

/// Runs the program; the arguments begin with its own name. Returns its exit status: 0, 1 after
/// errors in the sources or files, 2 after errors in the command line.
pub fn run(args: &[OsString], host: &mut dyn Host) -> u8 {
    let args = match cli::expand_files(args, host) {
        Ok(args) => args,
        Err(message) => return usage(host, &message),
    };
    if disassemble::cli::asked_for(&args) {
        return disassemble(&args, host);
    }
    match cli::parse(&args) {
        Ok(Command::Assemble(request)) => assemble_request(&request, host),
        Ok(Command::Explain(code)) => explain(&code, host),
        Ok(Command::Show(text)) => {
            // A reader that went away is no failure of ours.
            let _ = host.stdout().write_all(text.as_bytes());
            OK
        }
        Err(message) => usage(host, &message),
    }
}

fn disassemble(args: &[OsString], host: &mut dyn Host) -> u8 {
    match disassemble::cli::parse(args) {
        Ok(request) => {
            let diagnostics = disassemble::run(&request, host);
            disassemble::report(&request, &diagnostics, host);
            if diagnostics.is_empty() { OK } else { FAILED }
        }
        Err((text, true)) => {
            let _ = host.stdout().write_all(text.as_bytes());
            OK
        }
        Err((message, false)) => usage(host, &message),
    }
}

fn usage(host: &mut dyn Host, message: &str) -> u8 {
    let _ = host.stderr().write_all(message.as_bytes());
    USAGE
}

fn explain(code: &str, host: &mut dyn Host) -> u8 {
    match diag::explain(code) {
        Ok(page) => {
            let _ = host.stdout().write_all(page.as_bytes());
            OK
        }
        Err(unknown) => usage(host, &format!("gasm: {unknown}\n")),
    }
}

fn assemble_request(request: &Request, host: &mut dyn Host) -> u8 {
    let mut sources = Sources::new();
    let mut options = request.options.clone();
    options.current_dir = host.current_dir().display().to_string();
    options.builtin_includes = vec![("abi.s", || guest_abi::abi_s().into_bytes())];
    let mut ids = Vec::new();
    for input in &request.inputs {
        match read_input(input, host) {
            Ok((name, bytes)) => ids.push(sources.add(name, bytes)),
            Err(diagnostic) => {
                show(request, &sources, &[diagnostic], host);
                return FAILED;
            }
        }
    }
    let main = ids.remove(0);
    options.more_sources = ids;
    let mut assembly = assemble(&mut sources, main, &options, host.files());
    // A source that is shown has its .print still to come.
    for line in assembly.printed.iter().filter(|_| !options.expand) {
        let _ = writeln!(host.stdout(), "{line}");
    }
    if let Err(diagnostic) = write_outputs(request, &options, &assembly, host) {
        assembly.diagnostics.push(diagnostic);
        assembly.object = None;
    }
    show(request, &sources, &assembly.diagnostics, host);
    if assembly.object.is_some() { OK } else { FAILED }
}

/// A source's name and bytes; `-` is standard input.
fn read_input(input: &Path, host: &mut dyn Host) -> Result<(String, Arc<[u8]>), Diagnostic> {
    if input == Path::new("-") {
        let mut bytes = Vec::new();
        return match std::io::Read::read_to_end(host.stdin(), &mut bytes) {
            Ok(_) => Ok(("<stdin>".into(), bytes.into())),
            Err(error) => Err(Diagnostic::new(&codes::E0405, format!("cannot read standard input: {error}"))),
        };
    }
    let name = input.display().to_string();
    match host.read(input) {
        Ok(data) => Ok((name, data.shared())),
        Err(error) => Err(Diagnostic::new(&codes::E0405, format!("cannot read {name}: {error}"))),
    }
}

fn write_outputs(request: &Request, options: &Options, assembly: &Assembly, host: &mut dyn Host) -> Result<(), Diagnostic> {
    let failed = |path: &Path, error: host::FileError| Diagnostic::new(&codes::E0422, format!("cannot write {}: {error}", path.display()));
    if options.listing
        && let Some(text) = &assembly.listing
    {
        match &request.listing_file {
            Some(path) => host.write(path, text.as_bytes(), FileKind::Plain).map_err(|e| failed(path, e))?,
            None => {
                let _ = host.stdout().write_all(text.as_bytes());
            }
        }
    }
    // Also of a source with mistakes: it may show where they come from.
    if let (Some(path), Some(text)) = (&request.expanded_file, &assembly.expanded) {
        if path.as_os_str() != "-" {
            host.write(path, text, FileKind::Plain).map_err(|e| failed(path, e))?;
        } else if let Err(error) = host.stdout().write_all(text).and_then(|()| host.stdout().flush())
            && error.kind() != std::io::ErrorKind::BrokenPipe
        {
            return Err(Diagnostic::new(&codes::E0422, format!("cannot write to standard output: {error}")));
        }
    }
    let Some(object) = &assembly.object else { return Ok(()) };
    if request.expanded_file.is_none() {
        host.write(&request.output, object, FileKind::Plain).map_err(|e| failed(&request.output, e))?;
    }
    if let Some(path) = &request.dependency_file {
        let mut text = format!("{}:", request.output.display());
        let inputs = request.inputs.iter().filter(|i| *i != Path::new("-"));
        for dependency in inputs.chain(&assembly.dependencies) {
            text.push_str(" \\\n ");
            // make reads spaces as separators.
            text.push_str(&dependency.display().to_string().replace(' ', "\\ "));
        }
        text.push('\n');
        host.write(path, text.as_bytes(), FileKind::Plain).map_err(|e| failed(path, e))?;
    }
    Ok(())
}

fn show(request: &Request, sources: &Sources, diagnostics: &[Diagnostic], host: &mut dyn Host) {
    if diagnostics.is_empty() {
        return;
    }
    let text = if request.json {
        diag::render_json(sources, diagnostics)
    } else {
        let colour = request.colour.unwrap_or_else(|| host.stderr_is_terminal());
        let mut text = diag::render_text(sources, diagnostics, colour);
        let errors = diagnostics.iter().filter(|d| d.severity == Severity::Error).count();
        if errors > 1 {
            text.push_str(&format!("{errors} errors\n"));
        }
        text
    };
    let _ = host.stderr().write_all(text.as_bytes());
}

/// The object's name if none is given: that of the source, with `.o`.
pub fn default_output(input: &Path) -> PathBuf {
    match input.file_name() {
        Some(name) if input != Path::new("-") => Path::new(name).with_extension("o"),
        _ => PathBuf::from("a.out"),
    }
}
