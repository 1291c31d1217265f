//! Files that are read and written in place: disk images, and scratch files without a name.

use crate::FileError;
use crate::os::reason;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{FileExt, FileTypeExt, OpenOptionsExt};
use std::path::Path;

/// A file that is read and written in place.
pub trait Disk {
    /// Bytes in it when it was opened.
    fn size(&self) -> u64;
    /// Reads at an offset. What lies past the end is zeroes.
    fn read_at(&mut self, offset: u64, buffer: &mut [u8]) -> io::Result<()>;
    /// Writes at an offset; the file grows if it must.
    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()>;
    /// Makes sure that what was written stays.
    fn flush(&mut self) -> io::Result<()>;
    /// Fills a range with zeroes; `keep`: its space stays reserved.
    fn zero(&mut self, offset: u64, bytes: u64, keep: bool) -> io::Result<()>;
}

/// A file of the system.
pub(crate) struct OsDisk {
    file: File,
    size: u64,
}

/// Opens a disk image: a regular file or a block device, locked against a second writer.
pub(crate) fn open(path: &Path, read_only: bool) -> Result<Box<dyn Disk>, FileError> {
    // Looked at before it is opened: opening a fifo would wait for its other end.
    let kind = fs::metadata(path).map_err(|e| reason(&e))?.file_type();
    if kind.is_dir() {
        return Err(FileError::IsDirectory);
    }
    if !kind.is_file() && !kind.is_block_device() {
        let what = if kind.is_fifo() { "a pipe" } else if kind.is_socket() { "a socket" } else { "a device that is no disk" };
        return Err(FileError::Other(format!("it is {what}")));
    }
    let nonblock = rustix::fs::OFlags::NONBLOCK.bits() as i32;
    let mut file = fs::OpenOptions::new().read(true).write(!read_only).custom_flags(nonblock).open(path).map_err(|e| reason(&e))?;
    let locked = if read_only { file.try_lock_shared() } else { file.try_lock() };
    match locked {
        Ok(()) => {}
        Err(fs::TryLockError::WouldBlock) => return Err(FileError::Other("it is in use by another guest".into())),
        // A file system without locks cannot tell.
        Err(fs::TryLockError::Error(_)) => {}
    }
    let size = io::Seek::seek(&mut file, io::SeekFrom::End(0)).map_err(|e| reason(&e))?;
    Ok(Box::new(OsDisk { file, size }))
}

/// A new file that nobody else can open and that goes when it is closed; in a folder, or where temporary files are.
pub(crate) fn scratch(folder: &Path) -> Result<Box<dyn Disk>, FileError> {
    use rustix::fs::{Mode, OFlags};
    let flags = OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC;
    let file = match rustix::fs::open(folder, flags, Mode::RUSR | Mode::WUSR) {
        Ok(descriptor) => File::from(descriptor),
        // Some file systems cannot make files without a name: one with a name is unlinked at once.
        Err(rustix::io::Errno::OPNOTSUPP | rustix::io::Errno::ISDIR | rustix::io::Errno::INVAL) => named_scratch(folder).map_err(|e| reason(&e))?,
        Err(error) => return Err(reason(&error.into())),
    };
    Ok(Box::new(OsDisk { file, size: 0 }))
}

fn named_scratch(folder: &Path) -> io::Result<File> {
    let path = folder.join(format!(".hvkit.{}", std::process::id()));
    let file = fs::OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(&path)?;
    fs::remove_file(&path)?;
    Ok(file)
}

