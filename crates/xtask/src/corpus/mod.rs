//! `cargo xtask corpus`: what compilers and people wrote, through gasm and through its peers.
//!
//! Fetches Debian source packages, compiles them in many ways, assembles the results with gasm and with GNU as (or
//! llvm-mc, where GNU as refuses what clang writes), and says what differs. Everything stands under `target/corpus`
//! and is made once.

mod check;
mod compile;
mod fetch;
mod packages;
mod programs;

pub use programs::objects as program_objects;

use crate::{release, say};
use check::{Judge, Verdict, check};
use compile::Source;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// The sample is one of so many pairs of a C file and a variant: below 300 files.
const SAMPLE_STRIDE: usize = 9;

/// Runs the corpus, or its sample, or one package of it; returns what went wrong.
pub fn run(root: &Path, sample: bool, only: Option<&str>) -> Vec<String> {
    if [compile::GCC, compile::CLANG].iter().chain(&check::PEERS).any(|peer| !peers::have(peer)) {
        return Vec::new();
    }
    let target = match build(root) {
        Ok(target) => target,
        Err(error) => return vec![error],
    };
    let (sources, mut problems) = compile::sources(&target.join("corpus"), only, if sample { SAMPLE_STRIDE } else { 1 });
    let gasm = target.join("release/gasm");
    let verdicts = in_parallel(sources, |source| (check(&source, &gasm), source));
    report(&verdicts, &mut problems);
    problems
}

/// Links and runs programs of real size, or one package's; returns what went wrong.
pub fn programs(root: &Path, only: Option<&str>) -> Vec<String> {
    if programs::PEERS.iter().any(|peer| !peers::have(peer)) {
        return Vec::new();
    }
    match build(root) {
        Ok(target) => programs::run(root, &target, only),
        Err(error) => vec![error],
    }
}

/// Builds our programs for speed; gives the target folder.
fn build(root: &Path) -> Result<PathBuf, String> {
    release::build(root)?;
    let target = release::target(root);
    target.canonicalize().map_err(|error| format!("{}: {error}", target.display()))
}

/// A line per group, then the sums; refusals and differences are problems.
fn report(verdicts: &[(Result<Verdict, String>, Source)], problems: &mut Vec<String>) {
    let mut groups: BTreeMap<&str, [usize; 6]> = BTreeMap::new();
    for (result, source) in verdicts {
        let verdict = match result {
            Ok(verdict) => verdict,
            Err(error) => {
                problems.push(error.clone());
                continue;
            }
        };
        let counts = groups.entry(source.group.as_str()).or_default();
        counts[0] += 1;
        match &verdict.accepted {
            Ok(()) => counts[1] += 1,
            Err(_) if verdict.judge == Judge::Nobody => {}
            Err(message) => problems.push(format!("{} is refused:\n{message}", source.path.display())),
        }
        let equal = usize::from(verdict.accepted.is_ok() && verdict.differences.is_empty());
        match verdict.judge {
            Judge::GnuAs => (counts[2], counts[3]) = (counts[2] + 1, counts[3] + equal),
            Judge::LlvmMc => (counts[4], counts[5]) = (counts[4] + 1, counts[5] + equal),
            Judge::Nobody => {}
        }
        for difference in &verdict.differences {
            problems.push(format!("{} ({:?}): {difference}", source.path.display(), verdict.judge));
        }
    }
    say(&format!("{:38} {:>5} {:>8} {:>13} {:>14}", "", "files", "accepted", "equal GNU as", "equal llvm-mc"));
    let mut sums = [0; 6];
    let row = |name: &str, c: &[usize; 6]| {
        let of = |equal: usize, all: usize| if all == 0 { String::new() } else { format!("{equal} of {all}") };
        say(&format!("{name:38} {:>5} {:>8} {:>13} {:>14}", c[0], c[1], of(c[3], c[2]), of(c[5], c[4])));
    };
    for (group, counts) in &groups {
        row(group, counts);
        for (sum, count) in sums.iter_mut().zip(counts) {
            *sum += count;
        }
    }
    row("all", &sums);
}

/// Does the work on as many threads as there are processors; the results are in the order of the jobs.
fn in_parallel<J: Send, R: Send>(jobs: Vec<J>, work: impl Fn(J) -> R + Sync) -> Vec<R> {
    let count = jobs.len();
    let queue = Mutex::new(jobs.into_iter().enumerate());
    let results = Mutex::new(Vec::with_capacity(count));
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                loop {
                    let next = queue.lock().ok().and_then(|mut queue| queue.next());
                    let Some((n, job)) = next else { break };
                    let result = work(job);
                    if let Ok(mut results) = results.lock() {
                        results.push((n, result));
                    }
                }
            });
        }
    });
    let mut results = results.into_inner().unwrap_or_default();
    results.sort_by_key(|(n, _)| *n);
    results.into_iter().map(|(_, result)| result).collect()
}
