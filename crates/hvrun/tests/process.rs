//! hvrun as a process: streams that are closed or full, pipes that nobody reads, signals, live input.
//!
//! What can be seen without a process of its own is tested in `tests/` of the workspace.

use std::fs;
use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

const HVRUN: &str = env!("CARGO_BIN_EXE_hvrun");
/// Longer than anything here takes, even on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Never ends.
const SPIN: &str = "main:   j main\n";
/// Sleeps for days of virtual time.
const SLEEP: &str = "main:   li t0, 1 << 5\n        csrw sie, t0\n        li t0, 0xffff\n        csrw stimecmp, t0\n        csrw stimecmph, t0\n1:      wfi\n        j 1b\n";
/// Prints a mebibyte of `a` at a time, for ever.
const SPAM: &str = "        .include \"abi.s\"\n        .text\nmain:   la a0, text\n        li a1, 0x100000\n        li a6, HVK_PRINT\n        li a7, HVK_EID\n        ecall\n        j main\n        .data\ntext:   .fill 0x100000, 1, 'a'\n";
/// Echoes its input, asking for it again and again, and ends with the input.
const POLL: &str = "        .include \"abi.s\"
        .text
main:   la a0, buffer
        li a1, 16
        li a6, HVK_READ
        li a7, HVK_EID
        ecall
        bnez a0, 2f
        bnez a1, 1f
        li a6, HVK_YIELD
        ecall
        j main
1:      la a0, buffer
        li a6, HVK_PRINT
        ecall
        j main
2:      li a0, 0
        li a6, HVK_EXIT
        ecall
        .bss
buffer: .space 16
";

struct Scratch(tempfile::TempDir);

impl Scratch {
    fn new() -> Scratch {
        Scratch(tempfile::tempdir().expect("a temporary folder"))
    }
    /// A source, whose `main` is global.
    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.path().join(name);
        fs::write(&path, format!("        .globl main\n{text}")).expect("a scratch file can be written");
        path
    }
    /// Runs a line of the shell in which `$H` is hvrun; the folder is the current one.
    fn shell(&self, line: &str) -> Outcome {
        let mut command = Command::new("sh");
        command.arg("-c").arg(line).env("H", HVRUN).current_dir(self.0.path());
        finish(command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("sh"))
    }
    fn spawn(&self, arguments: &[&str], source: &str) -> Child {
        let path = self.file("guest.s", source);
        let mut command = Command::new(HVRUN);
        command.args(arguments).arg(path).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("hvrun")
    }
}

struct Outcome {
    code: Option<i32>,
    stdout: Vec<u8>,
    stderr: String,
}

