//! Extensions and sets of them.

use std::fmt;

macro_rules! extensions {
    ($($ext:ident $name:literal $major:literal $minor:literal [$($implied:literal),*] $written:literal $summary:literal;)+) => {
        /// The extensions that this crate's tables use; one variant a row.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        #[repr(u8)]
        pub enum Ext {
            $(#[doc = concat!("`", $name, "`: ", $summary, ".")] $ext,)+
        }

        impl Ext {
            /// Every extension, in the order of the table.
            pub const ALL: [Ext; EXT_ROWS.len()] = [$(Ext::$ext),+];
        }

        static EXT_ROWS: [ExtRow; [$(Ext::$ext),+].len()] = [$(ExtRow {
            name: $name, major: $major, minor: $minor, implies: &[$($implied),*], in_attribute: $written, ext: Some(Ext::$ext), summary: $summary,
        }),+];
    };
}

/// One extension.
#[derive(Debug)]
struct ExtRow {
    name: &'static str,
    /// The version that GNU as 2.40 takes by default.
    major: u32,
    minor: u32,
    /// Extensions that come with it, transitively.
    implies: &'static [&'static str],
    /// Whether binutils 2.40 knows it: an unknown one in an object's attribute is an error there.
    in_attribute: bool,
    ext: Option<Ext>,
    summary: &'static str,
}

extensions! {
    I           "i"           2 1 []        true  "Base integer instructions, 32 registers";
    M           "m"           2 0 ["zmmul"] true  "Integer multiplication and division";
    A           "a"           2 1 []        true  "Atomic memory operations";
    C           "c"           2 0 []        true  "Compressed instructions";
    Zicsr       "zicsr"       2 0 []        true  "Instructions on control and status registers";
    Zifencei    "zifencei"    2 0 []        true  "Instruction-fetch fence";
    Zihintpause "zihintpause" 2 0 []        true  "Pause hint";
    Zmmul       "zmmul"       1 0 []        true  "Integer multiplication";
    Zicntr      "zicntr"      2 0 ["zicsr"] false "The counters cycle, time and instret";
    Zba         "zba"         1 0 []        true  "Address generation";
    Zbb         "zbb"         1 0 []        true  "Basic bit manipulation";
    Zbs         "zbs"         1 0 []        true  "Single-bit instructions";
    Sstc        "sstc"        1 0 ["zicsr"] true  "Supervisor timer compare register";
    Svadu       "svadu"       1 0 []        false "Hardware update of accessed and dirty bits";
}

const fn other(
    name: &'static str,
    major: u32,
    minor: u32,
    implies: &'static [&'static str],
) -> ExtRow {
    ExtRow {
        name,
        major,
        minor,
        implies,
        in_attribute: true,
        ext: None,
        summary: "not supported",
    }
}

const fn newer(
    name: &'static str,
    major: u32,
    minor: u32,
    implies: &'static [&'static str],
) -> ExtRow {
    ExtRow {
        in_attribute: false,
        ..other(name, major, minor, implies)
    }
}

