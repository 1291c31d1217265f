//! A closed world: files and streams in memory.

use crate::{Disk, DiskFaults, FileData, FileError, FileKind, Files, Host, Identity, InputKind, MemoryDisk, Signal, Stream, Terminal};
use std::collections::BTreeMap;
use std::io::{self, Cursor, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Files and streams in memory, for tests and for embedding.
#[derive(Default)]
pub struct MemoryHost {
    /// Files by path, exactly as they are named.
    pub files: BTreeMap<PathBuf, Vec<u8>>,
    /// Where names that are not in `files` are read from and files are written to, if anywhere, and whose clock counts.
    pub below: Option<Box<dyn Host>>,
    /// What standard input holds.
    pub input: Cursor<Vec<u8>>,
    /// What was written to standard output.
    pub output: Vec<u8>,
    /// What was written to standard error.
    pub errors: Vec<u8>,
    /// Environment variables.
    pub variables: BTreeMap<String, String>,
    /// What disks fail at, and files without a name.
    pub faults: DiskFaults,
    /// The time if there is nothing below; [`Host::sleep`] moves it.
    pub time: Duration,
}

impl MemoryHost {
    /// An empty world.
    #[must_use]
    pub fn new() -> MemoryHost {
        MemoryHost::default()
    }

    /// Adds a file.
    #[must_use]
    pub fn with_file(mut self, path: impl Into<PathBuf>, bytes: impl Into<Vec<u8>>) -> MemoryHost {
        self.files.insert(path.into(), bytes.into());
        self
    }

    /// Fills standard input.
    #[must_use]
    pub fn with_input(mut self, bytes: impl Into<Vec<u8>>) -> MemoryHost {
        self.input = Cursor::new(bytes.into());
        self
    }
}

impl Files for MemoryHost {
    fn read(&mut self, path: &Path) -> Result<FileData, FileError> {
        if let Some((index, (_, bytes))) = self.files.iter().enumerate().find(|(_, (name, _))| *name == path) {
            return Ok(FileData::new(bytes.clone(), Identity { device: u64::MAX, inode: index as u64 }));
        }
        match &mut self.below {
            Some(below) => below.read(path),
            None => Err(FileError::NotFound),
        }
    }
    fn canonical(&mut self, path: &Path) -> PathBuf {
        match &mut self.below {
            Some(below) if !self.files.contains_key(path) => below.canonical(path),
            _ => crate::plain(path),
        }
    }
}

impl Host for MemoryHost {
    fn write(&mut self, path: &Path, bytes: &[u8], kind: FileKind) -> Result<(), FileError> {
        match &mut self.below {
            Some(below) => below.write(path, bytes, kind),
            None => {
                self.files.insert(path.to_path_buf(), bytes.to_vec());
                Ok(())
            }
        }
    }
    fn create_folder(&mut self, path: &Path) -> Result<(), FileError> {
        self.below.as_mut().map_or(Ok(()), |below| below.create_folder(path))
    }
    fn open_disk(&mut self, path: &Path, read_only: bool) -> Result<Box<dyn Disk>, FileError> {
        match (self.files.get(path), &mut self.below) {
            (Some(bytes), _) => Ok(Box::new(MemoryDisk { bytes: bytes.clone(), faults: self.faults })),
            (None, Some(below)) => below.open_disk(path, read_only),
            (None, None) => Err(FileError::NotFound),
        }
    }
    fn scratch(&mut self, folder: Option<&Path>) -> Result<Box<dyn Disk>, FileError> {
        match &mut self.below {
            Some(below) => below.scratch(folder),
            None => Ok(Box::new(MemoryDisk { bytes: Vec::new(), faults: self.faults })),
        }
    }
    fn create(&mut self, path: &Path) -> Result<Box<dyn Stream>, FileError> {
        match &mut self.below {
            Some(below) => below.create(path),
            None => Err(FileError::Denied),
        }
    }
    fn open_terminal(&mut self) -> Result<Box<dyn Terminal>, FileError> {
        match &mut self.below {
            Some(below) => below.open_terminal(),
            None => Err(FileError::Other("there are no terminals here".into())),
        }
    }
    fn raw_terminal(&mut self, _raw: bool) -> bool {
        false
    }
    fn stdin(&mut self) -> &mut dyn Read {
        &mut self.input
    }
    fn stdout(&mut self) -> &mut dyn Write {
        &mut self.output
    }
    fn write_stdout(&mut self, bytes: &[u8], _patience: Duration) -> io::Result<usize> {
        self.output.extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn stderr(&mut self) -> &mut dyn Write {
        &mut self.errors
    }
    fn stderr_is_terminal(&self) -> bool {
        false
    }
    fn stdout_is_terminal(&self) -> bool {
        false
    }
    fn variable(&self, name: &str) -> Option<String> {
        self.variables.get(name).cloned()
    }
    fn current_dir(&self) -> PathBuf {
        self.below.as_ref().map_or_else(|| PathBuf::from("/"), |below| below.current_dir())
    }
    fn stdin_kind(&self) -> InputKind {
        InputKind::Finite
    }
    fn wait_stdin(&mut self, _timeout: Option<Duration>) -> bool {
        true
    }
    fn wait_inputs(&mut self, stdin: bool, terminals: &[&dyn Terminal], timeout: Option<Duration>) -> bool {
        match &mut self.below {
            Some(below) if !stdin => below.wait_inputs(false, terminals, timeout),
            _ => stdin,
        }
    }
    fn unix_time(&self) -> Duration {
        self.below.as_ref().map_or(Duration::ZERO, |below| below.unix_time())
    }
    fn random(&mut self) -> Result<u64, FileError> {
        self.below.as_mut().map_or(Ok(0), |below| below.random())
    }
    fn now(&self) -> Duration {
        self.below.as_ref().map_or(self.time, |below| below.now())
    }
    fn sleep(&mut self, time: Duration) {
        match &mut self.below {
            Some(below) => below.sleep(time),
            None => self.time += time,
        }
    }
    fn catch_signals(&mut self) {}
    fn signal(&self) -> Option<Signal> {
        None
    }
    fn files(&mut self) -> &mut dyn Files {
        self
    }
}
