//! From C and preprocessed sources to assembly, kept under `target/corpus/s`.

use super::packages::{Compiler, PACKAGES, Package, VARIANTS};
use super::{fetch, in_parallel};
use crate::say;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The cross compiler.
pub const GCC: &str = "riscv64-unknown-elf-gcc";
/// The other one.
pub const CLANG: &str = "clang";
const TARGET: [&str; 2] = ["-march=rv32imac_zicsr_zifencei", "-mabi=ilp32"];

/// An assembly source of the corpus.
pub struct Source {
    /// Where it is.
    pub path: PathBuf,
    /// Its package and the way that it was made, such as `zlib/gcc-O2`.
    pub group: String,
    /// Who wrote it; nothing for people.
    pub compiler: Option<Compiler>,
}

/// One file and what makes it.
struct Job {
    source: Source,
    command: Command,
}

/// All sources, made where they are not there yet; and what could not be made.
///
/// With a stride, each `stride`-th pair of a file and a variant is taken, always the same ones.
pub fn sources(corpus: &Path, only: Option<&str>, stride: usize) -> (Vec<Source>, Vec<String>) {
    let mut problems = Vec::new();
    let mut jobs = Vec::new();
    let library = picolibc_headers();
    for package in PACKAGES.iter().filter(|package| only.is_none_or(|only| only == package.name)) {
        match fetch::package(corpus, package) {
            Ok(folder) => jobs.extend(jobs_of(corpus, package, &folder, stride, &library)),
            // Mirrors drop versions between their point releases; what is left is still a corpus.
            Err(error) => say(&format!("skipped: {error}")),
        }
    }
    if jobs.is_empty() {
        problems.push("no source package can be fetched".into());
    }
    say(&format!("{} sources, of which {} are to be compiled", jobs.len(), jobs.iter().filter(|job| !job.source.path.is_file()).count()));
    let results = in_parallel(jobs, make);
    let mut sources = Vec::new();
    for result in results {
        match result {
            Ok(source) => sources.push(source),
            Err(error) => problems.push(error),
        }
    }
    (sources, problems)
}

fn jobs_of(corpus: &Path, package: &Package, folder: &Path, stride: usize, library: &[String]) -> Vec<Job> {
    let mut jobs = Vec::new();
    let place = |group: &str, file: &Path| corpus.join("s").join(group).join(file.to_string_lossy().replace('/', "_")).with_extension("s");
    for (n, file) in package.c.iter().flat_map(|pattern| files(folder, pattern, package.not)).enumerate() {
        for (v, (variant, compiler, flags)) in VARIANTS.iter().enumerate() {
            // A sample sees every file and every variant, each file in others than its neighbours.
            if !(n + v).is_multiple_of(stride) {
                continue;
            }
            let group = format!("{}/{variant}", package.name);
            let path = place(&group, &file);
            let mut command = match compiler {
                Compiler::Gcc => {
                    let mut command = Command::new(GCC);
                    command.arg("--specs=picolibc.specs");
                    command
                }
                Compiler::Clang => {
                    let mut command = Command::new(CLANG);
                    command.arg("--target=riscv32-unknown-elf").args(library.iter().flat_map(|folder| ["-isystem", folder]));
                    command
                }
            };
            let march = if *compiler == Compiler::Clang { "-march=rv32imac" } else { TARGET[0] };
            command.args([march, TARGET[1], "-w", "-S"]).args(*flags).args(package.flags).arg(&file).arg("-o").arg(&path).current_dir(folder);
            jobs.push(Job { source: Source { path, group, compiler: Some(*compiler) }, command });
        }
    }
    // What people wrote is little, and all of it stands in every sample.
    for (n, (file, flags)) in package.assembly.iter().enumerate() {
        let group = format!("{}/by-hand", package.name);
        let path = place(&group, Path::new(&format!("{n}_{file}")));
        let mut command = Command::new(GCC);
        command.args(["--specs=picolibc.specs", "-E", "-x", "assembler-with-cpp"]).args(TARGET).args(*flags).arg(file).arg("-o").arg(&path).current_dir(folder);
        jobs.push(Job { source: Source { path, group, compiler: None }, command });
    }
    jobs
}

/// Runs a job, unless its product is there.
fn make(mut job: Job) -> Result<Source, String> {
    let path = &job.source.path;
    if !path.is_file() {
        let folder = path.parent().ok_or("a source stands in a folder")?;
        fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        let output = job.command.output().map_err(|error| format!("{}: {error}", job.command.get_program().to_string_lossy()))?;
        if !output.status.success() {
            let _ = fs::remove_file(path);
            let text = String::from_utf8_lossy(&output.stderr);
            let first = text.lines().find(|line| line.contains("error")).unwrap_or("no message");
            return Err(format!("{} is not compiled: {first}", path.display()));
        }
    }
    Ok(job.source)
}

/// Files of a folder by a pattern with one `*` at most, in order.
pub(super) fn files(folder: &Path, pattern: &str, not: &[&str]) -> Vec<PathBuf> {
    let (parent, name) = pattern.rsplit_once('/').unwrap_or(("", pattern));
    let (before, after) = name.split_once('*').unwrap_or((name, ""));
    let Ok(entries) = fs::read_dir(folder.join(parent)) else { return Vec::new() };
    let mut found: Vec<PathBuf> = entries
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|file| file.starts_with(before) && file.ends_with(after) && !not.contains(&file.as_str()))
        .map(|file| Path::new(parent).join(file))
        .collect();
    found.sort();
    found
}

/// Where gcc finds the headers of picolibc: clang is told the same.
fn picolibc_headers() -> Vec<String> {
    let Ok(output) = Command::new(GCC).args(["--specs=picolibc.specs", "-E", "-v", "-x", "c", "/dev/null"]).output() else { return Vec::new() };
    let text = String::from_utf8_lossy(&output.stderr);
    text.lines().skip_while(|line| !line.starts_with("#include <")).map(str::trim).filter(|line| line.contains("picolibc")).map(Into::into).collect()
}
