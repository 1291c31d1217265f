//! The three programs together: what the platform page promises, and bad input of every kind.

use hvkit_tests::{Outcome, root, run_program};
use std::fs;
use std::path::Path;

fn run(words: &[&str], input: &[u8]) -> Outcome {
    let words: Vec<String> = words.iter().map(ToString::to_string).collect();
    run_program(&words, input).expect("a program of ours")
}

fn write(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    fs::write(&path, text).expect("a scratch file can be written");
    path.to_string_lossy().into_owned()
}

fn example(name: &str) -> String {
    root().join("examples").join(name).join("main.s").to_string_lossy().into_owned()
}

/// Counts up in a loop of `turns` turns and exits with `code`.
fn counter(turns: u32, code: u32) -> String {
    format!(
        "        .globl _start\n_start: li t0, {turns}\n1:      addi t0, t0, -1\n        bnez t0, 1b\n        li a0, {code}\n        li a6, 1\n        li a7, 0x0948564B\n        ecall\n"
    )
}

#[test]
fn three_steps_make_the_same_as_one() {
    let scratch = tempfile::tempdir().unwrap();
    let path = |name: &str| scratch.path().join(name).to_string_lossy().into_owned();
    let source = example("01-hello");
    assert_eq!(run(&["gasm", &source, "-o", &path("hello.o")], b"").status, 0);
    assert_eq!(run(&["glink", &path("hello.o"), "-lhv", "-o", &path("hello")], b"").status, 0);
    let separate = run(&["hvrun", &path("hello")], b"");
    let together = run(&["hvrun", &source], b"");
    assert_eq!((separate.status, separate.stdout.as_str()), (0, "Hello from a guest!\n"), "{}", separate.stderr);
    assert_eq!((together.status, together.stdout), (0, separate.stdout));
}

#[test]
fn objects_and_images_are_reproducible() {
    let scratch = tempfile::tempdir().unwrap();
    let path = |name: &str| scratch.path().join(name).to_string_lossy().into_owned();
    for n in ["1", "2"] {
        assert_eq!(run(&["gasm", "-g", &example("05-user-mode"), "-o", &path(&format!("{n}.o"))], b"").status, 0);
        assert_eq!(run(&["glink", &path("1.o"), "-lhv", "-o", &path(n)], b"").status, 0);
    }
    assert_eq!(fs::read(path("1.o")).unwrap(), fs::read(path("2.o")).unwrap());
    assert_eq!(fs::read(path("1")).unwrap(), fs::read(path("2")).unwrap());
}

/// An object's source with code, tables of addresses and strings that others have too; large enough that several of
/// them are linked by several threads. A faulty one has low parts of addresses without a high part.
fn unit(number: u32, faulty: bool) -> String {
    let mut text = format!("        .globl f{number}\nf{number}: call f{}\n        ret\n        .data\n", (number * 7 + 1) % 12);
    for row in 0..3000 {
        text += &format!("t{number}_{row}: .word f{}, t{number}_{}, .text\n", row % 12, (row * 31) % 3000);
    }
    text += "        .section .rodata.str1.1, \"aMS\", @progbits, 1\n";
    for row in 0..2000 {
        text += &format!("        .asciz \"text {} of several units\"\n", row * (number + 1) % 2500);
    }
    if faulty {
        text += "        .section .far, \"ax\"\n        addi a0, a0, %pcrel_lo(f0)\n        addi a0, a0, %pcrel_lo(f1)\n";
    }
    text
}

