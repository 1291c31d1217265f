//! Disks that are full, unreadable or no disks, under a guest's disk, its overlay and the swap file: the guest gets the status
//! that virtio has for it, hvrun goes on and says what was wrong, the guest beside it is as it would be otherwise.

#![expect(clippy::print_stdout, reason = "how many cases were tried is part of the result")]

use host::{DiskFaults, MemoryHost};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::process::Command;

const HVRUN: &str = env!("CARGO_BIN_EXE_hvrun");

/// Makes requests of a disk in slot 0 and prints the status of each: for (kind, sector) of each entry of a list.
const DRIVER: &str = r#"
        .include "abi.s"
        .equ    SLOT, 0x10001000
        .macro  set register, value
        li      t0, \value
        sw      t0, \register(s0)
        .endm
        .globl  main
        .text
main:   addi    sp, sp, -16
        sw      ra, 12(sp)
        li      s0, SLOT
        set     0x70, 0
        set     0x70, 3
        set     0x24, 1
        set     0x20, 1
        set     0x24, 0
        set     0x14, 0
        lw      t0, 0x10(s0)                    # what it offers of flush, discard, write zeroes
        li      t1, 0x6200
        and     t0, t0, t1
        sw      t0, 0x20(s0)
        set     0x70, 11
        set     0x30, 0
        set     0x38, 8
        la      t0, descriptors
        sw      t0, 0x80(s0)
        la      t0, available
        sw      t0, 0x90(s0)
        la      t0, used
        sw      t0, 0xa0(s0)
        set     0x44, 1
        set     0x70, 15
        la      s1, requests
        li      s2, 0                           # requests so far
next:   lw      t1, 0(s1)                       # kind
        bltz    t1, end
        lw      t2, 4(s1)                       # sector
        la      t3, header
        sw      t1, 0(t3)
        sw      t2, 8(t3)
        la      t4, descriptors
        sw      t3, 0(t4)
        li      t5, 16
        sw      t5, 8(t4)
        li      t5, 1 | 1 << 16
        sw      t5, 12(t4)
        la      t3, data
        li      t5, 512
        li      t6, 1 | 2 << 16
        beqz    t1, reads
        addi    a0, t1, -1
        beqz    a0, place
        addi    a0, t1, -4
        beqz    a0, flush
        # discard or write zeroes: a range
        la      t3, range
        sw      t2, 0(t3)
        sw      zero, 4(t3)
        li      t5, 8
        sw      t5, 8(t3)
        sw      zero, 12(t3)
        la      a0, header
        sw      zero, 8(a0)
        li      t5, 16
        j       place
reads:  ori     t6, t6, 2
        j       place
flush:  li      t5, 1 | 2 << 16                 # header, status
        sw      t5, 12(t4)
        j       status_at
place:  sw      t3, 16(t4)
        sw      t5, 24(t4)
        sw      t6, 28(t4)
status_at:
        la      t3, status
        li      t5, 0xee
        sb      t5, 0(t3)
        sw      t3, 32(t4)
        li      t5, 1
        sw      t5, 40(t4)
        li      t5, 2
        sw      t5, 44(t4)
        la      t3, available
        addi    s2, s2, 1
        sh      s2, 2(t3)
        fence
        sw      zero, 0x50(s0)
        lbu     a0, status
        call    hv_print_udec
        addi    s1, s1, 8
        j       next
end:    lw      t0, 0x70(s0)                    # the device is still a good one
        li      a0, 15
        sub     a0, t0, a0
        lw      ra, 12(sp)
        addi    sp, sp, 16
        ret
        .data
        .balign 4
REQUESTS
        .word   -1
        .bss
        .balign 4096
descriptors: .space 128
        .balign 4096
available: .space 64
        .balign 4096
used:   .space  128
header: .space  16
range:  .space  16
status: .space  4
data:   .space  512
"#;

/// A guest without a disk that works for some slices.
const NEIGHBOUR: &str = "        .globl main\nmain:   li t0, 30000\n1:      addi t0, t0, -1\n        sw t0, here, t1\n        bnez t0, 1b\n        li a0, 0\n        ret\n        .data\nhere:   .word 0\n";

