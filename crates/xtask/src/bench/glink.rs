//! glink beside GNU ld, lld and mold: a large program with debug information, real programs with a C library, one
//! that needs a large part of that library, and many small ones.

use super::measure::{Contestant, command, compare, is_there, table};
use super::{Place, hello, objects, progress, say};
use ar_archive_writer::{ArchiveKind, DEFAULT_OBJECT_READER, NewArchiveMember, write_archive_to_stream};
use std::ffi::{OsStr, OsString};
use std::fs;
use std::hash::Hasher;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

/// The large program: about 300 MB of objects.
const LARGE: objects::Shape = objects::Shape { objects: 2000, functions: 42 };
/// From this object on they stand in archives.
const FIRST_ARCHIVED: u32 = 1500;
/// Objects of the program in each archive, and others that nothing needs.
const ARCHIVED: (u32, u32) = (50, 10);
/// Programs of the corpus.
const REAL: [&str; 3] = ["lua", "sqlite", "mbedtls' self-test"];
/// How many of the small programs.
const SMALL: usize = 200;

/// The peers: as the figures show them, program, options.
const PEERS: [(&str, &str, &[&str]); 3] = [
    ("GNU ld", "riscv64-unknown-elf-ld", &["-melf32lriscv"]),
    ("lld", "ld.lld", &["-melf32lriscv"]),
    // Without a process of its own that frees the memory after the others think that it has ended.
    ("mold", "mold", &["--no-fork", "-melf32lriscv"]),
];

/// Prints times, memory and ratios for all inputs.
pub fn run(place: &Place<'_>, rounds: usize) -> Result<(), String> {
    let (gasm, glink) = (place.release("gasm")?, place.release("glink")?);
    for (_, program, _) in PEERS.iter().filter(|(_, program, _)| !is_there(program)) {
        say(&format!("skipped: {program} is not installed"));
    }
    let job = Job { gasm, glink, scratch: place.scratch, rounds };
    let large = job.large()?;
    job.compare("a program of 2,000 objects with debug information", &large, 1)?;
    job.same_with_any_number_of_threads(&large)?;
    match job.library() {
        Some(library) => {
            for name in REAL {
                match crate::corpus::program_objects(place.root, &place.target, name) {
                    Ok(objects) => job.compare(&format!("{name} with picolibc"), &library.with(objects), 1)?,
                    Err(error) => say(&format!("skipped: {error}")),
                }
            }
            let object = job.library_user()?;
            job.compare("a program with much of picolibc", &library.with(vec![object]), 1)?;
        }
        None => say("skipped: riscv64-unknown-elf-gcc or its picolibc is not installed"),
    }
    let hello = vec!["-emain".into(), job.assemble("hello", hello::HELLO)?.into()];
    job.compare(&format!("{SMALL} programs of a greeting's size, one process each"), &hello, SMALL)
}

struct Job<'a> {
    gasm: PathBuf,
    glink: PathBuf,
    scratch: &'a Path,
    rounds: usize,
}

