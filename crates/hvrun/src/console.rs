//! The door: console output and input, and the wall clock where the guests' input is live.

use crate::cli::Clock;
use crate::world::World;
use crate::drive::Drives;
use host::{FileData, InputKind, Signal, Stream, Terminal};
use hvcore::{ConsoleInput, DiskError, Door, Idle, VmId};
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
    /// Whoever read the console, or the trace, has ended, as `head` does.
    ReaderGone,
    /// Trace lines cannot be written any more; the system's reason.
    TraceBroken(String),
}

/// Where a guest's input comes from.
pub enum Input {
    /// Nowhere: it has ended.
    None,
    /// A file that was read.
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
        /// The terminal is raw: keys are looked at for the escape key.
        escape: Option<Escape>,
    },
    /// What is typed at the pseudo terminal to which the guest's output goes.
    Terminal,
}

/// Where output goes.
pub enum Sink {
    /// Standard output.
    Standard,
    /// A file or a pipe.
    File(Box<dyn Stream>),
    /// A pseudo terminal.
    Terminal(Box<dyn Terminal>),
}

/// The output of one guest or of several, on its way.
pub struct Output {
    /// Where it goes.
    pub sink: Sink,
    /// Several guests write to it: their lines are labelled.
    pub labelled: bool,
    /// Bytes that were not written yet.
    pending: Vec<u8>,
    /// Bytes that were given up because a terminal took no more.
    lost: u64,
}

impl Output {
    /// Output that goes there.
    #[must_use]
    pub fn new(sink: Sink) -> Output {
        Output { sink, labelled: false, pending: Vec::new(), lost: 0 }
    }
}

/// What the guests see of the world.
pub struct Outside {
    /// Console input, by guest.
    pub inputs: Vec<Input>,
    /// Where console output goes.
    pub outputs: Vec<Output>,
    /// Which of the outputs each guest has.
    pub output_of: Vec<usize>,
    /// The disks.
    pub drives: Drives,
}

/// Looks for the escape key, Ctrl-A, in what is typed: `x` behind it ends the run, a second one is one for the guest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Escape {
    begun: bool,
}

impl Escape {
    /// Takes the escape key and what follows it out of the first `count` bytes; gives how many are left, and whether the
    /// run ends.
    fn filter(&mut self, bytes: &mut [u8], count: usize) -> (usize, bool) {
        let mut kept = 0;
        for at in 0..count {
            match (bytes[at], std::mem::take(&mut self.begun)) {
                (b'x' | b'X', true) => return (kept, true),
                (CTRL_A, false) => self.begun = true,
                (byte, _) => {
                    bytes[kept] = byte;
                    kept += 1;
                }
            }
        }
        (kept, false)
    }
}

/// The escape key.
const CTRL_A: u8 = 1;

/// How a run ended, as seen from outside the guests.
pub struct End {
    /// Why it was cut short, if it was.
    pub cut: Option<Cut>,
    /// What went wrong with disks, by guest.
    pub disk_problems: Vec<(usize, String)>,
    /// Pseudo terminals that took less than was written, by path, and how many bytes were given up.
    pub lost: Vec<(String, u64)>,
}

/// The consoles of all guests.
pub struct Console<'a> {
    world: &'a World<'a>,
    inputs: Vec<Input>,
    outputs: Vec<Output>,
    output_of: Vec<usize>,
    drives: Drives,
    /// Idle time follows the wall clock.
    live: bool,
    /// Guests' names, for labels.
    names: Vec<String>,
    /// The line that each guest has begun, if its lines are labelled.
    lines: Vec<Vec<u8>>,
    written: u64,
    max_output: Option<u64>,
    timeout: Option<Duration>,
    started: Duration,
    /// By the first guest of each group that was idle: how its idle time follows the wall clock.
    paces: Vec<Option<Pace>>,
    /// When the first of the groups that wait is to be asked again.
    wake: Option<Duration>,
    /// A guest has looked for live input in vain: what it printed before may be a prompt.
    prompting: Option<usize>,
    cut: Option<Cut>,
}

/// A vt of a group and the wall clock's time then. From there idle time follows the wall clock: a unit of vt is a
/// nanosecond.
#[derive(Clone, Copy)]
struct Pace {
    vt: u64,
    wall: Duration,
    /// The vt at which the group was last asked for.
    asked: u64,
}

impl Pace {
    /// When the wall clock has come as far as a vt.
    fn due(&self, vt: u64) -> Duration {
        self.wall + Duration::from_nanos(vt.saturating_sub(self.vt))
    }
}

