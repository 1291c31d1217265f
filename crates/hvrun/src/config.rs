//! The configuration file of `--config`: options and guests in TOML.
//!
//! A key outside tables is a long option of the command line, with its name, its values and its range; a `[[guest]]` table
//! is what `-g` describes, with its keys. So there is nothing to say here about any one setting. What the command line
//! gives wins. Paths are relative to the file's folder.

use crate::cli::{self, Options};
use crate::spec::{self, GuestSpec, KEYS, Key, Kind};
use clap::builder::ValueParser;
use clap::error::{ContextKind, ContextValue};
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, Command, CommandFactory, value_parser};
use diag::{Diagnostic, FileId, Sources, Span, codes};
use host::Host;
use std::collections::BTreeMap;
use std::error::Error;
use std::ffi::OsString;
use std::ops::Range;
use std::path::{Path, PathBuf};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The most bytes of a file.
const MOST_BYTES: usize = 1 << 20;

/// The table of a guest.
const GUEST: &str = "guest";

/// Options that a file cannot have, and why.
const NOT_HERE: &[(&str, &str)] = &[
    ("config", "a configuration file cannot name another one"),
    ("guest", "a guest is a table: `[[guest]]`"),
    ("disk", "a disk belongs to a guest: write `disk` under its `[[guest]]`"),
    ("device", "a device belongs to a guest: write `device` under its `[[guest]]`"),
    ("initrd", "an initial RAM disk belongs to a guest: write `initrd` under its `[[guest]]`"),
    ("stdin", "the input belongs to a guest: write `stdin` under its `[[guest]]`"),
    ("dump-dtb", "it ends hvrun at once: give it on the command line"),
    ("export-lib", "it ends hvrun at once: give it on the command line"),
    ("explain", "it ends hvrun at once: give it on the command line"),
    ("json", "it says how hvrun speaks: give it on the command line"),
    ("color", "it says how hvrun speaks: give it on the command line"),
];

/// The command line's options together with the file's.
pub fn load(path: &Path, arguments: &[OsString], sources: &mut Sources, host: &mut dyn Host) -> Result<Options, Vec<Diagnostic>> {
    let refused = |reason: String| vec![Diagnostic::new(&codes::E0615, format!("cannot use {} (--config): {reason}", path.display()))];
    let data = host.read(path).map_err(|error| refused(error.to_string()))?;
    if data.len() > MOST_BYTES {
        return Err(refused(format!("it has {} bytes, a configuration has at most {MOST_BYTES}", data.len())));
    }
    let file = sources.add(path.display().to_string(), data.shared());
    let folder = path.parent().unwrap_or(Path::new("")).to_path_buf();
    let text = match std::str::from_utf8(&data) {
        Ok(text) => text,
        Err(error) => {
            let at = error.valid_up_to();
            return Err(vec![Diagnostic::new(&codes::E0615, "a configuration is written in UTF-8").at(Span::new(file, at, at + 1), "this byte begins no character")]);
        }
    };
    let mut reader = Reader { file, folder, command: Options::command(), problems: Vec::new() };
    let (table, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        let span = error.span().unwrap_or(0..0);
        let message = error.message().split('\n').next().unwrap_or("not TOML").to_string();
        reader.problem(span, "this is not TOML".into(), message, "https://toml.io describes the format");
    }
    if !errors.is_empty() {
        return Err(reader.problems);
    }
    let given = given(&reader.command, arguments);
    let found = reader.table(table.get_ref(), &given);
    if !reader.problems.is_empty() {
        // Tables are sorted by key; people read from the top.
        reader.problems.sort_by_key(|problem| problem.primary.as_ref().map(|label| label.span));
        return Err(reader.problems);
    }
    let mut words: Vec<OsString> = arguments.iter().take(1).cloned().collect();
    words.extend(found.words.into_iter().map(OsString::from));
    words.extend(arguments.iter().skip(1).cloned());
    let mut options = cli::parse_with(&words, found.guests).map_err(|error| refused(plain(&error)))?;
    options.places = found.places;
    if options.guests.is_empty() {
        let problem = Diagnostic::new(&codes::E0615, format!("{} has no guest", path.display()));
        return Err(vec![problem.help("add a table: `[[guest]]`, and in it `image = \"hello.s\"`")]);
    }
    Ok(options)
}

