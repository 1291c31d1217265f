//! `cargo xtask bench`: processor time and memory of whole commands, pairwise against a peer in the same run,
//! because machines drift.

mod gasm;
mod glink;
mod hello;
mod hvcore;
mod measure;
mod objects;
mod source;

use crate::{release, say};
use std::path::{Path, PathBuf};

/// The benchmarks by name.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Name {
    /// `hvrun hello.s` beside GNU as and ld (quick: CI runs it).
    Hello,
    /// gasm beside GNU as and llvm-mc on large and on many sources.
    Gasm,
    /// glink beside GNU ld, lld and mold on a large program, one with a C library, and many small ones.
    Glink,
    /// The cached interpreter beside the stepper and QEMU, and how fast guests start.
    Hvcore,
}

/// Runs a benchmark and prints medians and ratios; returns what went wrong. Without a number of pairs each
/// benchmark takes its own.
pub fn run(root: &Path, name: Name, pairs: Option<usize>) -> Vec<String> {
    let scratch = std::env::temp_dir().join(format!("hvkit-bench-{}", std::process::id()));
    if let Err(error) = std::fs::create_dir_all(&scratch) {
        return vec![format!("{}: {error}", scratch.display())];
    }
    let place = Place { root, target: release::target(root), scratch: &scratch };
    let result = match name {
        Name::Hello => hello::run(&place, pairs.unwrap_or(20).max(1)),
        Name::Hvcore => hvcore::run(&place, pairs.unwrap_or(5).max(1)),
        Name::Gasm => gasm::run(&place, pairs.unwrap_or(5).max(1)),
        Name::Glink => glink::run(&place, pairs.unwrap_or(5).max(1)),
    };
    let _ = std::fs::remove_dir_all(&scratch);
    result.err().into_iter().collect()
}

/// Where a benchmark finds things and puts them.
struct Place<'a> {
    /// The workspace.
    root: &'a Path,
    /// cargo's target folder.
    target: PathBuf,
    /// An empty folder that goes away afterwards.
    scratch: &'a Path,
}

impl Place<'_> {
    /// Builds a program of the workspace as users have it; its path.
    fn release(&self, program: &str) -> Result<PathBuf, String> {
        release::build(self.root)?;
        Ok(self.target.join("release").join(program))
    }
}

/// Tells the person who waits what is being done.
#[expect(clippy::print_stderr, reason = "progress does not belong among the figures")]
fn progress(line: &str) {
    eprintln!("bench: {line}");
}
