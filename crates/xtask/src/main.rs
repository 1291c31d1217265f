//! `cargo xtask`: the workspace's own chores.

mod beginners;
mod bench;
mod corpus;
mod generate;
mod release;
mod rules;

use clap::{Parser, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;

/// The workspace's own chores.
#[derive(Parser)]
#[command(name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Write the generated files: guest-lib/abi.s and hv.h, docs/reference/*.md.
    Generate,
    /// Check that generated files are fresh and that the crates' dependencies are the allowed ones.
    Check,
    /// Run the cached interpreter against the stepper, in lock-step, on random programs.
    Oracle {
        /// Steps to compare.
        #[arg(long, default_value_t = 100_000_000)]
        steps: u64,
        /// Seed of the programs.
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// Random words to execute one by one.
        #[arg(long, default_value_t = 10_000_000)]
        words: u64,
    },
    /// Time our programs beside their peers, in turn, and print the ratios.
    Bench {
        /// What to time.
        #[arg(value_enum, default_value = "hello")]
        name: bench::Name,
        /// Rounds in which each program runs once.
        #[arg(long)]
        pairs: Option<usize>,
    },
    /// Assemble what compilers and people wrote (from Debian source packages) and compare with GNU as and llvm-mc.
    Corpus {
        /// Only a fixed sample of at most 300 files.
        #[arg(long)]
        sample: bool,
        /// Link programs of real size with glink and with GNU ld, and compare what they print on hvrun.
        #[arg(long)]
        programs: bool,
        /// Only this package.
        #[arg(long)]
        only: Option<String>,
    },
}

fn main() -> ExitCode {
    let root = root();
    let problems = match Arguments::parse().task {
        Task::Generate => generate::write(&root),
        Task::Check => [generate::stale(&root), rules::broken(&root)].concat(),
        Task::Oracle { steps, seed, words } => oracle(&root, [steps, seed, words]),
        Task::Bench { name, pairs } => bench::run(&root, name, pairs),
        Task::Corpus { programs: true, only, .. } => corpus::programs(&root, only.as_deref()),
        Task::Corpus { sample, only, .. } => corpus::run(&root, sample, only.as_deref()),
    };
    for problem in &problems {
        complain(problem);
    }
    if problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The oracle, built as users have the engines.
fn oracle(root: &std::path::Path, [steps, seed, words]: [u64; 3]) -> Vec<String> {
    let mut command = std::process::Command::new("cargo");
    command.args(["run", "--quiet", "--release", "--locked", "--package", "hvcore", "--example", "oracle", "--"]).current_dir(root);
    for (name, value) in [("--steps", steps), ("--seed", seed), ("--words", words)] {
        command.args([name, &value.to_string()]);
    }
    match command.status() {
        Ok(status) if status.success() => Vec::new(),
        Ok(_) => vec!["the engines differ, or the oracle could not be built".into()],
        Err(error) => vec![format!("cargo: {error}")],
    }
}

/// The workspace's folder.
fn root() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

/// Prints a line of results.
#[expect(clippy::print_stdout, reason = "results are for the person, or the program, that asked for them")]
fn say(line: &str) {
    println!("{line}");
}

#[expect(clippy::print_stderr, reason = "a chore talks to the person who runs it")]
fn complain(problem: &str) {
    eprintln!("xtask: {problem}");
}