impl Disk for OsDisk {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&mut self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let mut done = 0;
        while done < buffer.len() {
            match self.file.read_at(&mut buffer[done..], offset + done as u64) {
                Ok(0) => {
                    buffer[done..].fill(0);
                    break;
                }
                Ok(count) => done += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all_at(bytes, offset)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.sync_data()
    }

    fn zero(&mut self, offset: u64, bytes: u64, keep: bool) -> io::Result<()> {
        use rustix::fs::{FallocateFlags, fallocate};
        if bytes == 0 {
            return Ok(());
        }
        let flags = if keep { FallocateFlags::ZERO_RANGE } else { FallocateFlags::PUNCH_HOLE };
        match fallocate(&self.file, flags | FallocateFlags::KEEP_SIZE, offset, bytes) {
            Ok(()) => return Ok(()),
            Err(rustix::io::Errno::OPNOTSUPP | rustix::io::Errno::NOSYS | rustix::io::Errno::INVAL) => {}
            Err(error) => return Err(error.into()),
        }
        let zeroes = [0; 64 * 1024];
        let mut done = 0;
        while done < bytes {
            let part = (bytes - done).min(zeroes.len() as u64);
            self.write_at(offset + done, &zeroes[..part as usize])?;
            done += part;
        }
        Ok(())
    }
}

/// A disk in memory, for tests and for embedding. What is written stays with it.
#[derive(Clone, Debug, Default)]
pub struct MemoryDisk {
    /// The contents.
    pub bytes: Vec<u8>,
    /// What it fails at.
    pub faults: DiskFaults,
}

/// What a disk fails at, for tests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DiskFaults {
    /// Nothing can be written from this offset on: the disk is full.
    pub full_from: Option<u64>,
    /// Nothing can be read from this offset on.
    pub unreadable_from: Option<u64>,
    /// What was written cannot be made safe.
    pub flush: bool,
}

impl DiskFaults {
    fn check(from: Option<u64>, end: u64, kind: io::ErrorKind) -> io::Result<()> {
        if from.is_some_and(|from| end > from) { Err(kind.into()) } else { Ok(()) }
    }
}

impl Disk for MemoryDisk {
    fn size(&self) -> u64 {
        self.bytes.len() as u64
    }

    fn read_at(&mut self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        DiskFaults::check(self.faults.unreadable_from, offset.saturating_add(buffer.len() as u64), io::ErrorKind::InvalidData)?;
        buffer.fill(0);
        let start = usize::try_from(offset).unwrap_or(usize::MAX).min(self.bytes.len());
        let count = buffer.len().min(self.bytes.len() - start);
        buffer[..count].copy_from_slice(&self.bytes[start..start + count]);
        Ok(())
    }

    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        DiskFaults::check(self.faults.full_from, offset.saturating_add(bytes.len() as u64), io::ErrorKind::StorageFull)?;
        let end = usize::try_from(offset).ok().and_then(|start| start.checked_add(bytes.len())).ok_or(io::ErrorKind::StorageFull)?;
        if end > self.bytes.len() {
            self.bytes.resize(end, 0);
        }
        self.bytes[end - bytes.len()..end].copy_from_slice(bytes);
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.faults.flush { Err(io::ErrorKind::Other.into()) } else { Ok(()) }
    }

    fn zero(&mut self, offset: u64, bytes: u64, _keep: bool) -> io::Result<()> {
        DiskFaults::check(self.faults.full_from, offset.saturating_add(bytes), io::ErrorKind::StorageFull)?;
        let length = self.bytes.len();
        let clamp = |at: u64| usize::try_from(at).unwrap_or(usize::MAX).min(length);
        self.bytes[clamp(offset)..clamp(offset.saturating_add(bytes))].fill(0);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn disks_are_locked_scratch_files_have_no_name_and_holes_are_zero() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("disk");
        fs::write(&path, [7; 10_000]).unwrap();
        let mut disk = open(&path, false).unwrap();
        assert_eq!(disk.size(), 10_000);
        assert_eq!(open(&path, true).err(), Some(FileError::Other("it is in use by another guest".into())));
        disk.zero(4096, 100, false).unwrap();
        disk.zero(4200, 100, true).unwrap();
        let mut bytes = [1; 208];
        disk.read_at(4094, &mut bytes).unwrap();
        assert_eq!((&bytes[..2], &bytes[2..102], &bytes[102..106], &bytes[106..206], &bytes[206..]), (&[7; 2][..], &[0; 100][..], &[7; 4][..], &[0; 100][..], &[7; 2][..]));
        drop(disk);
        assert!(open(&path, true).is_ok());
        assert_eq!(open(folder.path(), true).err(), Some(FileError::IsDirectory));
        assert_eq!(open(&folder.path().join("none"), true).err(), Some(FileError::NotFound));
        assert!(open(Path::new("/dev/null"), true).is_err());
        let mut scratch = scratch(folder.path()).unwrap();
        scratch.write_at(1 << 20, b"far").unwrap();
        let mut bytes = [1; 4];
        scratch.read_at((1 << 20) - 1, &mut bytes).unwrap();
        assert_eq!(&bytes, b"\0far");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "only the disk has a name");
    }
}