/// Writes and reads all of its memory again and again.
const TOUCHER: &str = "        .globl main\nmain:   li s0, 200\n1:      la t0, pages\n        li t1, 2\n2:      lw t2, 0(t0)\n        add s1, s1, t2\n        add t2, t2, s0\n        addi t2, t2, 1\n        sw t2, 0(t0)\n        li t3, 4096\n        add t0, t0, t3\n        addi t1, t1, -1\n        bnez t1, 2b\n        addi s0, s0, -1\n        bnez s0, 1b\n        li a0, 0\n        ret\n        .bss\npages:  .space 8192\n";

fn driver(requests: &[(u32, u32)]) -> String {
    let list: String = requests.iter().map(|(kind, sector)| format!("        .word   {kind}, {sector}\n")).collect();
    DRIVER.replace("REQUESTS", &format!("requests:\n{list}"))
}

struct Outcome {
    status: u8,
    output: String,
    errors: String,
    /// State hashes by guest's name, and how each ended.
    guests: BTreeMap<String, (String, String)>,
}

fn run(host: MemoryHost, words: &[&str]) -> Outcome {
    let mut host = host;
    let arguments: Vec<OsString> = ["hvrun", "--json=report", "--timeout", "60"].iter().chain(words).map(OsString::from).collect();
    let status = hvrun::run(&arguments, &mut host);
    let report = host.files.get(std::path::Path::new("report")).map(|bytes| String::from_utf8_lossy(bytes).into_owned()).unwrap_or_default();
    let mut guests = BTreeMap::new();
    for line in report.lines() {
        let line: serde_json::Value = serde_json::from_str(line).expect("JSON");
        for guest in line["guests"].as_array().into_iter().flatten() {
            let text = |key: &str| guest[key].as_str().unwrap_or("").to_string();
            guests.insert(text("name"), (text("state_hash"), text("stop")));
        }
    }
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Outcome { status, output: text(&host.output), errors: text(&host.errors), guests }
}

fn with_driver(requests: &[(u32, u32)], faults: DiskFaults, mode: &str) -> Outcome {
    let host = MemoryHost { faults, ..MemoryHost::new() };
    let host = host.with_file("driver.s", driver(requests)).with_file("neighbour.s", NEIGHBOUR).with_file("disk", vec![7; 64 * 512]);
    run(host, &["-g", &format!("image=driver.s,disk=disk{mode}"), "neighbour.s"])
}

/// What the driver printed, without the neighbour's lines (it prints none).
fn statuses(outcome: &Outcome) -> String {
    outcome.output.trim_start_matches("driver| ").trim().to_string()
}

const READ: u32 = 0;
const WRITE: u32 = 1;
const FLUSH: u32 = 4;
const DISCARD: u32 = 11;
const ZEROES: u32 = 13;

#[test]
fn a_disk_that_fails_gives_its_guest_an_io_error_and_nobody_else() {
    let good = with_driver(&[(WRITE, 0), (READ, 0)], DiskFaults::default(), "");
    assert_eq!((good.status, statuses(&good).as_str(), good.errors.as_str()), (0, "00", ""));
    let neighbour = good.guests["neighbour"].0.clone();
    // Below sector 16 all is well; there the disk is full, or cannot be read.
    let edge = Some(16 * 512);
    let full = DiskFaults { full_from: edge, ..DiskFaults::default() };
    let unreadable = DiskFaults { unreadable_from: edge, ..DiskFaults::default() };
    let unsafe_disk = DiskFaults { flush: true, ..DiskFaults::default() };
    let requests = [(WRITE, 0), (WRITE, 15), (WRITE, 16), (WRITE, 63), (READ, 0), (READ, 15), (READ, 16), (READ, 63), (FLUSH, 0), (ZEROES, 0), (ZEROES, 12), (DISCARD, 12), (FLUSH, 0), (READ, 0)];
    let mut cases = 0;
    for (mode, faults, expected, said) in [
        ("", DiskFaults::default(), "00000000000000", false),
        ("", full, "00110000001100", true),
        ("", unreadable, "00000011000000", true),
        ("", unsafe_disk, "00000000100010", true),
        // Nothing is written to the image, and what is in the overlay need not be made safe.
        (",overlay", DiskFaults::default(), "00000000000000", false),
        (",overlay", full, "00110000001100", true),
        (",overlay", unreadable, "00000011000000", true),
        (",overlay", unsafe_disk, "00000000000000", false),
        // A read-only disk refuses by itself.
        (",ro", DiskFaults::default(), "11110000011100", false),
        (",ro", full, "11110000011100", false),
        (",ro", unreadable, "11110011011100", true),
    ] {
        let outcome = with_driver(&requests, faults, mode);
        let place = format!("disk{mode} with {faults:?}: {}", outcome.errors);
        assert_eq!((outcome.status, statuses(&outcome).as_str()), (0, expected), "{place}");
        assert_eq!(outcome.errors.matches("warning[disk-error]").count(), usize::from(said), "{place}");
        assert_eq!(outcome.guests["neighbour"].0, neighbour, "{place}");
        cases += requests.len();
    }
    println!("{cases} requests to disks that fail");
}

