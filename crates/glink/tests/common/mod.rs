#![allow(dead_code, reason = "not every test uses every helper")]
//! Peers: other people's tools that ours are compared with.

pub mod shape;

pub use peers::have;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Runs a tool; a failure is the test's.
pub fn run(command: &mut Command) -> Vec<u8> {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}\n{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// The C sources and the start-up code of the tests.
pub fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/c")
}

/// Compiles the test program; gives its objects, start-up code first.
pub fn compile(folder: &Path, flags: &[&str]) -> Vec<PathBuf> {
    let mut objects = Vec::new();
    for name in ["start.s", "main.c", "sort.c", "strings.c", "divide.c", "tables.c"] {
        let object = folder.join(Path::new(name).with_extension("o"));
        run(Command::new("riscv64-unknown-elf-gcc")
            .args(["-O2", "-march=rv32imac", "-mabi=ilp32", "-ffreestanding", "-fno-builtin"])
            .args(flags)
            .arg("-c")
            .arg(sources().join(name))
            .arg("-o")
            .arg(&object));
        objects.push(object);
    }
    objects
}

/// The compiler's library for rv32imac.
pub fn libgcc() -> PathBuf {
    let output = run(Command::new("riscv64-unknown-elf-gcc").args(["-march=rv32imac", "-mabi=ilp32", "-print-libgcc-file-name"]));
    PathBuf::from(String::from_utf8(output).expect("a path").trim())
}
