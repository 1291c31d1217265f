//! One guest as it is described: by an argument, by `-g KEY=VALUE,...`, or by a `[[guest]]` table of a configuration file.
//! [`KEYS`] has every setting once.

use crate::values::{self, ConsoleWhere};
use diag::{Diagnostic, Span};
use std::path::{Path, PathBuf};

/// One guest as it was described.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GuestSpec {
    /// Its name in labels and reports; made from the first file's name if not given.
    pub name: Option<String>,
    /// Its files.
    pub files: Vec<PathBuf>,
    /// Its RAM in bytes, if given.
    pub memory: Option<u64>,
    /// Extensions that are switched off for it, besides those of `--isa`.
    pub without: Vec<rv32::Ext>,
    /// Where its flat binary is loaded, if not where `--load-at` says.
    pub load_at: Option<u32>,
    /// Kernel arguments, if not those of `--append`.
    pub boot_args: Option<String>,
    /// Host memory that is kept for it, in bytes.
    pub reserve: Option<u64>,
    /// The most host memory that it gets, in bytes.
    pub limit: Option<u64>,
    /// Its virtio devices, by slot.
    pub devices: Vec<DeviceSpec>,
    /// A file that it finds in memory beside its image.
    pub initrd: Option<PathBuf>,
    /// Where its console is, if not where `--console` says.
    pub console: Option<ConsoleWhere>,
    /// Console input from a file.
    pub stdin: Option<PathBuf>,
    /// Where a configuration file says what it is: the place of each setting, in order; the guest's own first.
    pub places: Vec<(&'static str, Span)>,
}

/// A virtio device as it was described.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceSpec {
    /// What it is.
    pub kind: DeviceSpecKind,
    /// With the transport of before virtio 1.0.
    pub legacy: bool,
    /// Where a configuration file gives it.
    pub place: Option<Span>,
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

/// What a setting's value is, in a configuration file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A string.
    Text,
    /// A string or a number.
    Number,
    /// `true` or `false`.
    Switch,
}

/// A setting of one guest.
pub struct Key {
    /// Its name.
    pub name: &'static str,
    /// What its value is.
    pub kind: Kind,
    /// It may be given several times.
    pub repeats: bool,
    /// What it is, for people.
    pub what: &'static str,
    /// Takes a value. Paths are relative to the folder.
    set: fn(&mut GuestSpec, &str, &Path) -> Result<(), String>,
}

/// The settings of a guest.
pub const KEYS: &[Key] = &[
    Key { name: "name", kind: Kind::Text, repeats: false, what: "its name in labels and reports", set: |guest, text, _| put(&mut guest.name, text.into()) },
    Key { name: "image", kind: Kind::Text, repeats: true, what: "its files: sources, objects, archives, or one image", set: |guest, text, folder| add(&mut guest.files, folder.join(text)) },
    Key { name: "mem", kind: Kind::Number, repeats: false, what: "its RAM, such as `64K`", set: |guest, text, _| put(&mut guest.memory, values::parse_size(text)?) },
    Key { name: "isa", kind: Kind::Text, repeats: true, what: "an extension to switch off, such as `-sstc`", set: |guest, text, _| add(&mut guest.without, values::parse_extension(text)?) },
    Key { name: "disk", kind: Kind::Text, repeats: true, what: "a disk: `FILE[,ro][,overlay][,legacy]`", set: |guest, text, folder| add(&mut guest.devices, parse_disk(text)?.in_folder(folder)) },
    Key { name: "device", kind: Kind::Text, repeats: true, what: "`entropy`, `console` or `balloon[=PAGES]`, with `,legacy` if wanted", set: |guest, text, _| add(&mut guest.devices, parse_device(text)?) },
    Key { name: "append", kind: Kind::Text, repeats: false, what: "kernel arguments", set: |guest, text, _| put(&mut guest.boot_args, text.into()) },
    Key { name: "initrd", kind: Kind::Text, repeats: false, what: "a file that it finds in memory", set: |guest, text, folder| put(&mut guest.initrd, folder.join(text)) },
    Key { name: "console", kind: Kind::Text, repeats: false, what: "`stdio`, `raw`, `pty` or `file:PATH`", set: |guest, text, folder| put(&mut guest.console, values::parse_console(text)?.in_folder(folder)) },
    Key { name: "stdin", kind: Kind::Text, repeats: false, what: "a file with its console input", set: |guest, text, folder| put(&mut guest.stdin, folder.join(text)) },
    Key { name: "load-at", kind: Kind::Number, repeats: false, what: "the address of a flat binary", set: |guest, text, _| put(&mut guest.load_at, values::parse_address(text)?) },
    Key { name: "reserve", kind: Kind::Number, repeats: false, what: "host memory that is kept for it", set: |guest, text, _| put(&mut guest.reserve, values::parse_size(text)?) },
    Key { name: "limit", kind: Kind::Number, repeats: false, what: "the most host memory that it gets", set: |guest, text, _| put(&mut guest.limit, values::parse_size(text)?) },
];