/// Options (by id) that the command line gives.
fn given(command: &Command, arguments: &[OsString]) -> Vec<String> {
    // The arguments were parsed before.
    let Ok(matches) = command.clone().try_get_matches_from(arguments) else { return Vec::new() };
    let ids = matches.ids().map(ToString::to_string);
    ids.filter(|id| matches.try_contains_id(id).is_ok() && matches.value_source(id) == Some(ValueSource::CommandLine)).collect()
}

/// What a file says.
#[derive(Default)]
struct Found {
    /// Options, as words of a command line.
    words: Vec<String>,
    places: BTreeMap<String, Span>,
    guests: Vec<GuestSpec>,
}

struct Reader {
    file: FileId,
    folder: PathBuf,
    command: Command,
    problems: Vec<Diagnostic>,
}

/// A value as the word that a command line would have.
fn word(value: &DeValue<'_>) -> String {
    match value {
        DeValue::Integer(number) => i128::from_str_radix(number.as_str(), number.radix()).map_or_else(|_| number.to_string(), |number| number.to_string()),
        DeValue::String(text) => text.to_string(),
        DeValue::Float(number) => number.to_string(),
        // A date of TOML is one of `--rtc`.
        DeValue::Datetime(time) => time.to_string(),
        DeValue::Boolean(_) | DeValue::Array(_) | DeValue::Table(_) => String::new(),
    }
}

fn type_of(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "a switch",
        DeValue::Datetime(_) => "a time",
        DeValue::Array(_) => "an array",
        DeValue::Table(_) => "a table",
    }
}

/// What a file may give an option.
fn kind_of(option: &Arg) -> Kind {
    let parser = option.get_value_parser().type_id();
    let is = |other: ValueParser| parser == other.type_id();
    if !option.get_action().takes_values() {
        Kind::Switch
    } else if is(value_parser!(PathBuf)) || is(value_parser!(String)) {
        Kind::Text
    } else {
        Kind::Number
    }
}

impl Reader {
    fn span(&self, range: Range<usize>) -> Span {
        Span::new(self.file, range.start, range.end)
    }

    fn problem(&mut self, range: Range<usize>, message: String, label: impl Into<String>, help: &str) {
        let diagnostic = Diagnostic::new(&codes::E0615, message).at(self.span(range), label);
        self.problems.push(if help.is_empty() { diagnostic } else { diagnostic.help(help) });
    }

    /// The long options by name: those that a file can have, and the others.
    fn option(&self, name: &str) -> Option<&Arg> {
        self.command.get_arguments().find(|option| option.get_long() == Some(name) || option.get_all_aliases().is_some_and(|aliases| aliases.contains(&name)))
    }

    fn table(&mut self, table: &DeTable<'_>, given: &[String]) -> Found {
        let mut found = Found::default();
        for (key, value) in table {
            let name: &str = key.get_ref();
            if name == GUEST {
                found.guests = self.guests(value);
                continue;
            }
            if let Some((_, why)) = NOT_HERE.iter().find(|(other, _)| *other == name) {
                self.problem(key.span(), format!("`{name}` cannot stand here"), *why, "");
                continue;
            }
            let Some(option) = self.option(name).cloned() else {
                self.unknown(key, "option");
                continue;
            };
            let id = option.get_id().to_string();
            let long = option.get_long().unwrap_or(name).to_string();
            if let Some(other) = found.places.get(&long) {
                let problem = Diagnostic::new(&codes::E0615, format!("`{name}` is `{long}`, which is given already")).at(self.span(key.span()), "a second time").also(*other, "the first time");
                self.problems.push(problem);
                continue;
            }
            found.places.insert(long.clone(), self.span(value.span()));
            let words = self.option_words(&option, &long, value);
            if !given.contains(&id) {
                found.words.extend(words);
            }
        }
        found
    }