/// What binutils 2.40 knows besides, and what compilers up to clang 19 write into objects: recognised so that messages can
/// name them and attributes can be merged.
static OTHER_ROWS: &[ExtRow] = &[
    other("e", 1, 9, &[]),
    other("f", 2, 2, &["zicsr"]),
    other("d", 2, 2, &["f"]),
    other("q", 2, 2, &["d"]),
    other("v", 1, 0, &["zve64d", "zvl128b"]),
    other("h", 1, 0, &["zicsr"]),
    other("zicbom", 1, 0, &[]),
    other("zicbop", 1, 0, &[]),
    other("zicboz", 1, 0, &[]),
    other("zawrs", 1, 0, &[]),
    other("zfh", 1, 0, &["zfhmin"]),
    other("zfhmin", 1, 0, &["f"]),
    other("zfinx", 1, 0, &["zicsr"]),
    other("zdinx", 1, 0, &["zfinx"]),
    other("zhinx", 1, 0, &["zhinxmin"]),
    other("zhinxmin", 1, 0, &["zfinx"]),
    other("zqinx", 1, 0, &["zdinx"]),
    other("zbc", 1, 0, &[]),
    other("zbkb", 1, 0, &[]),
    other("zbkc", 1, 0, &[]),
    other("zbkx", 1, 0, &[]),
    other("zk", 1, 0, &["zkn", "zkr", "zkt"]),
    other(
        "zkn",
        1,
        0,
        &["zbkb", "zbkc", "zbkx", "zkne", "zknd", "zknh"],
    ),
    other("zknd", 1, 0, &[]),
    other("zkne", 1, 0, &[]),
    other("zknh", 1, 0, &[]),
    other("zkr", 1, 0, &[]),
    other("zks", 1, 0, &["zbkb", "zbkc", "zbkx", "zksed", "zksh"]),
    other("zksed", 1, 0, &[]),
    other("zksh", 1, 0, &[]),
    other("zkt", 1, 0, &[]),
    other("zve32x", 1, 0, &["zvl32b"]),
    other("zve32f", 1, 0, &["f", "zve32x"]),
    other("zve64x", 1, 0, &["zve32x", "zvl64b"]),
    other("zve64f", 1, 0, &["zve32f", "zve64x"]),
    other("zve64d", 1, 0, &["d", "zve64f"]),
    other("zve32d", 1, 0, &[]),
    other("zvl32b", 1, 0, &[]),
    other("zvl64b", 1, 0, &["zvl32b"]),
    other("zvl128b", 1, 0, &["zvl64b"]),
    other("zvl256b", 1, 0, &["zvl128b"]),
    other("zvl512b", 1, 0, &["zvl256b"]),
    other("zvl1024b", 1, 0, &["zvl512b"]),
    other("zvl2048b", 1, 0, &["zvl1024b"]),
    other("zvl4096b", 1, 0, &["zvl2048b"]),
    other("zvl8192b", 1, 0, &["zvl4096b"]),
    other("zvl16384b", 1, 0, &["zvl8192b"]),
    other("zvl32768b", 1, 0, &["zvl16384b"]),
    other("zvl65536b", 1, 0, &["zvl32768b"]),
    other("ztso", 0, 1, &[]),
    other("svinval", 1, 0, &[]),
    other("svnapot", 1, 0, &[]),
    other("svpbmt", 1, 0, &[]),
    other("sscofpmf", 1, 0, &["zicsr"]),
    other("ssstateen", 1, 0, &["zicsr"]),
    other("smstateen", 1, 0, &["ssstateen"]),
    other("smaia", 1, 0, &["ssaia"]),
    other("ssaia", 1, 0, &["zicsr"]),
    other("smepmp", 1, 0, &["zicsr"]),
    other("xtheadba", 1, 0, &[]),
    other("xtheadbb", 1, 0, &[]),
    other("xtheadbs", 1, 0, &[]),
    other("xtheadcmo", 1, 0, &[]),
    other("xtheadcondmov", 1, 0, &[]),
    other("xtheadfmemidx", 1, 0, &[]),
    other("xtheadfmv", 1, 0, &[]),
    other("xtheadint", 1, 0, &[]),
    other("xtheadmac", 1, 0, &[]),
    other("xtheadmemidx", 1, 0, &[]),
    other("xtheadmempair", 1, 0, &[]),
    other("xtheadsync", 1, 0, &[]),
    newer("zaamo", 1, 0, &[]),
    newer("zalrsc", 1, 0, &[]),
    newer("zca", 1, 0, &[]),
    newer("zcb", 1, 0, &[]),
    newer("zcd", 1, 0, &[]),
    newer("zce", 1, 0, &[]),
    newer("zcf", 1, 0, &[]),
    newer("zcmop", 1, 0, &[]),
    newer("zcmp", 1, 0, &[]),
    newer("zcmt", 1, 0, &[]),
    newer("zicond", 1, 0, &[]),
    newer("zihintntl", 1, 0, &[]),
    newer("zimop", 1, 0, &[]),
    newer("zic64b", 1, 0, &[]),
    newer("ziccamoa", 1, 0, &[]),
    newer("ziccif", 1, 0, &[]),
    newer("zicclsm", 1, 0, &[]),
    newer("ziccrse", 1, 0, &[]),
    newer("za128rs", 1, 0, &[]),
    newer("za64rs", 1, 0, &[]),
    newer("zabha", 1, 0, &[]),
    newer("zama16b", 1, 0, &[]),
    newer("zfa", 1, 0, &[]),
    newer("zfbfmin", 1, 0, &[]),
    newer("zvbb", 1, 0, &[]),
    newer("zvbc", 1, 0, &[]),
    newer("zvfbfmin", 1, 0, &[]),
    newer("zvfbfwma", 1, 0, &[]),
    newer("zvfh", 1, 0, &[]),
    newer("zvfhmin", 1, 0, &[]),
    newer("zvkb", 1, 0, &[]),
    newer("zvkg", 1, 0, &[]),
    newer("zvkn", 1, 0, &[]),
    newer("zvknc", 1, 0, &[]),
    newer("zvkned", 1, 0, &[]),
    newer("zvkng", 1, 0, &[]),
    newer("zvknha", 1, 0, &[]),
    newer("zvknhb", 1, 0, &[]),
    newer("zvks", 1, 0, &[]),
    newer("zvksc", 1, 0, &[]),
    newer("zvksed", 1, 0, &[]),
    newer("zvksg", 1, 0, &[]),
    newer("zvksh", 1, 0, &[]),
    newer("zvkt", 1, 0, &[]),
    newer("shcounterenw", 1, 0, &[]),
    newer("shgatpa", 1, 0, &[]),
    newer("shtvala", 1, 0, &[]),
    newer("shvsatpa", 1, 0, &[]),
    newer("shvstvala", 1, 0, &[]),
    newer("shvstvecd", 1, 0, &[]),
    newer("smcdeleg", 1, 0, &[]),
    newer("smcsrind", 1, 0, &[]),
    newer("ssccfg", 1, 0, &[]),
    newer("ssccptr", 1, 0, &[]),
    newer("sscounterenw", 1, 0, &[]),
    newer("sscsrind", 1, 0, &[]),
    newer("ssstrict", 1, 0, &[]),
    newer("sstvala", 1, 0, &[]),
    newer("sstvecd", 1, 0, &[]),
    newer("ssu64xl", 1, 0, &[]),
    newer("svade", 1, 0, &[]),
    newer("svbare", 1, 0, &[]),
    newer("zihpm", 2, 0, &["zicsr"]),
];

