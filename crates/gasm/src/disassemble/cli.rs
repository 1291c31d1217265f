//! The command line of `gasm --disassemble`: objdump's words where they share a job.

use super::Request;
use clap::{Arg, ArgAction, ArgMatches, Command as Clap, value_parser};
use rv32::{Registers, Style};
use std::ffi::OsString;
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  gasm --disassemble hello.o               instructions, with relocations beneath them
  gasm --disassemble --source hello        an image, with source lines if it was built with -g
  gasm --disassemble --symbol main hello   one function
  gasm --disassemble -M no-aliases,numeric hello --start-address=0x80000010 --stop-address=0x80000020
  gasm --disassemble -j .rodata hello      data: words, with their characters
  gasm --disassemble --format=json libc.a  for programs: one JSON object a line";

/// The option that leads here.
pub const OPTION: &str = "--disassemble";

fn command() -> Clap {
    let flag = |name: &'static str, help: &'static str| Arg::new(name).long(name).action(ArgAction::SetTrue).help(help);
    let address = |name: &'static str, help: &'static str| Arg::new(name).long(name).value_name("ADDRESS").value_parser(parse_address).help(help);
    let names = |name: &'static str, help: &'static str| Arg::new(name).long(name).value_name("NAME").action(ArgAction::Append).help(help);
    Clap::new("gasm --disassemble")
        .about("Shows the instructions of objects, archives and images as assembly")
        .after_help(EXAMPLES)
        .disable_version_flag(true)
        .args_override_self(true)
        .arg(Arg::new("inputs").value_name("FILE").num_args(1..).required(true).value_parser(value_parser!(PathBuf)).help("Objects, archives, images"))
        .arg(Arg::new("output").short('o').long("output").value_name("FILE").value_parser(value_parser!(PathBuf)).help("Where the text goes [default: standard output]"))
        .arg(flag("source", "Show the source's lines (needs code built with -g)").short('S'))
        .arg(flag("line-numbers", "Show files and lines only").short('l'))
        .arg(flag("no-aliases", "Real instructions: `addi zero,zero,0`, not `nop`; `c.li`, not `li` (objdump: -M no-aliases)"))
        .arg(flag("numeric", "Registers by number: `x10`, not `a0` (objdump: -M numeric)"))
        .arg(Arg::new("disassembler-options").short('M').long("disassembler-options").value_name("WORDS").action(ArgAction::Append).value_delimiter(',').help("no-aliases, numeric: as the options of these names"))
        .arg(names("section", "Only this section, whatever it holds").short('j'))
        .arg(names("symbol", "Only the code of this symbol"))
        .arg(address("start-address", "Nothing below this address"))
        .arg(address("stop-address", "Nothing from this address on"))
        .arg(flag("disassemble-all", "Sections of data too").short('D'))
        .arg(flag("disassemble-zeroes", "Write out runs of zeros").short('z'))
        .arg(flag("no-show-raw-insn", "No bytes beside the instructions"))
        .arg(Arg::new("format").long("format").value_name("FORMAT").value_parser(["text", "json"]).help("text, or json: one object a line"))
        .arg(Arg::new("diagnostics").long("diagnostics").value_name("FORMAT").value_parser(["text", "json"]).help("text, or json: one object a line"))
        .arg(Arg::new("color").long("color").alias("colour").value_name("WHEN").value_parser(["auto", "always", "never"]).help("Colours of messages: auto, always, never"))
}

/// A number as C writes it.
fn parse_address(text: &str) -> Result<u32, String> {
    let number = crate::lexer::number(text.as_bytes()).filter(|_| text.starts_with(|c: char| c.is_ascii_digit()));
    number.and_then(|n| u32::try_from(n).ok()).ok_or_else(|| "expected an address such as 0x80000000".into())
}

/// Whether the command line asks to disassemble.
pub fn asked_for(args: &[OsString]) -> bool {
    args.iter().skip(1).any(|arg| arg == OPTION)
}

/// Reads the command line; `Err` is a text for standard error, or with `true` for standard output.
pub fn parse(args: &[OsString]) -> Result<Request, (String, bool)> {
    let args = args.iter().filter(|arg| *arg != OPTION);
    let matches = command().try_get_matches_from(args).map_err(|e| (e.to_string(), !e.use_stderr()))?;
    let strings = |name: &str| -> Vec<String> { matches.get_many::<String>(name).into_iter().flatten().cloned().collect() };
    let mut aliases = !matches.get_flag("no-aliases");
    let mut numeric = matches.get_flag("numeric");
    for word in strings("disassembler-options") {
        match word.as_str() {
            "no-aliases" => aliases = false,
            "numeric" => numeric = true,
            _ => return Err((format!("gasm: -M {word}: known are no-aliases and numeric\n\nFor more information, try 'gasm --disassemble --help'.\n"), false)),
        }
    }
    Ok(Request {
        inputs: matches.get_many::<PathBuf>("inputs").into_iter().flatten().cloned().collect(),
        output: matches.get_one::<PathBuf>("output").cloned(),
        style: if aliases { Style::Aliases } else { Style::NoAliases },
        registers: if numeric { Registers::Numeric } else { Registers::Abi },
        start: matches.get_one::<u32>("start-address").copied().unwrap_or(0),
        stop: matches.get_one::<u32>("stop-address").map_or(1 << 32, |a| u64::from(*a)),
        sections: strings("section"),
        symbols: strings("symbol"),
        all: matches.get_flag("disassemble-all"),
        zeros: matches.get_flag("disassemble-zeroes"),
        hide_bytes: matches.get_flag("no-show-raw-insn"),
        line_numbers: matches.get_flag("line-numbers"),
        source: matches.get_flag("source"),
        json: is(&matches, "format", "json"),
        json_diagnostics: is(&matches, "diagnostics", "json"),
        colour: match matches.get_one::<String>("color").map(String::as_str) {
            Some("always") => Some(true),
            Some("never") => Some(false),
            _ => None,
        },
    })
}

fn is(matches: &ArgMatches, name: &str, value: &str) -> bool {
    matches.get_one::<String>(name).is_some_and(|v| v == value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_words(words: &[&str]) -> Result<Request, (String, bool)> {
        parse(&std::iter::once("gasm").chain(words.iter().copied()).map(OsString::from).collect::<Vec<_>>())
    }

    #[test]
    fn command_is_well_formed() {
        command().debug_assert();
    }

    #[test]
    fn words_of_objdump() {
        let r = parse_words(&["--disassemble", "-M", "no-aliases,numeric", "-j", ".text", "--start-address=0x10", "--stop-address", "32", "a.o"]).unwrap();
        assert!(r.style == Style::NoAliases && r.registers == Registers::Numeric);
        assert_eq!((r.start, r.stop, r.sections), (16, 32, vec![".text".to_string()]));
        assert!(parse_words(&["--disassemble"]).is_err());
        assert!(parse_words(&["--disassemble", "-M", "intel", "a.o"]).is_err());
        assert!(parse_words(&["--disassemble", "--start-address", "x", "a.o"]).is_err());
    }
}
