//! The command line: one structure, from which clap makes parser and help.

use clap::{CommandFactory, FromArgMatches, Parser, ValueEnum};
use std::ffi::OsString;
use std::path::PathBuf;

/// Boot guests on the hvkit hypervisor. Sources are assembled and linked first.
#[derive(Parser, Debug)]
#[command(
    name = "hvrun",
    version,
    max_term_width = 100,
    after_help = "Examples:
  hvrun hello.s                        assemble, link with the guest library, boot, run
  hvrun main.s,util.o,libx.a           one guest made of several files
  hvrun ping.s pong.s                  two guests taking turns; their lines are labelled
  hvrun -g name=big,image=a.s,mem=1M -g name=small,image=b.s
  hvrun --machine classic --stats a.s  the 16 KiB guest of the reference configuration
  hvrun --stdin input.txt --json=report.json image

Exit status: the guest's code (0-123), 124 a limit was reached, 125 wrong usage or a failure
of hvrun, 126 source or image refused, 134 a guest crashed. All: docs/reference/exits.md"
)]
pub struct Options {
    /// Guests: each argument is one; its files (sources, objects, archives, or one image) are separated by commas
    #[arg(value_name = "GUEST")]
    positional: Vec<String>,

    /// A guest with options of its own: image=FILE[,FILE...][,name=NAME][,mem=SIZE][,disk=FILE[,ro]...][,device=KIND][,initrd=FILE][,reserve=SIZE][,limit=SIZE]
    #[arg(short = 'g', long = "guest", value_name = "KEY=VALUE,...")]
    described: Vec<String>,

    /// The configuration: `virt` (128 MiB guests), or `classic` (four 16 KiB guests in 64 KiB of host memory)
    #[arg(long, value_enum, default_value_t = Machine::Virt)]
    pub machine: Machine,

    /// RAM of each guest, such as 64K or 16M
    #[arg(long = "guest-memory", visible_alias = "mem", value_name = "SIZE", value_parser = parse_size)]
    pub guest_memory: Option<u64>,

    /// Host memory for all guests together
    #[arg(long = "host-mem", value_name = "SIZE", value_parser = parse_size)]
    pub host_memory: Option<u64>,

    /// Where pages go when host memory is full: a file in this folder that nobody else sees; `off`: nowhere
    #[arg(long, value_name = "FOLDER|off")]
    pub swap: Option<PathBuf>,

    /// Steps of a time slice
    #[arg(long, value_name = "STEPS", value_parser = clap::value_parser!(u32).range(1..))]
    pub slice: Option<u32>,

    /// Extensions to switch off, each with a minus: `-sstc`, `-c`
    #[arg(long = "isa", value_name = "LIST", allow_hyphen_values = true, value_delimiter = ',', value_parser = parse_extension)]
    pub without: Vec<rv32::Ext>,

    /// A disk for the first guest: `ro` read-only, `overlay` changes end with the run, `legacy` virtio before 1.0
    #[arg(long = "disk", value_name = "FILE[,ro][,overlay][,legacy]")]
    disks: Vec<String>,

    /// Another virtio device for the first guest: `entropy`, `console` or `balloon[=PAGES]`; `legacy` as for disks
    #[arg(long = "device", value_name = "KIND[,legacy]")]
    devices: Vec<String>,

    /// Kernel arguments, given to guests in the devicetree
    #[arg(long = "append", value_name = "TEXT", default_value = "")]
    pub boot_args: String,

    /// A file that the first guest finds in memory (an initial RAM disk); the devicetree says where
    #[arg(long, value_name = "FILE")]
    initrd: Option<PathBuf>,

    /// Write the first guest's devicetree into a file, and end
    #[arg(long, value_name = "FILE")]
    pub dump_dtb: Option<PathBuf>,

    /// Take the image for a flat binary and load it at this address
    #[arg(long, value_name = "ADDRESS", value_parser = parse_address)]
    pub load_at: Option<u32>,

    /// Read the first guest's console input from a file instead of standard input
    #[arg(long, value_name = "FILE")]
    pub stdin: Option<PathBuf>,

