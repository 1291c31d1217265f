//! `cargo xtask bench`: processor time of whole commands, pairwise against a peer in the same run, because
//! machines drift.

use nix::sys::resource::{UsageWho, getrusage};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Runs the benchmark and prints medians and their ratio; returns what went wrong.
pub fn run(root: &Path, pairs: usize) -> Vec<String> {
    let scratch = std::env::temp_dir().join(format!("hvkit-bench-{}", std::process::id()));
    if let Err(error) = std::fs::create_dir_all(&scratch) {
        return vec![format!("{}: {error}", scratch.display())];
    }
    let result = hello(root, &scratch, pairs.max(1));
    let _ = std::fs::remove_dir_all(&scratch);
    result.err().into_iter().collect()
}

/// A greeting that GNU as takes too: no `abi.s`, no difference of labels in `li`.
const HELLO: &str = "        .globl  main
main:   la      a0, text
        li      a1, 20
        li      a6, 0
        li      a7, 0x0948564B
        ecall
        li      a0, 0
        ret

        .section .rodata
text:   .ascii  \"Hello from a guest!\\n\"
";

/// `hvrun hello.s` (assembles, links, boots, runs) beside `as` and `ld`, which stop at the image.
fn hello(root: &Path, scratch: &Path, pairs: usize) -> Result<(), String> {
    let built = Command::new("cargo").args(["build", "--release", "--locked", "--package", "hvrun"]).current_dir(root).status();
    if !built.is_ok_and(|status| status.success()) {
        return Err("`cargo build --release --package hvrun` failed".into());
    }
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    let source = scratch.join("hello.s");
    std::fs::write(&source, HELLO).map_err(|error| format!("{}: {error}", source.display()))?;
    let (object, image) = (scratch.join("hello.o"), scratch.join("hello"));
    let ours = || vec![command(&target.join("release/hvrun"), &[source.as_os_str()])];
    let peer = || {
        vec![
            command(Path::new("riscv64-unknown-elf-as"), &["-march=rv32imac_zicsr_zifencei".as_ref(), source.as_os_str(), "-o".as_ref(), object.as_os_str()]),
            command(Path::new("riscv64-unknown-elf-ld"), &["-melf32lriscv".as_ref(), "-emain".as_ref(), object.as_os_str(), "-o".as_ref(), image.as_os_str()]),
        ]
    };
    let peer_is_there = Command::new("riscv64-unknown-elf-as").arg("--version").stdout(Stdio::null()).status().is_ok();
    if !peer_is_there {
        say("skipped: riscv64-unknown-elf-as and ld are not installed; hvrun alone");
    }
    let (mut our_times, mut peer_times, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..=pairs {
        our_times.push(processor_ms(ours())?);
        if peer_is_there {
            peer_times.push(processor_ms(peer())?);
            ratios.push(our_times[our_times.len() - 1] / peer_times[peer_times.len() - 1].max(0.001));
        }
    }
    // The first pair warms the caches and is not counted.
    for times in [&mut our_times, &mut peer_times, &mut ratios] {
        times.drain(..1.min(times.len()));
    }
    say(&format!("hvrun hello.s         {:8.2} ms of processor time, median of {pairs} (assembles, links, boots, runs)", median(&mut our_times)));
    if peer_is_there {
        say(&format!("GNU as + ld           {:8.2} ms (assembles and links)", median(&mut peer_times)));
        say(&format!("ratio, pair by pair   {:8.2}", median(&mut ratios)));
    }
    Ok(())
}

fn command(program: &Path, arguments: &[&std::ffi::OsStr]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    command
}

/// User and system time of the commands, one after the other, in milliseconds.
fn processor_ms(commands: Vec<Command>) -> Result<f64, String> {
    let used = || -> Result<f64, String> {
        let usage = getrusage(UsageWho::RUSAGE_CHILDREN).map_err(|e| e.to_string())?;
        let ms = |time: nix::sys::time::TimeVal| time.tv_sec() as f64 * 1e3 + time.tv_usec() as f64 / 1e3;
        Ok(ms(usage.user_time()) + ms(usage.system_time()))
    };
    let before = used()?;
    for mut command in commands {
        let output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
        if !output.status.success() {
            return Err(format!("{command:?}: {}: {}", output.status, String::from_utf8_lossy(&output.stderr)));
        }
    }
    Ok(used()? - before)
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

#[expect(clippy::print_stdout, reason = "a benchmark prints its figures")]
fn say(line: &str) {
    println!("{line}");
}
