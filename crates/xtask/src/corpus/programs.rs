//! Programs of real size: compiled with picolibc, linked by GNU ld and by glink, run on hvrun, compared.
//!
//! The compiler's own driver does the linking, with picolibc's own script; for ours `-B` names a folder in
//! which glink is `ld` (and, for one program, gasm is `as`).

use super::compile::GCC;
use super::packages::{NOTHING, Package};
use super::{fetch, in_parallel};
use crate::say;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

const SIZE: &str = "riscv64-unknown-elf-size";

/// The peers that this needs.
pub const PEERS: [&str; 3] = [GCC, "riscv64-unknown-elf-ld", SIZE];

/// A program.
struct Program {
    name: &'static str,
    /// Whose sources it has.
    package: Package,
    /// The file with `main`, below the package's folder.
    main: Option<&'static str>,
    /// Sources of ours, below tests/programs.
    own: &'static [&'static str],
    arguments: &'static [&'static str],
    input: Input,
}

/// What a program reads.
enum Input {
    Nothing,
    /// A file below tests/programs.
    Own(&'static str),
    /// A file of the package.
    Package(&'static str),
}

const ZLIB: Package = Package { name: "zlib", c: &["*.c"], flags: &["-DHAVE_UNISTD_H", "-D_POSIX_C_SOURCE=200809L"], ..NOTHING };
const BZIP2: Package = Package { name: "bzip2", c: &["*.c"], not: &["bzip2.c", "bzip2recover.c", "dlltest.c", "mk251.c", "spewG.c", "unzcrash.c"], flags: &["-DBZ_UNIX=1", "-D_GNU_SOURCE"], ..NOTHING };

const PROGRAMS: &[Program] = &[
    Program {
        name: "lua",
        package: Package { name: "lua5.4", c: &["src/*.c"], not: &["lua.c", "luac.c"], ..NOTHING },
        main: Some("src/lua.c"),
        own: &[],
        arguments: &["-"],
        input: Input::Own("lua.lua"),
    },
    Program { name: "zlib's example", package: ZLIB, main: Some("test/example.c"), own: &[], arguments: &["x.gz"], input: Input::Nothing },
    Program { name: "minigzip", package: ZLIB, main: Some("test/minigzip.c"), own: &[], arguments: &["-c"], input: Input::Package("zlib.h") },
    Program { name: "bzip2", package: BZIP2, main: Some("bzip2.c"), own: &[], arguments: &["-1", "-c"], input: Input::Package("sample1.ref") },
    Program { name: "bunzip2", package: BZIP2, main: Some("bzip2.c"), own: &[], arguments: &["-d", "-c"], input: Input::Package("sample2.bz2") },
    Program {
        name: "sqlite",
        package: Package {
            name: "sqlite3",
            c: &["sqlite3.c"],
            flags: &["-DSQLITE_OS_OTHER=1", "-DSQLITE_THREADSAFE=0", "-DSQLITE_OMIT_LOAD_EXTENSION", "-DSQLITE_OMIT_WAL", "-I", "."],
            prepare: Some("./configure --disable-shared && make sqlite3.c"),
            ..NOTHING
        },
        main: None,
        own: &["sqlite.c"],
        arguments: &[],
        input: Input::Nothing,
    },
    Program {
        name: "mbedtls' self-test",
        package: Package { name: "mbedtls", c: &["library/*.c"], not: &["net_sockets.c", "timing.c", "psa_its_file.c"], flags: &["-I", "include", "-I", "library", "-DMBEDTLS_USER_CONFIG_FILE=<mbedtls.h>"], ..NOTHING },
        main: Some("programs/test/selftest.c"),
        own: &[],
        arguments: &[],
        input: Input::Nothing,
    },
];

/// Ways to compile, and whether unused sections are left out.
const WAYS: &[(&str, &[&str], &[bool])] = &[("O2", &["-O2"], &[false]), ("O2-sections", &["-O2", "-ffunction-sections", "-fdata-sections"], &[true, false])];

/// Where the program's memory is.
const REGIONS: &str = "-Wl,--defsym=__flash=0x80000000,--defsym=__flash_size=0x400000,--defsym=__ram=0x80400000,--defsym=__ram_size=0x3000000,--defsym=__stack_size=0x40000";

/// Text of ours may be larger than GNU ld's by this much, in percent.
const MOST_LARGER: u64 = 1;

/// Compiles, links, runs and compares the programs, or one of them.
pub fn run(root: &Path, target: &Path, only: Option<&str>) -> Vec<String> {
    let corpus = target.join("corpus");
    let tools = corpus.join("B");
    let mut problems = Vec::new();
    let mut compared = 0;
    let Ok(root) = &root.canonicalize() else { return vec![format!("{}: no such folder", root.display())] };
    if let Err(error) = link_tools(target, &tools) {
        return vec![error];
    }
    say(&format!("{:28} {:14} {:10} {:8} {:>9} {:>9}  {}", "program", "compiled", "relaxed", "gc", "text", "GNU ld", "output"));
    for program in PROGRAMS.iter().filter(|program| only.is_none_or(|only| only == program.name || only == program.package.name)) {
        let folder = match fetch::package(&corpus, &program.package) {
            Ok(folder) => folder,
            Err(error) => {
                say(&format!("skipped: {error}"));
                continue;
            }
        };
        compared += 1;
        for (way, flags, collections) in WAYS {
            let place = place(&corpus, program, way);
            match compile(program, root, &folder, &place, flags, None) {
                Ok(objects) => {
                    for (relax, gc) in [true, false].into_iter().flat_map(|relax| collections.iter().map(move |gc| (relax, *gc))) {
                        let row = format!("{:28} {way:14} {:10} {:8}", program.name, if relax { "yes" } else { "no" }, if gc { "yes" } else { "no" });
                        let images = Images { objects: &objects, place: &place, tools: &tools, target, relax, gc };
                        match images.compare(program, root, &folder) {
                            Ok(line) => say(&format!("{row} {line}")),
                            Err(error) => problems.push(format!("{}: {way}, relax {relax}, gc {gc}: {error}", program.name)),
                        }
                    }
                }
                Err(error) => problems.push(format!("{}: {error}", program.name)),
            }
        }
        if program.name == "lua"
            && let Err(error) = whole_chain(program, root, &folder, &corpus, &tools, target)
        {
            problems.push(format!("lua through gcc -B with gasm and glink: {error}"));
        }
    }
    if compared == 0 {
        problems.push("no program was compared: no source package can be fetched, or none has this name".into());
    }
    problems
}

/// The objects of one of the programs at -O2, made where they are not there yet.
pub fn objects(root: &Path, target: &Path, name: &str) -> Result<Vec<PathBuf>, String> {
    let program = PROGRAMS.iter().find(|program| program.name == name).ok_or_else(|| format!("there is no program {name}"))?;
    let canonical = |path: &Path| path.canonicalize().map_err(|error| format!("{}: {error}", path.display()));
    let (root, corpus) = (canonical(root)?, canonical(target)?.join("corpus"));
    let folder = fetch::package(&corpus, &program.package)?;
    let (way, flags, _) = WAYS[0];
    compile(program, &root, &folder, &place(&corpus, program, way), flags, None)
}

/// Where a program's objects and images stand.
fn place(corpus: &Path, program: &Program, way: &str) -> PathBuf {
    corpus.join("programs").join(program.name.replace([' ', '\''], "")).join(way)
}

/// The folder for `-B`.
fn link_tools(target: &Path, tools: &Path) -> Result<(), String> {
    fs::create_dir_all(tools).map_err(|error| format!("{}: {error}", tools.display()))?;
    for (name, ours) in [("as", "gasm"), ("ld", "glink")] {
        let (link, program) = (tools.join(name), target.join("release").join(ours));
        let _ = fs::remove_file(&link);
        std::os::unix::fs::symlink(&program, &link).map_err(|error| format!("{}: {error}", link.display()))?;
    }
    Ok(())
}

fn gcc(tools: Option<&Path>) -> Command {
    let mut command = Command::new(GCC);
    command.args(["--specs=picolibc.specs", "-march=rv32imac", "-mabi=ilp32", "-w"]);
    if let Some(tools) = tools {
        command.arg("-B").arg(tools);
    }
    command
}

/// The program's objects, made where they are not there yet.
fn compile(program: &Program, root: &Path, folder: &Path, place: &Path, flags: &[&str], tools: Option<&Path>) -> Result<Vec<PathBuf>, String> {
    fs::create_dir_all(place).map_err(|error| format!("{}: {error}", place.display()))?;
    let own = root.join("tests/programs");
    let arguments: String = program.arguments.iter().map(|argument| format!("\"{argument}\",")).collect();
    let mut jobs: Vec<(PathBuf, Command)> = Vec::new();
    let mut add = |source: PathBuf, extra: &[String]| {
        let object = place.join(source.strip_prefix(folder).or(source.strip_prefix(&own)).unwrap_or(&source).to_string_lossy().replace('/', "_")).with_extension("o");
        let mut command = gcc(tools);
        command.args(flags).args(program.package.flags).arg("-I").arg(&own).arg("-I").arg(folder).args(extra).arg("-c").arg(&source).arg("-o").arg(&object).current_dir(folder);
        jobs.push((object, command));
    };
    for pattern in program.package.c {
        for file in super::compile::files(folder, pattern, program.package.not) {
            add(folder.join(file), &[]);
        }
    }
    let renamed = ["-Dmain=program_main".to_string()];
    if let Some(file) = program.main {
        add(folder.join(file), &renamed);
    }
    for file in program.own {
        add(own.join(file), &renamed);
    }
    add(own.join("platform.c"), &[format!("-DPROGRAM_ARGUMENTS={}", if arguments.is_empty() { "NULL" } else { arguments.trim_end_matches(',') })]);
    let made = in_parallel(jobs, |(object, mut command)| {
        // What gasm made may be an older gasm's.
        if tools.is_some() || !object.is_file() {
            succeeded(&command.output().map_err(|error| format!("{GCC}: {error}"))?)?;
        }
        Ok(object)
    });
    made.into_iter().collect()
}

/// The last line of what a program complained about, if it failed.
fn succeeded(output: &Output) -> Result<(), String> {
    if output.status.success() {
        return Ok(());
    }
    let text = String::from_utf8_lossy(&output.stderr);
    Err(text.lines().find(|line| line.contains("error")).or(text.lines().last()).unwrap_or("it failed and said nothing").to_string())
}

/// One program's two images.
struct Images<'a> {
    objects: &'a [PathBuf],
    place: &'a Path,
    tools: &'a Path,
    target: &'a Path,
    relax: bool,
    gc: bool,
}

impl Images<'_> {
    fn link(&self, tools: Option<&Path>, name: &str) -> Result<PathBuf, String> {
        let image = self.place.join(format!("{name}-{}-{}", self.relax, self.gc));
        let mut command = gcc(tools);
        command.args(self.objects).args(["-lm", REGIONS]).arg(if self.relax { "-Wl,--relax" } else { "-Wl,--no-relax" });
        command.arg(if self.gc { "-Wl,--gc-sections" } else { "-Wl,--no-gc-sections" }).arg("-o").arg(&image);
        succeeded(&command.output().map_err(|error| format!("{GCC}: {error}"))?).map_err(|error| format!("{name}: {error}"))?;
        Ok(image)
    }

