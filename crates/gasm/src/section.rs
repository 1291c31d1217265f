//! Sections as chains of runs: fixed bytes, and between two runs a part whose size only the layout knows.

use crate::expr::Value;
use crate::names::Name;
use crate::place::Where;
use crate::symbols::SymbolId;
use rv32::{Insn, Reloc};
use std::collections::HashMap;

/// Number of a section, in order of creation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SectionId(pub u32);

/// Number of a chain: a section has one for each subsection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChainId(pub u32);

/// A place in a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct At {
    /// The chain.
    pub chain: ChainId,
    /// The run: how many variable parts of the chain stand before it. Between places of one run the distance is fixed.
    pub run: u32,
    /// Index in the chain's fixed bytes.
    pub pos: u32,
    /// The fragment that GNU as would have there (see [`Chain::split`]).
    pub fragment: u32,
}

/// A conditional branch or jump whose reach decides its length.
#[derive(Clone, Copy, Debug)]
pub struct Branch {
    /// The instruction in its 32-bit form, without target.
    pub insn: Insn,
    /// Where it goes.
    pub target: Value,
    /// It may become 2 bytes long.
    pub compressible: bool,
    /// The operand.
    pub place: Where,
}

/// The part behind a run whose size the layout decides.
#[derive(Clone, Debug)]
pub enum Variable {
    /// A branch: 2, 4, 6 or 8 bytes.
    Branch(Branch),
    /// Bytes up to a multiple of `1 << power`.
    Align {
        /// Alignment as a power of two.
        power: u32,
        /// Skip the alignment if it needs more than this.
        max: u32,
        /// What fills it.
        fill: Fill,
    },
    /// `count` times `size` bytes of `value`.
    Repeat {
        /// How often.
        count: Value,
        /// Bytes each, 0 to 8.
        size: u8,
        /// The bytes, little-endian.
        value: u64,
        /// The count's operand.
        place: Where,
    },
    /// Bytes up to an offset of the section.
    Org {
        /// The offset.
        target: Value,
        /// What fills it.
        fill: u8,
        /// The operand.
        place: Where,
    },
    /// A LEB128 number known after layout.
    Leb {
        /// The number.
        value: Value,
        /// Signed encoding.
        signed: bool,
        /// The operand.
        place: Where,
    },
    /// `li` of a difference of labels: 2 to 8 bytes.
    LoadImmediate {
        /// Destination.
        rd: u8,
        /// The number.
        value: Value,
        /// Compressed instructions may be used.
        rvc: bool,
        /// The operand.
        place: Where,
    },
    /// An advance of the location in call frame information.
    CfaAdvance {
        /// From here.
        from: At,
        /// To here.
        to: At,
    },
}

/// What fills an alignment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fill {
    /// Instructions that do nothing.
    Nops,
    /// A pattern of 1 to 8 bytes.
    Bytes {
        /// The bytes, little-endian.
        value: u64,
        /// How many of them.
        size: u8,
    },
}

/// A run of fixed bytes, and what the layout knows of the variable part behind it. Small and in one place: the
/// layout walks over all of them many times.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Run {
    /// Index in the fixed bytes at which it begins.
    pub start: u32,
    /// Offset in the section, as of the layout done last.
    pub address: u32,
    /// Size of the variable part behind it, as of now; 0 for the last run.
    pub size: u32,
}

/// What to write at a place once symbols are known.
#[derive(Clone, Copy, Debug)]
pub struct Fixup {
    /// Where; the chain is the one that holds the fixup.
    pub run: u32,
    /// Index in the fixed bytes.
    pub pos: u32,
    /// What kind of field.
    pub kind: FixKind,
    /// The linker may relax it.
    pub relax: bool,
    /// The value.
    pub value: Value,
    /// The operand.
    pub place: Where,
}

/// The field that a fixup fills.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FixKind {
    /// A little-endian number of 1, 2, 4 or 8 bytes.
    Data(u8),
    /// A four-byte offset from the field itself.
    Relative32,
    /// A relocation, always left to the linker.
    Reloc(Reloc),
    /// A 12-bit immediate that must be constant after layout (`addi rd, rs, a-b`): I format.
    ImmediateI,
    /// The same in S format.
    ImmediateS,
}

/// What stands in a code section from some place on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// Nothing said yet.
    None,
    /// Data: `$d`.
    Data,
    /// Instructions: `$x`.
    Code,
}