/// The edition of the unprivileged specification whose versions extensions have by default (GNU as: `-misa-spec`).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum Spec {
    /// `2.2`, of 2017: what is now `zicsr` and `zifencei` was a part of the base.
    V2p2,
    /// `20190608`
    V20190608,
    /// `20191213`, the default.
    #[default]
    V20191213,
}

impl Spec {
    /// Every edition with its name on the command line.
    pub const ALL: [(&'static str, Spec); 3] = [
        ("2.2", Spec::V2p2),
        ("20190608", Spec::V20190608),
        ("20191213", Spec::V20191213),
    ];
}

/// Versions until an edition, that included, where they were not what the row says; `None`: not known by this name.
static OLDER_VERSIONS: &[(&str, Spec, Option<Version>)] = &[
    ("i", Spec::V2p2, Some((2, 0))),
    ("a", Spec::V20190608, Some((2, 0))),
    ("f", Spec::V2p2, Some((2, 0))),
    ("d", Spec::V2p2, Some((2, 0))),
    ("q", Spec::V2p2, Some((2, 0))),
    ("zicsr", Spec::V2p2, None),
    ("zifencei", Spec::V2p2, None),
];

/// (major, minor)
pub type Version = (u32, u32);

/// The version of an extension in an edition of the specification.
fn default_version(name: &str, spec: Spec) -> Option<Version> {
    let row = known(name)?;
    OLDER_VERSIONS
        .iter()
        .find(|(older, until, _)| *older == name && spec <= *until)
        .map_or(Some((row.major, row.minor)), |(_, _, version)| *version)
}

/// What newer compilers list for a whole extension: all of these names are worth that one (`zca` leaves out compressed
/// floating point, which is not supported anyway).
static PARTS: &[(&[&str], Ext)] = &[(&["zaamo", "zalrsc"], Ext::A), (&["zca"], Ext::C)];

fn known(name: &str) -> Option<&'static ExtRow> {
    EXT_ROWS
        .iter()
        .chain(OTHER_ROWS)
        .find(|row| row.name == name)
}

impl Ext {
    fn row(self) -> &'static ExtRow {
        &EXT_ROWS[self as usize]
    }

    /// The name, in lower case: `m`, `zicsr`.
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// One line on what it adds.
    pub fn summary(self) -> &'static str {
        self.row().summary
    }

    /// The version that GNU as 2.40 takes by default, (major, minor).
    pub fn version(self) -> (u32, u32) {
        (self.row().major, self.row().minor)
    }

    /// The extension of a name.
    pub fn from_name(name: &str) -> Option<Ext> {
        EXT_ROWS.iter().find(|row| row.name == name)?.ext
    }
}

