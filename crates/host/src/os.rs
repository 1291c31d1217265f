//! The real operating system.

use crate::mapped::Mapping;
use crate::terminal::{self, Terminal};
use crate::{Bytes, Disk, FileData, FileError, FileKind, Files, Host, Identity, InputKind, READ_LIMIT, Signal, Stream, disk};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::fs;
use std::io::{self, IsTerminal, Read, Write};
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Files, streams and terminal of this process.
pub struct OsHost {
    stdin: Unbuffered,
    stdout: io::Stdout,
    stderr: io::Stderr,
    started: Instant,
    interrupted: Arc<AtomicBool>,
    terminated: Arc<AtomicBool>,
}

impl Drop for OsHost {
    /// Also when a panic unwinds: a raw terminal would be of little use.
    fn drop(&mut self) {
        terminal::restore();
    }
}

/// Standard input without a buffer of ours, so that waiting on the descriptor tells the truth.
struct Unbuffered(io::Stdin);

impl Read for Unbuffered {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        Ok(rustix::io::read(&self.0, buffer)?)
    }
}

impl OsHost {
    /// The process's own streams.
    #[must_use]
    pub fn new() -> OsHost {
        OsHost {
            stdin: Unbuffered(io::stdin()),
            stdout: io::stdout(),
            stderr: io::stderr(),
            started: Instant::now(),
            interrupted: Arc::default(),
            terminated: Arc::default(),
        }
    }
}

impl Default for OsHost {
    fn default() -> OsHost {
        OsHost::new()
    }
}

pub(crate) fn reason(error: &io::Error) -> FileError {
    let kind = error.kind();
    if kind == io::ErrorKind::NotFound {
        FileError::NotFound
    } else if kind == io::ErrorKind::PermissionDenied {
        FileError::Denied
    } else if kind == io::ErrorKind::IsADirectory {
        FileError::IsDirectory
    } else {
        let text = error.to_string();
        // The system's words without "(os error 28)".
        FileError::Other(text.split(" (os error").next().unwrap_or(&text).to_lowercase())
    }
}

impl Files for OsHost {
    fn read(&mut self, path: &Path) -> Result<FileData, FileError> {
        let (file, metadata) = open(path)?;
        read_all(file, &metadata)
    }

    fn view(&mut self, path: &Path) -> Result<FileData, FileError> {
        let (file, metadata) = open(path)?;
        let length = metadata.len();
        if metadata.is_file()
            && (LEAST_MAPPED..=READ_LIMIT).contains(&length)
            && let Some(mapping) = Mapping::new(&file, length as usize)
        {
            return Ok(FileData { bytes: Bytes::Mapped(Arc::new(mapping)), identity: identity(&metadata) });
        }
        read_all(file, &metadata)
    }

    fn canonical(&mut self, path: &Path) -> PathBuf {
        fs::canonicalize(path).unwrap_or_else(|_| crate::plain(path))
    }
}

/// The most that is read of a device.
const DEVICE_LIMIT: u64 = 256 << 20;

/// How long a named pipe is waited for.
const PIPE_PATIENCE: Timespec = Timespec { tv_sec: 5, tv_nsec: 0 };

/// Smaller files are copied faster than mapped.
const LEAST_MAPPED: u64 = 32 << 10;

fn open(path: &Path) -> Result<(fs::File, fs::Metadata), FileError> {
    // Opening a named pipe would wait for its writer, perhaps for ever: it is opened at once, and its first bytes are waited for.
    let is_pipe = fs::metadata(path).is_ok_and(|metadata| metadata.file_type().is_fifo());
    let flags = if is_pipe { rustix::fs::OFlags::NONBLOCK.bits() as i32 } else { 0 };
    let file = fs::OpenOptions::new().read(true).custom_flags(flags).open(path).map_err(|e| reason(&e))?;
    let metadata = file.metadata().map_err(|e| reason(&e))?;
    if metadata.is_dir() {
        return Err(FileError::IsDirectory);
    }
    if is_pipe {
        let mut polled = [PollFd::new(&file, PollFlags::IN)];
        if !poll(&mut polled, Some(&PIPE_PATIENCE)).is_ok_and(|ready| ready > 0) {
            return Err(FileError::Other("it is a pipe into which nobody writes".into()));
        }
        rustix::fs::fcntl_setfl(&file, rustix::fs::OFlags::empty()).map_err(|e| reason(&e.into()))?;
    }
    Ok((file, metadata))
}

fn identity(metadata: &fs::Metadata) -> Identity {
    Identity { device: metadata.dev(), inode: metadata.ino() }
}

fn read_all(file: fs::File, metadata: &fs::Metadata) -> Result<FileData, FileError> {
    // A device such as /dev/zero may never end.
    let limit = if metadata.file_type().is_char_device() { DEVICE_LIMIT } else { READ_LIMIT };
    if metadata.is_file() && metadata.len() > limit {
        return Err(FileError::Other("it is larger than 4 GiB".into()));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or(0));
    file.take(limit + 1).read_to_end(&mut bytes).map_err(|e| reason(&e))?;
    if bytes.len() as u64 > limit {
        let what = if limit == READ_LIMIT { "it is larger than 4 GiB" } else { "it is a device that does not end" };
        return Err(FileError::Other(what.into()));
    }
    Ok(FileData::new(bytes, identity(metadata)))
}