/// GNU as keeps fragments in blocks of memory, and begins a fragment where a block is full. Call frame
/// information shows where fragments begin (a distance inside one is written as a number, a distance
/// between two as a pair of relocations), so we count along. These are its sizes on a 64-bit host:
/// bytes of a block,
const GNU_BLOCK: u32 = 4048;
/// bytes of a fragment's record, before its contents,
const GNU_FRAGMENT: u32 = 120;
/// and what records are aligned to.
const GNU_ALIGN: u32 = 8;

/// One subsection.
pub struct Chain {
    /// Its section.
    pub section: SectionId,
    /// Its number within the section.
    pub number: i64,
    /// Fixed bytes.
    pub bytes: Vec<u8>,
    /// Runs: one more than variable parts.
    pub runs: Vec<Run>,
    /// Variable parts: number `i` stands behind run `i`.
    pub variables: Vec<Variable>,
    /// Fields to fill.
    pub fixups: Vec<Fixup>,
    /// Mapping symbols: place and what begins there.
    pub mapping: Vec<(At, Mapping)>,
    /// What stands at the end.
    pub content: Content,
    /// The architecture named by a mapping symbol last.
    pub arch: u32,
    /// Number of the fragment that GNU as would have at the end.
    fragment: u32,
    /// Fragments that GNU as would begin within a run: number and index of the first byte.
    splits: Vec<(u32, u32)>,
    /// Bytes left in the block of memory that GNU as would have.
    room: u32,
}

/// A mapping symbol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mapping {
    /// `$d`.
    Data,
    /// `$x`.
    Code,
    /// `$x` with an architecture, by number in the list of architecture strings.
    Arch(u32),
}

impl Chain {
    fn new(section: SectionId, number: i64) -> Chain {
        Chain {
            section,
            number,
            bytes: Vec::new(),
            runs: vec![Run::default()],
            variables: Vec::new(),
            fixups: Vec::new(),
            mapping: Vec::new(),
            content: Content::None,
            arch: u32::MAX,
            fragment: 0,
            splits: Vec::new(),
            room: GNU_BLOCK - GNU_FRAGMENT,
        }
    }

    /// The place after the last byte; `id` is this chain's number.
    #[inline]
    pub fn end(&self, id: ChainId) -> At {
        At { chain: id, run: self.variables.len() as u32, pos: self.pos(), fragment: self.fragment }
    }

    /// How far into its run the fragment of a place begins that GNU as would have there.
    pub fn fragment_offset(&self, at: At) -> u32 {
        let begin = self.splits.binary_search_by_key(&at.fragment, |split| split.0);
        begin.map_or(0, |i| self.splits[i].1 - self.runs[at.run as usize].start)
    }

    /// Index after the last fixed byte.
    pub fn pos(&self) -> u32 {
        self.bytes.len() as u32
    }

    /// Makes sure that `n` more fixed bytes fit in the block that GNU as would have.
    #[inline]
    pub fn reserve(&mut self, n: u32) {
        if self.room < n {
            self.split();
            if self.room < n {
                self.room = n.saturating_mul(2).max(GNU_BLOCK - GNU_FRAGMENT);
            }
        }
    }

    /// Takes room for what GNU as thinks may become `n` bytes.
    pub fn set_aside(&mut self, n: u32) {
        self.reserve(n);
        self.room -= n;
    }

    /// Appends fixed bytes.
    #[inline]
    pub fn push(&mut self, bytes: &[u8]) {
        self.reserve(bytes.len() as u32);
        self.room -= bytes.len() as u32;
        self.bytes.extend_from_slice(bytes);
    }

    /// Begins a new fragment where GNU as would: in call frame information distances across its start are not
    /// constant.
    pub fn split(&mut self) {
        self.begin_fragment();
        self.splits.push((self.fragment, self.pos()));
    }

    fn begin_fragment(&mut self) {
        let used = GNU_BLOCK.saturating_sub(self.room).next_multiple_of(GNU_ALIGN) + GNU_FRAGMENT;
        self.room = if used > GNU_BLOCK { GNU_BLOCK - GNU_FRAGMENT } else { GNU_BLOCK - used };
        self.fragment += 1;
    }

    /// Ends the last run with a variable part.
    pub fn push_variable(&mut self, variable: Variable, size: u32) {
        // What GNU as sets aside for it.
        self.set_aside(if matches!(variable, Variable::Branch(_)) { 8 } else { 1 });
        let last = self.variables.len();
        self.variables.push(variable);
        self.runs[last].size = size;
        self.runs.push(Run { start: self.pos(), ..Run::default() });
        self.begin_fragment();
    }
}

