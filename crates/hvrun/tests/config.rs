//! Configuration files through the whole program: whatever is wrong with what they name is said at the place that names it.

#![expect(clippy::print_stdout, reason = "how many cases were tried is part of the result")]

use host::MemoryHost;
use std::ffi::OsString;

const GUEST: &str = "        .globl main\nmain:   li a0, 0\n        ret\n";

fn run(config: &str, words: &[&str]) -> (u8, String, String) {
    let mut host = MemoryHost::new().with_file("x/vms.toml", config).with_file("x/a.s", GUEST).with_file("x/bad.s", "main: frobnicate\n").with_file("x/disk", vec![0; 4096]).with_file("x/empty", "");
    let arguments: Vec<OsString> = ["hvrun", "--timeout", "20", "--config", "x/vms.toml"].iter().chain(words).map(OsString::from).collect();
    let status = hvrun::run(&arguments, &mut host);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (status, text(&host.output), text(&host.errors))
}

#[test]
fn what_a_file_names_is_looked_for_and_missed_at_its_place() {
    const A: &str = "[[guest]]\nimage = \"a.s\"\n";
    let five = A.repeat(5);
    let cases: &[(&str, u8, &[&str])] = &[
        ("[[guest]]\nimage = \"none.s\"\n", 126, &["E0601", "vms.toml:2:9", "cannot read x/none.s"]),
        ("[[guest]]\nimage = [\"a.s\", \"none.o\"]\n", 126, &["E0601", "vms.toml:2:17"]),
        ("[[guest]]\nimage = \"empty\"\n", 126, &["E0602", "vms.toml:2:9"]),
        // What has a place of its own keeps it.
        ("[[guest]]\nimage = \"bad.s\"\n", 126, &["E0101", "x/bad.s:1:7"]),
        (&format!("{A}initrd = \"none\"\n"), 125, &["E0601", "vms.toml:3:10"]),
        (&format!("{A}stdin = \"none\"\n"), 125, &["E0601", "vms.toml:3:9"]),
        (&format!("{A}disk = [\"disk\", \"none,ro\"]\n"), 125, &["E0613", "vms.toml:3:17"]),
        (&format!("{A}disk = \"empty\"\n"), 125, &["E0613", "vms.toml:3:8", "it is empty"]),
        (&format!("{A}mem = 1000\n"), 125, &["E0605", "vms.toml:3:7"]),
        (&format!("{A}mem = \"4G\"\n"), 125, &["E0605", "vms.toml:3:7", "2 GiB"]),
        (&format!("{A}mem = \"4K\"\n"), 126, &["E0604", "vms.toml:3:7", "bytes by section"]),
        (&format!("{A}device = [{}]\n", "\"entropy\", ".repeat(9)), 125, &["E0605", "vms.toml:3:11"]),
        (&format!("{A}console = \"file:y/log\"\n"), 125, &["E0611", "vms.toml:3:11"]),
        (&format!("{A}console = \"pty\"\n"), 125, &["E0610", "vms.toml:3:11"]),
        (&format!("console = \"pty\"\n{A}"), 125, &["E0610", "vms.toml:1:11"]),
        (&format!("machine = \"classic\"\nomagic = true\n{five}"), 125, &["E0605", "vms.toml:11:1"]),
        (&format!("{A}load-at = 0x80000000\n"), 126, &["E0603", "vms.toml:2:9", "--load-at is for flat binaries"]),
    ];
    for (config, status, parts) in cases {
        let (found, _, errors) = run(config, &[]);
        assert_eq!(found, *status, "{config}\n{errors}");
        for part in *parts {
            assert!(errors.contains(part), "{config}: {part:?} is not in\n{errors}");
        }
    }
    println!("{} configurations that name what is not there", cases.len());
}

#[test]
fn guests_of_a_file_and_of_the_command_line_run_together() {
    let (status, _, errors) = run("slice = 77\n[[guest]]\nname = \"one\"\nimage = \"a.s\"\nmem = \"64K\"\n", &["x/a.s", "--stats"]);
    assert_eq!(status, 0, "{errors}");
    assert!(errors.contains("guest `one` (vm 0)") && errors.contains("guest `a` (vm 1)") && errors.contains("of 16\n") && errors.contains("of 32768\n"), "{errors}");
    assert_eq!(run("nothing = 1", &[]).0, 125);
    let mut host = MemoryHost::new();
    assert_eq!(hvrun::run(&["hvrun", "--config", "none.toml"].map(OsString::from), &mut host), 125);
    assert!(String::from_utf8_lossy(&host.errors).contains("cannot use none.toml (--config): no such file"));
}

/// Files that are nearly right: each byte changed, taken away, doubled; each beginning. Nothing panics, and a file that is
/// refused says where.
#[test]
fn every_mutation_of_a_file_is_judged() {
    let good = "machine = \"virt\" # comment\nhost-mem = \"64M\"\nslice = 5_000\nstats = false\nisa = ['-sstc']\n[[guest]]\nimage = \"a.s\"\ndisk = [\"disk,ro\"]\nmem = 0x1_0000\nappend = \"\"\"a\nb\"\"\"\n[[guest]]\nimage = [\"a.s\"]\n";
    assert_eq!(run(good, &[]).0, 0);
    let mut tried = 0;
    let mut refused = 0;
    let mut judge = |bytes: &[u8]| {
        let mut host = MemoryHost::new().with_file("vms.toml", bytes).with_file("a.s", "main: frobnicate\n");
        let status = hvrun::run(&["hvrun", "--config", "vms.toml"].map(OsString::from), &mut host);
        let errors = String::from_utf8_lossy(&host.errors).into_owned();
        assert!(status == 125 || status == 126, "{status}: {}\n{errors}", String::from_utf8_lossy(bytes));
        // The source is wrong, so that nothing runs; what is wrong with the file comes first.
        if status == 125 {
            assert!(errors.contains("error[E0615]"), "{}\n{errors}", String::from_utf8_lossy(bytes));
            refused += 1;
        }
        tried += 1;
    };
    let good = good.as_bytes();
    for at in 0..good.len() {
        judge(&good[..at]);
        for byte in *b"\0\"'[]{}=#.,\n-9z\xff" {
            let mut changed = good.to_vec();
            changed[at] = byte;
            judge(&changed);
        }
        judge(&[&good[..at], &good[at + 1..]].concat());
        judge(&[&good[..=at], &good[at..]].concat());
    }
    assert!(refused > tried / 2);
    println!("{tried} mutations, {refused} of them refused");
}