    /// Where the console is: `stdio`; `raw`, the terminal key by key (Ctrl-A x ends the run); `file:PATH`, output to a file
    #[arg(long, value_name = "WHERE", default_value = "stdio", value_parser = parse_console)]
    pub console: ConsoleWhere,

    /// How idle time passes: `auto` follows the wall clock only with live input
    #[arg(long, value_enum, default_value_t = Clock::Auto)]
    pub clock: Clock,

    /// Seed of the guests' random bytes
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    pub seed: u64,

    /// What executes the guests' instructions; they behave the same under each
    #[arg(long, value_parser = parse_engine, default_value = "cached", value_name = "ENGINE")]
    pub engine: hvcore::EngineKind,

    /// Stop each guest after this many steps (status 124)
    #[arg(long, value_name = "STEPS")]
    pub max_instructions: Option<u64>,

    /// Stop after this much time, such as 10, 0.5 or 2m (status 124)
    #[arg(long, value_name = "SECONDS", value_parser = parse_duration)]
    pub timeout: Option<std::time::Duration>,

    /// Stop when the guests have written this much to the console together (status 124)
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    pub max_output: Option<u64>,

    /// How often a guest may reboot; at the next reboot it is powered off (0: at the first)
    #[arg(long, value_name = "COUNT", default_value_t = 100)]
    pub max_reboots: u32,

    /// Treat a `wfi` that nothing can wake as a crash (status 134)
    #[arg(long)]
    pub strict_halt: bool,

    /// Whose code is the exit status: the first guest's, or the first that is not 0
    #[arg(long, value_enum, default_value_t = ExitCodeOf::First)]
    pub exit_code: ExitCodeOf,

    /// Print each guest's VM exits by reason, and its state hash
    #[arg(long)]
    pub stats: bool,

    /// When the guests have ended, show how the page tables of each treat this address
    #[arg(long, value_name = "ADDRESS", value_parser = parse_address)]
    pub explain_address: Option<u32>,

    /// Write a line to standard error for each VM exit, or for each instruction too
    #[arg(long, value_enum, value_name = "WHAT")]
    pub trace: Option<Trace>,

    /// Write what hvrun has to say as JSON lines, to standard error or to a file
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true, default_missing_value = "-")]
    pub json: Option<PathBuf>,

    /// Folder for `.include`
    #[arg(short = 'I', value_name = "DIR")]
    pub include: Vec<PathBuf>,

    /// Folder for `-l`
    #[arg(short = 'L', value_name = "DIR")]
    pub library_path: Vec<PathBuf>,

    /// Library to link after the guest's files, before the guest library
    #[arg(short = 'l', value_name = "NAME")]
    pub libraries: Vec<String>,

    /// Symbol for the linker, such as `__stack_size=8192`
    #[arg(long, value_name = "SYMBOL=VALUE", value_parser = parse_defsym)]
    pub defsym: Vec<(String, String)>,

    /// One segment instead of page-aligned ones, for guests of a few pages
    #[arg(short = 'N', long)]
    pub omagic: bool,

    /// Write libhv.a, abi.s, hv.h and the linker script hv.ld into a folder, for GNU ld and gcc, and end
    #[arg(long, value_name = "DIR")]
    pub export_lib: Option<PathBuf>,

    /// Explain a diagnostic's code, and end
    #[arg(long, value_name = "CODE")]
    pub explain: Option<String>,

    /// When to use colour
    #[arg(long, value_enum, default_value_t = Colour::Auto)]
    pub color: Colour,

    /// The guests in the order of the command line.
    #[arg(skip)]
    pub guests: Vec<GuestSpec>,
}

impl Options {
    /// An instruction set without what `--isa` switches off.
    #[must_use]
    pub fn isa(&self, isa: rv32::Isa) -> rv32::Isa {
        self.without.iter().fold(isa, |isa, &extension| isa.without(extension))
    }
}

/// `--machine`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[expect(missing_docs, reason = "the platform page describes them")]
pub enum Machine {
    Virt,
    Classic,
}