    fn unknown(&mut self, key: &Spanned<std::borrow::Cow<'_, str>>, what: &str) {
        let name: &str = key.get_ref();
        let is_option = what == "option";
        let options: Vec<&str> = if is_option {
            let longs = self.command.get_arguments().filter_map(Arg::get_long);
            longs.filter(|long| NOT_HERE.iter().all(|(other, _)| other != long)).chain([GUEST]).collect()
        } else {
            KEYS.iter().map(|key| key.name).collect()
        };
        let near = diag::suggest(name, options.iter().copied()).map(ToString::to_string);
        let elsewhere = if is_option { Key::find(name).is_some() } else { self.option(name).is_some() };
        let help = match &near {
            Some(near) => format!("did you mean `{near}`?"),
            None if elsewhere && is_option => "it is a setting of a guest: write it under `[[guest]]`".into(),
            None if elsewhere => "it is an option for the whole machine: write it before the first `[[guest]]`".into(),
            None if is_option => "`hvrun --help` lists the options".into(),
            None => format!("there are {}", spec::known_keys()),
        };
        let message = if is_option { format!("there is no option `{name}`") } else { format!("a guest has no setting `{name}`") };
        let mut problem = Diagnostic::new(&codes::E0615, message).at(self.span(key.span()), "this is not known").help(help);
        if let Some(near) = near {
            problem = problem.cure(self.span(key.span()), near);
        }
        self.problems.push(problem);
    }

    /// An option's values as words of a command line, each tried alone.
    fn option_words(&mut self, option: &Arg, long: &str, value: &Spanned<DeValue<'_>>) -> Vec<String> {
        let kind = kind_of(option);
        let repeats = matches!(option.get_action(), ArgAction::Append);
        let is_path = kind == Kind::Text && option.get_value_parser().type_id() == value_parser!(PathBuf).type_id();
        let mut words = Vec::new();
        for (span, text) in self.values(long, kind, repeats, value) {
            let Some(text) = text else {
                words.push(format!("--{long}"));
                continue;
            };
            let text = match text.strip_prefix("file:") {
                // `--swap off` is no path.
                _ if is_path && text != "off" => self.folder.join(&text).to_string_lossy().into_owned(),
                Some(path) if long == "console" => format!("file:{}", self.folder.join(path).display()),
                _ => text,
            };
            let word = format!("--{long}={text}");
            match self.command.clone().try_get_matches_from(["hvrun", &word]) {
                Ok(_) => words.push(word),
                Err(error) => self.problem(span, format!("`{long}` cannot be `{text}`"), plain(&error), ""),
            }
        }
        words
    }

