//! The command line: one structure, from which clap makes parser and help.

use crate::spec::{self, DeviceSpec, GuestSpec, located};
use crate::values::{ConsoleWhere, RtcStart, Seed, parse_address, parse_console, parse_defsym, parse_duration, parse_engine, parse_extension, parse_rtc, parse_seed, parse_size};
use clap::{CommandFactory, FromArgMatches, Parser, ValueEnum};
use diag::{Diagnostic, Span};
use std::collections::BTreeMap;
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
  hvrun --config vms.toml              guests and options from a file
  hvrun --stdin input.txt --json=report.json image

Exit status: the guest's code (0-123), 124 a limit was reached, 125 wrong usage or a failure
of hvrun, 126 source or image refused, 134 a guest crashed. All: docs/reference/exits.md"
)]
pub struct Options {
    /// Guests: each argument is one; its files (sources, objects, archives, or one image) are separated by commas
    #[arg(value_name = "GUEST")]
    positional: Vec<String>,

    /// A guest with settings of its own: image=FILE[,FILE...][,name=NAME][,mem=SIZE][,isa=-EXT][,disk=FILE[,ro]...][,device=KIND][,append=TEXT][,initrd=FILE][,console=WHERE][,stdin=FILE][,load-at=ADDRESS][,reserve=SIZE][,limit=SIZE]
    #[arg(short = 'g', long = "guest", value_name = "KEY=VALUE,...")]
    described: Vec<String>,

    /// Take guests and options from a TOML file; the command line wins
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,

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

    /// Where the console is: `stdio`; `raw`, the terminal key by key (Ctrl-A x ends the run); `pty`, a pseudo terminal for each guest; `file:PATH`, output to a file
    #[arg(long, value_name = "WHERE", default_value = "stdio", value_parser = parse_console)]
    pub console: ConsoleWhere,

    /// How idle time passes: `auto` follows the wall clock only with live input
    #[arg(long, value_enum, default_value_t = Clock::Auto)]
    pub clock: Clock,

    /// What the real-time clock shows at the start, in UTC: a date and time, `@` and seconds since 1970, or `host`
    #[arg(long, value_name = "TIME", default_value = "2000-01-01", value_parser = parse_rtc)]
    pub rtc: RtcStart,

    /// Seed of the guests' random bytes; `host`: another in each run
    #[arg(long, value_name = "NUMBER|host", default_value = "0", value_parser = parse_seed)]
    pub seed: Seed,

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
    #[arg(short = 'I', long, value_name = "DIR")]
    pub include: Vec<PathBuf>,

    /// Folder for `-l`
    #[arg(short = 'L', long, value_name = "DIR")]
    pub library_path: Vec<PathBuf>,

    /// Library to link after the guest's files, before the guest library
    #[arg(short = 'l', long = "library", value_name = "NAME")]
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

    /// Where the configuration file has each option that it has.
    #[arg(skip)]
    pub places: BTreeMap<String, Span>,
}

impl Options {
    /// An instruction set without what `--isa` switches off.
    #[must_use]
    pub fn isa(&self, isa: rv32::Isa) -> rv32::Isa {
        self.without.iter().fold(isa, |isa, &extension| isa.without(extension))
    }

    /// Says where the configuration file has the option that a message is about, if it has.
    #[must_use]
    pub fn locate(&self, option: &str, diagnostic: Diagnostic) -> Diagnostic {
        located(diagnostic, self.places.get(option).copied())
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

/// Parses the command line. An error is clap's: help and version are among them.
pub fn parse(arguments: &[OsString]) -> Result<Options, clap::Error> {
    parse_with(arguments, Vec::new())
}

/// The same, with guests that come before those of the command line.
pub fn parse_with(arguments: &[OsString], before: Vec<GuestSpec>) -> Result<Options, clap::Error> {
    let mut command = Options::command();
    let matches = command.try_get_matches_from_mut(arguments)?;
    let mut options = Options::from_arg_matches(&matches)?;
    let mut guests: Vec<(usize, GuestSpec)> = Vec::new();
    for (id, parse) in [("positional", spec::parse_positional as fn(&str) -> Result<GuestSpec, String>), ("described", spec::parse_described)] {
        let values = matches.get_many::<String>(id).into_iter().flatten();
        for (index, value) in matches.indices_of(id).into_iter().flatten().zip(values) {
            let guest = parse(value).map_err(|problem| command.error(clap::error::ErrorKind::InvalidValue, problem))?;
            guests.push((index, guest));
        }
    }
    guests.sort_by_key(|&(index, _)| index);
    options.guests = before.into_iter().chain(guests.into_iter().map(|(_, guest)| guest)).collect();
    let mut devices: Vec<(usize, DeviceSpec)> = Vec::new();
    for (id, parse) in [("disks", spec::parse_disk as fn(&str) -> Result<DeviceSpec, String>), ("devices", spec::parse_device)] {
        let values = matches.get_many::<String>(id).into_iter().flatten();
        for (index, value) in matches.indices_of(id).into_iter().flatten().zip(values) {
            let device = parse(value).map_err(|problem| command.error(clap::error::ErrorKind::InvalidValue, problem))?;
            devices.push((index, device));
        }
    }
    devices.sort_by_key(|&(index, _)| index);
    // All of these are guests and devices now.
    for words in [&mut options.positional, &mut options.described, &mut options.disks, &mut options.devices] {
        words.clear();
    }
    if let Some(first) = options.guests.first_mut() {
        first.initrd = options.initrd.take().or(first.initrd.take());
        first.devices.splice(0..0, devices.into_iter().map(|(_, device)| device));
    }
    if options.guests.is_empty() && options.explain.is_none() && options.export_lib.is_none() && options.config.is_none() {
        return Err(command.error(clap::error::ErrorKind::MissingRequiredArgument, "no guest given; try `hvrun hello.s`"));
    }
    Ok(options)
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
