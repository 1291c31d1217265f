//! The terminal of the process, which is raw for a while, and pseudo terminals.
//!
//! A raw terminal is of little use to the shell that comes after: it is restored when the host is dropped, also by a panic,
//! and by every signal that ends or stops the process.

use crate::{Stream, os};
use rustix::fs::OFlags;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{OptionalActions, OutputModes, Termios, tcgetattr, tcsetattr};
use signal_hook::consts::{SIGABRT, SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// What the system sends to who writes past the limit of a file's size; Linux' number, the same on x86, Arm and RISC-V.
const SIGXFSZ: i32 = 25;

/// The terminal as it was when it was first made raw, and raw.
static MODES: OnceLock<(Termios, Termios)> = OnceLock::new();
/// Whether it is to be raw.
static RAW: AtomicBool = AtomicBool::new(false);

/// Makes the terminal of standard input raw; whether it is one, and now is.
pub(crate) fn make_raw() -> bool {
    let Ok(before) = tcgetattr(rustix::stdio::stdin()) else { return false };
    let modes = MODES.get_or_init(|| {
        let mut raw = before.clone();
        raw.make_raw();
        // Lines of guests and of ours end with a line feed alone.
        raw.output_modes |= OutputModes::OPOST;
        (before, raw)
    });
    guard();
    let done = tcsetattr(rustix::stdio::stdin(), OptionalActions::Flush, &modes.1).is_ok();
    RAW.store(done, Ordering::SeqCst);
    done
}

/// The terminal is as it was before [`make_raw`]; for use also in a signal handler. Always `false`: it is not raw.
pub(crate) fn restore() -> bool {
    if RAW.swap(false, Ordering::SeqCst) {
        set(|(before, _)| before);
    }
    false
}

/// Nothing but one system call: signal handlers use it.
fn set(which: fn(&(Termios, Termios)) -> &Termios) {
    if let Some(modes) = MODES.get() {
        // There is nobody to tell that the terminal is gone.
        let _ = tcsetattr(rustix::stdio::stdin(), OptionalActions::Now, which(modes));
    }
}

/// From now on the first interrupt and the first termination are remembered; a second one ends the process, with the
/// terminal restored.
pub(crate) fn catch(interrupted: &Arc<AtomicBool>, terminated: &Arc<AtomicBool>) {
    // A file that reaches the limit of its size (`ulimit -f`) is a full disk, not the end of the process.
    register(SIGXFSZ, || {});
    for (signal, flag) in [(SIGINT, interrupted), (SIGTERM, terminated)] {
        let flag = flag.clone();
        register(signal, move || {
            if flag.swap(true, Ordering::SeqCst) {
                end_by(signal);
            }
        });
    }
}

/// Other signals that end the process restore the terminal first; while the process is stopped, it is as it was before.
fn guard() {
    static GUARDED: AtomicBool = AtomicBool::new(false);
    if GUARDED.swap(true, Ordering::SeqCst) {
        return;
    }
    for signal in [SIGHUP, SIGQUIT, SIGABRT] {
        register(signal, move || end_by(signal));
    }
    register(SIGTSTP, || {
        if RAW.load(Ordering::SeqCst) {
            set(|(before, _)| before);
        }
        let _ = signal_hook::low_level::emulate_default_handler(SIGTSTP);
    });
    // Also behind a SIGSTOP, which nobody can catch.
    register(SIGCONT, || {
        if RAW.load(Ordering::SeqCst) {
            set(|(_, raw)| raw);
        }
    });
}

fn end_by(signal: i32) {
    restore();
    let _ = signal_hook::low_level::emulate_default_handler(signal);
}

/// A signal that cannot be handled has its default effect, which is no worse than before.
#[allow(unsafe_code, reason = "signal handlers are restricted in what they may do")]
fn register(signal: i32, action: impl Fn() + Send + Sync + 'static) {
    // SAFETY: the actions above read atomics, make system calls that POSIX has on its list of async-signal-safe ones
    // (tcsetattr, sigaction, raise, kill), and neither allocate, lock nor panic.
    let _ = unsafe { signal_hook::low_level::register(signal, action) };
}

/// A pseudo terminal: what a guest has instead of a serial line to a terminal.
pub trait Terminal: Stream {
    /// The path by which programs open it.
    fn path(&self) -> &str;
    /// Takes what was typed, if anything; 0: nothing.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize>;
    /// Bytes that were written and that nobody has read yet.
    fn unread(&self) -> u64;
    /// For waiting.
    fn descriptor(&self) -> BorrowedFd<'_>;
}

struct Pty {
    /// Our side.
    controller: OwnedFd,
    /// The other side. While it is open here, readers can come and go.
    other: OwnedFd,
    path: String,
}

/// A new pseudo terminal, raw.
pub(crate) fn open() -> io::Result<Box<dyn Terminal>> {
    let controller = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?;
    grantpt(&controller)?;
    unlockpt(&controller)?;
    let path = ptsname(&controller, Vec::new())?;
    let other = rustix::fs::open(path.as_c_str(), OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC, rustix::fs::Mode::empty())?;
    let mut modes = tcgetattr(&other)?;
    modes.make_raw();
    tcsetattr(&other, OptionalActions::Now, &modes)?;
    rustix::fs::fcntl_setfl(&controller, OFlags::RDWR | OFlags::NONBLOCK)?;
    Ok(Box::new(Pty { controller, other, path: path.to_string_lossy().into_owned() }))
}

impl Stream for Pty {
    fn write_some(&mut self, bytes: &[u8], patience: Duration) -> io::Result<usize> {
        os::write_some(&self.controller, bytes, patience)
    }
}

impl Terminal for Pty {
    fn path(&self) -> &str {
        &self.path
    }

    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match rustix::io::read(&self.controller, buffer) {
            Ok(count) => Ok(count),
            Err(rustix::io::Errno::AGAIN | rustix::io::Errno::INTR) => Ok(0),
            Err(error) => Err(error.into()),
        }
    }

    fn unread(&self) -> u64 {
        rustix::io::ioctl_fionread(&self.other).unwrap_or(0)
    }

    fn descriptor(&self) -> BorrowedFd<'_> {
        self.controller.as_fd()
    }
}