impl Host for OsHost {
    fn write(&mut self, path: &Path, bytes: &[u8], kind: FileKind) -> Result<(), FileError> {
        // A link is written through, so that it stays a link.
        let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
        if let Ok(metadata) = fs::metadata(&target) {
            if metadata.is_dir() {
                return Err(FileError::IsDirectory);
            }
            if !metadata.is_file() {
                return fs::OpenOptions::new().write(true).open(&target).and_then(|mut f| f.write_all(bytes)).map_err(|e| reason(&e));
            }
            if metadata.permissions().readonly() {
                return Err(FileError::Denied);
            }
        }
        let mut temporary_name = target.file_name().ok_or(FileError::IsDirectory)?.to_os_string();
        temporary_name.push(format!(".tmp.{}", std::process::id()));
        let temporary = target.with_file_name(temporary_name);
        let mode = match kind {
            FileKind::Plain => 0o666,
            FileKind::Executable => 0o777,
        };
        // Left behind, if it is there, by a process of the same number that was killed.
        let _ = fs::remove_file(&temporary);
        let written = fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(mode)
            .open(&temporary)
            .and_then(|mut file| file.write_all(bytes))
            .and_then(|()| fs::rename(&temporary, &target));
        written.map_err(|error| {
            // The half-written file is of no use; the first error is the one to report.
            let _ = fs::remove_file(&temporary);
            reason(&error)
        })
    }

    fn create_folder(&mut self, path: &Path) -> Result<(), FileError> {
        fs::create_dir_all(path).map_err(|e| reason(&e))
    }
    fn open_disk(&mut self, path: &Path, read_only: bool) -> Result<Box<dyn Disk>, FileError> {
        disk::open(path, read_only)
    }
    fn scratch(&mut self, folder: Option<&Path>) -> Result<Box<dyn Disk>, FileError> {
        disk::scratch(folder.unwrap_or(&std::env::temp_dir()))
    }
    fn create(&mut self, path: &Path) -> Result<Box<dyn Stream>, FileError> {
        let kind = fs::metadata(path).map(|metadata| metadata.file_type());
        if kind.as_ref().is_ok_and(fs::FileType::is_dir) {
            return Err(FileError::IsDirectory);
        }
        // Opening a pipe would wait for its reader, perhaps for ever.
        let is_pipe = kind.is_ok_and(|kind| kind.is_fifo());
        let flags = if is_pipe { rustix::fs::OFlags::NONBLOCK.bits() as i32 } else { 0 };
        let file = fs::OpenOptions::new().write(true).create(true).truncate(!is_pipe).custom_flags(flags).open(path);
        match file {
            Ok(file) => Ok(Box::new(OutputFile(file))),
            Err(_) if is_pipe => Err(FileError::Other("it is a pipe from which nobody reads".into())),
            Err(error) => Err(reason(&error)),
        }
    }
    fn open_terminal(&mut self) -> Result<Box<dyn Terminal>, FileError> {
        terminal::open().map_err(|e| reason(&e))
    }
    fn raw_terminal(&mut self, raw: bool) -> bool {
        if raw { terminal::make_raw() } else { terminal::restore() }
    }
    fn stdin(&mut self) -> &mut dyn Read {
        &mut self.stdin
    }
    fn stdout(&mut self) -> &mut dyn Write {
        &mut self.stdout
    }
    fn write_stdout(&mut self, bytes: &[u8], patience: Duration) -> io::Result<usize> {
        write_some(&self.stdout, bytes, patience)
    }
    fn stderr(&mut self) -> &mut dyn Write {
        &mut self.stderr
    }
    fn stderr_is_terminal(&self) -> bool {
        self.stderr.is_terminal() && shows_colour()
    }
    fn stdout_is_terminal(&self) -> bool {
        self.stdout.is_terminal() && shows_colour()
    }
    fn variable(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }
    fn current_dir(&self) -> PathBuf {
        std::env::current_dir().unwrap_or_else(|_| PathBuf::from("."))
    }
    fn stdin_kind(&self) -> InputKind {
        // A descriptor that cannot be examined gives nothing to wait for.
        let Ok(file) = self.stdin.0.as_fd().try_clone_to_owned().map(fs::File::from) else { return InputKind::Finite };
        let null = fs::metadata("/dev/null").map(|m| m.rdev());
        match file.metadata() {
            Ok(metadata) if metadata.is_file() || null.is_ok_and(|device| device == metadata.rdev()) => InputKind::Finite,
            Ok(_) => InputKind::Live,
            Err(_) => InputKind::Finite,
        }
    }

    fn wait_stdin(&mut self, timeout: Option<Duration>) -> bool {
        self.wait_inputs(true, &[], timeout)
    }