impl<'a> Console<'a> {
    /// A console for guests of these names.
    #[must_use]
    pub fn new(world: &'a World<'a>, names: Vec<String>, outside: Outside, clock: Clock, max_output: Option<u64>, timeout: Option<Duration>) -> Console<'a> {
        let Outside { inputs, mut outputs, output_of, drives } = outside;
        let live_input = inputs.iter().any(Input::is_live);
        let guests = names.len();
        for (at, output) in outputs.iter_mut().enumerate() {
            output.labelled = output_of.iter().filter(|of| **of == at).count() > 1;
        }
        Console {
            world,
            inputs,
            outputs,
            output_of,
            drives,
            live: match clock {
                Clock::Auto => live_input,
                Clock::Host => true,
                Clock::Virtual => false,
            },
            names,
            lines: vec![Vec::new(); guests],
            written: 0,
            max_output,
            timeout,
            started: world.host.borrow().now(),
            paces: vec![None; guests],
            wake: None,
            prompting: None,
            cut: None,
        }
    }

    /// Writes what is left, and tells how the run ended.
    #[must_use]
    pub fn finish(mut self) -> End {
        for guest in 0..self.lines.len() {
            self.break_line(guest);
        }
        self.flush();
        let mut lost = Vec::new();
        for output in &mut self.outputs {
            let Sink::Terminal(terminal) = &mut output.sink else { continue };
            // With the terminal goes what nobody has read. A reader that reads is waited for.
            let mut host = self.world.host.borrow_mut();
            let (mut before, mut patience) = (u64::MAX, host.now() + LAST_WORDS);
            loop {
                let left = terminal.unread() + output.pending.len() as u64;
                if left < before {
                    patience = host.now() + LAST_WORDS;
                }
                if left == 0 || self.cut.is_some() || host.signal().is_some() || host.now() > patience {
                    break;
                }
                before = left;
                let count = terminal.write_some(&output.pending, Duration::ZERO).unwrap_or(0);
                output.pending.drain(..count);
                host.sleep(Duration::from_millis(1));
            }
            let bytes = output.lost + output.pending.len() as u64;
            if bytes > 0 {
                lost.push((terminal.path().to_string(), bytes));
            }
        }
        End { cut: self.cut, disk_problems: self.drives.problems(), lost }
    }

    /// Shows the line that a guest has begun, with its label.
    fn show_line(&mut self, guest: usize) {
        let pending = &mut self.outputs[self.output_of[guest]].pending;
        pending.extend(self.names[guest].bytes());
        pending.push(b'|');
        if !self.lines[guest].is_empty() {
            pending.push(b' ');
        }
        pending.append(&mut self.lines[guest]);
        pending.push(b'\n');
    }

    /// Shows a line that has begun although it has not ended; if none has begun, nothing.
    fn break_line(&mut self, guest: usize) {
        if !self.lines[guest].is_empty() {
            self.show_line(guest);
        }
    }

    fn flush(&mut self) {
        (0..self.outputs.len()).for_each(|at| self.flush_output(at));
    }

    /// Writes what waits. A stream that takes nothing holds the run up, as long as nothing ends it; a pseudo terminal, at
    /// which perhaps nobody looks, does not.
    fn flush_output(&mut self, at: usize) {
        let mut done = 0;
        while done < self.outputs[at].pending.len() {
            let Output { sink, pending, lost, .. } = &mut self.outputs[at];
            let bytes = &pending[done..];
            let patience = if self.cut.is_some() { Duration::ZERO } else { LONGEST_SLEEP };
            let written = match sink {
                Sink::Standard => self.world.host.borrow_mut().write_stdout(bytes, patience),
                Sink::File(file) => file.write_some(bytes, patience),
                Sink::Terminal(terminal) => terminal.write_some(bytes, Duration::ZERO),
            };
            match (written, sink) {
                (Ok(0), Sink::Terminal(_)) => {
                    let surplus = bytes.len().saturating_sub(MOST_UNTAKEN);
                    *lost += surplus as u64;
                    pending.truncate(pending.len() - surplus);
                    pending.drain(..done);
                    return;
                }
                (Ok(0), _) if self.cut.is_some() => break,
                (Ok(0), _) => self.look_outside(),
                (Ok(count), _) => done += count,
                (Err(error), _) => {
                    self.cut.get_or_insert(broken(&error, Cut::ConsoleBroken));
                    break;
                }
            }
        }
        self.outputs[at].pending.clear();
    }

    /// Whether something outside the guests ends the run.
    fn look_outside(&mut self) {
        if self.cut.is_none() {
            let signal = self.world.host.borrow().signal();
            let late = self.deadline().is_some_and(|deadline| self.now() >= deadline);
            let trace = self.world.trace_broken.borrow().as_ref().map(|error| broken(error, Cut::TraceBroken));
            self.cut = signal.map(Cut::Signal).or(trace).or_else(|| self.timeout.filter(|_| late).map(Cut::Timeout));
        }
    }

    /// Waits for live input of any guest, at most this long; whether there is some.
    fn wait_for_input(&self, time: Duration) -> bool {
        let stdin = self.inputs.iter().any(|input| matches!(input, Input::Standard { .. }) && input.is_live());
        let terminals: Vec<&dyn Terminal> = self.outputs.iter().filter_map(|output| if let Sink::Terminal(terminal) = &output.sink { Some(&**terminal) } else { None }).collect();
        self.world.host.borrow_mut().wait_inputs(stdin, &terminals, Some(time))
    }

    fn now(&self) -> Duration {
        self.world.host.borrow().now()
    }

    fn deadline(&self) -> Option<Duration> {
        self.timeout.map(|timeout| self.started.saturating_add(timeout))
    }

    /// The pace of a group that idles at vt `now`. Short waits end late by themselves, and that is made up for; a
    /// group that was busy for longer than that begins anew.
    fn pace(&mut self, vm: VmId, now: u64, wall: Duration) -> Pace {
        let old = self.paces[vm.0].filter(|pace| pace.asked == now || wall <= pace.due(now) + MOST_MADE_UP);
        let pace = Pace { asked: now, ..old.unwrap_or(Pace { vt: now, wall, asked: now }) };
        self.paces[vm.0] = Some(pace);
        pace
    }

    /// The group is asked again at this time, or when input comes.
    fn wait(&mut self, until: Duration) -> Idle {
        self.wake = Some(self.wake.map_or(until, |wake| wake.min(until)));
        Idle::Wait
    }

    /// Whether input may come that is not there yet.
    fn input_is_live(&self) -> bool {
        self.inputs.iter().any(Input::is_live)
    }
}