    /// Links with both, runs both; gives the rest of the line.
    fn compare(&self, program: &Program, root: &Path, folder: &Path) -> Result<String, String> {
        let (theirs, ours) = (self.link(None, "gnu")?, self.link(Some(self.tools), "glink")?);
        let input = match program.input {
            Input::Nothing => PathBuf::from("/dev/null"),
            Input::Own(file) => root.join("tests/programs").join(file),
            Input::Package(file) => folder.join(file),
        };
        let outputs = in_parallel(vec![theirs.clone(), ours.clone()], |image| execute(self.target, &image, &input));
        let [their_output, our_output] = <[_; 2]>::try_from(outputs).map_err(|_| "two images give two outputs")?;
        let (their_output, our_output) = (their_output?, our_output?);
        if our_output != their_output {
            return Err(format!("the output differs from that of GNU ld's image: {} bytes, not {}", our_output.len(), their_output.len()));
        }
        let (text, their_text) = (text_size(&ours)?, text_size(&theirs)?);
        if self.relax && text * 100 > their_text * (100 + MOST_LARGER) {
            return Err(format!("text has {text} bytes, GNU ld's {their_text}"));
        }
        Ok(format!("{text:>9} {their_text:>9}  {} bytes, the same", our_output.len()))
    }
}

/// What a program prints; it must end with 0.
fn execute(target: &Path, image: &Path, input: &Path) -> Result<Vec<u8>, String> {
    let mut command = Command::new(target.join("release/hvrun"));
    command.args(["--timeout", "600", "--stdin"]).arg(input).arg(image).stdin(Stdio::null());
    let output = command.output().map_err(|error| format!("hvrun: {error}"))?;
    if output.status.success() && !output.stdout.is_empty() {
        return Ok(output.stdout);
    }
    Err(format!("{} ended with {}: {}{}", image.display(), output.status, String::from_utf8_lossy(&output.stdout).lines().last().unwrap_or(""), String::from_utf8_lossy(&output.stderr)))
}

fn text_size(image: &Path) -> Result<u64, String> {
    let output = Command::new(SIZE).arg("-A").arg(image).output().map_err(|error| format!("{SIZE}: {error}"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let row = text.lines().find_map(|line| line.strip_prefix(".text ")).and_then(|rest| rest.split_whitespace().next()?.parse().ok());
    row.ok_or_else(|| format!("{} has no .text", image.display()))
}

/// Compiled and linked by the compiler's driver with nothing but gasm and glink behind it.
fn whole_chain(program: &Program, root: &Path, folder: &Path, corpus: &Path, tools: &Path, target: &Path) -> Result<(), String> {
    let place = corpus.join("programs/lua/gasm");
    let objects = compile(program, root, folder, &place, &["-O2"], Some(tools))?;
    let images = Images { objects: &objects, place: &place, tools, target, relax: true, gc: true };
    let ours = images.link(Some(tools), "glink")?;
    let theirs = corpus.join("programs/lua/O2/gnu-true-false");
    let input = root.join("tests/programs/lua.lua");
    let (own, other) = (execute(target, &ours, &input)?, execute(target, &theirs, &input)?);
    if own != other {
        return Err("the output differs".into());
    }
    say("lua through gcc -B with gasm and glink: the same output");
    Ok(())
}
