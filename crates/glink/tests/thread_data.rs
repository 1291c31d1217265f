//! Small programs with thread-local data, linked with picolibc's own script as Debian installs it: sections, load
//! addresses and the script's symbols are those that GNU ld gives, and so is the verdict of the script's ASSERT that a
//! copy of the data from flash to RAM has the size that it has in RAM.
#![cfg(feature = "program")]
#![allow(clippy::print_stdout, reason = "what is skipped is said")]

mod common;

use common::shape::shape;
use common::{have, run};
use host::OsHost;
use std::ffi::OsString;
use std::fmt::Write;
use std::path::Path;
use std::process::Command;

const SCRIPT: &str = "/usr/lib/picolibc/riscv64-unknown-elf/lib/picolibc.ld";
/// How many programs.
const PROGRAMS: u32 = 80;
/// Sections that a program may have, and how often in eight times: name, flags, type.
const SECTIONS: &[(&str, &str, &str, u32)] = &[
    (".data", "aw", "progbits", 5),
    (".sdata", "aw", "progbits", 4),
    (".data.x", "aw", "progbits", 1),
    (".tdata", "awT", "progbits", 6),
    (".tdata.x", "awT", "progbits", 2),
    (".tbss", "awT", "nobits", 6),
    (".tbss.x", "awT", "nobits", 3),
    (".bss", "aw", "nobits", 5),
    (".sbss", "aw", "nobits", 1),
    (".preserve", "aw", "nobits", 2),
    (".rodata", "a", "progbits", 2),
    // No line of the script names these.
    (".strange", "aw", "progbits", 1),
    (".strange_ro", "a", "progbits", 1),
];
/// What the script provides: each program uses some.
const SYMBOLS: &[&str] = &[
    "__data_start", "__data_end", "__data_size", "__data_source", "__data_source_end", "__data_source_size", "__tls_base", "__tls_end", "__tls_size", "__tls_align", "__tdata_start", "__tdata_source",
    "__tdata_source_end", "__tdata_size", "__tbss_start", "__tbss_end", "__tbss_offset", "__tbss_size", "__arm32_tls_tcb_offset", "__bss_start", "__bss_size", "__heap_start", "__global_pointer$",
];

/// Numbers that are the same in every run (Numerical Recipes' generator).
struct Numbers(u32);

impl Numbers {
    fn below(&mut self, bound: u32) -> u32 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.0 >> 16) % bound
    }
}

fn program(numbers: &mut Numbers) -> String {
    let mut text = " .globl _start\n_start: nop\n".to_string();
    text.push_str(&" nop\n".repeat(numbers.below(6) as usize));
    for (index, (name, flags, kind, often)) in SECTIONS.iter().enumerate() {
        if numbers.below(8) < *often {
            let align = [0, 0, 1, 2, 2, 3, 3, 4, 5, 6][numbers.below(10) as usize];
            let size = [0, 1, 2, 3, 4, 5, 8, 9, 13, 100, 1000][numbers.below(11) as usize];
            let _ = writeln!(text, " .section {name},\"{flags}\",@{kind}\n .p2align {align}\n .globl part{index}\npart{index}: .zero {size}");
        }
    }
    text.push_str(" .text\n");
    for name in SYMBOLS {
        if numbers.below(5) != 0 {
            let _ = writeln!(text, " .word {name}");
        }
    }
    text
}

#[test]
fn thread_data_is_where_gnu_ld_puts_it() {
    if !have("riscv64-unknown-elf-as") || !have("riscv64-unknown-elf-ld") {
        return;
    }
    if !Path::new(SCRIPT).is_file() {
        assert!(std::env::var("HVKIT_REQUIRE_PEERS").as_deref() != Ok("1"), "picolibc is not installed");
        println!("skipped: picolibc is not installed");
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = |name: &str| folder.path().join(name);
    let mut numbers = Numbers(4);
    let mut both = [0; 3];
    for number in 0..PROGRAMS {
        let text = program(&mut numbers);
        std::fs::write(path("a.s"), &text).expect("written");
        run(Command::new("riscv64-unknown-elf-as").arg("-march=rv32imac").arg(path("a.s")).arg("-o").arg(path("a.o")));
        // Without relaxation, because the two shorten different things.
        let options = ["--no-relax", "-T", SCRIPT].map(OsString::from);
        let theirs = Command::new("riscv64-unknown-elf-ld").arg("-melf32lriscv").args(&options).arg(path("a.o")).arg("-o").arg(path("theirs")).output().expect("GNU ld runs");
        let _ = std::fs::remove_file(path("ours"));
        let words: Vec<OsString> = ["glink".into()].into_iter().chain(options).chain([path("a.o").into(), "-o".into(), path("ours").into()]).collect();
        let status = glink::run(&words, &mut OsHost::new());
        assert_eq!(status == 0, theirs.status.success(), "program {number}: GNU ld says {}\n{text}", String::from_utf8_lossy(&theirs.stderr));
        if status != 0 {
            continue;
        }
        let (ours, theirs) = (shape(&std::fs::read(path("ours")).expect("written")), shape(&std::fs::read(path("theirs")).expect("written")));
        assert_eq!(ours, theirs, "program {number}, ours and GNU ld's\n{text}");
        let has = |name: &str| ours.sections.contains_key(name);
        both[usize::from(has(".tdata")) + usize::from(has(".tbss"))] += 1;
    }
    assert!(both.iter().all(|&count| count > 5) && both.iter().sum::<u32>() > PROGRAMS / 2, "programs without, with one and with both kinds of thread-local data: {both:?}");
}
