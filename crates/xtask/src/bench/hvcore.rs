//! Engines: a loop like CoreMark's, compiled by gcc, under the cached interpreter, the stepper and QEMU; and how fast guests
//! start, and what a thousand of them cost.

use super::measure::{Contestant, command, compare, is_there, table, usage};
use super::Place;
use crate::say;
use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;

/// Guests that are started at once.
const GUESTS: usize = 1000;

/// Prints the figures.
pub fn run(place: &Place<'_>, pairs: usize) -> Result<(), String> {
    let hvrun = place.release("hvrun")?;
    engines(place, &hvrun, pairs)?;
    starts(place, &hvrun)
}

fn engines(place: &Place<'_>, hvrun: &Path, pairs: usize) -> Result<(), String> {
    let gcc = "riscv64-unknown-elf-gcc";
    if !is_there(gcc) {
        say(&format!("skipped: {gcc} is not installed; no comparison of engines"));
        return Ok(());
    }
    let (source, image) = (place.root.join("tests/bench/coremix.c"), place.scratch.join("coremix"));
    let mut compile = Command::new(gcc);
    compile.args(["-O2", "-march=rv32imac", "-mabi=ilp32", "-ffreestanding", "-nostdlib", "-DITERATIONS=1000"]);
    compile.args(["-Wl,--section-start=.boot=0x80000000", "-Wl,-Ttext=0x80001000", "-o"]).arg(&image).arg(&source);
    usage(vec![compile])?;
    let hvrun_with = |engine: &'static str| move || vec![command(hvrun, &[engine.as_ref(), image_of(place).as_os_str()])];
    let mut contestants = vec![Contestant::new("cached", hvrun_with("--engine=cached")), Contestant::new("stepper", hvrun_with("--engine=stepper"))];
    let qemu = Path::new("qemu-system-riscv32");
    let device = format!("loader,file={}", image.display());
    if is_there("qemu-system-riscv32") {
        let arguments = ["-M", "virt", "-display", "none", "-monitor", "none", "-serial", "none", "-bios", "none", "-device"];
        contestants.push(Contestant::new("QEMU TCG", move || {
            let arguments: Vec<&OsStr> = arguments.iter().map(AsRef::as_ref).chain([device.as_ref()]).collect();
            vec![command(qemu, &arguments)]
        }));
    } else {
        say("skipped: qemu-system-riscv32 is not installed");
    }
    let figures = compare(pairs, &contestants)?;
    say(&format!("list, matrix and state machine, gcc -O2, 178 million instructions; medians of {pairs}:"));
    say(table(&figures).trim_end());
    if let (Ok(cached), Some(stepper)) = (&figures[0].usage, figures.get(1)) {
        say(&format!("  cached: {:.0} million instructions/s, {:.1} times the stepper", 177.9e3 / cached.cpu_ms, 1.0 / stepper.ratio));
    }
    Ok(())
}

fn image_of(place: &Place<'_>) -> std::path::PathBuf {
    place.scratch.join("coremix")
}

fn starts(place: &Place<'_>, hvrun: &Path) -> Result<(), String> {
    let (source, image) = (place.scratch.join("idle.s"), place.scratch.join("idle.o"));
    std::fs::write(&source, "        .globl  main\nmain:   wfi\n        j       main\n").map_err(|error| format!("{}: {error}", source.display()))?;
    let gasm = place.release("gasm")?;
    usage(vec![command(&gasm, &[source.as_os_str(), "-o".as_ref(), image.as_os_str()])])?;
    let one = usage(vec![command(hvrun, &["--mem=16K".as_ref(), image.as_os_str()])])?;
    let mut arguments: Vec<&OsStr> = vec!["--mem=16K".as_ref()];
    arguments.extend(std::iter::repeat_n(image.as_os_str(), GUESTS));
    let many = usage(vec![command(hvrun, &arguments)])?;
    let rate = (GUESTS - 1) as f64 / (many.cpu_ms - one.cpu_ms).max(0.001) * 1e3;
    say(&format!("{GUESTS} guests of 16 KiB that run into `wfi`: {rate:.0} guests/s (linked, started, run), peak {:.1} MiB", many.peak_mib));
    Ok(())
}