/// Only the first value counts; the callers refuse a second one.
fn put<T>(field: &mut Option<T>, value: T) -> Result<(), String> {
    *field = Some(value);
    Ok(())
}

fn add<T>(list: &mut Vec<T>, value: T) -> Result<(), String> {
    list.push(value);
    Ok(())
}

impl Key {
    /// The setting of this name.
    #[must_use]
    pub fn find(name: &str) -> Option<&'static Key> {
        KEYS.iter().find(|key| key.name == name)
    }

    /// Gives a guest this setting.
    pub fn set(&self, guest: &mut GuestSpec, text: &str, folder: &Path) -> Result<(), String> {
        if text.is_empty() && self.name != "append" {
            return Err(format!("`{}` needs a value: {}", self.name, self.what));
        }
        (self.set)(guest, text, folder)
    }
}

/// "There are …", and perhaps "did you mean …".
#[must_use]
pub fn known_keys() -> String {
    KEYS.iter().map(|key| key.name).collect::<Vec<_>>().join(", ")
}

impl GuestSpec {
    /// Says where a configuration file has what a message is about: this setting, or the guest.
    #[must_use]
    pub fn locate(&self, key: &str, diagnostic: Diagnostic) -> Diagnostic {
        self.locate_nth(key, 0, diagnostic)
    }

    /// The same for the n-th value of a setting.
    #[must_use]
    pub fn locate_nth(&self, key: &str, n: usize, diagnostic: Diagnostic) -> Diagnostic {
        let place = self.places.iter().filter(|(name, _)| *name == key).nth(n).or(self.places.first());
        located(diagnostic, place.map(|(_, span)| *span))
    }
}

/// A diagnostic with a place, unless it has one.
#[must_use]
pub fn located(diagnostic: Diagnostic, place: Option<Span>) -> Diagnostic {
    match place {
        Some(span) if diagnostic.primary.is_none() => diagnostic.at(span, ""),
        _ => diagnostic,
    }
}

impl DeviceSpec {
    fn new(kind: DeviceSpecKind) -> DeviceSpec {
        DeviceSpec { kind, legacy: false, place: None }
    }

    fn in_folder(mut self, folder: &Path) -> DeviceSpec {
        if let DeviceSpecKind::Disk { path, .. } = &mut self.kind {
            *path = folder.join(&path);
        }
        self
    }
}

/// An argument: the files of one guest, separated by commas.
pub fn parse_positional(text: &str) -> Result<GuestSpec, String> {
    let files: Vec<PathBuf> = text.split(',').map(PathBuf::from).collect();
    if files.iter().any(|file| file.as_os_str().is_empty()) {
        return Err(format!("`{text}` names an empty file"));
    }
    Ok(GuestSpec { files, ..GuestSpec::default() })
}