impl Input {
    /// Whether bytes may come that are not there yet.
    fn is_live(&self) -> bool {
        match self {
            Input::Terminal | Input::Standard { kind: InputKind::Live, ended: false, .. } => true,
            Input::None | Input::File { .. } | Input::Standard { .. } => false,
        }
    }
}

/// The reason for a cut: the system's words without "(os error 28)".
fn broken(error: &std::io::Error, cut: fn(String) -> Cut) -> Cut {
    if error.kind() == std::io::ErrorKind::BrokenPipe {
        return Cut::ReaderGone;
    }
    let text = error.to_string().to_lowercase();
    cut(text.split(" (os error").next().unwrap_or(&text).to_string())
}

/// A labelled line longer than this is broken.
const LONGEST_LINE: usize = 4096;
/// Output is written when this much waits, or at the end of a slice.
const MOST_PENDING: usize = 64 * 1024;
/// The most that is kept for a pseudo terminal that takes nothing.
const MOST_UNTAKEN: usize = 64 * 1024;
/// How long the reader of a pseudo terminal is waited for at the end.
const LAST_WORDS: Duration = Duration::from_millis(250);
/// The most idle time that passes faster than the wall clock after a wait that ended late.
const MOST_MADE_UP: Duration = Duration::from_millis(1);
/// How long a guest that polls for input is kept waiting for some.
const POLL: Duration = Duration::from_millis(1);
/// Signals are looked for this often while nothing runs: one that comes just before the wait would not end it.
const LONGEST_SLEEP: Duration = Duration::from_millis(100);