    /// The values of a key, each with its place; a switch that is on has no text, one that is off no value.
    fn values(&mut self, name: &str, kind: Kind, repeats: bool, value: &Spanned<DeValue<'_>>) -> Vec<(Range<usize>, Option<String>)> {
        let each: Vec<&Spanned<DeValue<'_>>> = match value.get_ref().as_array() {
            Some(values) if repeats => values.iter().collect(),
            Some(_) | None => vec![value],
        };
        let mut found = Vec::new();
        for value in each {
            let wanted = match kind {
                Kind::Switch => "`true` or `false`",
                Kind::Text => "a string",
                Kind::Number => "a string or a number",
            };
            let is_right = match (kind, value.get_ref()) {
                (Kind::Switch, DeValue::Boolean(_)) | (Kind::Text | Kind::Number, DeValue::String(_)) => true,
                (Kind::Number, DeValue::Integer(_) | DeValue::Float(_)) => true,
                (Kind::Number, DeValue::Datetime(_)) => name == "rtc",
                _ => false,
            };
            let text = word(value.get_ref());
            if !is_right {
                let several = if repeats { ", or an array of them" } else { "" };
                self.problem(value.span(), format!("`{name}` has the wrong type"), format!("this is {}; it should be {wanted}{several}", type_of(value.get_ref())), "");
            } else if text.contains('\0') {
                self.problem(value.span(), format!("`{name}` holds a NUL"), "no file and no argument can", "");
            } else if kind != Kind::Switch {
                found.push((value.span(), Some(text)));
            } else if value.get_ref().as_bool() == Some(true) {
                found.push((value.span(), None));
            }
        }
        found
    }

    fn guests(&mut self, value: &Spanned<DeValue<'_>>) -> Vec<GuestSpec> {
        let values = value.get_ref().as_array();
        let tables: Option<Vec<_>> = values.and_then(|values| values.iter().map(|value| value.get_ref().as_table().map(|table| (value.span(), table))).collect());
        let Some(tables) = tables else {
            self.problem(value.span(), "guests are tables".into(), format!("this is {}", type_of(value.get_ref())), "begin each guest with `[[guest]]`");
            return Vec::new();
        };
        tables.into_iter().map(|(span, table)| self.guest(span, table)).collect()
    }

    fn guest(&mut self, span: Range<usize>, table: &DeTable<'_>) -> GuestSpec {
        let mut guest = GuestSpec { places: vec![(GUEST, self.span(span.clone()))], ..GuestSpec::default() };
        let before = self.problems.len();
        // Slots of devices are given out as the file has them; its table is sorted by key.
        let mut entries: Vec<_> = table.iter().collect();
        entries.sort_by_key(|(key, _)| key.span().start);
        for (name, value) in entries {
            let Some(key) = Key::find(name.get_ref()) else {
                self.unknown(name, "setting");
                continue;
            };
            for (span, text) in self.values(key.name, key.kind, key.repeats, value) {
                let text = text.unwrap_or_default();
                let devices = guest.devices.len();
                guest.places.push((key.name, self.span(span.clone())));
                if let Err(problem) = key.set(&mut guest, &text, &self.folder) {
                    self.problem(span.clone(), format!("`{}` cannot be `{text}`", key.name), problem, "");
                }
                let place = self.span(span);
                guest.devices[devices..].iter_mut().for_each(|device| device.place = Some(place));
            }
        }
        if guest.files.is_empty() && self.problems.len() == before {
            self.problem(span, "a guest without an image".into(), "it needs `image = \"FILE\"`", "");
        }
        guest
    }
}

