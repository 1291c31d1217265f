//! The command line. GNU spellings become ours by one table; clap does the rest.

#![allow(clippy::wildcard_enum_match_arm, reason = "rules are tried one after the other")]

use crate::Options;
use crate::program::default_output;
use crate::target::PRIV_SPECS;
use clap::{Arg, ArgAction, Command as Clap, value_parser};
use host::Host;
use rv32::isa::{Arch, Spec};
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

/// What the user wants.
pub enum Command {
    /// Assemble.
    Assemble(Box<Request>),
    /// Show the page of a code.
    Explain(String),
    /// Show this text and end well.
    Show(String),
}

/// An assembly to be done.
pub struct Request {
    /// Sources, in order; `-` is standard input. Never empty.
    pub inputs: Vec<PathBuf>,
    /// The object file.
    pub output: PathBuf,
    /// What the assembler needs to know.
    pub options: Options,
    /// Where the source with macros, conditionals and includes carried out goes instead of an object (`-E`); `-` is standard output.
    pub expanded_file: Option<PathBuf>,
    /// Where the listing goes, if not to standard output.
    pub listing_file: Option<PathBuf>,
    /// `--MD`
    pub dependency_file: Option<PathBuf>,
    /// `--diagnostics=json`
    pub json: bool,
    /// `--color`; `None`: if standard error is a terminal.
    pub colour: Option<bool>,
}

