//! The table of shared names and the rules by which definitions meet.

use super::{ObjectId, SectionId, SymbolId};
use crate::names::{NameMap, Numbering};
use crate::object_file::Sym;
use object::elf;
use std::collections::HashMap;

/// What defines a symbol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Definition {
    /// Nothing yet.
    Undefined,
    /// The symbol with this index of this object.
    Object(ObjectId, u32),
    /// A block to allocate; the largest size and alignment of all that ask.
    Common {
        /// The object whose block is the largest.
        object: ObjectId,
        /// The symbol's index there.
        index: u32,
        /// Bytes.
        size: u32,
        /// A power of two.
        align: u32,
    },
    /// A common block that was given its section.
    Block(SectionId),
    /// The script, the command line or the linker itself.
    Linker,
}

/// A shared name.
#[derive(Clone, Copy, Debug)]
pub struct Symbol<'a> {
    /// The name.
    pub name: &'a [u8],
    /// Its definition.
    pub definition: Definition,
    /// Whether that definition is weak: another takes its place without a word.
    pub weak: bool,
    /// Whether some use is not weak.
    pub strong_use: bool,
    /// Whether anything uses it.
    pub used: bool,
    /// The most constraining `STV_…` of all objects.
    pub visibility: elf::SymbolVisibility,
    /// Whether any object gives it `STO_RISCV_VARIANT_CC`: calls do not follow the standard convention.
    pub variant_cc: bool,
    /// `STT_…` of the last object that gives it a type.
    pub kind: elf::SymbolType,
    /// Whether an object names it, other than by defining it in a section that is left out.
    pub named: bool,
    /// Whether a `PROVIDE` defines it.
    pub provided: bool,
    /// The object that first uses it; none if the command line does.
    pub first_use: Option<ObjectId>,
    /// What an object defines, if the script or the command line defines the symbol besides: that value
    /// counts until the script has come to its own.
    pub overridden: Option<Definition>,
    /// The symbol that gives it its definition: `f@@V` defines `f` too.
    pub default_of: Option<SymbolId>,
}

impl Symbol<'_> {
    /// `STB_…`, given the symbol that defines it.
    #[must_use]
    pub fn bind(&self, own: &Sym) -> elf::SymbolBind {
        match own.st_bind() {
            _ if self.weak => elf::STB_WEAK,
            elf::STB_GNU_UNIQUE => elf::STB_GNU_UNIQUE,
            _ => elf::STB_GLOBAL,
        }
    }

    /// `st_other`: visibility, and the bits of the psABI.
    #[must_use]
    pub fn other(&self) -> elf::SymbolOther {
        elf::SymbolOther(self.visibility.0 | if self.variant_cc { elf::STO_RISCV_VARIANT_CC.0 } else { 0 })
    }
}

/// All shared names.
#[derive(Clone, Debug, Default)]
pub struct Symbols<'a> {
    all: Vec<Symbol<'a>>,
    /// A symbol's number is its index.
    numbers: Numbering<'a>,
    /// By name and version, symbols that have one: `f@V` and `f@@V` are the same.
    versioned: HashMap<(&'a [u8], &'a [u8]), SymbolId>,
    /// From the name as used to the name as meant (`--wrap`).
    wrapped: NameMap<'a, &'a [u8]>,
    /// Symbols that were used and not defined when they were first seen; some have a definition now.
    pub(super) wanted: Vec<SymbolId>,
}

impl<'a> Symbols<'a> {
    /// An empty table that takes the first name of each pair for the second (`--wrap`).
    pub(super) fn new(wrapped: &'a [(String, String)]) -> Symbols<'a> {
        let wrapped = wrapped.iter().map(|(used, meant)| (used.as_bytes(), meant.as_bytes())).collect();
        Symbols { wrapped, ..Symbols::default() }
    }

    /// A symbol.
    #[must_use]
    pub fn get(&self, id: SymbolId) -> &Symbol<'a> {
        &self.all[id.0 as usize]
    }