/// clap's reason in one line, without what it says about the command line.
fn plain(error: &clap::Error) -> String {
    if let Some(source) = error.source() {
        return source.to_string();
    }
    let text = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.clone()),
        Some(ContextValue::Strings(texts)) if !texts.is_empty() => Some(texts.join(", ")),
        _ => None,
    };
    match (text(ContextKind::ValidValue), text(ContextKind::SuggestedValue)) {
        (Some(valid), Some(near)) => format!("there are {valid}; did you mean `{near}`?"),
        (Some(valid), None) => format!("there are {valid}"),
        (None, _) => error.to_string().lines().next().unwrap_or("").trim_start_matches("error: ").to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use host::MemoryHost;

    fn load_text(text: &[u8], arguments: &[&str]) -> Result<Options, Vec<String>> {
        let mut host = MemoryHost::new().with_file("there/vms.toml", text);
        let mut sources = Sources::new();
        let words: Vec<OsString> = ["hvrun", "--config", "there/vms.toml"].iter().chain(arguments).map(OsString::from).collect();
        let loaded = load(Path::new("there/vms.toml"), &words, &mut sources, &mut host);
        loaded.map_err(|problems| problems.iter().map(|problem| diag::render_text(&sources, std::slice::from_ref(problem), false)).collect())
    }

    #[test]
    fn what_a_file_says_is_what_the_command_line_would_say() {
        let file = br#"
            host-mem = "64M"
            swap = "pages"
            slice = 5_000
            engine = "stepper"
            machine = "classic"
            stats = true
            strict-halt = false
            isa = ["-sstc", "-c"]
            include = ["inc", "/usr/inc"]
            rtc = 2026-11-23T18:05:00Z
            timeout = 1.5
            seed = 0x10
            load-at = 0x8000_0000
            console = "file:log"

            [[guest]]
            name = "one"
            image = ["a.s", "b.o"]
            device = "entropy,legacy"
            disk = ["d.img,ro", "/e.img,overlay"]
            mem = 65536
            append = ""
            [[guest]]
            image = "/c"
            append = "console=ttyS0,115200 rw"
            load-at = "0x80400000"
            isa = "-zbb"
            reserve = "1M"
            limit = "2M"
            initrd = "rd"
            console = "pty"
            stdin = "in"
        "#;
        let words = [
            "hvrun", "--host-mem=64M", "--swap=there/pages", "--slice", "5000", "--engine", "stepper", "--machine", "classic", "--stats", "--isa=-sstc,-c", "-I", "there/inc", "-I", "/usr/inc",
            "--rtc", "2026-11-23T18:05:00Z", "--timeout", "1.5", "--seed", "16", "--load-at", "0x80000000", "--console", "file:there/log",
            "-g", "name=one,image=there/a.s,there/b.o,device=entropy,legacy,disk=there/d.img,ro,disk=/e.img,overlay,mem=64K,append=",
            "-g", "image=/c,append=console=ttyS0,115200 rw,load-at=0x80400000,isa=-zbb,reserve=1M,limit=2M,initrd=there/rd,console=pty,stdin=there/in",
        ];
        let mut from_file = load_text(file, &[]).unwrap();
        let from_words = cli::parse(&words.map(OsString::from)).unwrap();
        for guest in &mut from_file.guests {
            assert!(guest.places.len() > 1);
            guest.places.clear();
            guest.devices.iter_mut().for_each(|device| assert!(device.place.take().is_some()));
        }
        assert_eq!(from_file.places.len(), 14);
        from_file.places.clear();
        from_file.config = None;
        // Both are one structure with all that there is to say.
        assert_eq!(format!("{from_file:#?}"), format!("{from_words:#?}"));
    }

    #[test]
    fn the_command_line_wins() {
        let options = load_text(b"slice = 7\nseed = 3\n[[guest]]\nimage = \"a\"\n", &["--slice", "9", "more.s", "--disk", "d"]).unwrap();
        assert_eq!((options.slice, options.seed, options.guests.len()), (Some(9), crate::values::Seed::Number(3), 2));
        assert_eq!((options.guests[0].devices.len(), options.guests[1].devices.len()), (1, 0), "what belongs to the first guest");
    }

    /// What is wrong, and what the message about it must hold: a place, a reason, a cure if there is one.
    #[test]
    fn whatever_is_wrong_is_said_with_its_place() {
        const GUEST: &str = "[[guest]]\nimage = \"a\"\n";
        let cases: &[(&str, &[&str])] = &[
            ("slcie = 5", &["vms.toml:1:1", "no option `slcie`", "did you mean `slice`?"]),
            ("mem = true", &["vms.toml:1:7", "`guest-memory` has the wrong type", "this is a switch; it should be a string or a number"]),
            ("mem = \"12Q\"", &["vms.toml:1:7", "`guest-memory` cannot be `12Q`", "not a size"]),
            ("mem = 1\nguest-memory = 2", &["`mem` is `guest-memory`, which is given already", "the first time"]),
            ("slice = 0", &["vms.toml:1:9", "`slice` cannot be `0`", "1.."]),
            ("slice = -5", &["`slice` cannot be `-5`"]),
            ("slice = 99999999999999999999999999999999999999999999", &["vms.toml:1:9"]),
            ("slice = [1, 2]", &["this is an array; it should be a string or a number"]),
            ("slice = inf", &["`slice` cannot be `inf`"]),
            ("stats = 1", &["vms.toml:1:9", "it should be `true` or `false`"]),
            ("stats = \"yes\"", &["it should be `true` or `false`"]),
            ("swap = 5", &["`swap` has the wrong type", "it should be a string"]),
            ("swap = \"a\\u0000b\"", &["holds a NUL"]),
            ("engine = \"cahced\"", &["`engine` cannot be `cahced`", "stepper"]),
            ("machine = \"clasic\"", &["there are virt, classic", "did you mean `classic`?"]),
            ("isa = [\"-sstc\", \"c\"]", &["vms.toml:1:17", "should begin with a minus"]),
            ("isa = [\"-sstc\", 5, [\"-c\"]]", &["vms.toml:1:17"]),
            ("rtc = 1969-01-01", &["is not a time of 1970 to 2554"]),
            ("slice = 2000-01-01", &["this is a time"]),
            ("config = \"b.toml\"", &["cannot name another one"]),
            ("disk = \"d\"", &["write `disk` under its `[[guest]]`"]),
            ("json = \"x\"", &["give it on the command line"]),
            ("name = \"x\"", &["no option `name`", "write it under `[[guest]]`"]),
            ("help = true", &["vms.toml:1:1"]),
            ("guest = 5", &["guests are tables", "this is a number"]),
            ("guest = [5]", &["guests are tables"]),
            ("[guest]\nimage = \"a\"", &["guests are tables", "begin each guest with `[[guest]]`"]),
            ("[vm]\nx = 1", &["no option `vm`"]),
            ("slice = 5\nslice = 6", &["this is not TOML", "vms.toml:2:1", "duplicate key"]),
            ("slice 5", &["this is not TOML"]),
            ("slice = ", &["this is not TOML"]),
            ("x = \"\"\"abc", &["this is not TOML"]),
            ("[[guest]]\nname = \"x\"", &["vms.toml:1:1", "a guest without an image", "image = \"FILE\""]),
            ("[[guest]]\nimage = []", &["a guest without an image"]),
            ("[[guest]]\nimage = \"\"", &["`image` needs a value"]),
            ("[[guest]]\nimgae = \"a\"", &["vms.toml:2:1", "no setting `imgae`", "did you mean `image`?"]),
            ("[[guest]]\nimage = \"a\"\nhost-mem = 5", &["vms.toml:3:1", "before the first `[[guest]]`"]),
            ("[[guest]]\nimage = \"a\"\nfrobnicate = 5", &["there are name, image, mem"]),
            ("[[guest]]\nimage = \"a\"\nmem = []", &["vms.toml:3:7", "this is an array"]),
            ("[[guest]]\nimage = \"a\"\nname = 5", &["this is a number; it should be a string"]),
            ("[[guest]]\nimage = \"a\"\ndisk = [\"x\", \"y,overlya\"]", &["vms.toml:3:14", "did you mean `overlay`?"]),
            ("[[guest]]\nimage = \"a\"\ndevice = \"ballon\"", &["did you mean `balloon`?"]),
            ("[[guest]]\nimage = \"a\"\nconsole = \"ptty\"", &["vms.toml:3:11", "there is no console `ptty`"]),
            ("[[guest]]\nimage = \"a\"\nload-at = 0x1_0000_0000", &["is not a 32-bit address"]),
            ("[[guest]]\nimage = \"a\"\n[guest.disk]\npath = \"x\"", &["`disk` has the wrong type", "this is a table; it should be a string, or an array of them"]),
            ("", &["has no guest", "image = "]),
            ("slice = 5", &["has no guest"]),
        ];
        for (number, (text, parts)) in cases.iter().enumerate() {
            let needs_guest = !text.contains("[guest") && !text.starts_with("guest =") && !parts[0].contains("has no guest");
            let text = if needs_guest { format!("{text}\n{GUEST}") } else { (*text).to_string() };
            let problems = load_text(text.as_bytes(), &[]).expect_err(&text).join("");
            for part in *parts {
                assert!(problems.contains(part), "case {number}, {text:?}: {part:?} is not in\n{problems}");
            }
        }
        assert!(load_text(b"slice = 5 # \xff\n", &[]).unwrap_err()[0].contains("vms.toml:1:13"));
        assert!(load_text(&vec![b'#'; MOST_BYTES + 1], &[]).unwrap_err()[0].contains("at most"));
        assert!(load_text(&[b'['; 100_000], &[]).is_err(), "nested deeply");
        assert!(load_text(format!("a = {}", "[".repeat(100_000)).as_bytes(), &[]).is_err(), "nested deeply");
        let several = load_text(b"zzz = 1\n[[guest]]\nimage = 5\nmem = \"x\"\n", &[]).unwrap_err();
        assert_eq!(several.len(), 3, "{several:?}");
        assert!(several[0].contains(":1:1") && several[2].contains(":4:"), "from the top: {several:?}");
    }
}
