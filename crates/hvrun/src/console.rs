//! The door: console output and input, and the wall clock where the guests' input is live.

use crate::cli::Clock;
use crate::world::World;
use host::{FileData, InputKind, Signal};
use hvcore::{ConsoleInput, Door, Idle, VmId};
use std::time::Duration;

/// Why a run was ended from outside the guests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cut {
    /// `--timeout`.
    Timeout(Duration),
    /// `--max-output`.
    MaxOutput(u64),
    /// Ctrl-C or termination.
    Signal(Signal),
    /// Standard output takes no more; the system's reason.
    ConsoleBroken(String),
}

/// Where the first guest's input comes from.
pub enum Input {
    /// A file that was read: `--stdin FILE`.
    File {
        /// Its contents.
        data: FileData,
        /// How much was given to the guest.
        at: usize,
    },
    /// Standard input.
    Standard {
        /// Whether bytes arrive over time.
        kind: InputKind,
        /// Whether it has ended.
        ended: bool,
    },
}

/// The console of all guests.
pub struct Console<'a> {
    world: &'a World<'a>,
    input: Input,
    /// Idle time follows the wall clock.
    live: bool,
    /// Guests' names if there are several: their lines are labelled.
    labels: Option<Vec<String>>,
    /// The line that each guest has begun.
    lines: Vec<Vec<u8>>,
    /// Output that was not written yet.
    pending: Vec<u8>,
    written: u64,
    max_output: Option<u64>,
    timeout: Option<Duration>,
    started: Duration,
    /// For each guest in idle time: its vt when it began to wait, when that was, and until which vt it waits.
    waiting: Vec<Option<Waiting>>,
    cut: Option<Cut>,
}

#[derive(Clone, Copy)]
struct Waiting {
    since_vt: u64,
    since: Duration,
    until: Option<u64>,
}

impl Waiting {
    /// When the wait is over on the wall clock: a unit of vt is a nanosecond.
    fn over(&self) -> Option<Duration> {
        Some(self.since + Duration::from_nanos(self.until?.saturating_sub(self.since_vt)))
    }
}

impl<'a> Console<'a> {
    /// A console for guests of these names.
    #[must_use]
    pub fn new(world: &'a World<'a>, names: Vec<String>, input: Input, clock: Clock, max_output: Option<u64>, timeout: Option<Duration>) -> Console<'a> {
        let live_input = matches!(input, Input::Standard { kind: InputKind::Live, .. });
        let guests = names.len();
        Console {
            world,
            input,
            live: match clock {
                Clock::Auto => live_input,
                Clock::Host => true,
                Clock::Virtual => false,
            },
            labels: (guests > 1).then_some(names),
            lines: vec![Vec::new(); guests],
            pending: Vec::new(),
            written: 0,
            max_output,
            timeout,
            started: world.host.borrow().now(),
            waiting: vec![None; guests],
            cut: None,
        }
    }

    /// Writes what is left, and tells why the run was cut short, if it was.
    #[must_use]
    pub fn finish(mut self) -> Option<Cut> {
        for guest in 0..self.lines.len() {
            self.end_line(guest);
        }
        self.flush();
        self.cut
    }

    /// A begun line of a labelled guest is shown as a line.
    fn end_line(&mut self, guest: usize) {
        let Some(labels) = &self.labels else { return };
        if !self.lines[guest].is_empty() {
            self.pending.extend(format!("{}| ", labels[guest]).bytes());
            self.pending.append(&mut self.lines[guest]);
            self.pending.push(b'\n');
        }
    }

    fn flush(&mut self) {
        if self.pending.is_empty() {
            return;
        }
        let mut host = self.world.host.borrow_mut();
        let stdout = host.stdout();
        if let Err(error) = stdout.write_all(&self.pending).and_then(|()| stdout.flush()) {
            self.cut.get_or_insert(Cut::ConsoleBroken(error.to_string()));
        }
        self.pending.clear();
    }

    fn now(&self) -> Duration {
        self.world.host.borrow().now()
    }

    fn deadline(&self) -> Option<Duration> {
        self.timeout.map(|timeout| self.started.saturating_add(timeout))
    }

    /// Whether input may come that is not there yet.
    fn input_is_live(&self) -> bool {
        matches!(self.input, Input::Standard { kind: InputKind::Live, ended: false })
    }
}