    fn wait_inputs(&mut self, stdin: bool, terminals: &[&dyn Terminal], timeout: Option<Duration>) -> bool {
        let timeout = timeout.and_then(|t| Timespec::try_from(t).ok());
        let own = stdin.then(|| self.stdin.0.as_fd());
        let mut polled: Vec<PollFd<'_>> = own.into_iter().chain(terminals.iter().map(|terminal| terminal.descriptor())).map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::IN)).collect();
        // An error is a signal (the caller looks) or a descriptor whose read will tell.
        poll(&mut polled, timeout.as_ref()).is_ok_and(|ready| ready > 0)
    }

    fn unix_time(&self) -> Duration {
        std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default()
    }

    fn random(&mut self) -> Result<u64, FileError> {
        let mut bytes = [0; 8];
        fs::File::open("/dev/urandom").and_then(|mut file| file.read_exact(&mut bytes)).map_err(|e| reason(&e))?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn now(&self) -> Duration {
        self.started.elapsed()
    }

    fn sleep(&mut self, time: Duration) {
        // `poll` with no descriptors, because `thread::sleep` goes on after a signal.
        if let Ok(time) = Timespec::try_from(time) {
            let _ = poll(&mut [], Some(&time));
        }
    }

    fn catch_signals(&mut self) {
        terminal::catch(&self.interrupted, &self.terminated);
    }

    fn signal(&self) -> Option<Signal> {
        if self.terminated.load(Ordering::Relaxed) {
            Some(Signal::Terminate)
        } else if self.interrupted.load(Ordering::Relaxed) {
            Some(Signal::Interrupt)
        } else {
            None
        }
    }

    fn files(&mut self) -> &mut dyn Files {
        self
    }
}

/// A file that is written bit by bit.
struct OutputFile(fs::File);

impl Stream for OutputFile {
    fn write_some(&mut self, bytes: &[u8], patience: Duration) -> io::Result<usize> {
        write_some(&self.0, bytes, patience)
    }
}

/// No more is written at once: what a pipe with room takes without making its writer wait.
const PIPE_BUF: usize = 4096;

/// [`Stream::write_some`] for a descriptor.
pub(crate) fn write_some(descriptor: impl AsFd, bytes: &[u8], patience: Duration) -> io::Result<usize> {
    let patience = Timespec::try_from(patience).ok();
    let mut polled = [PollFd::from_borrowed_fd(descriptor.as_fd(), PollFlags::OUT)];
    match poll(&mut polled, patience.as_ref()) {
        Ok(0) | Err(rustix::io::Errno::INTR) => return Ok(0),
        // What is wrong with the descriptor, the write tells.
        Ok(_) | Err(_) => {}
    }
    match rustix::io::write(descriptor, &bytes[..bytes.len().min(PIPE_BUF)]) {
        Ok(0) if !bytes.is_empty() => Err(io::ErrorKind::WriteZero.into()),
        Ok(count) => Ok(count),
        Err(rustix::io::Errno::INTR | rustix::io::Errno::AGAIN) => Ok(0),
        Err(error) => Err(error.into()),
    }
}

/// <https://no-color.org>, and terminals that cannot.
fn shows_colour() -> bool {
    std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()) && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_file_is_mapped_and_a_small_one_read() {
        let folder = std::env::temp_dir().join(format!("hvkit-host-view-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        for length in [0, 1, LEAST_MAPPED as usize - 1, LEAST_MAPPED as usize, 100_001] {
            let bytes: Vec<u8> = (0..length).map(|at| at as u8).collect();
            let file = folder.join("a");
            fs::write(&file, &bytes).unwrap();
            let data = OsHost::new().view(&file).unwrap();
            assert_eq!(matches!(data.bytes, Bytes::Mapped(_)), length as u64 >= LEAST_MAPPED);
            // The contents outlive the name.
            fs::remove_file(&file).unwrap();
            assert_eq!(*data, bytes[..]);
            assert_eq!(*data.shared(), bytes[..]);
        }
        assert_eq!(OsHost::new().view(&folder).unwrap_err(), FileError::IsDirectory);
        assert!(OsHost::new().view(Path::new("/dev/null")).unwrap().is_empty());
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn a_failed_write_leaves_the_old_file_whole() {
        let folder = std::env::temp_dir().join(format!("hvkit-host-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let mut host = OsHost::new();
        let file = folder.join("a");
        host.write(&file, b"one", FileKind::Plain).unwrap();
        host.write(&file, b"two", FileKind::Executable).unwrap();
        assert_eq!(&*host.read(&file).unwrap(), b"two");
        assert_eq!(host.write(&folder, b"x", FileKind::Plain), Err(FileError::IsDirectory));
        assert_eq!(host.write(&folder.join("no/such"), b"x", FileKind::Plain), Err(FileError::NotFound));
        assert_eq!(host.write(&PathBuf::from("/dev/null"), b"x", FileKind::Plain), Ok(()));
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1, "no temporary file stays");
        assert_eq!(host.read(&folder).unwrap_err(), FileError::IsDirectory);
        fs::remove_dir_all(&folder).unwrap();
    }
}