#[test]
fn image_map_and_messages_are_the_same_with_any_number_of_threads() {
    let scratch = tempfile::tempdir().unwrap();
    let path = |name: &str| scratch.path().join(name).to_string_lossy().into_owned();
    for faulty in [false, true] {
        let objects: Vec<String> = (0..32).map(|number| path(&format!("{faulty}{number}.o"))).collect();
        for (number, object) in (0..).zip(&objects) {
            let source = write(scratch.path(), "unit.s", &unit(number, faulty));
            let made = run(&["gasm", &source, "-o", object], b"");
            assert_eq!(made.status, 0, "{}", made.stderr);
        }
        let link = |threads: &str| {
            let _ = fs::remove_file(path("image"));
            let options = ["-ef0", "-Map", &path("map"), "-o", &path("image"), "--threads", threads];
            let words: Vec<&str> = std::iter::once("glink").chain(objects.iter().map(String::as_str)).chain(options).collect();
            let outcome = run(&words, b"");
            (outcome.status, outcome.stderr, fs::read(path("image")).ok(), fs::read(path("map")).unwrap())
        };
        let alone = link("1");
        assert_eq!(alone.0, u8::from(faulty), "{}", alone.1);
        assert_eq!(alone.1.contains("error[E0512]"), faulty, "{}", alone.1);
        assert!(alone.2.as_ref().is_none_or(|image| image.len() > 1 << 20), "not worth several threads");
        for threads in ["2", "3", "8"] {
            assert!(link(threads) == alone, "{threads} threads make something else than one");
        }
    }
    assert_eq!(run(&["glink", "x.o", "--threads=0"], b"").status, 2);
}

/// (vm, exit, steps) of each line that `--trace exits` writes.
fn trace(text: &str) -> Vec<(usize, String, u64)> {
    let field = |line: &str, key: &str| line.split_whitespace().find_map(|word| word.strip_prefix(key).map(String::from));
    text.lines()
        .filter_map(|line| Some((field(line, "vm=")?.parse().ok()?, field(line, "exit=")?, field(line, "steps=")?.parse().ok()?)))
        .collect()
}

#[test]
fn classic_runs_four_guests_in_exact_slices() {
    let scratch = tempfile::tempdir().unwrap();
    let guests: Vec<String> = (0..4).map(|n| write(scratch.path(), &format!("g{n}.s"), &counter(40_000, n))).collect();
    let mut words = vec!["hvrun", "--machine", "classic", "--trace", "exits"];
    words.extend(guests.iter().map(String::as_str));
    let outcome = run(&words, b"");
    assert_eq!(outcome.status, 0, "{}", outcome.stderr);
    let exits = trace(&outcome.stderr);
    let slices: Vec<(usize, u64)> = exits.iter().filter(|(_, exit, _)| exit == "TimeSlice").map(|&(vm, _, steps)| (vm, steps)).collect();
    // Each guest needs eight whole slices and a bit: 1 or 2 instructions of `li`, 2 a turn, then the exit.
    let expected: Vec<(usize, u64)> = (1..=8).flat_map(|round| (0..4).map(move |vm| (vm, round * 10_000))).collect();
    assert_eq!(slices, expected, "every slice is exactly 10,000 steps, in rotation");
    let halts: Vec<usize> = exits.iter().filter(|(_, exit, _)| exit == "Halt").map(|&(vm, _, _)| vm).collect();
    assert_eq!(halts, [0, 1, 2, 3]);
}

#[test]
fn a_fifth_classic_guest_is_refused() {
    let hello = example("01-hello");
    let words = ["hvrun", "--machine", "classic", "-N", &hello, &hello, &hello, &hello, &hello];
    let outcome = run(&words, b"");
    assert_eq!(outcome.status, 125, "{}", outcome.stderr);
    assert!(outcome.stderr.contains("error[E0605]") && outcome.stderr.contains('4'), "{}", outcome.stderr);
    assert_eq!(outcome.stdout, "", "nothing ran");
    let four = run(&words[..8], b"");
    assert_eq!((four.status, four.stdout.lines().count()), (0, 4), "{}", four.stderr);
}

fn state_hashes(stats: &str) -> Vec<String> {
    stats.lines().filter_map(|line| Some(line.trim().strip_prefix("state hash")?.trim().to_string())).collect()
}