/// A set of extensions, always with the base and with whatever its members imply.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Isa(u32);

const fn bit(ext: Ext) -> u32 {
    1 << ext as u8
}

impl Isa {
    /// Only the base, `rv32i`.
    pub const BASE: Isa = Isa(bit(Ext::I));

    /// The assembler's default: `rv32imac_zicsr_zifencei_zba_zbb_zbs`.
    pub const DEFAULT: Isa = Isa(bit(Ext::I)
        | bit(Ext::M)
        | bit(Ext::Zmmul)
        | bit(Ext::A)
        | bit(Ext::C)
        | bit(Ext::Zicsr)
        | bit(Ext::Zifencei)
        | bit(Ext::Zba)
        | bit(Ext::Zbb)
        | bit(Ext::Zbs));

    /// What a guest's processor has: the default and `zicntr`, `sstc`, `svadu`.
    pub const PLATFORM: Isa =
        Isa(Isa::DEFAULT.0 | bit(Ext::Zicntr) | bit(Ext::Sstc) | bit(Ext::Svadu));

    /// Whether the extension is in the set.
    #[inline]
    pub const fn contains(self, ext: Ext) -> bool {
        self.0 & bit(ext) != 0
    }

    /// The set with an extension and what it implies.
    pub fn with(self, ext: Ext) -> Isa {
        let mut isa = Isa(self.0 | bit(ext));
        for implied in ext.row().implies {
            if let Some(implied) = Ext::from_name(implied) {
                isa = isa.with(implied);
            }
        }
        isa
    }

    /// The set without an extension and without those that imply it. The base stays. Multiplication (`zmmul`) is a part
    /// of `m` and goes with it.
    pub fn without(self, ext: Ext) -> Isa {
        if ext == Ext::I {
            return self;
        }
        let gone = if ext == Ext::M { Ext::Zmmul } else { ext };
        let kept = self
            .extensions()
            .filter(|kept| !Isa(0).with(*kept).contains(gone));
        Isa(kept.fold(0, |set, kept| set | bit(kept)))
    }

    /// The members, in the order of the table.
    pub fn extensions(self) -> impl Iterator<Item = Ext> {
        Ext::ALL.into_iter().filter(move |ext| self.contains(*ext))
    }

    /// The names of the members.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        self.extensions().map(Ext::name)
    }

    /// Reads an ISA string, `rv32imac_zicsr2p0`, in any spelling of versions that GNU as takes; versions do not matter
    /// here.
    ///
    /// # Errors
    /// Says what is wrong with the string, or which extension is known but not supported.
    pub fn parse(text: &str) -> Result<Isa, IsaError> {
        Arch::parse(text)?.isa()
    }

    /// The ISA string that GNU as 2.40 would write into `.riscv.attributes`, without what it does not know.
    pub fn attribute_string(self) -> String {
        Arch::from(self).to_string()
    }
}

impl fmt::Debug for Isa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.names()).finish()
    }
}

/// What is wrong with an ISA string.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum IsaError {
    /// It is empty.
    Empty,
    /// It has upper-case letters.
    UpperCase,
    /// It does not begin with `rv32`.
    NotRv32,
    /// It begins with `rv64`.
    Rv64,
    /// After `rv32` comes none of `i`, `e`, `g`.
    NoBase,
    /// No such extension.
    Unknown(String),
    /// The extension exists and is not supported.
    Unsupported(String),
    /// An extension that has no version of its own must be written with one.
    NoVersion(String),
    /// A version is cut off after its `p`, or too large.
    BadVersion(String),
    /// Two extensions that exclude each other, or one that RV32 cannot have; in words.
    Conflict(&'static str),
    /// `+` or `-` before a base.
    BaseChange(String),
}

impl fmt::Display for IsaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            IsaError::Empty => write!(f, "an ISA string cannot be empty"),
            IsaError::UpperCase => write!(f, "an ISA string has no upper-case letters"),
            IsaError::NotRv32 => write!(f, "an ISA string begins with rv32"),
            IsaError::Rv64 => write!(f, "rv64 is not supported, only rv32"),
            IsaError::NoBase => write!(f, "the first extension must be i, e or g"),
            IsaError::Unknown(name) => write!(f, "unknown extension `{name}`"),
            IsaError::Unsupported(name) => write!(f, "extension `{name}` is not supported"),
            IsaError::NoVersion(name) => {
                write!(f, "extension `{name}` needs a version: {name}1p0")
            }
            IsaError::BadVersion(name) => write!(f, "the version of `{name}` is not a version"),
            IsaError::Conflict(what) => write!(f, "{what}"),
            IsaError::BaseChange(name) => {
                write!(f, "the base `{name}` cannot be added or removed")
            }
        }
    }
}