impl Job<'_> {
    /// Links the same inputs, each contestant in turn, and prints the figures.
    fn compare(&self, what: &str, arguments: &[OsString], times: usize) -> Result<(), String> {
        progress(&format!("{what}, {} rounds", self.rounds));
        let image = self.scratch.join("image");
        let contestant = |name: &'static str, program: PathBuf, options: &'static [&'static str]| {
            let image = &image;
            Contestant::new(name, move || {
                let mut all: Vec<&OsStr> = options.iter().map(OsStr::new).collect();
                all.extend(arguments.iter().map(OsString::as_os_str));
                all.extend(["-o".as_ref(), image.as_os_str()]);
                (0..times).map(|_| command(&program, &all)).collect()
            })
        };
        let mut contestants = vec![contestant("glink", self.glink.clone(), &[])];
        contestants.extend(PEERS.iter().filter(|(_, program, _)| is_there(program)).map(|&(name, program, options)| contestant(name, program.into(), options)));
        say(&format!("{what} (median of {})\n{}", self.rounds, table(&compare(self.rounds, &contestants)?).trim_end()));
        Ok(())
    }

    fn assemble(&self, name: &str, source: &str) -> Result<PathBuf, String> {
        let (path, object) = (self.scratch.join(name).with_extension("s"), self.scratch.join(name).with_extension("o"));
        fs::write(&path, source).map_err(|error| format!("{}: {error}", path.display()))?;
        let output = Command::new(&self.gasm).arg("-march=rv32imac").arg(&path).arg("-o").arg(&object).output().map_err(|error| format!("{}: {error}", self.gasm.display()))?;
        let _ = fs::remove_file(&path);
        if output.status.success() { Ok(object) } else { Err(format!("{name}.s: {}", String::from_utf8_lossy(&output.stderr))) }
    }

    /// The large program's objects and archives, in a file of arguments.
    fn large(&self) -> Result<Vec<OsString>, String> {
        progress("writing and assembling the objects of the large program");
        let archives = (LARGE.objects - FIRST_ARCHIVED) / ARCHIVED.0;
        let count = LARGE.objects + archives * ARCHIVED.1;
        let next = AtomicU32::new(0);
        let worker = || -> Result<(), String> {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= count {
                    return Ok(());
                }
                self.assemble(&format!("u{number}"), &objects::source(number, LARGE))?;
            }
        };
        std::thread::scope(|scope| {
            let workers: Vec<_> = (0..std::thread::available_parallelism().map_or(1, usize::from)).map(|_| scope.spawn(worker)).collect();
            workers.into_iter().try_for_each(|worker| worker.join().unwrap_or_else(|_| Err("a thread that writes objects has panicked".into())))
        })?;
        let mut arguments: Vec<PathBuf> = (0..FIRST_ARCHIVED).map(|number| self.object(number)).collect();
        arguments.push("--start-group".into());
        for archive in 0..archives {
            let needed = (0..ARCHIVED.0).map(|number| FIRST_ARCHIVED + archive * ARCHIVED.0 + number);
            let others = (0..ARCHIVED.1).map(|number| LARGE.objects + archive * ARCHIVED.1 + number);
            arguments.push(self.archive(archive, needed.chain(others))?);
        }
        arguments.push("--end-group".into());
        let file = self.scratch.join("large.args");
        let lines: Vec<String> = arguments.iter().map(|argument| argument.display().to_string()).collect();
        fs::write(&file, lines.join("\n")).map_err(|error| format!("{}: {error}", file.display()))?;
        Ok(vec![OsString::from(format!("@{}", file.display()))])
    }

    fn object(&self, number: u32) -> PathBuf {
        self.scratch.join(format!("u{number}.o"))
    }

    fn archive(&self, number: u32, members: impl Iterator<Item = u32>) -> Result<PathBuf, String> {
        let path = self.scratch.join(format!("lib{number}.a"));
        let made = || -> std::io::Result<()> {
            let mut list = Vec::new();
            for member in members {
                let object = self.object(member);
                list.push(NewArchiveMember::new(fs::read(&object)?, &DEFAULT_OBJECT_READER, format!("u{member}.o")));
                fs::remove_file(object)?;
            }
            let mut archive = std::io::Cursor::new(Vec::new());
            write_archive_to_stream(&mut archive, &list, ArchiveKind::Gnu, false, None)?;
            fs::write(&path, archive.into_inner())
        };
        made().map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(path)
    }

    /// Image and map of the large program are the same with 1, 2 and 8 threads, and once more with 8.
    fn same_with_any_number_of_threads(&self, arguments: &[OsString]) -> Result<(), String> {
        progress("linking with 1, 2 and 8 threads");
        let (image, map) = (self.scratch.join("image"), self.scratch.join("map"));
        let mut first = None;
        for threads in ["1", "2", "8", "8"] {
            let output = Command::new(&self.glink).args(arguments).arg("-o").arg(&image).arg("-Map").arg(&map).args(["--threads", threads]).output().map_err(|error| format!("{}: {error}", self.glink.display()))?;
            if !output.status.success() {
                return Err(String::from_utf8_lossy(&output.stderr).into_owned());
            }
            let made = (fingerprint(&image)?, fingerprint(&map)?);
            if *first.get_or_insert(made) != made {
                return Err(format!("the large program's image or map is another with {threads} threads than with one"));
            }
        }
        say("image and map of the large program are the same with 1, 2 and 8 threads, and from run to run");
        fs::remove_file(&map).map_err(|error| format!("{}: {error}", map.display()))
    }

    /// The libraries that C programs need; none if there is no compiler or no library for it.
    fn library(&self) -> Option<Library> {
        let libgcc = gcc().arg("-print-libgcc-file-name").output().ok().filter(|output| output.status.success())?;
        // Where Debian puts it; gcc does not look into the folders of its specs when it is asked for a file.
        let folder = Path::new("/usr/lib/picolibc/riscv64-unknown-elf/lib/release/rv32imac/ilp32");
        // The mathematics are in it too; libm.a is empty.
        let libc = folder.join("libc.a");
        libc.is_file().then(|| Library { files: [libc, String::from_utf8_lossy(&libgcc.stdout).trim().into()] })
    }

    /// The object of a program that needs much of the library.
    fn library_user(&self) -> Result<PathBuf, String> {
        let (source, object) = (self.scratch.join("library.c"), self.scratch.join("library.o"));
        let output = fs::write(&source, include_str!("library.c")).and_then(|()| gcc().args(["-O2", "-g", "-fno-builtin", "-c"]).arg(&source).arg("-o").arg(&object).output());
        match output {
            Ok(output) if output.status.success() => Ok(object),
            Ok(output) => Err(format!("library.c: {}", String::from_utf8_lossy(&output.stderr))),
            Err(error) => Err(format!("library.c: {error}")),
        }
    }
}

/// A number that another content of a file would hardly have.
fn fingerprint(path: &Path) -> Result<u64, String> {
    let read = || -> std::io::Result<u64> {
        let (mut file, mut hasher, mut block) = (fs::File::open(path)?, std::hash::DefaultHasher::new(), vec![0; 1 << 16]);
        loop {
            match file.read(&mut block)? {
                0 => return Ok(hasher.finish()),
                count => hasher.write(&block[..count]),
            }
        }
    };
    read().map_err(|error| format!("{}: {error}", path.display()))
}

fn gcc() -> Command {
    let mut command = Command::new("riscv64-unknown-elf-gcc");
    command.args(["--specs=picolibc.specs", "-march=rv32imac", "-mabi=ilp32"]);
    command
}

/// picolibc and the compiler's own library.
struct Library {
    files: [PathBuf; 2],
}

impl Library {
    /// The arguments that link objects with it.
    fn with(&self, objects: Vec<PathBuf>) -> Vec<OsString> {
        // The ends of the heap are what a linker script would define.
        let options = ["-emain", "--defsym=__heap_start=0x1000000", "--defsym=__heap_end=0x2000000", "--start-group"].map(OsString::from);
        let files = objects.into_iter().chain(self.files.iter().cloned()).map(OsString::from);
        options.into_iter().chain(files).chain(["--end-group".into()]).collect()
    }
}
