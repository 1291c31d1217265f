//! The operating system as the programs see it: files, standard streams, terminal.
//!
//! The libraries take [`Files`] where a source, a script or an image names another file; the
//! programs take [`Host`]. [`OsHost`] is the real one, [`MemoryHost`] a closed world for tests and
//! for embedding. Nothing else in the toolchain touches files or streams.

mod disk;
mod mapped;
mod memory;
mod os;
mod terminal;
mod words;

pub use disk::{Disk, DiskFaults, MemoryDisk};
pub use memory::MemoryHost;
pub use os::OsHost;
pub use terminal::Terminal;
pub use words::split_words;

use std::fmt;
use std::io::{self, Read, Write};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// What tells one file from another whatever it is called: device and inode, so that a cycle of
/// inclusions is seen through links.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identity {
    /// Device number.
    pub device: u64,
    /// Inode number.
    pub inode: u64,
}

/// The contents of a file that was read.
#[derive(Clone, Debug)]
pub struct FileData {
    bytes: Bytes,
    identity: Identity,
}

#[derive(Clone, Debug)]
enum Bytes {
    Shared(Arc<[u8]>),
    Built(&'static [u8]),
    Mapped(Arc<mapped::Mapping>),
}

impl FileData {
    /// Contents that come from no file of the system, such as a built-in one.
    #[must_use]
    pub fn new(bytes: impl Into<Arc<[u8]>>, identity: Identity) -> FileData {
        FileData { bytes: Bytes::Shared(bytes.into()), identity }
    }
    /// Contents that are part of the program.
    #[must_use]
    pub const fn built_in(bytes: &'static [u8]) -> FileData {
        FileData { bytes: Bytes::Built(bytes), identity: Identity { device: u64::MAX, inode: u64::MAX } }
    }
    /// The file's identity at the time of reading.
    #[must_use]
    pub fn identity(&self) -> Identity {
        self.identity
    }
    /// The contents, shared; copied if they are a mapped file's.
    #[must_use]
    pub fn shared(&self) -> Arc<[u8]> {
        match &self.bytes {
            Bytes::Shared(bytes) => bytes.clone(),
            Bytes::Built(_) | Bytes::Mapped(_) => (**self).into(),
        }
    }
}

impl std::ops::Deref for FileData {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        match &self.bytes {
            Bytes::Shared(bytes) => bytes,
            Bytes::Built(bytes) => bytes,
            Bytes::Mapped(mapping) => mapping,
        }
    }
}

/// Why a file could not be read or written; its `Display` is the operating system's reason in
/// plain words, without the path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileError {
    /// No such file or folder.
    NotFound,
    /// It is a folder.
    IsDirectory,
    /// Not allowed.
    Denied,
    /// Anything else, in the system's words.
    Other(String),
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FileError::NotFound => f.write_str("no such file"),
            FileError::IsDirectory => f.write_str("it is a directory"),
            FileError::Denied => f.write_str("permission denied"),
            FileError::Other(reason) => f.write_str(reason),
        }
    }
}

/// Opens the files that a source names.
pub trait Files {
    /// Reads a whole file. Relative paths are relative to the current folder.
    fn read(&mut self, path: &Path) -> Result<FileData, FileError>;
    /// Reads a whole file for a short while: a large one is not copied but mapped, and must not become shorter
    /// before the contents are dropped.
    fn view(&mut self, path: &Path) -> Result<FileData, FileError> {
        self.read(path)
    }
    /// The path without links, `.` and `..`, from the root if the system has one: tells whether one path lies in another.
    fn canonical(&mut self, path: &Path) -> PathBuf {
        plain(path)
    }
}

/// The path without `.` and `..`, whatever the system has there.
pub(crate) fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if matches!(plain.components().next_back(), Some(Component::Normal(_))) => {
                plain.pop();
            }
            part @ (Component::Prefix(_) | Component::RootDir | Component::ParentDir | Component::Normal(_)) => plain.push(part),
        }
    }
    plain
}

/// What kind of file to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// Data, readable by all.
    Plain,
    /// A program image, executable as the user's mask allows.
    Executable,
}