    /// All symbols with their ids, in the order in which they were first seen.
    pub fn iter(&self) -> impl Iterator<Item = (SymbolId, &Symbol<'a>)> {
        self.all.iter().enumerate().map(|(index, symbol)| (SymbolId(index as u32), symbol))
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Whether any symbol has a version.
    #[must_use]
    pub fn has_versions(&self) -> bool {
        !self.versioned.is_empty()
    }

    /// The symbol of this name, if any object or the command line knows it.
    #[must_use]
    pub fn find(&self, name: &[u8]) -> Option<SymbolId> {
        match version(name) {
            None => self.numbers.find(name).map(SymbolId),
            Some((name, version, _)) => self.versioned.get(&(name, version)).copied(),
        }
    }

    fn intern(&mut self, name: &'a [u8]) -> SymbolId {
        let version = version(name);
        if let Some(&known) = version.and_then(|(name, version, _)| self.versioned.get(&(name, version))) {
            return known;
        }
        let id = self.numbers.number(name);
        if let Some((name, version, _)) = version {
            self.versioned.insert((name, version), SymbolId(id));
        }
        if id as usize == self.all.len() {
            self.all.push(Symbol {
                name,
                definition: Definition::Undefined,
                weak: false,
                strong_use: false,
                used: false,
                visibility: elf::STV_DEFAULT,
                variant_cc: false,
                kind: elf::STT_NOTYPE,
                named: false,
                provided: false,
                first_use: None,
                overridden: None,
                default_of: None,
            });
        }
        SymbolId(id)
    }

    /// The command line or the script uses a symbol.
    pub fn ask(&mut self, name: &'a [u8]) -> SymbolId {
        let id = self.intern(name);
        let symbol = &mut self.all[id.0 as usize];
        symbol.used = true;
        symbol.strong_use = true;
        if symbol.definition == Definition::Undefined {
            self.wanted.push(id);
        }
        id
    }

    /// The command line, the script or the linker defines a symbol; objects may not.
    pub fn define_by_linker(&mut self, name: &'a [u8]) -> SymbolId {
        let id = self.intern(name);
        let symbol = &mut self.all[id.0 as usize];
        let before = std::mem::replace(&mut symbol.definition, Definition::Linker);
        if !matches!(before, Definition::Undefined | Definition::Linker) {
            symbol.overridden = Some(before);
        }
        symbol.weak = false;
        id
    }

    /// A `PROVIDE` of the script defines a symbol that something uses and nothing defines. Gives
    /// whether it does.
    pub fn provide(&mut self, name: &[u8]) -> bool {
        let Some(id) = self.find(name) else { return false };
        let symbol = &mut self.all[id.0 as usize];
        if symbol.definition == Definition::Undefined && symbol.used {
            symbol.definition = Definition::Linker;
            symbol.provided = true;
        }
        symbol.provided
    }

    /// Something that is no object uses a symbol, if it is defined: it pulls in nothing.
    pub fn mention(&mut self, name: &'a [u8]) {
        let id = self.intern(name);
        self.all[id.0 as usize].used = true;
    }

    /// These symbols may stay undefined: their address is 0.
    pub fn forgive(&mut self, symbols: &[SymbolId]) {
        for id in symbols {
            self.all[id.0 as usize].strong_use = false;
        }
    }

    /// Gives a symbol its section: a common block was allocated, or the linker placed it.
    pub fn set_definition(&mut self, id: SymbolId, definition: Definition) {
        self.all[id.0 as usize].definition = definition;
    }

    /// An object uses a symbol.
    pub(super) fn refer(&mut self, name: &'a [u8], object: ObjectId, weak: bool) -> SymbolId {
        let name = self.wrapped.get(name).copied().unwrap_or(name);
        let id = self.intern(name);
        let symbol = &mut self.all[id.0 as usize];
        symbol.used = true;
        if !weak && !symbol.strong_use {
            symbol.strong_use = true;
            symbol.first_use = Some(object);
            if symbol.definition == Definition::Undefined {
                self.wanted.push(id);
            }
        }
        id
    }

    /// An object defines a symbol. Gives the first definition if both are strong.
    pub(super) fn define(&mut self, name: &'a [u8], object: ObjectId, index: u32, weak: bool) -> (SymbolId, Option<(ObjectId, u32)>) {
        let id = self.intern(name);
        let symbol = &mut self.all[id.0 as usize];
        let wins = match symbol.definition {
            Definition::Undefined => true,
            // A block is a definition of sorts: stronger than a weak one, weaker than a real one.
            Definition::Common { .. } => !weak,
            Definition::Object(..) => symbol.weak && !weak,
            Definition::Block(_) | Definition::Linker => false,
        };
        if wins {
            symbol.definition = Definition::Object(object, index);
            symbol.weak = weak;
            symbol.default_of = None;
            // Of its spellings the one that defines it.
            symbol.name = name;
            return (id, None);
        }
        if symbol.definition == Definition::Linker && (symbol.overridden.is_none() || !weak) {
            symbol.overridden = Some(Definition::Object(object, index));
        }
        match symbol.definition {
            Definition::Object(first, first_index) if !weak => (id, Some((first, first_index))),
            Definition::Undefined | Definition::Object(..) | Definition::Common { .. } | Definition::Block(_) | Definition::Linker => (id, None),
        }
    }

    /// An object defines a version of a symbol that is its default: uses that name no version mean it too.
    pub(super) fn define_default(&mut self, versioned: SymbolId, object: ObjectId, index: u32, weak: bool) -> Option<(SymbolId, Option<(ObjectId, u32)>)> {
        let (name, _, true) = version(self.get(versioned).name)? else { return None };
        let (id, clash) = self.define(name, object, index, weak);
        let symbol = &mut self.all[id.0 as usize];
        if symbol.definition == Definition::Object(object, index) {
            symbol.default_of = Some(versioned);
        }
        Some((id, clash))
    }

    /// An object asks for a common block.
    pub(super) fn define_common(&mut self, name: &'a [u8], object: ObjectId, index: u32, size: u32, align: u32) -> SymbolId {
        let id = self.intern(name);
        let symbol = &mut self.all[id.0 as usize];
        let align = if align.is_power_of_two() { align } else { 1 };
        match &mut symbol.definition {
            Definition::Common { object: first, index: first_index, size: largest, align: strictest } => {
                if size > *largest {
                    (*first, *first_index, *largest) = (object, index, size);
                }
                *strictest = align.max(*strictest);
            }
            Definition::Object(..) if !symbol.weak => {}
            Definition::Block(_) | Definition::Linker => {}
            Definition::Undefined | Definition::Object(..) => {
                symbol.definition = Definition::Common { object, index, size, align };
                symbol.weak = false;
                self.wanted.push(id);
            }
        }
        id
    }

    /// The script hides a symbol (`HIDDEN`): in the image it is local.
    pub fn hide(&mut self, name: &[u8]) {
        if let Some(id) = self.find(name) {
            self.take_visibility(id, elf::STV_HIDDEN);
        }
    }

    /// Takes what an object says of a symbol besides its place: the more constraining visibility, the type, and whether calls of it
    /// follow a convention of their own.
    pub(super) fn constrain(&mut self, id: SymbolId, own: &Sym, left_out: bool) {
        let symbol = &mut self.all[id.0 as usize];
        symbol.named |= !left_out;
        symbol.variant_cc |= own.st_other.0 & elf::STO_RISCV_VARIANT_CC.0 != 0;
        if own.st_type() != elf::STT_NOTYPE {
            symbol.kind = own.st_type();
        }
        self.take_visibility(id, own.st_visibility());
    }

    /// Takes the more constraining visibility.
    fn take_visibility(&mut self, id: SymbolId, visibility: elf::SymbolVisibility) {
        let symbol = &mut self.all[id.0 as usize];
        // STV_INTERNAL 1 is the most constraining, then HIDDEN 2, PROTECTED 3; DEFAULT 0 is none.
        if visibility != elf::STV_DEFAULT && (symbol.visibility == elf::STV_DEFAULT || visibility.0 < symbol.visibility.0) {
            symbol.visibility = visibility;
        }
    }
}

/// Name and version of `f@V`, and of the default version `f@@V`, and whether it is that.
pub(super) fn version(name: &[u8]) -> Option<(&[u8], &[u8], bool)> {
    let at = name.iter().position(|&b| b == b'@').filter(|&at| at > 0)?;
    let rest = &name[at + 1..];
    let is_default = rest.first() == Some(&b'@');
    Some((&name[..at], &rest[usize::from(is_default)..], is_default))
}
