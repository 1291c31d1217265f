//! hvrun and terminals: the one that it is started from, which must be as it was on every way out, and pseudo terminals as
//! guests' consoles.

use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, tcgetattr};
use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

const HVRUN: &str = env!("CARGO_BIN_EXE_hvrun");
/// Longer than anything here takes, even on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Says `ready`, and echoes its input, without end.
const ECHO: &str = "        .include \"abi.s\"
        .globl  main
        .text
main:   la a0, ready
        li a1, 6
        li a6, HVK_PRINT
        li a7, HVK_EID
        ecall
1:      la a0, buffer
        li a1, 16
        li a6, HVK_READ
        ecall
        bnez a0, 2f
        beqz a1, 3f
        la a0, buffer
        li a6, HVK_PRINT
        ecall
        j 1b
3:      li a6, HVK_YIELD
        ecall
        j 1b
2:      li a0, 9
        ret
        .data
ready:  .ascii \"ready\\n\"
        .bss
buffer: .space 16
";

/// Writes a mebibyte and ends.
const FLOOD: &str = "        .include \"abi.s\"
        .globl  main
        .text
main:   la a0, text
        li a1, 0x100000
        li a6, HVK_PRINT
        li a7, HVK_EID
        ecall
        li a0, 0
        ret
        .data
text:   .fill 0x100000, 1, 'a'
";

/// Never ends, and floods its console.
fn endless_flood() -> String {
    FLOOD.replace("        li a0, 0\n        ret\n", "        j main\n")
}

