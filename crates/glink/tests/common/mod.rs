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

/// A folder with inputs that GNU as and ar make.
pub struct Folder(pub tempfile::TempDir);

impl Folder {
    /// None without the two.
    pub fn new() -> Option<Folder> {
        (have("riscv64-unknown-elf-as") && have("riscv64-unknown-elf-ar")).then(|| Folder(tempfile::tempdir().expect("a temporary folder")))
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) {
        std::fs::create_dir_all(self.path(name).parent().expect("a folder")).expect("made");
        std::fs::write(self.path(name), text).expect("written");
    }

    /// The object `STEM.o` of this source.
    pub fn object(&self, stem: &str, text: &str) -> PathBuf {
        let (source, object) = (format!("{stem}.s"), self.path(&format!("{stem}.o")));
        self.write(&source, text);
        run(Command::new("riscv64-unknown-elf-as").args(["-march=rv32imac", "-mabi=ilp32", "-g", "-o"]).arg(&object).arg(self.path(&source)));
        object
    }

    pub fn archive(&self, name: &str, flags: &str, members: &[&Path]) -> PathBuf {
        let archive = self.path(name);
        run(Command::new("riscv64-unknown-elf-ar").arg(flags).arg(&archive).args(members));
        archive
    }
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