#[test]
fn two_runs_with_the_same_input_end_in_the_same_state() {
    let scratch = tempfile::tempdir().unwrap();
    let input = write(scratch.path(), "input.txt", "one\ntwo\nthree\n");
    let other_input = write(scratch.path(), "other.txt", "one\ntwo\nthree!\n");
    let echo = example("02-echo");
    let run_with = |file: &str| run(&["hvrun", "--stats", "--stdin", file, &echo], b"");
    let (first, second, other) = (run_with(&input), run_with(&input), run_with(&other_input));
    assert_eq!(first.status, 0, "{}", first.stderr);
    assert!(first.stdout.contains("three"), "{}", first.stdout);
    assert_eq!((&first.stdout, &first.stderr), (&second.stdout, &second.stderr));
    assert_eq!(state_hashes(&first.stderr).len(), 1);
    assert_ne!(state_hashes(&first.stderr), state_hashes(&other.stderr), "the hash tells states apart");
    let piped = run(&["hvrun", "--stats", &echo], b"one\ntwo\nthree\n");
    assert_eq!(state_hashes(&piped.stderr), state_hashes(&first.stderr), "standard input from a file is the same input");
}

#[test]
fn one_crash_does_not_stop_the_others() {
    let scratch = tempfile::tempdir().unwrap();
    let bad = write(scratch.path(), "bad.s", "        .globl main\nmain:   li t0, 64\n        lw a0, 0(t0)\n        ret\n");
    let good = write(scratch.path(), "good.s", &counter(100_000, 0));
    let hello = example("01-hello");
    let outcome = run(&["hvrun", &bad, &good, &hello], b"");
    assert_eq!(outcome.status, 134, "{}", outcome.stderr);
    assert!(outcome.stdout.contains("hello| Hello from a guest!"), "{}", outcome.stdout);
    for part in ["error[E0606]", "guest `bad` crashed", "lw a0, 0(t0)", "bad.s:3", "main+0x", "registers", "00000040", "backtrace"] {
        assert!(outcome.stderr.contains(part), "{part} is missing in\n{}", outcome.stderr);
    }
    assert!(!outcome.stderr.contains("good"), "{}", outcome.stderr);
}

#[test]
fn exit_codes_tell_causes_apart() {
    let scratch = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| write(scratch.path(), name, text);
    let seven = file("seven.s", &counter(1, 7));
    let zero = file("zero.s", &counter(1, 0));
    let huge = file("huge.s", &counter(1, 1000));
    let forever = file("forever.s", "        .globl main\nmain:   j main\n");
    let wrong = file("wrong.s", "main:   frob a0\n");
    let undefined = file("undefined.s", "        .globl main\nmain:   call nowhere\n");
    let crash = file("crash.s", "        .globl main\nmain:   unimp\n");
    let halt = file("halt.s", "        .globl main\nmain:   wfi\n        j main\n");
    let garbage = file("garbage", "this is text");
    for (words, status) in [
        (&["hvrun", &seven][..], 7),
        (&["hvrun", &zero, &seven], 0),
        (&["hvrun", "--exit-code", "any", &zero, &seven], 7),
        (&["hvrun", &huge], 123),
        (&["hvrun", "--max-instructions", "5000", &forever], 124),
        (&["hvrun", "--timeout", "0.05", &forever], 124),
        (&["hvrun", "--no-such-option", &zero], 125),
        (&["hvrun"], 125),
        (&["hvrun", &wrong], 126),
        (&["hvrun", &undefined], 126),
        (&["hvrun", &garbage], 126),
        (&["hvrun", "/no/such/file.s"], 126),
        (&["hvrun", "/"], 126),
        (&["hvrun", &crash], 134),
        (&["hvrun", &halt], 0),
        (&["hvrun", "--strict-halt", &halt], 134),
        (&["hvrun", "--max-instructions", "5000", &forever, &crash], 134),
        (&["hvrun", "--stdin", "/no/such/file", &zero], 125),
        (&["gasm", &wrong, "-o", "/dev/null"], 1),
        (&["gasm", "--no-such-option"], 2),
        (&["gasm", "/no/such/file.s"], 1),
        (&["glink", "/no/such/file.o", "-o", "/dev/null"], 1),
        (&["glink", "--no-such-option"], 2),
    ] {
        let outcome = run(words, b"");
        assert_eq!(outcome.status, status, "{words:?}\n{}{}", outcome.stdout, outcome.stderr);
        assert!(status < 120 && words[0] == "hvrun" || !outcome.stderr.is_empty(), "{words:?} says nothing");
    }
}

