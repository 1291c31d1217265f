//! gasm beside GNU as and llvm-mc: one large source, the same twice as long, what compilers made, and many small ones.

use super::measure::{Contestant, Figures, command, compare, is_there, table};
use super::{Place, hello, progress, say, source};
use std::ffi::OsStr;
use std::fs;
use std::io::BufWriter;
use std::path::{Path, PathBuf};

/// Lines of the generated source.
const LINES: usize = 1_000_000;
/// Compiler-made files below this are left out: starting the program would count.
const LARGE: u64 = 2 << 20;
/// How many of the small sources.
const SMALL: usize = 200;

const GNU_AS: &str = "riscv64-unknown-elf-as";
const LLVM_MC: &str = "llvm-mc";

/// Prints times, memory and ratios for all inputs.
pub fn run(place: &Place<'_>, rounds: usize) -> Result<(), String> {
    let gasm = place.release("gasm")?;
    let job = Job { gasm, object: place.scratch.join("out.o"), rounds };
    for peer in [GNU_AS, LLVM_MC] {
        if !is_there(peer) {
            say(&format!("skipped: {peer} is not installed"));
        }
    }
    let mut before: Option<f64> = None;
    for lines in [LINES, 2 * LINES] {
        progress(&format!("writing a source of {lines} lines"));
        let path = place.scratch.join(format!("generated{lines}.s"));
        generate(&path, lines).map_err(|error| format!("{}: {error}", path.display()))?;
        let figures = job.compare(&format!("generated, {lines} lines in several sections"), &[&path])?;
        let ms = figures[0].usage.as_ref().map_or(f64::NAN, |usage| usage.cpu_ms);
        if let Some(before) = before.replace(ms) {
            say(&format!("  growth: twice the lines cost gasm {:.2} times the time", ms / before));
        }
        let _ = fs::remove_file(&path);
    }
    let corpus = place.target.join("corpus");
    let large = large_sources(&corpus);
    if large.is_empty() {
        say("skipped: no compiler-made source of 2 MiB or more in target/corpus; `cargo xtask corpus` fetches and compiles them");
    }
    for path in &large {
        let name = path.strip_prefix(&corpus).unwrap_or(path).display().to_string();
        job.compare(&name, &[path])?;
    }
    let small = place.scratch.join("hello.s");
    fs::write(&small, hello::HELLO).map_err(|error| format!("{}: {error}", small.display()))?;
    job.compare(&format!("{SMALL} files of a greeting's size, one process each"), &vec![small.as_path(); SMALL])?;
    Ok(())
}

struct Job {
    gasm: PathBuf,
    object: PathBuf,
    rounds: usize,
}

impl Job {
    /// Assembles the sources one by one, each contestant in turn, and prints the figures.
    fn compare(&self, what: &str, sources: &[&Path]) -> Result<Vec<Figures>, String> {
        progress(&format!("{what}, {} rounds", self.rounds));
        let contestant = |name: &'static str, program: &'static str, options: &'static [&'static str]| {
            let program = if program.is_empty() { self.gasm.as_path() } else { Path::new(program) };
            Contestant::new(name, move || {
                let assemble = |source: &&Path| {
                    let mut arguments: Vec<&OsStr> = options.iter().map(OsStr::new).collect();
                    arguments.extend([source.as_os_str(), "-o".as_ref(), self.object.as_os_str()]);
                    command(program, &arguments)
                };
                sources.iter().map(assemble).collect()
            })
        };
        let mut contestants = vec![contestant("gasm", "", &["-march=rv32imac", "-mabi=ilp32"])];
        if is_there(GNU_AS) {
            contestants.push(contestant("GNU as", GNU_AS, &["-march=rv32imac", "-mabi=ilp32"]));
        }
        if is_there(LLVM_MC) {
            contestants.push(contestant("llvm-mc", LLVM_MC, &["-filetype=obj", "-triple=riscv32", "-mattr=+m,+a,+c"]));
        }
        let figures = compare(self.rounds, &contestants)?;
        say(&format!("{what} (median of {})\n{}", self.rounds, table(&figures).trim_end()));
        Ok(figures)
    }
}

fn generate(path: &Path, lines: usize) -> std::io::Result<()> {
    source::write(BufWriter::new(fs::File::create(path)?), lines)
}

/// Sources under a folder that are large enough, by name.
fn large_sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "s") && entry.metadata().is_ok_and(|m| m.len() >= LARGE) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}