/// `--clock`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Clock {
    /// `virtual` while every input is finite, else idle time does not run ahead of the wall clock
    Auto,
    /// Idle time passes at once
    Virtual,
    /// Idle time follows the wall clock
    Host,
}

/// `--console`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConsoleWhere {
    /// Standard input and output.
    Stdio,
    /// The same; a terminal gives every key at once.
    Raw,
    /// Output goes to a file.
    File(PathBuf),
}

/// `--exit-code`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[expect(missing_docs, reason = "the option's help describes them")]
pub enum ExitCodeOf {
    First,
    Any,
}

/// `--trace`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Trace {
    /// A line for each VM exit
    Exits,
    /// A line for each instruction and each VM exit
    Instructions,
}

/// `--color`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Colour {
    /// On terminals
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// One guest as the command line describes it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GuestSpec {
    /// Its name in labels and reports; made from the first file's name if not given.
    pub name: Option<String>,
    /// Its files.
    pub files: Vec<PathBuf>,
    /// Its RAM in bytes, if given.
    pub memory: Option<u64>,
    /// Host memory that is kept for it, and the most that it gets, in bytes.
    pub reserve: Option<u64>,
    /// The most host memory that it gets, in bytes.
    pub limit: Option<u64>,
    /// Its virtio devices, by slot.
    pub devices: Vec<DeviceSpec>,
    /// A file that it finds in memory beside its image.
    pub initrd: Option<PathBuf>,
}

/// A virtio device as the command line describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceSpec {
    /// What it is.
    pub kind: DeviceSpecKind,
    /// With the transport of before virtio 1.0.
    pub legacy: bool,
}

/// Kinds of virtio devices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeviceSpecKind {
    /// A disk image.
    Disk {
        /// The file.
        path: PathBuf,
        /// Not to be written.
        read_only: bool,
        /// What is written ends with the run.
        overlay: bool,
    },
    /// Random bytes.
    Entropy,
    /// The console.
    Console,
    /// Pages given back.
    Balloon {
        /// How many the host wants.
        pages: u32,
    },
}

/// Parses the command line. An error is clap's: help and version are among them.
pub fn parse(arguments: &[OsString]) -> Result<Options, clap::Error> {
    let mut command = Options::command();
    let matches = command.try_get_matches_from_mut(arguments)?;
    let mut options = Options::from_arg_matches(&matches)?;
    let mut guests: Vec<(usize, GuestSpec)> = Vec::new();
    for (id, parse) in [("positional", parse_positional as fn(&str) -> Result<GuestSpec, String>), ("described", parse_described)] {
        let values = matches.get_many::<String>(id).into_iter().flatten();
        for (index, value) in matches.indices_of(id).into_iter().flatten().zip(values) {
            let guest = parse(value).map_err(|problem| command.error(clap::error::ErrorKind::InvalidValue, problem))?;
            guests.push((index, guest));
        }
    }
    guests.sort_by_key(|&(index, _)| index);
    options.guests = guests.into_iter().map(|(_, guest)| guest).collect();
    let mut devices: Vec<(usize, DeviceSpec)> = Vec::new();
    for (id, parse) in [("disks", parse_disk as fn(&str) -> Result<DeviceSpec, String>), ("devices", parse_device)] {
        let values = matches.get_many::<String>(id).into_iter().flatten();
        for (index, value) in matches.indices_of(id).into_iter().flatten().zip(values) {
            let device = parse(value).map_err(|problem| command.error(clap::error::ErrorKind::InvalidValue, problem))?;
            devices.push((index, device));
        }
    }
    devices.sort_by_key(|&(index, _)| index);
    if let Some(first) = options.guests.first_mut() {
        first.initrd = options.initrd.take().or(first.initrd.take());
        first.devices.splice(0..0, devices.into_iter().map(|(_, device)| device));
    }
    if options.guests.is_empty() && options.explain.is_none() && options.export_lib.is_none() {
        return Err(command.error(clap::error::ErrorKind::MissingRequiredArgument, "no guest given; try `hvrun hello.s`"));
    }
    Ok(options)
}