#[test]
fn output_and_input_limits() {
    let scratch = tempfile::tempdir().unwrap();
    let chatter = write(scratch.path(), "chatter.s", "        .include \"abi.s\"\n        .globl main\nmain:   li a0, 'x'\n        li a7, SBI_EXT_LEGACY_CONSOLE_PUTCHAR\n        ecall\n        j main\n");
    let outcome = run(&["hvrun", "--max-output", "1000", &chatter], b"");
    assert_eq!((outcome.status, outcome.stdout.len()), (124, 1000), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("--max-output"));
}

#[test]
fn damaged_files_are_refused_and_never_panic() {
    let scratch = tempfile::tempdir().unwrap();
    let path = |name: &str| scratch.path().join(name).to_string_lossy().into_owned();
    assert_eq!(run(&["gasm", "-g", &example("01-hello"), "-o", &path("a.o")], b"").status, 0);
    assert_eq!(run(&["glink", &path("a.o"), "-lhv", "-o", &path("image")], b"").status, 0);
    for name in ["a.o", "image"] {
        let whole = fs::read(path(name)).unwrap();
        let step = (whole.len() / 150).max(1);
        for length in (0..whole.len()).step_by(step).chain(0..64) {
            fs::write(path("cut"), &whole[..length]).unwrap();
            // Cut behind what is loaded, an image may still run.
            run(&["hvrun", "--max-instructions", "20000", &path("cut")], b"");
            run(&["glink", &path("cut"), "-lhv", "-o", &path("out")], b"");
        }
        for at in (0..whole.len()).step_by(step) {
            let mut damaged = whole.clone();
            damaged[at] ^= 0xff;
            fs::write(path("damaged"), &damaged).unwrap();
            run(&["hvrun", "--max-instructions", "20000", &path("damaged")], b"");
            run(&["glink", &path("damaged"), "-lhv", "-o", &path("out")], b"");
        }
    }
}

#[test]
fn json_is_lines_of_objects() {
    let outcome = run(&["hvrun", "--json", "--trace", "exits", &example("01-hello")], b"");
    let lines: Vec<serde_json::Value> = outcome.stderr.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert!(lines.iter().any(|line| line["type"] == "exit" && line["exit"] == "Hypercall"));
    let report = lines.last().expect("a report");
    assert_eq!((report["type"].as_str(), report["status"].as_u64()), (Some("report"), Some(0)));
    assert_eq!(report["guests"][0]["exits"]["Halt"], 1);
    let wrong = run(&["hvrun", "--json", "/no/such/file.s"], b"");
    assert_eq!(serde_json::from_str::<serde_json::Value>(wrong.stderr.lines().next().unwrap()).unwrap()["code"], "E0601");
}

#[test]
fn the_library_can_be_exported() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path().to_string_lossy().into_owned();
    assert_eq!(run(&["hvrun", "--export-lib", &folder], b"").status, 0);
    assert!(fs::read(scratch.path().join("libhv.a")).unwrap().starts_with(b"!<arch>\n"));
    assert!(scratch.path().join("abi.s").is_file() && scratch.path().join("hv.h").is_file());
}

/// A loop that hvrun would run for ever: what is asked for happens before it.
const IDLE: &str = "        .globl main\nmain: li a0, 0\n        ret\n";