impl Door for Console<'_> {
    fn console_write(&mut self, vm: VmId, _vt: u64, bytes: &[u8]) {
        if self.cut.is_some() {
            return;
        }
        let room = self.max_output.map_or(u64::MAX, |most| most - self.written);
        let taken = &bytes[..bytes.len().min(usize::try_from(room).unwrap_or(usize::MAX))];
        self.written += taken.len() as u64;
        let (guest, at) = (vm.0, self.output_of[vm.0]);
        if self.outputs[at].labelled {
            for part in taken.split_inclusive(|&byte| byte == b'\n') {
                let line = part.strip_suffix(b"\n").unwrap_or(part);
                self.lines[guest].extend_from_slice(line);
                if line.len() < part.len() || self.lines[guest].len() > LONGEST_LINE {
                    self.show_line(guest);
                }
            }
        } else {
            self.outputs[at].pending.extend_from_slice(taken);
        }
        if taken.len() < bytes.len() {
            self.cut = self.max_output.map(Cut::MaxOutput);
        }
        if self.outputs[at].pending.len() > MOST_PENDING {
            self.flush_output(at);
        }
    }

    fn console_read(&mut self, vm: VmId, _vt: u64, buffer: &mut [u8]) -> ConsoleInput {
        match &mut self.inputs[vm.0] {
            Input::None | Input::Standard { ended: true, .. } => ConsoleInput::End,
            Input::File { data, at } => {
                let count = buffer.len().min(data.len() - *at);
                buffer[..count].copy_from_slice(&data[*at..*at + count]);
                *at += count;
                if count == 0 { ConsoleInput::End } else { ConsoleInput::Bytes(count) }
            }
            Input::Terminal => {
                let Sink::Terminal(terminal) = &mut self.outputs[self.output_of[vm.0]].sink else { return ConsoleInput::End };
                match terminal.read(buffer) {
                    Ok(0) | Err(_) => {
                        self.prompting = Some(vm.0);
                        ConsoleInput::Nothing
                    }
                    Ok(count) => ConsoleInput::Bytes(count.min(buffer.len())),
                }
            }
            Input::Standard { kind, ended, escape } => {
                let mut host = self.world.host.borrow_mut();
                if *kind == InputKind::Live && !host.wait_stdin(Some(Duration::ZERO)) {
                    self.prompting = Some(vm.0);
                    return ConsoleInput::Nothing;
                }
                match host.stdin().read(buffer) {
                    Ok(0) => {
                        *ended = true;
                        ConsoleInput::End
                    }
                    Ok(count) => {
                        let count = count.min(buffer.len());
                        let (count, ends) = escape.as_mut().map_or((count, false), |escape| escape.filter(buffer, count));
                        if ends {
                            self.cut.get_or_insert(Cut::Signal(Signal::Interrupt));
                        }
                        if count == 0 { ConsoleInput::Nothing } else { ConsoleInput::Bytes(count) }
                    }
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
        let pace = self.pace(vm, now, wall);
        match until {
            None => Idle::Wait,
            Some(until) if pace.due(until) <= wall => Idle::Until(until),
            Some(until) => self.wait(pace.due(until)),
        }
    }

    fn pause(&mut self, vm: VmId, now: u64, until: u64, polls: bool) -> Idle {
        if !self.live {
            return Idle::Until(now);
        }
        let wall = self.now();
        let due = self.pace(vm, now, wall).due(now);
        if wall < due {
            return self.wait(due);
        }
        if polls && wall < due + POLL && self.input_is_live() && !self.wait_for_input(Duration::ZERO) {
            return self.wait(due + POLL);
        }
        let passed = u64::try_from((wall - due).as_nanos()).unwrap_or(u64::MAX);
        Idle::Until(now.saturating_add(passed).min(until))
    }

    fn sleep(&mut self) {
        if let Some(guest) = self.prompting.take() {
            self.break_line(guest);
        }
        self.flush();
        let wall = self.now();
        let next = self.wake.take().into_iter().chain(self.deadline()).min();
        let time = next.map_or(LONGEST_SLEEP, |next| next.saturating_sub(wall).min(LONGEST_SLEEP));
        if self.input_is_live() {
            self.wait_for_input(time);
        } else {
            self.world.host.borrow_mut().sleep(time);
        }
    }

    fn should_stop(&mut self) -> bool {
        self.flush();
        self.look_outside();
        self.cut.is_some()
    }

    fn disk_read(&mut self, vm: VmId, disk: usize, offset: u64, buffer: &mut [u8]) -> Result<(), DiskError> {
        self.drives.read(vm.0, disk, offset, buffer)
    }

    fn disk_write(&mut self, vm: VmId, disk: usize, offset: u64, bytes: &[u8]) -> Result<(), DiskError> {
        self.drives.write(vm.0, disk, offset, bytes)
    }

    fn disk_flush(&mut self, vm: VmId, disk: usize) -> Result<(), DiskError> {
        self.drives.flush(vm.0, disk)
    }

    fn disk_zero(&mut self, vm: VmId, disk: usize, offset: u64, bytes: u64, keep: bool) -> Result<(), DiskError> {
        self.drives.zero(vm.0, disk, offset, bytes, keep)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_escape_key_ends_the_run_or_is_the_guests_when_typed_twice() {
        let mut escape = Escape::default();
        let mut typed = |bytes: &[u8]| {
            let mut buffer = bytes.to_vec();
            let (count, ends) = escape.filter(&mut buffer, bytes.len());
            (buffer[..count].to_vec(), ends)
        };
        assert_eq!(typed(b"ax"), (b"ax".to_vec(), false));
        assert_eq!(typed(b"b\x01\x01c"), (b"b\x01c".to_vec(), false));
        assert_eq!(typed(b"d\x01"), (b"d".to_vec(), false));
        assert_eq!(typed(b"xe"), (b"".to_vec(), true), "also when it comes in two parts");
        assert_eq!(typed(b"\x01yx"), (b"yx".to_vec(), false));
    }
}