fn until(what: &str, mut done: impl FnMut() -> bool) {
    let started = Instant::now();
    while !done() {
        assert!(started.elapsed() < PATIENCE, "{what}: it hangs");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A terminal of ours with hvrun in it.
struct Session {
    _folder: tempfile::TempDir,
    controller: OwnedFd,
    other: OwnedFd,
    child: Child,
}

impl Session {
    fn start(arguments: &[&str], source: &str) -> Session {
        let folder = tempfile::tempdir().expect("a folder");
        let guest = folder.path().join("guest.s");
        fs::write(&guest, source).expect("a source");
        let controller = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).expect("a terminal");
        grantpt(&controller).expect("granted");
        unlockpt(&controller).expect("unlocked");
        let path = ptsname(&controller, Vec::new()).expect("a name");
        let other = rustix::fs::open(path.as_c_str(), OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC, Mode::empty()).expect("its other side");
        assert!(tcgetattr(&other).expect("a terminal").local_modes.contains(LocalModes::ICANON));
        let stream = || Stdio::from(other.try_clone().expect("another descriptor"));
        let child = Command::new(HVRUN).args(arguments).arg(guest).stdin(stream()).stdout(stream()).stderr(stream()).spawn().expect("hvrun");
        Session { _folder: folder, controller, other, child }
    }

    /// Reads what is shown until it holds a text.
    fn read_until(&self, text: &str) -> String {
        let mut shown = Vec::new();
        let mut file = File::from(self.controller.try_clone().expect("another descriptor"));
        rustix::fs::fcntl_setfl(&file, OFlags::RDWR | OFlags::NONBLOCK).expect("not to wait");
        until(text, || {
            let mut buffer = [0; 4096];
            if let Ok(count) = file.read(&mut buffer) {
                shown.extend_from_slice(&buffer[..count]);
            }
            String::from_utf8_lossy(&shown).contains(text)
        });
        String::from_utf8_lossy(&shown).into_owned()
    }

    fn type_in(&self, bytes: &[u8]) {
        File::from(self.controller.try_clone().expect("another descriptor")).write_all(bytes).expect("typed");
    }

    /// Whether the terminal gives every key at once.
    fn is_raw(&self) -> bool {
        !tcgetattr(&self.other).expect("a terminal").local_modes.contains(LocalModes::ICANON)
    }

    fn signal(&self, name: &str) {
        signal(&self.child, name);
    }

    fn state(&self) -> String {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id())).expect("procfs");
        stat.rsplit(')').next().expect("a state").trim().chars().take(1).collect()
    }

    fn wait(&mut self) -> ExitStatus {
        wait(&mut self.child)
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn signal(child: &Child, name: &str) {
    assert!(Command::new("kill").args(["-s", name, &child.id().to_string()]).status().expect("kill").success());
}

fn wait(child: &mut Child) -> ExitStatus {
    let mut status = None;
    until("the end", || {
        status = child.try_wait().expect("a child");
        status.is_some()
    });
    status.expect("ended")
}

#[test]
fn the_terminal_is_as_before_on_every_way_out() {
    use std::os::unix::process::ExitStatusExt;
    /// Its name, how, the status, the signal.
    type Way = (&'static str, fn(&Session), Option<i32>, Option<i32>);
    let ways: [Way; 7] = [
        ("the escape key", |session| session.type_in(b"\x01x"), Some(130), None),
        ("SIGINT", |session| session.signal("INT"), Some(130), None),
        ("SIGTERM", |session| session.signal("TERM"), Some(143), None),
        ("SIGHUP", |session| session.signal("HUP"), None, Some(1)),
        ("SIGQUIT", |session| session.signal("QUIT"), None, Some(3)),
        ("SIGABRT, as when memory is used up", |session| session.signal("ABRT"), None, Some(6)),
        ("a limit", |_| {}, Some(124), None),
    ];
    for (name, end, code, by) in ways {
        let limit = if name == "a limit" { &["--timeout", "5"][..] } else { &[] };
        let mut session = Session::start(&[&["--console", "raw"], limit].concat(), ECHO);
        let shown = session.read_until("ready");
        assert!(shown.contains("Ctrl-A x ends the run"), "the escape key is shown: {shown}");
        assert!(session.is_raw(), "{name}");
        session.type_in(b"k\x03\x01\x01");
        session.read_until("k\x03\x01");
        end(&session);
        let status = session.wait();
        assert_eq!((status.code(), status.signal()), (code, by), "{name}");
        assert!(!session.is_raw(), "after {name}");
    }
}

#[test]
fn a_second_signal_ends_a_run_that_does_not_listen() {
    use std::os::unix::process::ExitStatusExt;
    let mut session = Session::start(&["--console", "raw"], ECHO);
    session.read_until("ready");
    // While it is stopped it cannot look: both signals are there when it goes on.
    session.signal("STOP");
    session.signal("TERM");
    session.signal("CONT");
    let status = session.wait();
    assert!(status.code() == Some(143) || status.signal() == Some(15), "{status}");
    assert!(!session.is_raw());
    for name in ["TERM", "INT"] {
        let mut session = Session::start(&["--console", "raw"], ECHO);
        session.read_until("ready");
        session.signal(name);
        session.signal(name);
        let status = session.wait();
        let number = if name == "TERM" { 15 } else { 2 };
        assert!(status.code() == Some(128 + number) || status.signal() == Some(number), "{name}: {status}");
        assert!(!session.is_raw(), "{name} twice");
    }
}

#[test]
fn the_terminal_is_as_before_while_hvrun_is_stopped() {
    let mut session = Session::start(&["--console", "raw"], ECHO);
    session.read_until("ready");
    session.signal("TSTP");
    until("stopped", || session.state() == "T");
    assert!(!session.is_raw(), "the shell's");
    session.signal("CONT");
    until("raw again", || session.is_raw());
    session.type_in(b"on");
    session.read_until("on");
    session.type_in(b"\x01x");
    assert_eq!(session.wait().code(), Some(130));
    assert!(!session.is_raw());
}

/// hvrun with its standard streams in pipes, and the paths of the terminals that it makes.
struct Piped {
    _folder: tempfile::TempDir,
    child: Child,
    paths: Vec<String>,
    errors: std::thread::JoinHandle<String>,
}

fn piped(arguments: &[&str], guests: &[(&str, &str)], terminals: usize) -> Piped {
    let folder = tempfile::tempdir().expect("a folder");
    let mut command = Command::new(HVRUN);
    command.args(arguments);
    for (name, source) in guests {
        fs::write(folder.path().join(name), source).expect("a source");
        command.arg(folder.path().join(name));
    }
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("hvrun");
    let mut stderr = std::io::BufReader::new(child.stderr.take().expect("piped"));
    let mut paths = Vec::new();
    let mut said = String::new();
    for _ in 0..terminals {
        let mut line = String::new();
        std::io::BufRead::read_line(&mut stderr, &mut line).expect("a line");
        assert!(line.contains("the console of guest `"), "{line}");
        paths.push(line.trim().rsplit(' ').next().expect("a path").to_string());
        said.push_str(&line);
    }
    let errors = std::thread::spawn(move || {
        let mut rest = String::new();
        let _ = stderr.read_to_string(&mut rest);
        rest
    });
    Piped { _folder: folder, child, paths, errors }
}

fn open_terminal(path: &str) -> File {
    let file = fs::OpenOptions::new().read(true).write(true).open(path).expect("the terminal is there");
    rustix::fs::fcntl_setfl(&file, OFlags::RDWR | OFlags::NONBLOCK).expect("not to wait");
    file
}

fn read_file_until(file: &mut File, text: &str) {
    let mut shown = Vec::new();
    until(text, || {
        let mut buffer = [0; 4096];
        if let Ok(count) = file.read(&mut buffer) {
            shown.extend_from_slice(&buffer[..count]);
        }
        String::from_utf8_lossy(&shown).contains(text)
    });
}

#[test]
fn each_guest_has_a_terminal_of_its_own_and_readers_come_and_go() {
    let mut run = piped(&["--console", "pty"], &[("a.s", ECHO), ("b.s", ECHO)], 2);
    assert_ne!(run.paths[0], run.paths[1]);
    for round in ["first", "second"] {
        for path in &run.paths {
            let mut terminal = open_terminal(path);
            if round == "first" {
                // Said before anybody looked; and there are no labels.
                read_file_until(&mut terminal, "ready\n");
            }
            assert!(!tcgetattr(terminal.as_fd()).expect("a terminal").local_modes.contains(LocalModes::ICANON), "raw");
            terminal.write_all(round.as_bytes()).expect("typed");
            read_file_until(&mut terminal, round);
            // The reader goes; the guest does not notice.
        }
    }
    signal(&run.child, "TERM");
    assert_eq!(wait(&mut run.child).code(), Some(143));
    assert_eq!(run.errors.join().expect("read"), "");
}

#[test]
fn a_terminal_that_nobody_reads_does_not_hold_up_its_guest_and_what_is_lost_is_said() {
    let mut run = piped(&["--console", "pty"], &[("flood.s", FLOOD)], 1);
    assert_eq!(wait(&mut run.child).code(), Some(0));
    let errors = run.errors.join().expect("read");
    assert!(errors.contains("warning[lost-output]") && errors.contains(&run.paths[0]), "{errors}");
}

#[test]
fn a_terminal_that_is_read_slowly_gives_everything_that_it_can_hold() {
    let source = FLOOD.replace("0x100000", "0xc000");
    let mut run = piped(&["--console", "pty"], &[("flood.s", &source)], 1);
    let mut terminal = open_terminal(&run.paths[0]);
    let mut count = 0;
    until("48 KiB", || {
        let mut buffer = [0; 1000];
        count += terminal.read(&mut buffer).unwrap_or(0);
        count == 0xc000
    });
    assert_eq!(wait(&mut run.child).code(), Some(0));
    assert_eq!(run.errors.join().expect("read"), "", "nothing is lost");
}

/// A reader that takes nothing holds the guests up, but not signals and limits.
#[test]
fn a_stalled_reader_does_not_make_hvrun_deaf() {
    let flood = endless_flood();
    for (arguments, name, code) in [(&[][..], "TERM", 143), (&[], "INT", 130), (&["--timeout", "1"], "", 124)] {
        let mut run = piped(arguments, &[("flood.s", &flood)], 0);
        std::thread::sleep(Duration::from_secs(1));
        if !name.is_empty() {
            signal(&run.child, name);
        }
        let started = Instant::now();
        assert_eq!(wait(&mut run.child).code(), Some(code), "{arguments:?} {name}");
        assert!(started.elapsed() < Duration::from_secs(10), "{name}: {:?}", started.elapsed());
    }
    // A pipe with a name, as a file.
    let folder = tempfile::tempdir().expect("a folder");
    let pipe = folder.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().expect("mkfifo").success());
    let console = format!("file:{}", pipe.display());
    let mut run = piped(&["--console", &console], &[("flood.s", &flood)], 0);
    assert_eq!(wait(&mut run.child).code(), Some(125));
    assert!(run.errors.join().expect("read").contains("nobody reads"));
    let reader = fs::OpenOptions::new().read(true).write(true).open(&pipe).expect("a reader");
    let mut run = piped(&["--console", &console], &[("flood.s", &flood)], 0);
    std::thread::sleep(Duration::from_secs(1));
    signal(&run.child, "TERM");
    assert_eq!(wait(&mut run.child).code(), Some(143));
    drop(reader);
}

/// The reader of a pipe goes in the middle of a flood: the run ends, and says nothing about it.
#[test]
fn a_vanished_reader_ends_the_run() {
    let mut run = piped(&[], &[("flood.s", &endless_flood())], 0);
    let mut buffer = [0; 100];
    run.child.stdout.as_mut().expect("piped").read_exact(&mut buffer).expect("some output");
    drop(run.child.stdout.take());
    assert_eq!(wait(&mut run.child).code(), Some(125));
    assert_eq!(run.errors.join().expect("read"), "");
    // A terminal that goes away, as when its window is closed.
    let mut session = Session::start(&[], &endless_flood());
    session.read_until("aaaa");
    session.controller = File::open("/dev/null").expect("nothing").into();
    assert_eq!(session.wait().code(), Some(125));
}