impl std::error::Error for IsaError {}

/// An ISA string as a list of extensions with versions, supported or not: what `.riscv.attributes` holds.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Arch {
    /// In canonical order, each once.
    extensions: Vec<ArchExtension>,
}

/// An extension with its version.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ArchExtension {
    /// In lower case.
    pub name: String,
    /// `None` if nobody gave one and the specification has none: such an extension is used and never written.
    pub version: Option<Version>,
}

/// The canonical order of single letters; those of the letter after a `z` follow it too.
const LETTERS: &str = "eigmafdqlcbkjtpvnh";

/// Sorts as binutils 2.40 does: single letters, `z`, `s`, `zxm`, `x`.
fn canonical_key(name: &str) -> (u8, usize, &str) {
    let letter = |c: Option<char>| c.and_then(|c| LETTERS.find(c)).unwrap_or(LETTERS.len());
    let mut chars = name.chars();
    match chars.next() {
        _ if name.starts_with("zxm") => (3, 0, name),
        Some('z') => (1, letter(chars.next()), name),
        Some('s') => (2, 0, name),
        Some('x') => (4, 0, name),
        first => (0, letter(first), name),
    }
}

/// How strictly names are read.
#[derive(Clone, Copy)]
struct Reading {
    spec: Spec,
    /// Keep extensions that are known nowhere, if they have a version.
    keep_unknown: bool,
}

impl Arch {
    /// Reads an ISA string. Vendors' extensions (`xfoo1p0`) need a version.
    ///
    /// # Errors
    /// What GNU as refuses, with its reason; extensions that are known nowhere.
    pub fn parse(text: &str) -> Result<Arch, IsaError> {
        Arch::parse_with(text, Reading { spec: Spec::default(), keep_unknown: false })
    }

    /// Like [`parse`](Arch::parse), with the default versions of an edition of the specification.
    ///
    /// # Errors
    /// As for `parse`.
    pub fn parse_for(text: &str, spec: Spec) -> Result<Arch, IsaError> {
        Arch::parse_with(text, Reading { spec, keep_unknown: false })
    }

    /// Like [`parse_for`](Arch::parse_for) for a string that a compiler wrote into a file: extensions that are known
    /// nowhere are kept if they have a version.
    ///
    /// # Errors
    /// As for `parse`.
    pub fn parse_attribute(text: &str, spec: Spec) -> Result<Arch, IsaError> {
        Arch::parse_with(text, Reading { spec, keep_unknown: true })
    }

    fn parse_with(text: &str, reading: Reading) -> Result<Arch, IsaError> {
        if text.is_empty() {
            return Err(IsaError::Empty);
        }
        if text.bytes().any(|b| b.is_ascii_uppercase()) {
            return Err(IsaError::UpperCase);
        }
        let mut rest = match text.strip_prefix("rv32") {
            Some(rest) => rest,
            None if text.starts_with("rv64") => return Err(IsaError::Rv64),
            None => return Err(IsaError::NotRv32),
        };
        if !rest.starts_with(['i', 'e', 'g']) {
            return Err(IsaError::NoBase);
        }
        let mut arch = Arch::default();
        while let Some(first) = rest.chars().next() {
            match first {
                '_' => rest = &rest[1..],
                'z' | 's' | 'x' => {
                    let end = rest.find('_').unwrap_or(rest.len());
                    let (name, version) = split_version(&rest[..end])?;
                    let recognised = known(name).is_some() || (first == 'x' && name != "x");
                    if !recognised && (version.is_none() || !reading.keep_unknown) {
                        return Err(IsaError::Unknown(name.to_owned()));
                    }
                    arch.add(name, version, reading.spec)?;
                    rest = &rest[end..];
                }
                _ => {
                    let name = &rest[..first.len_utf8()];
                    if !LETTERS.contains(first) {
                        return Err(IsaError::Unknown(name.to_owned()));
                    }
                    let (version, after) = leading_version(&rest[name.len()..])
                        .ok_or_else(|| IsaError::BadVersion(name.to_owned()))?;
                    if first == 'g' {
                        arch.insert(name, None);
                    } else {
                        arch.add(name, version, reading.spec)?;
                    }
                    rest = after;
                }
            }
        }
        arch.finish(reading.spec)?;
        Ok(arch)
    }

