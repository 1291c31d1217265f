//! Symbols: small records, by number. A name may get a new record when `.set` changes it.

use crate::expr::{ExprId, Value};
use crate::names::Name;
use crate::place::Where;
use crate::section::{At, SectionId};

/// Number of a symbol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SymbolId(pub u32);

impl SymbolId {
    /// No symbol.
    pub const NONE: SymbolId = SymbolId(u32::MAX);

    /// Whether it is a symbol.
    pub fn is_some(self) -> bool {
        self != SymbolId::NONE
    }
}

/// What a symbol stands for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Definition {
    /// Nothing in this file.
    Undefined,
    /// A place in a section.
    Label(At),
    /// A value given by `.set`, `.equ` or `=`.
    Value(Value),
    /// An expression that is no plain [`Value`]; it is evaluated after layout.
    Expr(ExprId),
    /// `.comm`: size and alignment.
    Common { size: u32, align: u32 },
    /// The start of a section.
    Section(SectionId),
}

/// Binding that a directive asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binding {
    /// None: local if defined, global if not.
    Default,
    /// `.local`.
    Local,
    /// `.globl`.
    Global,
    /// `.weak`.
    Weak,
    /// `.type x, @gnu_unique_object`.
    Unique,
}

/// A symbol.
#[derive(Clone, Debug)]
pub struct Symbol {
    /// Its name.
    pub name: Name,
    /// What it stands for.
    pub definition: Definition,
    /// Where it was defined, or first used.
    pub place: Where,
    /// `.size`.
    pub size: ExprId,
    /// Binding.
    pub binding: Binding,
    /// `STV_*`.
    pub visibility: u8,
    /// `STT_*`.
    pub kind: u8,
    /// Defined by `.set` or `=`: may be set again.
    pub variable: bool,
    /// Defined by `.equiv`, `==` or a label: may not be set again.
    pub fixed: bool,
    /// Something refers to it.
    pub used: bool,
    /// A relocation refers to it: it goes to the symbol table whatever its name.
    pub relocated: bool,
    /// Made by the assembler (`.`, `1:`, `.L0 `) or by its name local (`.L…`).
    pub temporary: bool,
    /// Defined by `.weakref`: its target may be missing.
    pub weak_reference: bool,
    /// Never written to the symbol table, like the operand of an unfinished expression.
    pub internal: bool,
}

/// All symbols of an assembly.
pub struct Symbols {
    /// The records.
    pub all: Vec<Symbol>,
    /// Numeric labels: number, label defined last, label awaited.
    numeric: Vec<(u32, SymbolId, SymbolId)>,
    numeric_index: std::collections::HashMap<u32, usize>,
}

impl Symbols {
    /// No symbols.
    pub fn new() -> Symbols {
        Symbols { all: Vec::new(), numeric: Vec::new(), numeric_index: std::collections::HashMap::new() }
    }

    /// Adds a record.
    pub fn add(&mut self, name: Name, definition: Definition, place: Where) -> SymbolId {
        let id = SymbolId(self.all.len() as u32);
        self.all.push(Symbol {
            name,
            definition,
            place,
            size: ExprId::NONE,
            binding: Binding::Default,
            visibility: 0,
            kind: 0,
            variable: false,
            fixed: false,
            used: false,
            relocated: false,
            temporary: false,
            weak_reference: false,
            internal: false,
        });
        id
    }

    /// The slot of numeric label `n`.
    fn slot(&mut self, n: u32) -> usize {
        let next = self.numeric.len();
        let slot = *self.numeric_index.entry(n).or_insert(next);
        if slot == next {
            self.numeric.push((n, SymbolId::NONE, SymbolId::NONE));
        }
        slot
    }

    /// `n:` – the record to define: the awaited one, or a new one.
    pub fn define_numeric(&mut self, n: u32, name: Name, place: Where) -> SymbolId {
        let slot = self.slot(n);
        let awaited = self.numeric[slot].2;
        let id = if awaited.is_some() {
            self[awaited].place = place;
            awaited
        } else {
            self.add_temporary(name, place)
        };
        self.numeric[slot].1 = id;
        self.numeric[slot].2 = SymbolId::NONE;
        id
    }

    /// `nb`: the label defined last.
    pub fn numeric_back(&mut self, n: u32) -> Option<SymbolId> {
        let slot = self.slot(n);
        Some(self.numeric[slot].1).filter(|id| id.is_some())
    }

    /// Whether a numeric label stands anywhere.
    pub fn has_numeric(&self, n: u32) -> bool {
        self.numeric_index.get(&n).is_some_and(|slot| self.numeric[*slot].1.is_some())
    }

    /// `nf`: the label awaited.
    pub fn numeric_forward(&mut self, n: u32, name: Name, place: Where) -> SymbolId {
        let slot = self.slot(n);
        if !self.numeric[slot].2.is_some() {
            self.numeric[slot].2 = self.add_temporary(name, place);
        }
        self.numeric[slot].2
    }

    fn add_temporary(&mut self, name: Name, place: Where) -> SymbolId {
        let id = self.add(name, Definition::Undefined, place);
        self[id].temporary = true;
        id
    }
}

impl std::ops::Index<SymbolId> for Symbols {
    type Output = Symbol;
    fn index(&self, id: SymbolId) -> &Symbol {
        &self.all[id.0 as usize]
    }
}

impl std::ops::IndexMut<SymbolId> for Symbols {
    fn index_mut(&mut self, id: SymbolId) -> &mut Symbol {
        &mut self.all[id.0 as usize]
    }
}
