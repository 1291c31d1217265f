//! `hvrun hello.s` (assembles, links, boots, runs) beside `as` and `ld`, which stop at the image.

use super::measure::{Contestant, command, compare, is_there};
use super::{Place, say};
use std::ffi::OsStr;
use std::path::Path;

/// A greeting that GNU as takes too: no `abi.s`, no difference of labels in `li`.
pub const HELLO: &str = "        .globl  main
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

/// Prints medians and their ratio.
pub fn run(place: &Place<'_>, pairs: usize) -> Result<(), String> {
    let hvrun = place.release("hvrun")?;
    let source = place.scratch.join("hello.s");
    std::fs::write(&source, HELLO).map_err(|error| format!("{}: {error}", source.display()))?;
    let (object, image) = (place.scratch.join("hello.o"), place.scratch.join("hello"));
    let mut contestants = vec![Contestant::new("hvrun hello.s", || vec![command(&hvrun, &[source.as_os_str()])])];
    if is_there("riscv64-unknown-elf-as") {
        contestants.push(Contestant::new("GNU as + ld", || {
            let assemble: [&OsStr; 4] = ["-march=rv32imac_zicsr_zifencei".as_ref(), source.as_os_str(), "-o".as_ref(), object.as_os_str()];
            let link: [&OsStr; 5] = ["-melf32lriscv".as_ref(), "-emain".as_ref(), object.as_os_str(), "-o".as_ref(), image.as_os_str()];
            vec![command(Path::new("riscv64-unknown-elf-as"), &assemble), command(Path::new("riscv64-unknown-elf-ld"), &link)]
        }));
    } else {
        say("skipped: riscv64-unknown-elf-as and ld are not installed; hvrun alone");
    }
    let figures = compare(pairs, &contestants)?;
    for (f, what) in figures.iter().zip(["assembles, links, boots, runs", "assembles and links"]) {
        let ms = f.usage.as_ref().map_err(Clone::clone)?.cpu_ms;
        say(&format!("{:<21} {ms:8.2} ms of processor time, median of {pairs} ({what})", f.name));
    }
    if let Some(peer) = figures.get(1) {
        say(&format!("ratio, pair by pair   {:8.2}", peer.ratio));
    }
    Ok(())
}