fn wait(child: &mut Child) -> ExitStatus {
    let started = Instant::now();
    loop {
        if let Some(status) = child.try_wait().expect("a child can be waited for") {
            return status;
        }
        if started.elapsed() > PATIENCE {
            let _ = child.kill();
            panic!("it hangs");
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn finish(mut child: Child) -> Outcome {
    fn collect(stream: Option<impl Read + Send + 'static>) -> std::thread::JoinHandle<Vec<u8>> {
        std::thread::spawn(move || {
            let mut bytes = Vec::new();
            if let Some(mut stream) = stream {
                let _ = stream.read_to_end(&mut bytes);
            }
            bytes
        })
    }
    let (stdout, stderr) = (collect(child.stdout.take()), collect(child.stderr.take()));
    let code = wait(&mut child).code();
    Outcome { code, stdout: stdout.join().expect("read"), stderr: String::from_utf8_lossy(&stderr.join().expect("read")).into_owned() }
}

fn signal(child: &Child, name: &str) {
    assert!(Command::new("kill").args(["-s", name, &child.id().to_string()]).status().expect("kill").success());
}

#[test]
fn streams_that_are_closed_or_full() {
    let scratch = Scratch::new();
    scratch.file("poll.s", POLL);
    scratch.file("spam.s", SPAM);
    assert_eq!(scratch.shell("\"$H\" poll.s <&-").code, Some(0), "no input is an input that has ended");
    let full = scratch.shell("\"$H\" spam.s >/dev/full");
    assert_eq!(full.code, Some(125));
    assert!(full.stderr.contains("error[E0610]") && full.stderr.contains("no space left") && !full.stderr.contains("os error"), "{}", full.stderr);
    let mute = scratch.shell("\"$H\" spam.s >/dev/full 2>&-");
    assert_eq!((mute.code, mute.stderr.as_str()), (Some(125), ""));
    let head = scratch.shell("\"$H\" spam.s | head -c 10");
    assert_eq!((head.code, head.stdout.as_slice(), head.stderr.as_str()), (Some(0), b"aaaaaaaaaa".as_slice(), ""));
    assert_eq!(scratch.shell("\"$H\" --help >/dev/full").code, Some(125), "help that nobody can read");
}

#[test]
fn a_trace_that_nobody_reads_ends_the_run() {
    let scratch = Scratch::new();
    for arguments in [&["--trace", "instructions"][..], &["--trace", "exits", "--json"]] {
        let mut child = scratch.spawn(arguments, SPIN);
        drop(child.stderr.take());
        assert_eq!(wait(&mut child).code(), Some(125), "{arguments:?}");
    }
}

#[test]
fn signals_end_a_run_at_once() {
    let scratch = Scratch::new();
    for (source, name, code) in [(SPIN, "INT", 130), (SLEEP, "INT", 130), (SLEEP, "TERM", 143), (POLL, "TERM", 143)] {
        let child = scratch.spawn(&[], source);
        // By then it runs; were it still starting, the signal would end it without a status.
        std::thread::sleep(Duration::from_secs(1));
        signal(&child, name);
        let sent = Instant::now();
        assert_eq!(finish(child).code, Some(code), "{name} while running {source}");
        assert!(sent.elapsed() < Duration::from_secs(10), "{name}: {:?}", sent.elapsed());
    }
}

#[test]
fn a_timeout_ends_live_idling() {
    let scratch = Scratch::new();
    let mut child = scratch.spawn(&["--timeout", "200ms"], SLEEP);
    let input = child.stdin.take();
    let outcome = finish(child);
    assert_eq!(outcome.code, Some(124));
    assert!(outcome.stderr.contains("stopped after 200ms (--timeout)"), "{}", outcome.stderr);
    drop(input);
}

/// CPU time of a process, in clock ticks of 10 ms.
fn ticks(child: &Child) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{}/stat", child.id())).expect("procfs");
    let fields: Vec<&str> = stat.rsplit(')').next().expect("a name").split_whitespace().collect();
    fields[11].parse::<u64>().expect("utime") + fields[12].parse::<u64>().expect("stime")
}

#[test]
fn a_guest_that_polls_for_live_input_costs_little_and_hears_at_once() {
    let scratch = Scratch::new();
    let mut child = scratch.spawn(&[], POLL);
    let mut input = child.stdin.take().expect("piped");
    let mut echo = [0; 6];
    input.write_all(b"first\n").expect("a pipe");
    child.stdout.as_mut().expect("piped").read_exact(&mut echo).expect("an echo");
    let before = ticks(&child);
    std::thread::sleep(Duration::from_secs(1));
    let used = ticks(&child) - before;
    assert!(used < 50, "{used} of 100 ticks spent waiting");
    input.write_all(b"second").expect("a pipe");
    child.stdout.as_mut().expect("piped").read_exact(&mut echo).expect("an echo");
    assert_eq!(&echo, b"second");
    drop(input);
    assert_eq!(finish(child).code, Some(0), "the end of input is seen");
}

#[test]
fn idle_time_of_short_timers_follows_the_wall_clock() {
    // A thousand waits of 50 µs are 50 ms of virtual time, all within rounds of 10 µs and their neighbours.
    let source = "main:   li t0, 1 << 5\n        csrw sie, t0\n        csrw stimecmph, zero\n        li t1, 1000\n1:      csrr t0, time\n        addi t0, t0, 500\n        csrw stimecmp, t0\n        wfi\n        addi t1, t1, -1\n        bnez t1, 1b\n        li a0, 0\n        ret\n";
    let scratch = Scratch::new();
    let started = Instant::now();
    let mut child = scratch.spawn(&[], source);
    let input = child.stdin.take();
    assert_eq!(finish(child).code, Some(0));
    assert!(started.elapsed() >= Duration::from_millis(45), "{:?}", started.elapsed());
    drop(input);
}

#[test]
fn bytes_of_a_single_guest_pass_unchanged() {
    let source = "        .include \"abi.s\"\n        .text\nmain:   la a0, text\n        li a1, 9\n        li a6, HVK_PRINT\n        li a7, HVK_EID\n        ecall\n        li a0, 0\n        ret\n        .data\ntext:   .byte 0, 27, 0x5b, 0x33, 0xff, 0xfe, 13, 10, 0x80\n";
    let scratch = Scratch::new();
    let outcome = finish(scratch.spawn(&[], source));
    assert_eq!((outcome.code, outcome.stdout.as_slice()), (Some(0), b"\0\x1b[3\xff\xfe\r\n\x80".as_slice()));
}

#[test]
fn several_guests_lose_nothing_of_lines_without_end() {
    let scratch = Scratch::new();
    scratch.file("a.s", &SPAM.replace("j main", "li a0, 0\n        ret"));
    let outcome = scratch.shell("\"$H\" a.s a.s");
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    let text = String::from_utf8(outcome.stdout).expect("text");
    let of = |label: &str| text.lines().filter_map(|line| line.strip_prefix(label)).map(str::len).sum::<usize>();
    assert_eq!((of("a| "), of("a-2| ")), (1 << 20, 1 << 20));
}

#[test]
fn many_guests_share_one_image() {
    let scratch = Scratch::new();
    scratch.file("g.s", "main:   la a0, text\n        li a1, 3\n        addi sp, sp, -16\n        sw ra, 12(sp)\n        call hv_print\n        lw ra, 12(sp)\n        addi sp, sp, 16\n        li a0, 0\n        ret\n        .data\ntext:   .ascii \"up\\n\"\n");
    let outcome = scratch.shell("i=0; a=; while [ $i -lt 300 ]; do a=\"$a g.s\"; i=$((i+1)); done; \"$H\" $a");
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    let text = String::from_utf8(outcome.stdout).expect("text");
    assert_eq!(text.lines().count(), 300);
    assert!(text.starts_with("g| up\ng-2| up\n") && text.ends_with("g-300| up\n"), "{text}");
}

#[test]
fn a_guest_can_come_through_a_pipe() {
    let scratch = Scratch::new();
    scratch.file("real", "main:   li a0, 7\n        ret\n");
    assert_eq!(scratch.shell("mkfifo guest.s && { cat real > guest.s & } ; \"$H\" guest.s").code, Some(7));
}
