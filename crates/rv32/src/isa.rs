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

/// What binutils 2.40 knows besides, and a few that are newer: recognised so that messages can name them and attributes can be merged.
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
    other("zvl32b", 1, 0, &[]),
    other("zvl64b", 1, 0, &["zvl32b"]),
    other("zvl128b", 1, 0, &["zvl64b"]),
    other("zvl256b", 1, 0, &["zvl128b"]),
    other("zvl512b", 1, 0, &["zvl256b"]),
    other("zvl1024b", 1, 0, &["zvl512b"]),
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
    newer("zicond", 1, 0, &[]),
    newer("zihpm", 2, 0, &["zicsr"]),
];

/// Parts of an extension that newer compilers list beside the whole.
static PARTS: &[(&str, Ext)] = &[("zaamo", Ext::A), ("zalrsc", Ext::A), ("zca", Ext::C)];

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
}

impl fmt::Display for IsaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            IsaError::UpperCase => write!(f, "an ISA string has no upper-case letters"),
            IsaError::NotRv32 => write!(f, "an ISA string begins with rv32"),
            IsaError::Rv64 => write!(f, "rv64 is not supported, only rv32"),
            IsaError::NoBase => write!(f, "the first extension must be i, e or g"),
            IsaError::Unknown(name) => write!(f, "unknown extension `{name}`"),
            IsaError::Unsupported(name) => write!(f, "extension `{name}` is not supported"),
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
    /// Major version.
    pub major: u32,
    /// Minor version.
    pub minor: u32,
}

/// The canonical order of single letters; those of the letter after a `z` follow it too.
const LETTERS: &str = "eimafdqlcbkjtpvnh";

/// Sorts as binutils 2.40 does: single letters, `z`, `s`, `x`.
fn canonical_key(name: &str) -> (u8, usize, &str) {
    let letter = |c: Option<char>| c.and_then(|c| LETTERS.find(c)).unwrap_or(LETTERS.len());
    let mut chars = name.chars();
    match chars.next() {
        Some('z') => (1, letter(chars.next()), name),
        Some('s') => (2, 0, name),
        Some('x') => (3, 0, name),
        first => (0, letter(first), name),
    }
}

impl Arch {
    /// Reads an ISA string. Unknown extensions with a version (`xfoo1p0`) are kept, without one they are an error.
    ///
    /// # Errors
    /// What GNU as refuses, with its reason; extensions that are known nowhere.
    pub fn parse(text: &str) -> Result<Arch, IsaError> {
        Arch::parse_with(text, false)
    }

    /// Like [`parse`](Arch::parse) for a string that a compiler wrote into a file: extensions that are known nowhere are
    /// kept if they have a version.
    ///
    /// # Errors
    /// As for `parse`.
    pub fn parse_attribute(text: &str) -> Result<Arch, IsaError> {
        Arch::parse_with(text, true)
    }

    fn parse_with(text: &str, keep_unknown: bool) -> Result<Arch, IsaError> {
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
                    let (name, version) = split_version(&rest[..end]);
                    arch.add_parsed(name, version, keep_unknown)?;
                    rest = &rest[end..];
                }
                'g' => {
                    let (_, after) = leading_version(&rest[1..]);
                    for name in ["i", "m", "a", "f", "d", "zicsr", "zifencei"] {
                        arch.add_parsed(name, None, false)?;
                    }
                    rest = after;
                }
                _ => {
                    let (version, after) = leading_version(&rest[first.len_utf8()..]);
                    arch.add_parsed(&rest[..first.len_utf8()], version, false)?;
                    rest = after;
                }
            }
        }
        arch.add_implied();
        Ok(arch)
    }

    fn add_parsed(
        &mut self,
        name: &str,
        version: Option<(u32, u32)>,
        keep_unknown: bool,
    ) -> Result<(), IsaError> {
        let default = known(name).map(|row| (row.major, row.minor));
        let Some((major, minor)) = version.or(default) else {
            return Err(IsaError::Unknown(name.to_owned()));
        };
        if default.is_none() && !name.starts_with('x') && !keep_unknown {
            return Err(IsaError::Unknown(name.to_owned()));
        }
        if !self.contains(name) {
            self.insert(name, major, minor);
        }
        Ok(())
    }

    fn insert(&mut self, name: &str, major: u32, minor: u32) {
        let at = self
            .extensions
            .partition_point(|e| canonical_key(&e.name) < canonical_key(name));
        self.extensions.insert(
            at,
            ArchExtension {
                name: name.to_owned(),
                major,
                minor,
            },
        );
    }

    fn add_implied(&mut self) {
        // Before version 2.1 the base had what is now zicsr and zifencei.
        if self
            .extensions
            .iter()
            .any(|e| e.name == "i" && (e.major, e.minor) < (2, 1))
        {
            for row in ["zicsr", "zifencei"].into_iter().filter_map(known) {
                if !self.contains(row.name) {
                    self.insert(row.name, row.major, row.minor);
                }
            }
        }
        let mut next = 0;
        let mut work: Vec<String> = self.extensions.iter().map(|e| e.name.clone()).collect();
        while let Some(name) = work.get(next).cloned() {
            next += 1;
            for row in known(&name)
                .into_iter()
                .flat_map(|row| row.implies)
                .filter_map(|name| known(name))
            {
                if !self.contains(row.name) {
                    self.insert(row.name, row.major, row.minor);
                    work.push(row.name.to_owned());
                }
            }
        }
    }

    /// Whether it lists an extension.
    pub fn contains(&self, name: &str) -> bool {
        self.extensions.iter().any(|e| e.name == name)
    }

    /// The extensions in canonical order.
    pub fn extensions(&self) -> &[ArchExtension] {
        &self.extensions
    }

    /// The union with another, of each extension the higher version.
    pub fn merge(&mut self, other: &Arch) {
        for theirs in &other.extensions {
            match self
                .extensions
                .iter_mut()
                .find(|ours| ours.name == theirs.name)
            {
                Some(ours) if (ours.major, ours.minor) < (theirs.major, theirs.minor) => {
                    (ours.major, ours.minor) = (theirs.major, theirs.minor);
                }
                Some(_) => {}
                None => self.insert(&theirs.name, theirs.major, theirs.minor),
            }
        }
    }

    /// The set of extensions.
    ///
    /// # Errors
    /// Names the first extension that is not supported.
    pub fn isa(&self) -> Result<Isa, IsaError> {
        let mut isa = Isa(0);
        for extension in &self.extensions {
            let is_part = |(part, whole): &(&str, Ext)| {
                *part == extension.name && self.contains(whole.name())
            };
            if PARTS.iter().any(is_part) {
                continue;
            }
            let ext = Ext::from_name(&extension.name)
                .ok_or_else(|| IsaError::Unsupported(extension.name.clone()))?;
            isa = isa.with(ext);
        }
        Ok(isa)
    }
}

