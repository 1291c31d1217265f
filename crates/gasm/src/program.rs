//! The program: command line in, object and messages out.

use crate::{Options, assemble};
use diag::Sources;
use host::{FileKind, Host};
use std::ffi::OsString;
use std::path::PathBuf;

/// Runs the program; the arguments begin with its own name. Returns its exit status.
pub fn run(args: &[OsString], host: &mut dyn Host) -> u8 {
    let mut output = PathBuf::from("a.out");
    let mut input = None;
    let mut i = 1;
    while i < args.len() {
        let text = args[i].to_string_lossy();
        if text == "-o" {
            i += 1;
            output = PathBuf::from(&args[i]);
        } else if !text.starts_with('-') {
            input = Some(PathBuf::from(&args[i]));
        }
        i += 1;
    }
    let Some(input) = input else { return 2 };
    let mut sources = Sources::new();
    let Ok(data) = host.read(&input) else { return 1 };
    let main = sources.add(input.display().to_string(), data.shared());
    let options = Options { builtin_includes: vec![("abi.s".into(), guest_abi::abi_s().into())], ..Options::default() };
    let assembly = assemble(&mut sources, main, &options, host.files());
    for d in &assembly.diagnostics {
        let text = diag::render_text(&sources, std::slice::from_ref(d), false);
        let _ = host.stderr().write_all(text.as_bytes());
    }
    match assembly.object {
        Some(object) => u8::from(host.write(&output, &object, FileKind::Plain).is_err()),
        None => 1,
    }
}
