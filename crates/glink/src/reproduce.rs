//! `--reproduce`: everything that a link read, in one archive, with a response file that runs it again.
//! For reports of faults.

use host::{FileData, FileError, Files};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

/// Files that remember what was read through them.
pub struct Recorder<'f> {
    below: &'f mut dyn Files,
    read: Read,
}

/// What was read.
#[derive(Debug, Default)]
pub struct Read {
    files: BTreeMap<PathBuf, FileData>,
}

impl<'f> Recorder<'f> {
    /// Remembers what is read from `below`.
    pub fn new(below: &'f mut dyn Files) -> Recorder<'f> {
        Recorder { below, read: Read::default() }
    }

    /// What was read so far.
    #[must_use]
    pub fn finish(self) -> Read {
        self.read
    }
}

impl Read {
    /// A rule for make: the output depends on the files, and those that are gone make it again.
    #[must_use]
    pub fn rule(&self, output: &Path) -> String {
        let names: Vec<String> = self.files.keys().map(|path| escaped(path)).collect();
        let list: String = names.iter().map(|name| format!(" \\\n  {name}")).collect();
        let empty: String = names.iter().map(|name| format!("\n{name}:\n")).collect();
        format!("{}:{list}\n{empty}", escaped(output))
    }

    /// A tar archive with a folder `reproduce`: the files under their paths without `..` and the first
    /// `/`, and `response.txt` with the arguments.
    #[must_use]
    pub fn archive(&self, arguments: &[OsString]) -> Vec<u8> {
        let mut out = Vec::new();
        entry(&mut out, "reproduce/response.txt", response(arguments, &self.files).as_bytes());
        for (path, data) in &self.files {
            entry(&mut out, &format!("reproduce/{}", inside(path)), data);
        }
        // Two blocks of zeros end it.
        out.resize(out.len() + 2 * BLOCK, 0);
        out
    }
}

impl Files for Recorder<'_> {
    fn read(&mut self, path: &Path) -> Result<FileData, FileError> {
        let data = self.below.read(path)?;
        self.read.files.insert(path.to_path_buf(), data.clone());
        Ok(data)
    }

    fn view(&mut self, path: &Path) -> Result<FileData, FileError> {
        let data = self.below.view(path)?;
        self.read.files.insert(path.to_path_buf(), data.clone());
        Ok(data)
    }

    fn canonical(&mut self, path: &Path) -> PathBuf {
        self.below.canonical(path)
    }
}

/// A name as make reads it.
fn escaped(path: &Path) -> String {
    let mut name = String::new();
    for c in path.to_string_lossy().chars() {
        match c {
            ' ' | '#' | '\t' => name.extend(['\\', c]),
            '$' => name.push_str("$$"),
            c => name.push(c),
        }
    }
    name
}

const BLOCK: usize = 512;

/// A path as it stands in the archive.
fn inside(path: &Path) -> String {
    let parts = path.components().filter_map(|part| match part {
        Component::Normal(name) => Some(name.to_string_lossy().into_owned()),
        Component::ParentDir => Some("up".to_string()),
        Component::Prefix(_) | Component::RootDir | Component::CurDir => None,
    });
    parts.collect::<Vec<_>>().join("/")
}

/// The arguments, one a line, with the names of files that were read as they stand in the archive.
fn response(arguments: &[OsString], read: &BTreeMap<PathBuf, FileData>) -> String {
    let mut out = String::new();
    let mut skip = false;
    for argument in arguments {
        if std::mem::take(&mut skip) {
            continue;
        }
        let plain = argument.to_string_lossy();
        if plain.starts_with("--reproduce") || plain.starts_with("-reproduce") {
            skip = !plain.contains('=');
            continue;
        }
        let bytes = argument.as_bytes();
        // `-Tscript`, `-Lfolder`, `--script=file`: an option with a path behind it.
        let split = if bytes.starts_with(b"-T") || bytes.starts_with(b"-L") { 2 } else { plain.find('=').filter(|_| plain.starts_with("--")).map_or(0, |at| at + 1) };
        let (option, path) = plain.split_at(split.min(plain.len()));
        let known = read.keys().any(|file| file == Path::new(path) || !path.is_empty() && option == "-L" && file.starts_with(path));
        let written = if known { format!("{option}{}", inside(Path::new(path))) } else { plain.to_string() };
        out.push('"');
        out.push_str(&written.replace('\\', "\\\\").replace('"', "\\\""));
        out.push_str("\"\n");
    }
    out
}

/// A file of a tar archive (POSIX ustar; a long name is split).
fn entry(out: &mut Vec<u8>, name: &str, data: &[u8]) {
    let mut header = [0u8; BLOCK];
    // A long name is split at a slash; one that cannot be is cut in front.
    let name = name.as_bytes();
    let slash = (0..name.len()).find(|&at| name[at] == b'/' && name.len() - at <= 101 && at <= 155);
    let (prefix, name) = match slash {
        Some(at) if name.len() > 100 => (&name[..at], &name[at + 1..]),
        _ => (&name[..0], &name[name.len().saturating_sub(100)..]),
    };
    header[..name.len()].copy_from_slice(name);
    header[100..108].copy_from_slice(b"0000644\0");
    header[108..116].copy_from_slice(b"0000000\0");
    header[116..124].copy_from_slice(b"0000000\0");
    header[124..136].copy_from_slice(format!("{:011o}\0", data.len()).as_bytes());
    header[136..148].copy_from_slice(b"00000000000\0");
    header[148..156].fill(b' ');
    header[156] = b'0';
    header[257..265].copy_from_slice(b"ustar\x0000");
    header[345..345 + prefix.len()].copy_from_slice(prefix);
    let sum: u32 = header.iter().map(|&byte| u32::from(byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    out.extend_from_slice(&header);
    out.extend_from_slice(data);
    out.resize(out.len().next_multiple_of(BLOCK), 0);
}

#[cfg(test)]
mod tests {
    use super::*;
    use host::MemoryHost;

    #[test]
    fn what_was_read_is_in_the_archive() {
        let mut host = MemoryHost::new().with_file("/lib/x.o", "bytes").with_file("../a.ld", "script");
        let mut recorder = Recorder::new(&mut host);
        recorder.read(Path::new("/lib/x.o")).unwrap();
        recorder.view(Path::new("../a.ld")).unwrap();
        let read = recorder.finish();
        assert_eq!(read.rule(Path::new("a b")), "a\\ b: \\\n  /lib/x.o \\\n  ../a.ld\n\n/lib/x.o:\n\n../a.ld:\n");
        let archive = read.archive(&["-T../a.ld".into(), "--reproduce=r.tar".into(), "/lib/x.o".into(), "-o".into(), "out".into()]);
        assert_eq!(archive.len() % BLOCK, 0);
        let text = String::from_utf8_lossy(&archive);
        assert!(text.contains("\"-Tup/a.ld\"\n\"lib/x.o\"\n\"-o\"\n\"out\"\n"), "{text}");
        assert!(text.contains("reproduce/lib/x.o") && text.contains("reproduce/up/a.ld") && text.contains("bytes"));
    }
}