/// A section.
pub struct Section {
    /// Name.
    pub name: Name,
    /// `SHF_*`.
    pub flags: u32,
    /// `SHT_*`.
    pub kind: u32,
    /// Entry size, for mergeable ones.
    pub entry_size: u32,
    /// Alignment as a power of two.
    pub align_power: u32,
    /// Group signature.
    pub group: Option<SymbolId>,
    /// The group is a COMDAT group.
    pub comdat: bool,
    /// Section that `o` links to.
    pub linked: Option<Name>,
    /// Chains by subsection number.
    pub chains: Vec<ChainId>,
    /// Size, once the layout is done.
    pub size: u32,
    /// What the section held when a layout of it repeated itself, if nothing outside the section can change that.
    pub settled: Option<Extent>,
    /// Where it was first named.
    pub place: Where,
}

impl Section {
    /// Whether it holds instructions.
    pub fn is_code(&self) -> bool {
        self.flags & crate::elf::SHF_EXECINSTR != 0
    }

    /// Whether it has no bytes in the file.
    pub fn is_nobits(&self) -> bool {
        self.kind == crate::elf::SHT_NOBITS
    }
}

/// How much a section holds: fixed bytes and variable parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    bytes: usize,
    variables: usize,
}

/// What tells one section from another, as in GNU as.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SectionKey {
    /// Its name.
    pub name: Name,
    /// Flag `R`.
    pub retained: bool,
    /// `unique` number.
    pub unique: Option<u32>,
    /// Section that `o` links to.
    pub linked: Option<Name>,
    /// Name of its group.
    pub group: Option<Name>,
}

/// All sections and chains.
pub struct Sections {
    /// Sections in order of creation.
    pub all: Vec<Section>,
    /// Chains in order of creation.
    pub chains: Vec<Chain>,
    /// Sections by what tells them apart: compilers make tens of thousands (`-ffunction-sections`).
    index: HashMap<SectionKey, SectionId>,
}

impl Sections {
    /// Nothing yet.
    pub fn new() -> Sections {
        Sections { all: Vec::new(), chains: Vec::new(), index: HashMap::new() }
    }

    /// The section that was added under a key.
    pub fn find(&self, key: &SectionKey) -> Option<SectionId> {
        self.index.get(key).copied()
    }

    /// Adds a section with its chain 0.
    pub fn add(&mut self, key: SectionKey, section: Section) -> SectionId {
        let id = SectionId(self.all.len() as u32);
        self.index.insert(key, id);
        self.all.push(section);
        self.chain(id, 0);
        id
    }

    /// The chain of a subsection, made if need be.
    pub fn chain(&mut self, section: SectionId, number: i64) -> ChainId {
        let chains = &self.all[section.0 as usize].chains;
        match chains.binary_search_by_key(&number, |&c| self.chains[c.0 as usize].number) {
            Ok(i) => chains[i],
            Err(i) => {
                let id = ChainId(self.chains.len() as u32);
                self.chains.push(Chain::new(section, number));
                self.all[section.0 as usize].chains.insert(i, id);
                id
            }
        }
    }

    /// The distance from `b` to `a`, if nothing of unknown size lies between.
    pub fn fixed_distance(&self, a: At, b: At) -> Option<i64> {
        (a.chain == b.chain && a.run == b.run).then(|| i64::from(a.pos) - i64::from(b.pos))
    }

    /// How much a section holds now.
    pub fn extent(&self, section: SectionId) -> Extent {
        let chains = self[section].chains.iter().map(|&chain| &self[chain]);
        chains.fold(Extent { bytes: 0, variables: 0 }, |sum, c| Extent { bytes: sum.bytes + c.bytes.len(), variables: sum.variables + c.variables.len() })
    }

    /// The section of a place.
    pub fn section_of(&self, at: At) -> SectionId {
        self.chains[at.chain.0 as usize].section
    }

    /// Offset in its section of a place, as of the layout done last.
    pub fn address(&self, at: At) -> u32 {
        let run = self.chains[at.chain.0 as usize].runs[at.run as usize];
        run.address.wrapping_add(at.pos - run.start)
    }
}

impl std::ops::Index<SectionId> for Sections {
    type Output = Section;
    fn index(&self, id: SectionId) -> &Section {
        &self.all[id.0 as usize]
    }
}

impl std::ops::IndexMut<SectionId> for Sections {
    fn index_mut(&mut self, id: SectionId) -> &mut Section {
        &mut self.all[id.0 as usize]
    }
}

impl std::ops::Index<ChainId> for Sections {
    type Output = Chain;
    fn index(&self, id: ChainId) -> &Chain {
        &self.chains[id.0 as usize]
    }
}

impl std::ops::IndexMut<ChainId> for Sections {
    fn index_mut(&mut self, id: ChainId) -> &mut Chain {
        &mut self.chains[id.0 as usize]
    }
}