    /// `.option arch`: `+ext` and `-ext` in a list with commas, or a whole ISA string. What implied a removed extension
    /// stays and implies it again, as in GNU as.
    ///
    /// # Errors
    /// What GNU as refuses; the set is then unchanged.
    pub fn update(&mut self, text: &str, spec: Spec) -> Result<(), IsaError> {
        let mut arch = self.clone();
        let mut rest = Some(text);
        while let Some(text) = rest {
            let (item, more) = match text.split_once(',') {
                Some((item, more)) => (item.trim(), Some(more)),
                None => (text.trim(), None),
            };
            rest = more;
            let Some(change) = item.strip_prefix(['+', '-']) else {
                // A whole ISA string is the last item.
                *self = Arch::parse_for(text.trim(), spec)?;
                return Ok(());
            };
            let (name, version) = split_version(change)?;
            let recognised = match name.len() {
                0 => false,
                1 => LETTERS.contains(name),
                _ => known(name).is_some() || name.starts_with('x'),
            };
            if !recognised {
                return Err(IsaError::Unknown(name.to_owned()));
            }
            if ["i", "e", "g"].contains(&name) {
                return Err(IsaError::BaseChange(name.to_owned()));
            }
            if item.starts_with('-') {
                arch.extensions.retain(|e| e.name != name);
            } else {
                arch.insert(name, version.or_else(|| default_version(name, spec)));
            }
        }
        arch.finish(spec)?;
        *self = arch;
        Ok(())
    }

    fn add(&mut self, name: &str, version: Option<Version>, spec: Spec) -> Result<(), IsaError> {
        match version.or_else(|| default_version(name, spec)) {
            Some(version) => self.insert(name, Some(version)),
            // They are parts of the base then.
            None if matches!(name, "zicsr" | "zifencei") => {}
            None => return Err(IsaError::NoVersion(name.to_owned())),
        }
        Ok(())
    }

    fn insert(&mut self, name: &str, version: Option<Version>) {
        if self.contains(name) {
            return;
        }
        let at = self
            .extensions
            .partition_point(|e| canonical_key(&e.name) < canonical_key(name));
        self.extensions.insert(at, ArchExtension { name: name.to_owned(), version });
    }

    /// Adds what is implied, and looks for contradictions.
    fn finish(&mut self, spec: Spec) -> Result<(), IsaError> {
        let mut next = 0;
        let mut work: Vec<String> = self.extensions.iter().map(|e| e.name.clone()).collect();
        while let Some(name) = work.get(next).cloned() {
            next += 1;
            // Before version 2.1 the base had what is now zicsr and zifencei.
            let old_base = name == "i" && self.version("i").flatten() < Some((2, 1));
            let implied: &[&str] = match name.as_str() {
                "e" => &["i"],
                "g" => &["i", "m", "a", "f", "d", "zicsr", "zifencei"],
                "i" if old_base => &["zicsr", "zifencei"],
                _ => known(&name).map_or(&[], |row| row.implies),
            };
            for implied in implied {
                if !self.contains(implied) {
                    self.insert(implied, default_version(implied, spec));
                    work.push((*implied).to_owned());
                }
            }
        }
        if matches!(self.version("q"), Some(Some(v)) if v < (2, 2)) {
            return Err(IsaError::Conflict("rv32 has `q` only from version 2.2 on"));
        }
        if self.contains("zfinx") && self.contains("f") {
            return Err(IsaError::Conflict("`zfinx` and `f` exclude each other"));
        }
        let any = |beginning: &str| self.extensions.iter().any(|e| e.name.starts_with(beginning));
        if any("zvl") && !any("zve") {
            return Err(IsaError::Conflict("`zvl…b` needs `v` or one of `zve…`"));
        }
        Ok(())
    }

    /// Whether it lists an extension.
    pub fn contains(&self, name: &str) -> bool {
        self.extensions.iter().any(|e| e.name == name)
    }

    /// The version of an extension, if it is listed.
    fn version(&self, name: &str) -> Option<Option<Version>> {
        self.extensions.iter().find(|e| e.name == name).map(|e| e.version)
    }

