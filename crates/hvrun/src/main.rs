//! hvrun: assembles, links and boots guests.

use std::ffi::OsString;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    ExitCode::from(hvrun::run(&arguments, &mut host::OsHost::new()))
}