fn parse_positional(text: &str) -> Result<GuestSpec, String> {
    let files: Vec<PathBuf> = text.split(',').map(PathBuf::from).collect();
    if files.iter().any(|file| file.as_os_str().is_empty()) {
        return Err(format!("`{text}` names an empty file"));
    }
    Ok(GuestSpec { files, ..GuestSpec::default() })
}

fn parse_engine(text: &str) -> Result<hvcore::EngineKind, String> {
    let engine = hvcore::EngineKind::ALL.into_iter().find(|engine| engine.name() == text);
    engine.ok_or_else(|| format!("there are {}", hvcore::EngineKind::ALL.map(hvcore::EngineKind::name).join(" and ")))
}

/// `name=ping,image=a.s,b.o,mem=64K`: words without `=` are more files of the image.
fn parse_described(text: &str) -> Result<GuestSpec, String> {
    let mut guest = GuestSpec::default();
    for part in text.split(',') {
        match part.split_once('=') {
            Some((key @ "name", _)) if guest.name.is_some() => return Err(format!("`{key}=` is given twice in `-g {text}`")),
            Some((key @ "image", _)) if !guest.files.is_empty() => return Err(format!("`{key}=` is given twice in `-g {text}`; separate the files of one image by commas")),
            Some((key @ "mem", _)) if guest.memory.is_some() => return Err(format!("`{key}=` is given twice in `-g {text}`")),
            Some(("name", name)) if !name.is_empty() => guest.name = Some(name.into()),
            Some(("image", file)) if !file.is_empty() => guest.files.push(file.into()),
            Some(("mem", size)) => guest.memory = Some(parse_size(size)?),
            Some(("reserve", size)) => guest.reserve = Some(parse_size(size)?),
            Some(("limit", size)) => guest.limit = Some(parse_size(size)?),
            Some(("disk", file)) if !file.is_empty() => guest.devices.push(disk(file.into())),
            Some(("initrd", file)) if !file.is_empty() => guest.initrd = Some(file.into()),
            Some(("device", kind)) => guest.devices.push(parse_device(kind)?),
            Some((key @ ("name" | "image" | "disk" | "initrd"), _)) => return Err(format!("`{key}=` needs a value in `-g {text}`")),
            Some((key, _)) => {
                let suggestion = diag::suggest(key, ["name", "image", "mem", "disk", "device", "initrd", "reserve", "limit"]).map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
                return Err(format!("unknown key `{key}` in `-g {text}` (there are name, image, mem, disk, device, initrd, reserve, limit){suggestion}"));
            }
            None if guest.devices.last_mut().is_some_and(|device| device_word(device, part)) => {}
            None if !part.is_empty() && !guest.files.is_empty() => guest.files.push(part.into()),
            None => return Err(format!("`-g {text}` should be KEY=VALUE pairs such as image=a.s,mem=64K")),
        }
    }
    if guest.files.is_empty() {
        return Err(format!("`-g {text}` names no image; add image=FILE"));
    }
    Ok(guest)
}

fn disk(path: PathBuf) -> DeviceSpec {
    DeviceSpec { kind: DeviceSpecKind::Disk { path, read_only: false, overlay: false }, legacy: false }
}

/// A word after a device; `false`: it says nothing about one.
fn device_word(device: &mut DeviceSpec, word: &str) -> bool {
    match (word, &mut device.kind) {
        ("legacy", _) => device.legacy = true,
        ("ro", DeviceSpecKind::Disk { read_only, .. }) => *read_only = true,
        ("overlay", DeviceSpecKind::Disk { overlay, .. }) => *overlay = true,
        _ => return false,
    }
    true
}