    /// The ISA string without versions.
    pub fn names(&self) -> String {
        let names: Vec<&str> = self.extensions.iter().map(|e| e.name.as_str()).collect();
        format!("rv32{}", names.join("_"))
    }

    /// The extensions in canonical order.
    pub fn extensions(&self) -> &[ArchExtension] {
        &self.extensions
    }

    /// The union with another, of each extension the higher version.
    pub fn merge(&mut self, other: &Arch) {
        for theirs in &other.extensions {
            match self.extensions.iter_mut().find(|ours| ours.name == theirs.name) {
                Some(ours) => ours.version = ours.version.max(theirs.version),
                None => self.insert(&theirs.name, theirs.version),
            }
        }
    }

    /// The extensions that are supported; the others are left out.
    pub fn supported(&self) -> Isa {
        let named = |set: u32, ext: Ext| set | bit(ext);
        let listed = self.extensions.iter().filter_map(|e| Ext::from_name(&e.name)).fold(bit(Ext::I), named);
        let whole = PARTS.iter().filter(|(parts, _)| parts.iter().all(|part| self.contains(part)));
        Isa(whole.map(|(_, ext)| *ext).fold(listed, named))
    }

    /// The set of extensions.
    ///
    /// # Errors
    /// Names the first extension that is not supported.
    pub fn isa(&self) -> Result<Isa, IsaError> {
        let part_of_whole = |name: &str| PARTS.iter().any(|(parts, _)| parts.contains(&name) && parts.iter().all(|part| self.contains(part)));
        match self.extensions.iter().find(|e| Ext::from_name(&e.name).is_none() && !part_of_whole(&e.name)) {
            Some(e) => Err(IsaError::Unsupported(e.name.clone())),
            None => Ok(self.supported()),
        }
    }
}

impl From<Isa> for Arch {
    fn from(isa: Isa) -> Arch {
        let mut arch = Arch::default();
        for row in isa.extensions().map(Ext::row) {
            arch.insert(row.name, Some((row.major, row.minor)));
        }
        arch
    }
}

/// As GNU as writes it: every extension with its version, without those that binutils 2.40 does not know; after `e` no `i`.
impl fmt::Display for Arch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("rv32")?;
        let mut separator = "";
        let embedded = self.contains("e");
        for e in &self.extensions {
            let unknown = |name: &str| name.starts_with('x') || (name.len() == 1 && LETTERS.contains(name));
            let in_attribute = known(&e.name).map_or_else(|| unknown(&e.name), |row| row.in_attribute);
            let Some((major, minor)) = e.version.filter(|_| in_attribute && !(embedded && e.name == "i")) else {
                continue;
            };
            write!(f, "{separator}{}{major}p{minor}", e.name)?;
            separator = "_";
        }
        Ok(())
    }
}

/// A version at the start of `text`: digits, or digits `p` digits; 0.0 is none. Returns it and the rest; `None` if it is
/// too large.
fn leading_version(text: &str) -> Option<(Option<Version>, &str)> {
    let digits = |s: &str| s.bytes().take_while(u8::is_ascii_digit).count();
    let n = digits(text);
    if n == 0 {
        return Some((None, text));
    }
    let (major, mut rest) = (text[..n].parse().ok()?, &text[n..]);
    let mut version = (major, 0);
    if let Some(after) = rest.strip_prefix('p') {
        // Else it is the extension `p`.
        let m = digits(after);
        if m > 0 {
            version.1 = after[..m].parse().ok()?;
            rest = &after[m..];
        }
    }
    Some((Some(version).filter(|v| *v != (0, 0)), rest))
}

