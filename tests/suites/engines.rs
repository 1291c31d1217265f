//! The engines agree: the same exits at the same steps, the same output, the same state at the end; on every example, on
//! the cases of the supervisor architecture, and on what gcc makes of C.

use hvkit_tests::{Outcome, files_below, root, run_peer, run_program};
use peers::have;
use std::path::{Path, PathBuf};

/// Runs a guest under an engine with a line for each exit, statistics and state hashes.
fn run(engine: &str, guest: &Path, input: &[u8]) -> Outcome {
    let words = ["hvrun", "--engine", engine, "--trace", "exits", "--stats", "--max-instructions", "2000000", &guest.to_string_lossy()];
    run_program(&words.map(String::from), input).expect("a program of ours")
}

fn compare(guest: &Path, input: &[u8]) {
    let (stepper, cached) = (run("stepper", guest, input), run("cached", guest, input));
    let differing = stepper.stderr.lines().zip(cached.stderr.lines()).find(|(a, b)| a != b);
    assert_eq!(differing, None, "{}", guest.display());
    assert_eq!((stepper.status, stepper.stdout, stepper.stderr.len()), (cached.status, cached.stdout, cached.stderr.len()), "{}", guest.display());
    assert!(stepper.stderr.contains("state hash"), "{}: {}", guest.display(), stepper.stderr);
}

#[test]
fn engines_agree_on_examples_and_cases() {
    let sources: Vec<PathBuf> = ["examples", "tests/cases/supervisor", "tests/cases/guest-lib"].iter().flat_map(|folder| files_below(&root().join(folder), "s")).collect();
    let mut compared = 0;
    for source in sources {
        let is_guest = source.file_name().is_some_and(|name| name == "main.s") || source.components().any(|part| part.as_os_str() == "cases");
        if is_guest {
            compare(&source, b"7 plus 35\nanother line\n");
            compared += 1;
        }
    }
    assert!(compared >= 20, "only {compared} guests were compared");
}

#[test]
fn engines_agree_on_compiled_c() {
    let gcc = "riscv64-unknown-elf-gcc";
    if !have(gcc) {
        return;
    }
    let scratch = tempfile::tempdir().expect("a scratch folder");
    let image = scratch.path().join("coremix");
    let source = root().join("tests/bench/coremix.c");
    for level in ["-O0", "-O2", "-Os"] {
        for isa in ["-march=rv32imac", "-march=rv32im", "-march=rv32imac_zba_zbb_zbs"] {
            let arguments = [level, isa, "-mabi=ilp32", "-ffreestanding", "-nostdlib", "-DITERATIONS=3", "-Wl,--section-start=.boot=0x80000000", "-Wl,-Ttext=0x80001000", "-o"];
            let arguments: Vec<&std::ffi::OsStr> = arguments.iter().map(AsRef::as_ref).chain([image.as_os_str(), source.as_os_str()]).collect();
            let _ = run_peer(gcc, &arguments);
            compare(&image, b"");
        }
    }
}