/// `name=ping,image=a.s,b.o,mem=64K`: words without `=` are more files of the image, or say more about the device before.
pub fn parse_described(text: &str) -> Result<GuestSpec, String> {
    let mut guest = GuestSpec::default();
    let mut given: Vec<&str> = Vec::new();
    for part in text.split(',') {
        let Some((name, value)) = part.split_once('=') else {
            if given.last().is_some_and(|last| ["disk", "device"].contains(last)) && guest.devices.last_mut().is_some_and(|device| device_word(device, part)) {
                continue;
            }
            // A comma may stand in kernel arguments.
            if let (Some(&"append"), Some(arguments)) = (given.last(), &mut guest.boot_args) {
                arguments.push(',');
                arguments.push_str(part);
                continue;
            }
            if part.is_empty() || guest.files.is_empty() {
                return Err(format!("`-g {text}` should be KEY=VALUE pairs such as image=a.s,mem=64K"));
            }
            guest.files.push(part.into());
            continue;
        };
        let Some(key) = Key::find(name) else {
            let suggestion = diag::suggest(name, KEYS.iter().map(|key| key.name)).map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
            return Err(format!("unknown key `{name}` in `-g {text}` (there are {}){suggestion}", known_keys()));
        };
        // The files of one image are separated by commas.
        if given.contains(&name) && (!key.repeats || name == "image") {
            return Err(format!("`{name}=` is given twice in `-g {text}`"));
        }
        key.set(&mut guest, value, Path::new("")).map_err(|problem| format!("`-g {text}`: {problem}"))?;
        given.push(key.name);
    }
    if guest.files.is_empty() {
        return Err(format!("`-g {text}` names no image; add image=FILE"));
    }
    Ok(guest)
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
pub fn parse_disk(text: &str) -> Result<DeviceSpec, String> {
    let mut words: Vec<&str> = text.split(',').collect();
    let mut device = DeviceSpec::new(DeviceSpecKind::Disk { path: PathBuf::new(), read_only: false, overlay: false });
    while words.len() > 1 && words.last().is_some_and(|word| device_word(&mut device, word)) {
        words.pop();
    }
    let file = words.join(",");
    if file.is_empty() {
        return Err(format!("the disk `{text}` names no file"));
    }
    if let Some(near) = words.get(1..).and_then(|rest| rest.iter().find_map(|word| diag::suggest(word, ["ro", "overlay", "legacy"])))
        && words.last().is_some_and(|word| !word.contains('.'))
    {
        return Err(format!("the disk `{text}`: a disk is `ro`, `overlay` or `legacy`; did you mean `{near}`?"));
    }
    if let DeviceSpecKind::Disk { path, .. } = &mut device.kind {
        *path = file.into();
    }
    Ok(device)
}

/// `entropy`, `console,legacy`, `balloon=256`.
pub fn parse_device(text: &str) -> Result<DeviceSpec, String> {
    let mut words = text.split(',');
    let first = words.next().unwrap_or("");
    let (name, value) = first.split_once('=').map_or((first, None), |(name, value)| (name, Some(value)));
    let kind = match (name, value) {
        ("entropy", None) => DeviceSpecKind::Entropy,
        ("console", None) => DeviceSpecKind::Console,
        ("balloon", value) => DeviceSpecKind::Balloon { pages: value.unwrap_or("0").parse().map_err(|_| format!("`{first}`: a balloon has a number of pages"))? },
        _ => {
            let near = diag::suggest(name, ["entropy", "console", "balloon"]).map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
            return Err(format!("there is no device `{first}` (there are entropy, console, balloon[=PAGES]; disks are `disk`){near}"));
        }
    };
    let mut device = DeviceSpec::new(kind);
    match words.find(|word| !device_word(&mut device, word)) {
        Some(word) => Err(format!("the device `{text}`: `{word}` says nothing about a device; `legacy` would")),
        None => Ok(device),
    }
}