/// `fs.img,overlay,legacy`. A comma that begins none of the known words belongs to the file's name.
fn parse_disk(text: &str) -> Result<DeviceSpec, String> {
    let mut words: Vec<&str> = text.split(',').collect();
    let mut device = disk(PathBuf::new());
    while words.len() > 1 && words.last().is_some_and(|word| device_word(&mut device, word)) {
        words.pop();
    }
    let file = words.join(",");
    if file.is_empty() {
        return Err(format!("`--disk {text}` names no file"));
    }
    if let Some(near) = words.get(1..).and_then(|rest| rest.iter().find_map(|word| diag::suggest(word, ["ro", "overlay", "legacy"])))
        && words.last().is_some_and(|word| !word.contains('.'))
    {
        return Err(format!("`--disk {text}`: a disk is `ro`, `overlay` or `legacy`; did you mean `{near}`?"));
    }
    if let DeviceSpecKind::Disk { path, .. } = &mut device.kind {
        *path = file.into();
    }
    Ok(device)
}

/// `entropy`, `console,legacy`, `balloon=256`.
fn parse_device(text: &str) -> Result<DeviceSpec, String> {
    let mut words = text.split(',');
    let first = words.next().unwrap_or("");
    let (name, value) = first.split_once('=').map_or((first, None), |(name, value)| (name, Some(value)));
    let kind = match (name, value) {
        ("entropy", None) => DeviceSpecKind::Entropy,
        ("console", None) => DeviceSpecKind::Console,
        ("balloon", value) => DeviceSpecKind::Balloon { pages: value.unwrap_or("0").parse().map_err(|_| format!("`{first}`: a balloon has a number of pages"))? },
        _ => {
            let near = diag::suggest(name, ["entropy", "console", "balloon"]).map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
            return Err(format!("there is no device `{first}` (there are entropy, console, balloon[=PAGES]; disks are `--disk`){near}"));
        }
    };
    let mut device = DeviceSpec { kind, legacy: false };
    match words.find(|word| !device_word(&mut device, word)) {
        Some(word) => Err(format!("`--device {text}`: `{word}` says nothing about a device; `legacy` would")),
        None => Ok(device),
    }
}

/// A size in bytes: a number, decimal or 0x…, with an optional K, M or G (powers of 1024).
pub fn parse_size(text: &str) -> Result<u64, String> {
    let (digits, radix) = match text.strip_prefix("0x") {
        Some(digits) => (digits, 16),
        None => (text, 10),
    };
    let end = digits.find(|c: char| !c.is_digit(radix)).unwrap_or(digits.len());
    let factor = match &digits[end..] {
        "" => Some(1),
        "k" | "K" | "KB" | "KiB" => Some(1 << 10),
        "m" | "M" | "MB" | "MiB" => Some(1 << 20),
        "g" | "G" | "GB" | "GiB" => Some(1 << 30),
        _ => None,
    };
    let number = u64::from_str_radix(&digits[..end], radix).ok();
    let bytes = number.zip(factor).and_then(|(number, factor)| number.checked_mul(factor));
    bytes.ok_or_else(|| format!("`{text}` is not a size such as 4096, 16K, 64KiB or 1M"))
}

/// `__stack_size=8192`.
fn parse_defsym(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() && !value.is_empty() => Ok((name.into(), value.into())),
        _ => Err(format!("`{text}` is not of the form SYMBOL=VALUE, such as __stack_size=8192")),
    }
}

/// `-sstc`: an extension of the platform that a guest can do without.
fn parse_extension(text: &str) -> Result<rv32::Ext, String> {
    let Some(name) = text.strip_prefix('-') else {
        return Err(format!("`{text}` should begin with a minus; extensions can only be switched off"));
    };
    let platform = || rv32::Ext::ALL.iter().copied().filter(|&extension| rv32::Isa::PLATFORM.contains(extension));
    match platform().find(|extension| extension.name().eq_ignore_ascii_case(name)) {
        Some(rv32::Ext::I | rv32::Ext::Zicsr) => Err(format!("no guest can do without `{name}`")),
        Some(extension) => Ok(extension),
        None => {
            let near = diag::suggest(name, platform().map(rv32::Ext::name)).map_or_else(String::new, |near| format!("; did you mean `-{near}`?"));
            Err(format!("the platform has no extension `{name}`{near}"))
        }
    }
}