/// What an input is: whether reading it again gives the same at the same speed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InputKind {
    /// Closed, `/dev/null`, or a regular file: all there from the start.
    Finite,
    /// Terminal, pipe or socket: bytes arrive when they arrive.
    Live,
}

/// A request from outside to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// SIGINT (Ctrl-C).
    Interrupt,
    /// SIGTERM.
    Terminate,
}

/// Something that is written to and may not take everything at once.
pub trait Stream {
    /// Writes some of the bytes, waiting this long for the first to be taken. How many were; 0: none in that time, or a
    /// signal came first.
    fn write_some(&mut self, bytes: &[u8], patience: Duration) -> io::Result<usize>;
}

/// The operating system under a program.
pub trait Host: Files {
    /// Writes a whole file at once: to a temporary name beside it, then renamed, so that a failure
    /// leaves the old file whole. A device or pipe (`/dev/null`) is written directly.
    fn write(&mut self, path: &Path, bytes: &[u8], kind: FileKind) -> Result<(), FileError>;
    /// Makes a folder and those above it; one that is there already is fine.
    fn create_folder(&mut self, path: &Path) -> Result<(), FileError>;
    /// Opens a disk image: a regular file or a block device. A second writer of the same one is refused.
    fn open_disk(&mut self, path: &Path, read_only: bool) -> Result<Box<dyn Disk>, FileError>;
    /// A new file without a name, gone when it is closed; in a folder, or where temporary files are.
    fn scratch(&mut self, folder: Option<&Path>) -> Result<Box<dyn Disk>, FileError>;
    /// Begins a file that is written bit by bit; what it held is gone.
    fn create(&mut self, path: &Path) -> Result<Box<dyn Stream>, FileError>;
    /// A new pseudo terminal, raw.
    fn open_terminal(&mut self) -> Result<Box<dyn Terminal>, FileError>;
    /// Standard input, if it is a terminal, gives every key at once and shows none; or is as it was before.
    /// Whether it is so now. It is as it was at the latest when this host is dropped.
    fn raw_terminal(&mut self, raw: bool) -> bool;
    /// Standard input.
    fn stdin(&mut self) -> &mut dyn Read;
    /// Standard output.
    fn stdout(&mut self) -> &mut dyn Write;
    /// Writes to standard output as [`Stream::write_some`] does, past what [`Host::stdout`] has not flushed.
    fn write_stdout(&mut self, bytes: &[u8], patience: Duration) -> io::Result<usize>;
    /// Standard error.
    fn stderr(&mut self) -> &mut dyn Write;
    /// Whether standard error is a terminal that shows colour.
    fn stderr_is_terminal(&self) -> bool;
    /// Whether standard output is a terminal that shows colour.
    fn stdout_is_terminal(&self) -> bool;
    /// An environment variable.
    fn variable(&self, name: &str) -> Option<String>;
    /// The current folder, for debug information.
    fn current_dir(&self) -> PathBuf;
    /// What standard input is.
    fn stdin_kind(&self) -> InputKind;
    /// Waits until a read of standard input would not block, at most this long; `None`: for ever.
    /// Returns early when a signal arrives. Whether a read would not block now.
    fn wait_stdin(&mut self, timeout: Option<Duration>) -> bool;
    /// The same for standard input, if it is asked for, and terminals: until a read of one of them would not block.
    fn wait_inputs(&mut self, stdin: bool, terminals: &[&dyn Terminal], timeout: Option<Duration>) -> bool;
    /// Time since 1970, in UTC.
    fn unix_time(&self) -> Duration;
    /// A random number.
    fn random(&mut self) -> Result<u64, FileError>;
    /// Time since some fixed instant; never goes back.
    fn now(&self) -> Duration;
    /// Waits this long, or until a signal arrives.
    fn sleep(&mut self, time: Duration);
    /// From now on an interrupt or termination from outside is remembered for [`Host::signal`]
    /// instead of ending the process.
    fn catch_signals(&mut self);
    /// The signal that arrived, if one did.
    fn signal(&self) -> Option<Signal>;
    /// This host as the libraries see it: files alone.
    fn files(&mut self) -> &mut dyn Files;
}

/// The most that is read of one file: 4 GiB, more than an RV32 guest can hold.
pub const READ_LIMIT: u64 = 1 << 32;
