//! The guests' disks: image files, and overlays that keep what a guest writes apart from its image.

use crate::spec::{DeviceSpec, DeviceSpecKind, located};
use diag::{Diagnostic, codes};
use host::{Disk, FileError, Host};
use hvcore::{DeviceConfig, DeviceKind, DiskError};
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

/// Bytes of a sector.
const SECTOR: u64 = 512;
/// Sectors that one entry of an overlay's map tells of.
const GROUP: u64 = 4096;

/// A disk of a guest.
pub struct Drive {
    path: PathBuf,
    image: Box<dyn Disk>,
    overlay: Option<Overlay>,
    /// The first thing that went wrong; the guest saw an I/O error.
    problem: Option<String>,
}

/// What was written since the start, in a file without a name that ends with the run.
struct Overlay {
    file: Box<dyn Disk>,
    /// By group of sectors: which of them are in the overlay.
    present: BTreeMap<u64, Box<[u64; GROUP as usize / 64]>>,
}

impl Overlay {
    fn has(&self, sector: u64) -> bool {
        self.present.get(&(sector / GROUP)).is_some_and(|group| group[(sector % GROUP / 64) as usize] >> (sector % 64) & 1 == 1)
    }

    fn add(&mut self, sector: u64) {
        let group = self.present.entry(sector / GROUP).or_insert_with(|| Box::new([0; GROUP as usize / 64]));
        group[(sector % GROUP / 64) as usize] |= 1 << (sector % 64);
    }

    /// How many of the sectors from `sector` on, at most `most`, are all in the overlay or all not.
    fn run(&self, sector: u64, most: u64) -> (bool, u64) {
        let here = self.has(sector);
        (here, (1..most).find(|&count| self.has(sector + count) != here).unwrap_or(most))
    }
}

impl Drive {
    fn read(&mut self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let Some(overlay) = &mut self.overlay else { return self.image.read_at(offset, buffer) };
        let mut done = 0;
        while done < buffer.len() {
            let at = offset + done as u64;
            let (here, sectors) = overlay.run(at / SECTOR, (buffer.len() - done) as u64 / SECTOR);
            let part = &mut buffer[done..done + (sectors * SECTOR) as usize];
            if here { overlay.file.read_at(at, part)? } else { self.image.read_at(at, part)? }
            done += part.len();
        }
        Ok(())
    }

    fn write(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let Some(overlay) = &mut self.overlay else { return self.image.write_at(offset, bytes) };
        overlay.file.write_at(offset, bytes)?;
        (offset / SECTOR..(offset + bytes.len() as u64) / SECTOR).for_each(|sector| overlay.add(sector));
        Ok(())
    }

    fn zero(&mut self, offset: u64, bytes: u64, keep: bool) -> io::Result<()> {
        let Some(overlay) = &mut self.overlay else { return self.image.zero(offset, bytes, keep) };
        overlay.file.zero(offset, bytes, false)?;
        (offset / SECTOR..(offset + bytes) / SECTOR).for_each(|sector| overlay.add(sector));
        Ok(())
    }

    /// What is in an overlay goes with it, so there is nothing to make safe.
    fn flush(&mut self) -> io::Result<()> {
        if self.overlay.is_some() { Ok(()) } else { self.image.flush() }
    }

    fn note(&mut self, what: &str, result: io::Result<()>) -> Result<(), DiskError> {
        result.map_err(|error| {
            let text = error.to_string().to_lowercase();
            let reason = text.split(" (os error").next().unwrap_or(&text);
            self.problem.get_or_insert(format!("cannot {what} {}: {reason}", self.path.display()));
            DiskError
        })
    }
}

/// The disks of all guests, by guest and number.
#[derive(Default)]
pub struct Drives(Vec<Vec<Drive>>);

impl Drives {
    fn get(&mut self, guest: usize, disk: usize) -> Result<&mut Drive, DiskError> {
        self.0.get_mut(guest).and_then(|drives| drives.get_mut(disk)).ok_or(DiskError)
    }

    /// [`hvcore::Door::disk_read`].
    pub fn read(&mut self, guest: usize, disk: usize, offset: u64, buffer: &mut [u8]) -> Result<(), DiskError> {
        let drive = self.get(guest, disk)?;
        let result = drive.read(offset, buffer);
        drive.note("read", result)
    }