#[test]
fn disks_of_every_wrong_kind_are_refused_and_overlays_end_with_the_run() {
    let scratch = tempfile::tempdir().unwrap();
    let guest = write(scratch.path(), "a.s", IDLE);
    let path = |name: &str| scratch.path().join(name).to_string_lossy().into_owned();
    write(scratch.path(), "empty", "");
    fs::create_dir(scratch.path().join("folder")).unwrap();
    std::process::Command::new("mkfifo").arg(path("fifo")).status().unwrap();
    std::os::unix::fs::symlink(path("nowhere"), path("dangling")).unwrap();
    std::os::unix::fs::symlink(path("loop"), path("loop")).unwrap();
    for bad in ["empty", "folder", "fifo", "dangling", "loop", "none"] {
        for options in ["", ",ro", ",overlay", ",legacy"] {
            let outcome = run(&["hvrun", "--disk", &format!("{}{options}", path(bad)), &guest], b"");
            assert_eq!(outcome.status, 125, "{bad}{options}: {}", outcome.stderr);
            assert!(outcome.stderr.contains("E0613"), "{}", outcome.stderr);
        }
    }
    // A link to a good disk is a good disk; a second writer is refused, other readers are not.
    let disk = write(scratch.path(), "disk", &"x".repeat(2048));
    std::os::unix::fs::symlink(&disk, path("link")).unwrap();
    assert_eq!(run(&["hvrun", "--disk", &path("link"), &guest], b"").status, 0);
    let twice = run(&["hvrun", "--disk", &disk, "--disk", &path("link"), &guest], b"");
    assert!(twice.status == 125 && twice.stderr.contains("in use"), "{}", twice.stderr);
    let shared = run(&["hvrun", "--disk", &format!("{disk},ro"), "--disk", &format!("{disk},overlay"), &guest], b"");
    assert_eq!(shared.status, 0, "{}", shared.stderr);
    for words in [&["--disk", "a,rw"][..], &["--device", "disc"], &["--device", "entropy,ro"], &["--device", "balloon=x"]] {
        let outcome = run(&[&["hvrun"], words, &[&guest]].concat(), b"");
        assert_eq!(outcome.status, 125, "{words:?}: {}", outcome.stderr);
    }
    let nine: Vec<&str> = ["--device", "entropy"].into_iter().cycle().take(18).collect();
    let outcome = run(&[&["hvrun"], &nine[..], &[&guest]].concat(), b"");
    assert!(outcome.status == 125 && outcome.stderr.contains("8 virtio devices"), "{}", outcome.stderr);
}