/// Splits a version off the end of a multi-letter name: `zba1p0` to (`zba`, 1.0). A name that ends with a digit and `p`
/// is a version that is cut off.
fn split_version(text: &str) -> Result<(&str, Option<Version>), IsaError> {
    let trailing = |s: &str| s.len() - s.bytes().rev().take_while(u8::is_ascii_digit).count();
    let mut at = trailing(text);
    if at < text.len()
        && let Some(head) = text[..at].strip_suffix('p')
        && trailing(head) < head.len()
    {
        at = trailing(head);
    }
    let name = &text[..at];
    if name.strip_suffix('p').is_some_and(|head| head.ends_with(|c: char| c.is_ascii_digit())) {
        return Err(IsaError::BadVersion(name.to_owned()));
    }
    let (version, _) = leading_version(&text[at..]).ok_or_else(|| IsaError::BadVersion(name.to_owned()))?;
    Ok((name, version))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_stay_closed_under_implication() {
        for ext in Ext::ALL {
            let with = Isa::BASE.with(ext);
            assert!(with.contains(ext) && with.contains(Ext::I));
            assert_eq!(with.with(ext), with);
            assert_eq!(
                Isa::PLATFORM.without(ext).contains(ext),
                ext == Ext::I,
                "{ext:?}"
            );
            assert_eq!(Ext::from_name(ext.name()), Some(ext));
        }
        let without_m = Isa::DEFAULT.without(Ext::M);
        assert!(!without_m.contains(Ext::Zmmul) && without_m.contains(Ext::A));
        let without_zicsr = Isa::PLATFORM.without(Ext::Zicsr);
        assert!(!without_zicsr.contains(Ext::Sstc) && !without_zicsr.contains(Ext::Zicntr));
        assert!(Isa::PLATFORM.without(Ext::Sstc).contains(Ext::Zicsr));
        assert_eq!(
            Isa::PLATFORM.without(Ext::Sstc).with(Ext::Sstc),
            Isa::PLATFORM
        );
    }

    #[test]
    fn the_default_is_what_its_name_says() {
        assert_eq!(
            Isa::parse("rv32imac_zicsr_zifencei_zba_zbb_zbs"),
            Ok(Isa::DEFAULT)
        );
        assert_eq!(
            Isa::parse("rv32imac_zicsr_zifencei_zicntr_zba_zbb_zbs_sstc_svadu"),
            Ok(Isa::PLATFORM)
        );
        assert_eq!(
            Isa::DEFAULT.attribute_string(),
            "rv32i2p1_m2p0_a2p1_c2p0_zicsr2p0_zifencei2p0_zmmul1p0_zba1p0_zbb1p0_zbs1p0"
        );
        assert_eq!(
            Isa::parse(&Isa::DEFAULT.attribute_string()),
            Ok(Isa::DEFAULT)
        );
    }

    #[test]
    fn errors_say_what_is_wrong() {
        for (text, error) in [
            ("rv32imafc", IsaError::Unsupported("f".into())),
            ("rv32iv", IsaError::Unsupported("f".into())),
            ("rv32i_zfoo", IsaError::Unknown("zfoo".into())),
            ("rv32i_zfoo1p0", IsaError::Unknown("zfoo".into())),
            ("rv32i_zaamo1p0", IsaError::Unsupported("zaamo".into())),
            ("rv32i_zba2p", IsaError::BadVersion("zba2p".into())),
            ("rv32i_xfoo", IsaError::NoVersion("xfoo".into())),
            ("rv32ij", IsaError::NoVersion("j".into())),
            ("", IsaError::Empty),
            ("rv32", IsaError::NoBase),
            ("rv64imac", IsaError::Rv64),
            ("riscv", IsaError::NotRv32),
            ("rv32I", IsaError::UpperCase),
            ("rv32i99999999999", IsaError::BadVersion("i".into())),
            ("rv32ié", IsaError::Unknown("é".into())),
            ("rv32iz", IsaError::Unknown("z".into())),
            ("rv32i_x", IsaError::Unknown("x".into())),
        ] {
            assert_eq!(Isa::parse(text), Err(error), "{text}");
        }
    }

    #[test]
    fn attributes_of_newer_compilers_are_read_and_merged() {
        let newer = "rv32i2p1_m2p0_a2p1_c2p0_zmmul1p0_zaamo1p0_zalrsc1p0_zca1p0";
        let mut arch = Arch::parse_attribute(newer, Spec::default()).unwrap();
        assert_eq!(
            arch.isa(),
            Ok(Isa::BASE.with(Ext::M).with(Ext::A).with(Ext::C))
        );
        assert_eq!(arch.to_string(), "rv32i2p1_m2p0_a2p1_c2p0_zmmul1p0");
        assert!(
            Arch::parse_attribute("rv32i_zfoo1p0", Spec::default())
                .unwrap()
                .isa()
                .is_err()
        );
        assert!(Arch::parse_attribute("rv32i_zfoo", Spec::default()).is_err());
        arch.merge(&Arch::parse("rv32i2p0_a2p2_zba_f").unwrap());
        assert_eq!(
            arch.to_string(),
            "rv32i2p1_m2p0_a2p2_f2p2_c2p0_zicsr2p0_zifencei2p0_zmmul1p0_zba1p0"
        );
    }
}
