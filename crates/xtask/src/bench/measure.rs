//! What commands use of the machine, and comparisons of several ways to do one job.

use std::ffi::OsStr;
use std::io::Read;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};

/// What one or several commands used.
#[derive(Clone, Copy, Default)]
pub struct Usage {
    /// User and system time in milliseconds.
    pub cpu_ms: f64,
    /// The most memory that one of them held, in MiB.
    pub peak_mib: f64,
}

/// One way to do the job that is compared.
pub struct Contestant<'a> {
    /// As the figures show it.
    pub name: &'static str,
    /// The commands of one run, one after the other.
    pub commands: Box<dyn Fn() -> Vec<Command> + 'a>,
}

impl<'a> Contestant<'a> {
    /// A contestant.
    pub fn new(name: &'static str, commands: impl Fn() -> Vec<Command> + 'a) -> Contestant<'a> {
        Contestant { name, commands: Box::new(commands) }
    }
}

/// What a contestant needed over all rounds.
pub struct Figures {
    /// Its name.
    pub name: &'static str,
    /// The medians; what a command said when it failed.
    pub usage: Result<Usage, String>,
    /// The first contestant's processor time divided by this one's, round by round; the median.
    pub ratio: f64,
}

/// Lets all contestants run in turn, `rounds` times after one round that warms the caches. One that fails is out;
/// the first of them must not.
pub fn compare(rounds: usize, contestants: &[Contestant<'_>]) -> Result<Vec<Figures>, String> {
    let mut runs: Vec<Result<Vec<Usage>, String>> = contestants.iter().map(|_| Ok(Vec::new())).collect();
    for round in 0..=rounds {
        for (contestant, so_far) in contestants.iter().zip(&mut runs) {
            let Ok(list) = so_far else { continue };
            match usage((contestant.commands)()) {
                Ok(usage) if round > 0 => list.push(usage),
                Ok(_) => {}
                Err(message) => *so_far = Err(message),
            }
        }
    }
    let first: Vec<Usage> = runs.first().cloned().unwrap_or_else(|| Ok(Vec::new()))?;
    let figures = contestants.iter().zip(runs).map(|(contestant, runs)| {
        let ratio = runs.as_ref().map_or(f64::NAN, |runs| median(first.iter().zip(runs).map(|(a, b)| a.cpu_ms / b.cpu_ms.max(0.001))));
        let usage = runs.map(|runs| Usage { cpu_ms: median(runs.iter().map(|r| r.cpu_ms)), peak_mib: median(runs.iter().map(|r| r.peak_mib)) });
        Figures { name: contestant.name, usage, ratio }
    });
    Ok(figures.collect())
}

/// One line for each contestant: time, memory, and the first one's share of both.
pub fn table(figures: &[Figures]) -> String {
    let own = figures.first().and_then(|f| f.usage.as_ref().ok()).copied().unwrap_or_default();
    let mut text = String::new();
    for (i, f) in figures.iter().enumerate() {
        let line = match &f.usage {
            Ok(usage) if i == 0 => format!("  {:<10} {:9.1} ms {:8.1} MiB\n", f.name, usage.cpu_ms, usage.peak_mib),
            Ok(usage) => format!(
                "  {:<10} {:9.1} ms {:8.1} MiB   ratio of time {:.3}, of memory {:.3}\n",
                f.name,
                usage.cpu_ms,
                usage.peak_mib,
                f.ratio,
                own.peak_mib / usage.peak_mib
            ),
            Err(message) => format!("  {:<10} refuses it: {}\n", f.name, message.lines().next().unwrap_or("no message")),
        };
        text.push_str(&line);
    }
    text
}

/// A command with nothing to read, whose output nobody sees.
pub fn command(program: &Path, arguments: &[&OsStr]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    command
}

/// Whether a program can be run.
pub fn is_there(program: &str) -> bool {
    Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
}

/// Runs commands one after the other; an error if one cannot be run or fails.
pub fn usage(commands: Vec<Command>) -> Result<Usage, String> {
    let mut total = Usage::default();
    for mut command in commands {
        // Else a child's peak begins with the most that this process ever held. Where it cannot be, figures are too large.
        let _ = std::fs::write("/proc/self/clear_refs", "5");
        let mut child = command.spawn().map_err(|error| format!("{command:?}: {error}"))?;
        let mut said = Vec::new();
        if let Some(stderr) = &mut child.stderr {
            stderr.read_to_end(&mut said).map_err(|error| format!("{command:?}: {error}"))?;
        }
        let (status, usage) = wait(child.id()).map_err(|error| format!("{command:?}: {error}"))?;
        if !status.success() {
            return Err(format!("{} ({status}: {command:?})", String::from_utf8_lossy(&said).lines().next().unwrap_or("")));
        }
        total.cpu_ms += usage.cpu_ms;
        total.peak_mib = total.peak_mib.max(usage.peak_mib);
    }
    Ok(total)
}

/// Waits for a child and asks what it used. Its peak counts from the memory of this process when it was started, so
/// this process stays small, and forgets its own peak before.
#[expect(unsafe_code, reason = "neither std nor nix has wait4, and nothing else tells the peak memory of one child")]
fn wait(child: u32) -> std::io::Result<(ExitStatus, Usage)> {
    use nix::libc;
    use std::os::unix::process::ExitStatusExt;
    let mut status = 0;
    // SAFETY: `rusage` is plain integers, for which zeroes are values.
    let mut used: libc::rusage = unsafe { std::mem::zeroed() };
    // SAFETY: both pointers are to live variables of the types that wait4 writes.
    let waited = unsafe { libc::wait4(child as libc::pid_t, &mut status, 0, &mut used) };
    if waited < 0 {
        return Err(std::io::Error::last_os_error());
    }
    let ms = |time: libc::timeval| time.tv_sec as f64 * 1e3 + time.tv_usec as f64 / 1e3;
    let usage = Usage { cpu_ms: ms(used.ru_utime) + ms(used.ru_stime), peak_mib: used.ru_maxrss as f64 / 1024.0 };
    Ok((ExitStatus::from_raw(status), usage))
}

/// The middle value; the upper one of two.
pub fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &'static str) -> Contestant<'static> {
        Contestant::new(script, move || vec![command(Path::new("sh"), &["-c".as_ref(), script.as_ref()])])
    }

    #[test]
    fn a_peer_that_fails_is_out_and_the_first_must_not() {
        let figures = compare(2, &[shell("exit 0"), shell("echo no >&2; exit 3")]).expect("the first ends well");
        assert!(figures[0].usage.as_ref().is_ok_and(|usage| usage.peak_mib > 0.1));
        assert!(figures[1].usage.as_ref().is_err_and(|message| message.starts_with("no (exit status: 3")));
        assert!(table(&figures).contains("refuses it: no"));
        assert!(compare(1, &[shell("exit 1")]).is_err());
    }

    #[test]
    fn medians() {
        assert!((median([3.0, 1.0, 2.0].into_iter()) - 2.0).abs() < 1e-9);
        assert!(median(std::iter::empty()).is_nan());
    }
}