/// A labelled line longer than this is broken.
const LONGEST_LINE: usize = 4096;
/// Output is written when this much waits, or at the end of a slice.
const MOST_PENDING: usize = 64 * 1024;

impl Door for Console<'_> {
    fn console_write(&mut self, vm: VmId, _vt: u64, bytes: &[u8]) {
        if self.cut.is_some() {
            return;
        }
        let room = self.max_output.map_or(u64::MAX, |most| most - self.written);
        let taken = &bytes[..bytes.len().min(usize::try_from(room).unwrap_or(usize::MAX))];
        self.written += taken.len() as u64;
        if self.labels.is_some() {
            let guest = vm.0;
            for part in taken.split_inclusive(|&byte| byte == b'\n') {
                let line = part.strip_suffix(b"\n").unwrap_or(part);
                self.lines[guest].extend_from_slice(line);
                if line.len() < part.len() {
                    // An empty line is a line too.
                    if self.lines[guest].is_empty() {
                        self.lines[guest].push(b' ');
                    }
                    self.end_line(guest);
                } else if self.lines[guest].len() > LONGEST_LINE {
                    self.end_line(guest);
                }
            }
        } else {
            self.pending.extend_from_slice(taken);
        }
        if taken.len() < bytes.len() {
            self.cut = self.max_output.map(Cut::MaxOutput);
        }
        if self.pending.len() > MOST_PENDING {
            self.flush();
        }
    }

    fn console_read(&mut self, vm: VmId, _vt: u64, buffer: &mut [u8]) -> ConsoleInput {
        if vm.0 != 0 {
            return ConsoleInput::End;
        }
        match &mut self.input {
            Input::File { data, at } => {
                let count = buffer.len().min(data.len() - *at);
                buffer[..count].copy_from_slice(&data[*at..*at + count]);
                *at += count;
                if count == 0 { ConsoleInput::End } else { ConsoleInput::Bytes(count) }
            }
            Input::Standard { ended: true, .. } => ConsoleInput::End,
            Input::Standard { kind, ended } => {
                let mut host = self.world.host.borrow_mut();
                if *kind == InputKind::Live && !host.wait_stdin(Some(Duration::ZERO)) {
                    return ConsoleInput::Nothing;
                }
                match host.stdin().read(buffer) {
                    Ok(0) => {
                        *ended = true;
                        ConsoleInput::End
                    }
                    Ok(count) => ConsoleInput::Bytes(count.min(buffer.len())),
                    Err(error) if matches!(error.kind(), std::io::ErrorKind::Interrupted | std::io::ErrorKind::WouldBlock) => ConsoleInput::Nothing,
                    // An input that cannot be read gives nothing more.
                    Err(_) => {
                        *ended = true;
                        ConsoleInput::End
                    }
                }
            }
        }
    }

    fn idle(&mut self, vm: VmId, now: u64, until: Option<u64>) -> Idle {
        if !self.live {
            return until.map_or(Idle::Wait, Idle::Until);
        }
        let wall = self.now();
        let waiting = match self.waiting[vm.0] {
            Some(waiting) if waiting.since_vt == now => Waiting { until, ..waiting },
            _ => Waiting { since_vt: now, since: wall, until },
        };
        self.waiting[vm.0] = Some(waiting);
        match (until, waiting.over()) {
            (Some(until), Some(over)) if over <= wall => {
                self.waiting[vm.0] = None;
                Idle::Until(until)
            }
            _ => Idle::Wait,
        }
    }

    fn sleep(&mut self) {
        self.flush();
        let wall = self.now();
        let next = self.waiting.iter().flatten().filter_map(Waiting::over).chain(self.deadline()).min();
        let time = next.map(|next| next.saturating_sub(wall));
        let mut host = self.world.host.borrow_mut();
        if self.input_is_live() {
            host.wait_stdin(time);
        } else {
            // Without anything to wait for only a signal ends this; look for one now and then.
            host.sleep(time.unwrap_or(Duration::from_millis(100)));
        }
    }

    fn should_stop(&mut self) -> bool {
        self.flush();
        if self.cut.is_none() {
            let signal = self.world.host.borrow().signal();
            let late = self.deadline().is_some_and(|deadline| self.now() >= deadline);
            self.cut = signal.map(Cut::Signal).or_else(|| self.timeout.filter(|_| late).map(Cut::Timeout));
        }
        self.cut.is_some()
    }
}