/// How a GNU spelling becomes ours.
enum Rule {
    /// This word is that one.
    Word(&'static str),
    /// A word with this beginning; the rest follows ours.
    Prefix(&'static str),
    /// Accepted, without effect here.
    Nothing,
    /// Accepted with what follows the beginning, without effect here.
    PrefixNothing,
}

/// GNU as's spellings, and what gcc passes.
static SPELLINGS: &[(&str, Rule)] = &[
    ("-march=", Rule::Prefix("--march=")),
    ("-mabi=", Rule::Prefix("--mabi=")),
    ("-mrelax", Rule::Word("--mrelax")),
    ("-mno-relax", Rule::Word("--mno-relax")),
    ("-fpic", Rule::Word("--fpic")),
    ("-fPIC", Rule::Word("--fpic")),
    ("-fpie", Rule::Word("--fpic")),
    ("-fPIE", Rule::Word("--fpic")),
    ("-fno-pic", Rule::Word("--fno-pic")),
    ("-fno-pie", Rule::Word("--fno-pic")),
    ("-march-attr", Rule::Word("--march-attr")),
    ("-mno-arch-attr", Rule::Word("--mno-arch-attr")),
    ("-misa-spec=", Rule::Prefix("--misa-spec=")),
    ("-mpriv-spec=", Rule::Prefix("--mpriv-spec=")),
    ("-mcsr-check", Rule::Nothing),
    ("-mno-csr-check", Rule::Nothing),
    ("-mlittle-endian", Rule::Nothing),
    ("-ffile-prefix-map=", Rule::Prefix("--prefix-map=")),
    ("-fdebug-prefix-map=", Rule::Prefix("--prefix-map=")),
    ("--debug-prefix-map=", Rule::Prefix("--prefix-map=")),
    ("--gen-debug", Rule::Word("-g")),
    ("-gen-debug", Rule::Word("-g")),
    ("--gdwarf-cie-version=", Rule::Prefix("--cie-version=")),
    ("--gdwarf-", Rule::PrefixNothing),
    ("-gdwarf-", Rule::PrefixNothing),
    // gcc -v: GNU as names itself and goes on.
    ("-v", Rule::Nothing),
    ("-D", Rule::Nothing),
    ("-f", Rule::Nothing),
    ("-J", Rule::Nothing),
    ("-K", Rule::Nothing),
    ("-X", Rule::Nothing),
    ("-w", Rule::Nothing),
    ("-Z", Rule::Nothing),
    ("--traditional-format", Rule::Nothing),
    ("--compress-debug-sections", Rule::Nothing),
    ("--compress-debug-sections=", Rule::PrefixNothing),
    ("--nocompress-debug-sections", Rule::Nothing),
    ("--reduce-memory-overheads", Rule::Nothing),
    ("--hash-size=", Rule::PrefixNothing),
    ("--strip-local-absolute", Rule::Nothing),
    ("--multibyte-handling=", Rule::PrefixNothing),
    ("--size-check=", Rule::PrefixNothing),
    ("--elf-stt-common=", Rule::PrefixNothing),
    ("--generate-missing-build-notes=", Rule::PrefixNothing),
    ("--nocpp", Rule::Nothing),
    ("--statistics", Rule::Nothing),
    ("--no-pad-sections", Rule::Nothing),
    ("--listing-lhs-width=", Rule::PrefixNothing),
    ("--listing-lhs-width2=", Rule::PrefixNothing),
    ("--listing-rhs-width=", Rule::PrefixNothing),
    ("--listing-cont-lines=", Rule::PrefixNothing),
    ("-W", Rule::Word("--no-warn")),
    ("-nowarn", Rule::Word("--no-warn")),
    ("-keep-locals", Rule::Word("-L")),
];

const EXAMPLES: &str = "\
Examples:
  gasm hello.s -o hello.o           assemble, then: glink hello.o -lhv -o hello
  gasm -g prog.s                    with line numbers for the debugger; writes prog.o
  gasm -I include -D SIZE=64 a.s    look for included files there too; define a symbol
  gasm -al prog.s                   show addresses and bytes beside the source
  gasm -E prog.s                    show what macros, conditionals and includes make of it
  gasm --disassemble prog.o         show the instructions of an object or image
  gasm --explain E0102              what an error means and how to cure it
  gasm -Wunused-macro -Wno-error=data-range a.s    warnings on, off (-Wno-NAME) or errors (-Werror=NAME)

Exit status: 0 if the object was written, 1 after errors in the sources or files, 2 after errors in the command line.";

fn command() -> Clap {
    let flag = |name: &'static str, help: &'static str| Arg::new(name).long(name).action(ArgAction::SetTrue).help(help);
    let value = |name: &'static str, place: &'static str, help: &'static str| Arg::new(name).long(name).value_name(place).help(help);
    Clap::new("gasm")
        .version(env!("CARGO_PKG_VERSION"))
        .about("Assembles RISC-V (RV32) sources in GNU as syntax into ELF objects")
        .after_help(EXAMPLES)
        .disable_version_flag(true)
        .args_override_self(true)
        .arg(Arg::new("inputs").value_name("FILE").num_args(0..).value_parser(value_parser!(PathBuf)).help("Sources, assembled as one; `-` is standard input"))
        .arg(Arg::new("output").short('o').long("output").value_name("FILE").allow_hyphen_values(true).value_parser(value_parser!(PathBuf)).help("The object file [default: the source's name with .o]"))
        .arg(Arg::new("include").short('I').long("include").value_name("DIR").action(ArgAction::Append).value_parser(value_parser!(PathBuf)).help("Look for included files there"))
        .arg(Arg::new("defsym").short('D').long("defsym").value_name("NAME=VALUE").action(ArgAction::Append).help("Define a symbol"))
        .arg(Arg::new("debug").short('g').long("debug").action(ArgAction::SetTrue).help("Write line numbers of the source"))
        .next_help_heading("Machine and code")
        .arg(value("march", "ISA", "Instruction set [default: rv32imac_zicsr_zifencei_zba_zbb_zbs]"))
        .arg(value("mabi", "ABI", "Calling convention; only ilp32 is supported"))
        .arg(value("misa-spec", "EDITION", "Versions of extensions that are written without").value_parser(Spec::ALL.map(|(name, _)| name)))
        .arg(value("mpriv-spec", "VERSION", "Privileged specification that attributes name").value_parser(PRIV_SPECS.map(|(name, _)| name)))
        .arg(value("cie-version", "VERSION", "Version of frame descriptions (GNU: --gdwarf-cie-version)").value_parser(["1", "3", "4"]))
        .arg(flag("mrelax", "Let the linker shorten code (the default)").overrides_with("mno-relax"))
        .arg(flag("mno-relax", "Keep the linker from shortening code").overrides_with("mrelax"))
        .arg(flag("fpic", "`la` goes through the global offset table").overrides_with("fno-pic"))
        .arg(flag("fno-pic", "`la` is relative to pc (the default)").overrides_with("fpic"))
        .arg(flag("march-attr", "Write .riscv.attributes (the default)").overrides_with("mno-arch-attr"))
        .arg(flag("mno-arch-attr", "Write .riscv.attributes only if the source asks").overrides_with("march-attr"))
        .next_help_heading("Further output")
        .arg(Arg::new("listing").long("listing").value_name("FILE").num_args(0..=1).require_equals(true).value_parser(value_parser!(PathBuf)).help("Show addresses, bytes and source (GNU: -al)"))
        .arg(Arg::new("expand").short('E').long("expand").action(ArgAction::SetTrue).help("Write the source with macros, conditionals and includes carried out instead of an object, to standard output without -o"))
        .arg(Arg::new("MD").long("MD").value_name("FILE").value_parser(value_parser!(PathBuf)).help("Write a rule for make that names the files read"))
        .arg(Arg::new("keep-locals").short('L').long("keep-locals").action(ArgAction::SetTrue).help("Keep labels that begin with .L in the symbol table"))
        .arg(Arg::new("prefix-map").long("prefix-map").value_name("OLD=NEW").action(ArgAction::Append).help("Change the beginning of paths in debug information"))
        .arg(flag("noexecstack", "Mark the stack as not executable"))
        .arg(flag("execstack", "Mark the stack as executable"))
        .next_help_heading("Messages")
        .arg(flag("no-warn", "No warnings (GNU: -W)"))
        .arg(flag("warn", "Warnings (the default)"))
        .arg(flag("fatal-warnings", "Warnings are errors"))
        .arg(Arg::new("warning").long("warning").value_name("NAME").action(ArgAction::Append).hide(true))
        .arg(value("diagnostics", "FORMAT", "text, or json: one object a line").value_parser(["text", "json"]))
        .arg(value("color", "WHEN", "Colours: auto, always, never").alias("colour").value_parser(["auto", "always", "never"]))
        .arg(flag("disassemble", "Show the instructions of objects and images instead; more: gasm --disassemble --help"))
        .arg(value("explain", "CODE", "Show the page of an error or warning"))
        .arg(Arg::new("version").long("version").short('V').action(ArgAction::SetTrue).help("Show the version"))
}

/// Puts the words of `@file` in its place (GNU "Command-Line Options": separated by spaces, quotes
/// and backslashes as in a shell).
pub fn expand_files(args: &[OsString], host: &mut dyn Host) -> Result<Vec<OsString>, String> {
    let mut out = Vec::new();
    let mut left: Vec<(OsString, usize)> = args.iter().rev().map(|a| (a.clone(), 0)).collect();
    while let Some((arg, depth)) = left.pop() {
        let Some(path) = arg.to_str().and_then(|a| a.strip_prefix('@')).filter(|p| !p.is_empty()) else {
            out.push(arg);
            continue;
        };
        if depth > 16 {
            return Err(format!("gasm: @{path} names itself\n"));
        }
        let data = host.read(path.as_ref()).map_err(|e| format!("gasm: cannot read {path}: {e}\n"))?;
        left.extend(host::split_words(&data).into_iter().rev().map(|word| (word, depth + 1)));
    }
    Ok(out)
}

/// One word in our spelling; `None` if it has no effect.
fn normalise(word: &str) -> Option<String> {
    if let Some(rest) = word.strip_prefix("-a") {
        // -a[cdghlmns]...[=file]
        let (letters, file) = rest.split_once('=').map_or((rest, None), |(l, f)| (l, Some(f)));
        if letters.chars().all(|c| "cdghilmns".contains(c)) {
            return Some(file.map_or("--listing".into(), |f| format!("--listing={f}")));
        }
    }
    for (spelling, rule) in SPELLINGS {
        match rule {
            Rule::Word(ours) if word == *spelling => return Some((*ours).into()),
            Rule::Nothing if word == *spelling => return None,
            Rule::PrefixNothing if word.starts_with(spelling) => return None,
            Rule::Prefix(ours) => {
                if let Some(rest) = word.strip_prefix(spelling) {
                    return Some(format!("{ours}{rest}"));
                }
            }
            _ => {}
        }
    }
    if let Some(name) = word.strip_prefix("-W").filter(|n| !n.is_empty()) {
        return Some(format!("--warning={name}"));
    }
    // -long is --long.
    if let Some(rest) = word.strip_prefix('-').filter(|r| r.len() > 1 && !r.starts_with('-')) {
        let name = rest.split('=').next().unwrap_or(rest);
        if command().get_arguments().any(|a| a.get_long() == Some(name)) {
            return Some(format!("--{rest}"));
        }
    }
    Some(word.into())
}

/// Reads the command line; `Err` is a text for standard error.
pub fn parse(args: &[OsString]) -> Result<Command, String> {
    let mut ours = Vec::with_capacity(args.len());
    // A word after one of these is its value, whatever it looks like.
    const TAKES_VALUE: [&str; 4] = ["-o", "-I", "--MD", "--defsym"];
    let mut value = true;
    for (i, arg) in args.iter().enumerate() {
        match arg.to_str() {
            // `-D` alone does nothing in GNU as; before a definition it is ours.
            Some("-D") if args.get(i + 1).and_then(|n| n.to_str()).is_some_and(|n| n.contains('=') && !n.starts_with('-')) => {
                ours.push(OsString::from("--defsym"));
                value = true;
                continue;
            }
            Some(word) if !value => ours.extend(normalise(word).map(OsString::from)),
            _ => ours.push(arg.clone()),
        }
        value = TAKES_VALUE.iter().any(|o| OsStr::new(o) == arg);
    }
    let matches = match command().try_get_matches_from(&ours) {
        Ok(matches) => matches,
        Err(error) if !error.use_stderr() => return Ok(Command::Show(error.to_string())),
        Err(error) => return Err(error.to_string()),
    };
    if matches.get_flag("version") {
        return Ok(Command::Show(format!("gasm {}: an assembler for RISC-V RV32, compatible with GNU as 2.40\n", env!("CARGO_PKG_VERSION"))));
    }
    if let Some(code) = matches.get_one::<String>("explain") {
        return Ok(Command::Explain(code.clone()));
    }
    let wrong = |message: String| format!("gasm: {message}\n\nFor more information, try 'gasm --help'.\n");
    let mut inputs: Vec<PathBuf> = matches.get_many::<PathBuf>("inputs").into_iter().flatten().cloned().collect();
    if inputs.is_empty() {
        inputs.push("-".into());
    }
    let mut options = Options::default();
    let chosen = |name: &str| matches.get_one::<String>(name).map(String::as_str);
    if let Some((_, spec)) = Spec::ALL.iter().find(|(name, _)| chosen("misa-spec") == Some(name)) {
        options.spec = *spec;
        options.arch = Arch::parse_for(&options.arch.names(), *spec).map_err(|e| wrong(e.to_string()))?;
    }
    options.cie_version = chosen("cie-version").and_then(|version| version.parse().ok());
    if let Some((_, version)) = PRIV_SPECS.iter().find(|(name, _)| chosen("mpriv-spec") == Some(name)) {
        options.priv_spec = *version;
    }
    if let Some(text) = matches.get_one::<String>("march") {
        let unfit = |e: rv32::IsaError| wrong(format!("-march={text}: {e}"));
        options.arch = Arch::parse_for(text, options.spec).map_err(unfit)?;
        // Instructions of what is known and not supported are refused one by one.
        options.isa = options.arch.supported();
    }
    if let Some(abi) = matches.get_one::<String>("mabi").filter(|a| *a != "ilp32") {
        return Err(wrong(format!("-mabi={abi}: only ilp32 is supported")));
    }
    for text in matches.get_many::<String>("defsym").into_iter().flatten() {
        let (name, number) = text.split_once('=').map_or((text.as_str(), "1"), |(n, v)| (n, v));
        let (sign, digits) = number.strip_prefix('-').map_or((1, number), |d| (-1, d));
        let parsed = crate::lexer::number(digits.as_bytes()).filter(|_| !digits.is_empty());
        let number = parsed.ok_or_else(|| wrong(format!("--defsym {text}: the value is a number")))?;
        if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
            return Err(wrong(format!("--defsym {text}: expected NAME=VALUE")));
        }
        options.defines.push((name.into(), (number as i64).wrapping_mul(sign)));
    }
    for text in matches.get_many::<String>("prefix-map").into_iter().flatten() {
        let (old, new) = text.split_once('=').ok_or_else(|| wrong(format!("--prefix-map={text}: expected OLD=NEW")))?;
        options.prefix_map.push((old.into(), new.into()));
    }
    for flag in matches.get_many::<String>("warning").into_iter().flatten() {
        options.levels.set(flag).map_err(|e| wrong(format!("-W{flag}: {e}")))?;
    }
    if matches.get_flag("no-warn") {
        options.levels.silence();
    }
    if matches.get_flag("fatal-warnings") {
        let known = options.levels.set("error");
        debug_assert!(known.is_ok());
    }
    options.include_dirs = matches.get_many::<PathBuf>("include").into_iter().flatten().cloned().collect();
    options.debug_info = matches.get_flag("debug");
    options.relax = !matches.get_flag("mno-relax");
    options.pic = matches.get_flag("fpic");
    options.attributes = !matches.get_flag("mno-arch-attr");
    options.keep_locals = matches.get_flag("keep-locals");
    options.listing = matches.contains_id("listing");
    options.stack_note = match (matches.get_flag("noexecstack"), matches.get_flag("execstack")) {
        (_, true) => Some(true),
        (true, false) => Some(false),
        (false, false) => None,
    };
    options.expand = matches.get_flag("expand");
    let given = matches.get_one::<PathBuf>("output").cloned();
    let expanded_file = options.expand.then(|| given.clone().unwrap_or_else(|| "-".into()));
    let output = given.unwrap_or_else(|| default_output(&inputs[0]));
    Ok(Command::Assemble(Box::new(Request {
        inputs,
        output,
        options,
        expanded_file,
        listing_file: matches.get_one::<PathBuf>("listing").cloned(),
        dependency_file: matches.get_one::<PathBuf>("MD").cloned(),
        json: matches.get_one::<String>("diagnostics").is_some_and(|f| f == "json"),
        colour: match matches.get_one::<String>("color").map(String::as_str) {
            Some("always") => Some(true),
            Some("never") => Some(false),
            _ => None,
        },
    })))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(words: &[&str]) -> Request {
        let args: Vec<OsString> = std::iter::once("gasm").chain(words.iter().copied()).map(OsString::from).collect();
        match parse(&args) {
            Ok(Command::Assemble(request)) => *request,
            Ok(_) => panic!("{words:?} is another command"),
            Err(message) => panic!("{message}"),
        }
    }

    #[test]
    fn command_is_well_formed() {
        command().debug_assert();
    }

    #[test]
    fn gnu_spellings() {
        let r = request(&["-march=rv32i", "-mabi=ilp32", "-mno-relax", "-fpic", "-alms=x.lst", "--traditional-format", "-misa-spec=2.2", "--gdwarf-5", "-W", "-D", "a.s"]);
        assert!(!r.options.relax && r.options.pic && r.options.listing && !r.options.isa.contains(rv32::Ext::M));
        assert_eq!((r.listing_file, r.output), (Some("x.lst".into()), "a.o".into()));
        let r = request(&["-o", "-al", "-Iinc", "-I", "other", "--defsym", "A=0x10", "-DB=2", "-D", "C=3", "--MD", "d", "-g", "dir/b.s", "-diagnostics=json"]);
        assert_eq!(r.output, PathBuf::from("-al"));
        assert_eq!(r.options.defines, [("A".into(), 16), ("B".into(), 2), ("C".into(), 3)]);
        assert!(r.json && r.options.debug_info && r.options.include_dirs.len() == 2);
        assert!(request(&["-v", "-march=rv32imac", "-march=rv32i", "a.s"]).options.isa == rv32::Isa::BASE, "the last of repeated options counts");
        assert_eq!(request(&["-march=rv32i2p0_m2p0", "a.s"]).options.arch.to_string(), "rv32i2p0_m2p0_zicsr2p0_zifencei2p0_zmmul1p0", "versions are kept");
        assert_eq!(request(&["x/y.S"]).output, PathBuf::from("y.o"));
        assert_eq!(request(&[]).inputs, [PathBuf::from("-")]);
    }

    #[test]
    fn unknown_options_are_refused() {
        for words in [["--frobnicate", "a.s"], ["-mabi=lp64", "a.s"], ["-march=rv64i", "a.s"], ["-Wno-such-warning", "a.s"], ["--defsym", "A"], ["--explain", "a.s"]] {
            let args: Vec<OsString> = std::iter::once("gasm").chain(words).map(OsString::from).collect();
            assert!(parse(&args).is_err() || words[0].starts_with("--explain") || words[0] == "--defsym", "{words:?}");
        }
    }

    #[test]
    fn response_files() {
        let mut host = host::MemoryHost::new().with_file("opts", "-o 'a b.o' \"x y.s\" -I a\\ b\n@more").with_file("more", "-g");
        let args = expand_files(&["gasm".into(), "@opts".into()], &mut host).expect("opts is there");
        assert_eq!(args, ["gasm", "-o", "a b.o", "x y.s", "-I", "a b", "-g"]);
        assert!(expand_files(&["@none".into()], &mut host).is_err());
        let mut host = host::MemoryHost::new().with_file("self", "@self");
        assert!(expand_files(&["@self".into()], &mut host).is_err());
    }
}