/// A raw kernel with the header of Linux's `Image` goes where it wants to be, an initial RAM disk below the devicetree.
#[test]
fn a_linux_image_is_loaded_as_its_header_says() {
    let scratch = tempfile::tempdir().unwrap();
    let path = |name: &str| scratch.path().join(name).to_string_lossy().into_owned();
    // The header of Documentation/riscv/boot-image-header.rst, with text_offset 4 MiB and image_size 64 KiB.
    let source = "
        .globl  _start
_start: j       1f
        .balign 8
        .8byte  0x400000, 0x10000, 0
        .4byte  2, 0
        .8byte  0
        .ascii  \"RISCV\\0\\0\\0RSC\\x05\"
        .4byte  0
1:      auipc   s0, 0                   # pc, a0, a1 in the exit code and on the console
        lw      t0, 0(a1)               # the devicetree's magic
        li      t1, 0xedfe0dd0
        bne     t0, t1, 2f
        bnez    a0, 2f
        li      t1, 0x80400040
        bne     s0, t1, 2f
        li      t1, 0x87000000          # the initial RAM disk: a page-aligned address below the devicetree
        li      t2, -4096
        and     a1, a1, t2
        addi    t3, a1, 0
        li      t4, 0x31323334
3:      lw      t0, 0(t3)
        beq     t0, t4, 4f
        sub     t3, t3, t2
        add     t3, t3, t2
        add     t3, t3, t2
        bgeu    t3, t1, 3b
2:      li      a0, 1
        j       5f
4:      li      a0, 7
5:      li      a6, 1
        li      a7, 0x0948564B
        ecall
";
    let file = write(scratch.path(), "kernel.s", source);
    assert_eq!(run(&["gasm", &file, "-o", &path("k.o")], b"").status, 0);
    let linked = run(&["glink", "--oformat=binary", "-Ttext=0x80400000", &path("k.o"), "-o", &path("Image")], b"");
    assert_eq!(linked.status, 0, "{}", linked.stderr);
    write(scratch.path(), "initrd", &"4321".repeat(3000));
    let outcome = run(&["hvrun", "--initrd", &path("initrd"), "--append", "console=ttyS0", &path("Image")], b"");
    assert_eq!(outcome.status, 7, "{}{}", outcome.stdout, outcome.stderr);
    let huge = run(&["hvrun", "--mem", "8M", "--initrd", &path("Image"), &path("Image"), "--dump-dtb", &path("dtb")], b"");
    assert_eq!(huge.status, 0, "{}", huge.stderr);
    assert!(fs::read(path("dtb")).unwrap().starts_with(&[0xd0, 0x0d, 0xfe, 0xed]));
    fs::write(path("big"), vec![1; 8 << 20]).unwrap();
    let outcome = run(&["hvrun", "--mem", "8M", "--initrd", &path("big"), &path("Image")], b"");
    assert!(outcome.status == 126 && outcome.stderr.contains("initial RAM disk"), "{}", outcome.stderr);
}

/// `--machine classic` with four guests that touch all their memory, in 48 KiB instead of 64: by swapping, the same.
#[test]
fn four_guests_in_48_kib_end_as_in_64() {
    let scratch = tempfile::tempdir().unwrap();
    let source = "
        .globl  main
main:   li      s0, 2000                # rounds
        csrr    s4, time
1:      la      s1, memory
        li      s2, 2
        li      s3, 4096
2:      lw      t0, 0(s1)
        add     t0, t0, s0
        sw      t0, 0(s1)
        add     s1, s1, s3
        addi    s2, s2, -1
        bnez    s2, 2b
        sw      s0, -16(sp)             # the last page
        addi    s0, s0, -1
        bnez    s0, 1b
        la      s1, memory
        lw      a0, 0(s1)
        la      t0, number
        mv      a1, a0
        li      a0, 0
        ret
        .bss
        .balign 4096
memory: .zero   4096
number: .zero   4
";
    let guest = write(scratch.path(), "a.s", source);
    let report = |host_memory: &str| {
        let path = scratch.path().join("report.json");
        let json = format!("--json={}", path.display());
        let outcome = run(&["hvrun", "--machine", "classic", "--host-mem", host_memory, "--swap", &scratch.path().to_string_lossy(), &json, &guest, &guest, &guest, &guest], b"");
        assert_eq!(outcome.status, 0, "{}", outcome.stderr);
        let text = fs::read_to_string(&path).unwrap();
        let report: serde_json::Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
        let of = |key: &str| report["guests"].as_array().unwrap().iter().map(|guest| guest[key].clone()).collect::<Vec<_>>();
        (outcome.stdout, of("state_hash"), of("pages"), of("pages_reloaded"))
    };
    let (roomy, tight) = (report("64K"), report("48K"));
    assert_eq!((&roomy.0, &roomy.1, &roomy.2), (&tight.0, &tight.1, &tight.2));
    let reloaded = |report: &[serde_json::Value]| report.iter().map(|count| count.as_u64().unwrap()).sum::<u64>();
    assert_eq!(reloaded(&roomy.3), 0);
    assert!(reloaded(&tight.3) > 0, "it was tight: {:?} pages", tight.2);
    assert_eq!(fs::read_dir(scratch.path()).unwrap().count(), 2, "the swap file had no name");
}