#[test]
fn swap_that_fails_ends_the_guests_that_need_it() {
    let classic = |faults: DiskFaults, host_memory: &str| {
        let host = MemoryHost { faults, ..MemoryHost::new() };
        let guests = ["a", "b", "c", "d"].map(|name| format!("name={name},image=touch.s"));
        let words: Vec<&str> = ["--machine", "classic", "-N", "--host-mem", host_memory].into_iter().chain(guests.iter().flat_map(|guest| ["-g", guest.as_str()])).collect();
        run(host.with_file("touch.s", TOUCHER), &words)
    };
    let roomy = classic(DiskFaults::default(), "64K");
    assert_eq!((roomy.status, roomy.errors.as_str()), (0, ""));
    let mut cases = 0;
    for engine_memory in ["32K", "24K", "20K"] {
        let swapping = classic(DiskFaults::default(), engine_memory);
        assert_eq!((swapping.status, &swapping.guests), (0, &roomy.guests), "{engine_memory}: {}", swapping.errors);
        for faults in [
            DiskFaults { full_from: Some(0), ..DiskFaults::default() },
            DiskFaults { full_from: Some(2 * 4096), ..DiskFaults::default() },
            DiskFaults { full_from: Some(2 * 4096 + 100), ..DiskFaults::default() },
            DiskFaults { unreadable_from: Some(0), ..DiskFaults::default() },
            DiskFaults { unreadable_from: Some(4096), ..DiskFaults::default() },
        ] {
            let outcome = classic(faults, engine_memory);
            let failed = outcome.guests.values().filter(|(_, stop)| stop != "exit").count();
            assert!(failed > 0 || outcome.guests == roomy.guests, "{faults:?}");
            assert_eq!(outcome.status, if failed > 0 { 125 } else { 0 }, "{faults:?}: {}", outcome.errors);
            for (name, (hash, stop)) in &outcome.guests {
                match stop.as_str() {
                    // What lies in swap when a guest has ended belongs to its state; if it cannot be read, that is not known.
                    "exit" => assert!(*hash == roomy.guests[name].0 || faults.unreadable_from.is_some(), "{faults:?}: guest {name}"),
                    "out-of-host-memory" => assert!(outcome.errors.contains("error[E0609]"), "{}", outcome.errors),
                    "swap-lost" => assert!(faults.unreadable_from.is_some() && outcome.errors.contains("error[E0614]"), "{}", outcome.errors),
                    other => panic!("{faults:?}: guest {name}: {other}"),
                }
            }
            cases += 1;
        }
    }
    println!("{cases} ways for the swap file to fail");
}