    /// [`hvcore::Door::disk_write`].
    pub fn write(&mut self, guest: usize, disk: usize, offset: u64, bytes: &[u8]) -> Result<(), DiskError> {
        let drive = self.get(guest, disk)?;
        let result = drive.write(offset, bytes);
        drive.note("write", result)
    }

    /// [`hvcore::Door::disk_flush`].
    pub fn flush(&mut self, guest: usize, disk: usize) -> Result<(), DiskError> {
        let drive = self.get(guest, disk)?;
        let result = drive.flush();
        drive.note("flush", result)
    }

    /// [`hvcore::Door::disk_zero`].
    pub fn zero(&mut self, guest: usize, disk: usize, offset: u64, bytes: u64, keep: bool) -> Result<(), DiskError> {
        let drive = self.get(guest, disk)?;
        let result = drive.zero(offset, bytes, keep);
        drive.note("write", result)
    }

    /// What went wrong with the disks of each guest while it ran.
    pub fn problems(self) -> Vec<(usize, String)> {
        let drives = self.0.into_iter().enumerate().flat_map(|(guest, drives)| drives.into_iter().map(move |drive| (guest, drive)));
        drives.filter_map(|(guest, drive)| Some((guest, drive.problem?))).collect()
    }

    /// Opens the disks of the next guest; gives its devices for the core, and what is to be said about them.
    pub fn add_guest(&mut self, specs: &[DeviceSpec], host: &mut dyn Host) -> Result<(Vec<DeviceConfig>, Vec<Diagnostic>), Diagnostic> {
        let mut drives = Vec::new();
        let mut warnings = Vec::new();
        let mut devices = Vec::new();
        for spec in specs {
            let kind = match &spec.kind {
                DeviceSpecKind::Entropy => DeviceKind::Entropy,
                DeviceSpecKind::Console => DeviceKind::Console,
                DeviceSpecKind::Balloon { pages } => DeviceKind::Balloon { wanted: *pages },
                DeviceSpecKind::Disk { path, read_only, overlay } => {
                    let drive = open(path, *read_only, *overlay, host).map_err(|problem| located(problem, spec.place))?;
                    let size = drive.image.size();
                    if !size.is_multiple_of(SECTOR) && !read_only && !overlay {
                        let message = format!("{} has {size} bytes, no whole number of sectors; zeroes follow to the end of the last one", path.display());
                        let whole = size.next_multiple_of(SECTOR);
                        let warning = Diagnostic::new(&codes::DISK_SIZE, message).help(format!("`truncate -s {whole} {}` makes it whole", path.display()));
                        warnings.push(located(warning, spec.place));
                    }
                    drives.push(drive);
                    DeviceKind::Block { sectors: size.div_ceil(SECTOR), read_only: *read_only }
                }
            };
            devices.push(DeviceConfig { kind, legacy: spec.legacy });
        }
        self.0.push(drives);
        Ok((devices, warnings))
    }
}

fn open(path: &Path, read_only: bool, overlay: bool, host: &mut dyn Host) -> Result<Drive, Diagnostic> {
    let refused = |error: &FileError| {
        let diagnostic = Diagnostic::new(&codes::E0613, format!("cannot use {} as a disk: {error}", path.display()));
        match error {
            FileError::NotFound => diagnostic.help(format!("`truncate -s 16M {}` makes an empty disk", path.display())),
            FileError::Denied if !read_only && !overlay => diagnostic.help("add `,ro` or `,overlay` if the guest need not change it"),
            FileError::Other(reason) if reason.contains("in use") => diagnostic.help("with `,ro` or `,overlay` several guests can use one disk"),
            FileError::IsDirectory | FileError::Denied | FileError::Other(_) => diagnostic,
        }
    };
    let image = host.open_disk(path, read_only || overlay).map_err(|error| refused(&error))?;
    if image.size() == 0 {
        let message = format!("cannot use {} as a disk: it is empty", path.display());
        return Err(Diagnostic::new(&codes::E0613, message).help(format!("`truncate -s 16M {}` makes an empty disk of 16 MiB", path.display())));
    }
    let overlay = if overlay && !read_only {
        let scratch = host.scratch(None).map_err(|error| {
            Diagnostic::new(&codes::E0613, format!("cannot make the overlay of {}: {error}", path.display())).help("TMPDIR names the folder for it")
        })?;
        Some(Overlay { file: scratch, present: BTreeMap::new() })
    } else {
        None
    };
    Ok(Drive { path: path.to_path_buf(), image, overlay, problem: None })
}