impl From<Isa> for Arch {
    fn from(isa: Isa) -> Arch {
        let mut arch = Arch::default();
        for row in isa.extensions().map(Ext::row) {
            arch.insert(row.name, row.major, row.minor);
        }
        arch
    }
}

/// As GNU as writes it: every extension with its version, without those that binutils 2.40 does not know.
impl fmt::Display for Arch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("rv32")?;
        let mut separator = "";
        for e in &self.extensions {
            let in_attribute =
                known(&e.name).map_or(e.name.starts_with('x'), |row| row.in_attribute);
            if !in_attribute {
                continue;
            }
            write!(f, "{separator}{}{}p{}", e.name, e.major, e.minor)?;
            separator = "_";
        }
        Ok(())
    }
}

/// A version at the start of `text`: digits, or digits `p` digits. Returns it and the rest.
fn leading_version(text: &str) -> (Option<(u32, u32)>, &str) {
    let digits = |s: &str| s.bytes().take_while(u8::is_ascii_digit).count();
    let n = digits(text);
    let Ok(major) = text[..n].parse() else {
        return (None, text);
    };
    let rest = &text[n..];
    if let Some(after) = rest.strip_prefix('p') {
        let m = digits(after);
        if let Ok(minor) = after[..m].parse() {
            return (Some((major, minor)), &after[m..]);
        }
    }
    (Some((major, 0)), rest)
}

/// Splits a version off the end of a multi-letter name: `zba1p0` to (`zba`, 1.0).
fn split_version(text: &str) -> (&str, Option<(u32, u32)>) {
    let trailing = |s: &str| s.len() - s.bytes().rev().take_while(u8::is_ascii_digit).count();
    let last = trailing(text);
    let Ok(number) = text[last..].parse::<u32>() else {
        return (text, None);
    };
    if let Some(head) = text[..last].strip_suffix('p') {
        let first = trailing(head);
        if let Ok(major) = head[first..].parse() {
            return (&head[..first], Some((major, number)));
        }
    }
    (&text[..last], Some((number, 0)))
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
            ("rv32", IsaError::NoBase),
            ("rv64imac", IsaError::Rv64),
            ("riscv", IsaError::NotRv32),
            ("rv32I", IsaError::UpperCase),
            ("rv32i99999999999", IsaError::Unknown("9".into())),
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
        let mut arch = Arch::parse_attribute(newer).unwrap();
        assert_eq!(
            arch.isa(),
            Ok(Isa::BASE.with(Ext::M).with(Ext::A).with(Ext::C))
        );
        assert_eq!(arch.to_string(), "rv32i2p1_m2p0_a2p1_c2p0_zmmul1p0");
        assert!(
            Arch::parse_attribute("rv32i_zfoo1p0")
                .unwrap()
                .isa()
                .is_err()
        );
        assert!(Arch::parse_attribute("rv32i_zfoo").is_err());
        arch.merge(&Arch::parse("rv32i2p0_a2p2_zba_f").unwrap());
        assert_eq!(
            arch.to_string(),
            "rv32i2p1_m2p0_a2p2_f2p2_c2p0_zicsr2p0_zifencei2p0_zmmul1p0_zba1p0"
        );
    }
}