fn parse_console(text: &str) -> Result<ConsoleWhere, String> {
    match (text, text.strip_prefix("file:")) {
        ("stdio", _) => Ok(ConsoleWhere::Stdio),
        ("raw", _) => Ok(ConsoleWhere::Raw),
        (_, Some(path)) if !path.is_empty() => Ok(ConsoleWhere::File(path.into())),
        _ => {
            let near = diag::suggest(text, ["stdio", "raw"]).map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
            Err(format!("there is no console `{text}` (there are stdio, raw, file:PATH){near}"))
        }
    }
}

fn parse_address(text: &str) -> Result<u32, String> {
    let number = match text.strip_prefix("0x") {
        Some(digits) => u32::from_str_radix(digits, 16),
        None => text.parse(),
    };
    number.map_err(|_| format!("`{text}` is not a 32-bit address such as 0x80000000"))
}

fn parse_duration(text: &str) -> Result<std::time::Duration, String> {
    let (digits, unit) = match text.strip_suffix("ms") {
        Some(digits) => (digits, 0.001),
        None => match text.strip_suffix('m') {
            Some(digits) => (digits, 60.0),
            None => (text.strip_suffix('s').unwrap_or(text), 1.0),
        },
    };
    let seconds = digits.parse::<f64>().ok().map(|number| number * unit).filter(|s| (0.0..1e9).contains(s));
    seconds.map(std::time::Duration::from_secs_f64).ok_or_else(|| format!("`{text}` is not a time such as 10, 0.5s, 200ms or 2m"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_words(words: &[&str]) -> Result<Options, clap::Error> {
        parse(&words.iter().map(OsString::from).collect::<Vec<_>>())
    }

    #[test]
    fn the_command_is_well_formed() {
        Options::command().debug_assert();
    }

    #[test]
    fn guests_keep_the_order_of_the_command_line() {
        let options = parse_words(&["hvrun", "a.s,b.o", "-g", "name=big,image=c.s,d.o,mem=64K", "--stats", "e"]).unwrap();
        let names: Vec<_> = options.guests.iter().map(|guest| guest.files.clone()).collect();
        assert_eq!(names, [vec![PathBuf::from("a.s"), "b.o".into()], vec!["c.s".into(), "d.o".into()], vec!["e".into()]]);
        assert_eq!(options.guests[1].memory, Some(65536));
        assert_eq!(options.guests[1].name.as_deref(), Some("big"));
    }

    #[test]
    fn nonsense_is_refused() {
        for words in [&["hvrun"][..], &["hvrun", "a.s,"], &["hvrun", "-g", "mem=1K"], &["hvrun", "-g", "image=a,men=4K"], &["hvrun", "--frob", "a"], &["hvrun", "--mem", "x", "a"], &["hvrun", "-g", "image=a,mem=1M,mem=2M"], &["hvrun", "-g", "image=a,image=b"], &["hvrun", "--defsym", "a", "b"], &["hvrun", "--isa", "c", "a"], &["hvrun", "--isa", "-i", "a"], &["hvrun", "--isa", "-q", "a"]] {
            assert!(parse_words(words).is_err(), "{words:?}");
        }
        let text = parse_words(&["hvrun", "-g", "image=a,men=4K"]).unwrap_err().to_string();
        assert!(text.contains("did you mean `mem`"), "{text}");
    }

    #[test]
    fn sizes_and_times() {
        assert_eq!(parse_size("64K"), Ok(65536));
        assert_eq!(parse_size("16KiB"), Ok(16384));
        assert_eq!(parse_size("0x1000"), Ok(4096));
        assert_eq!((parse_size("0x1b"), parse_size("0x10K"), parse_size("1G")), (Ok(27), Ok(16384), Ok(1 << 30)));
        for wrong in ["16BB", "16KiBiB", "0x0x10", "K", "0x", "+5", "-1", "1 K", "16Ki", "1T"] {
            assert!(parse_size(wrong).is_err(), "{wrong}");
        }
        assert!(parse_size("99999999999999999999").is_err() && parse_size("18446744073709551615K").is_err() && parse_size("").is_err());
        assert_eq!(parse_duration("200ms"), Ok(std::time::Duration::from_millis(200)));
        assert!(parse_duration("-1").is_err() && parse_duration("inf").is_err());
    }
}