/// The limit of a file's size is met with a signal that would end the process.
#[test]
fn a_limit_of_file_sizes_is_a_full_disk() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    fs::write(path("driver.s"), driver(&[(WRITE, 0), (WRITE, 4000), (READ, 0), (READ, 4000), (FLUSH, 0)])).expect("a source");
    fs::write(path("touch.s"), TOUCHER).expect("a source");
    let shell = |line: &str| {
        fs::File::create(path("disk")).and_then(|file| file.set_len(4 << 20)).expect("a disk");
        let output = Command::new("sh").arg("-c").arg(line).env("H", HVRUN).env("TMPDIR", folder.path()).current_dir(folder.path()).output().expect("sh");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    };
    // 512 KiB, in blocks of 512 bytes.
    for disk in ["disk", "disk,overlay"] {
        let (code, output, errors) = shell(&format!("ulimit -f 1024; \"$H\" --disk {disk} driver.s"));
        assert_eq!((code, output.as_str()), (Some(0), "01000"), "{disk}: {errors}");
        assert!(errors.contains("warning[disk-error]") && errors.contains("file too large"), "{errors}");
    }
    let (code, _, errors) = shell("ulimit -f 8; \"$H\" --machine classic -N --host-mem 20K touch.s touch.s touch.s touch.s");
    assert_eq!(code, Some(125), "{errors}");
    assert!(errors.contains("error[E0609]") && errors.contains("the swap file could not be written"), "{errors}");
}

#[test]
fn what_is_no_disk_is_refused_and_what_is_one_works() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    fs::write(path("driver.s"), driver(&[(READ, 0), (WRITE, 0)])).expect("a source");
    let shell = |line: &str| {
        let output = Command::new("timeout").args(["30", "sh", "-c", line]).env("H", HVRUN).current_dir(folder.path()).output().expect("sh");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    };
    shell("truncate -s 8K good; truncate -s 700 odd; truncate -s 1 tiny; truncate -s 1T huge; : > empty; mkdir folder; mkfifo fifo; ln -s good link; ln -s nothing dangling; ln -s loop loop; ln -s folder to-folder; truncate -s 8K with,comma");
    let mut cases = 0;
    for (disk, reason) in [
        ("empty", "it is empty"),
        ("folder", "it is a directory"),
        ("to-folder", "it is a directory"),
        ("fifo", "it is a pipe"),
        ("dangling", "no such file"),
        ("loop", "too many levels of symbolic links"),
        ("nothing", "no such file"),
        ("good/inside", "not a directory"),
        ("/dev/full", "a device that is no disk"),
        ("/dev/null", "a device that is no disk"),
        ("/dev/zero", "a device that is no disk"),
        ("/dev/tty", "a device that is no disk"),
    ] {
        for mode in ["", ",ro", ",overlay", ",legacy"] {
            let (code, output, errors) = shell(&format!("\"$H\" --disk {disk}{mode} driver.s"));
            assert_eq!((code, output.as_str()), (Some(125), ""), "{disk}{mode}: {errors}");
            assert!(errors.contains("error[E0613]") && errors.to_lowercase().contains(reason), "{disk}{mode}: {errors}");
            cases += 1;
        }
    }
    for (disk, warns) in [("good", false), ("link", false), ("odd", true), ("tiny", true), ("huge", false), ("with,comma", false)] {
        for mode in ["", ",overlay", ",ro"] {
            let (code, output, errors) = shell(&format!("\"$H\" --disk {disk}{mode} driver.s"));
            assert_eq!((code, output.as_str()), (Some(0), if mode == ",ro" { "01" } else { "00" }), "{disk}{mode}: {errors}");
            // The first run without a mode makes a whole number of sectors of it.
            assert_eq!(errors.contains("warning[disk-size]"), warns && mode.is_empty(), "{disk}{mode}: {errors}");
            cases += 1;
        }
    }
    assert_eq!((fs::metadata(path("odd")).expect("there").len(), fs::metadata(path("tiny")).expect("there").len()), (700, 512), "grown where it was written");
    assert!(fs::symlink_metadata(path("link")).expect("there").is_symlink(), "a link stays one");
    // A second writer is refused, also under another name; readers share.
    let (code, _, errors) = shell("\"$H\" -g image=driver.s,disk=good -g image=driver.s,disk=link");
    assert_eq!(code, Some(125));
    assert!(errors.contains("in use"), "{errors}");
    assert_eq!(shell("\"$H\" -g image=driver.s,disk=good,ro -g image=driver.s,disk=link,overlay").0, Some(0));
    println!("{cases} disks");
}
