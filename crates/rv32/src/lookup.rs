//! Mnemonics: from a name to every form that it has.

use crate::compressed::{self, COp};
use crate::instructions::{self, Op};
use crate::operand::Operand;
use crate::pseudo::{self, PseudoRow};
use std::sync::OnceLock;

/// One syntactic form of a mnemonic.
#[derive(Clone, Copy, Debug)]
pub enum Form {
    /// A 32-bit instruction; `ordering` is the value of its [`Operand::Ordering`] that the suffix gave
    /// (bit 1 = aq, bit 0 = rl; 0 without suffix).
    Real {
        /// The instruction.
        op: Op,
        /// For [`crate::Insn::imm`] of atomics.
        ordering: u8,
    },
    /// An explicit `c.` instruction.
    Compressed(COp),
    /// A pseudo-instruction, or another spelling of a real one.
    Pseudo(&'static PseudoRow),
}

struct Entry {
    mnemonic: String,
    forms: Vec<Form>,
}

/// A hash table with open addressing: a mnemonic is looked up for every line of assembly.
struct Table {
    entries: Vec<Entry>,
    /// Index into `entries` + 1, or 0 for an empty slot. At most half full, a power of two long.
    slots: Vec<u16>,
}

const SLOTS: usize = 1024;

/// FNV-1a.
fn hash(mnemonic: &[u8]) -> usize {
    let hash = mnemonic.iter().fold(0x811c_9dc5u32, |hash, byte| {
        (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193)
    });
    (hash ^ hash >> 15) as usize
}

impl Table {
    /// The slot that holds the mnemonic, or the empty one where it belongs.
    fn slot(&self, mnemonic: &[u8]) -> usize {
        let mut slot = hash(mnemonic) % SLOTS;
        loop {
            match self.slots[slot] {
                0 => return slot,
                n if self.entries[usize::from(n) - 1].mnemonic.as_bytes() == mnemonic => {
                    return slot;
                }
                _ => slot = (slot + 1) % SLOTS,
            }
        }
    }

    fn add(&mut self, mnemonic: &str, form: Form) {
        let slot = self.slot(mnemonic.as_bytes());
        if self.slots[slot] == 0 {
            self.entries.push(Entry {
                mnemonic: mnemonic.to_owned(),
                forms: Vec::new(),
            });
            assert!(self.entries.len() <= SLOTS / 2, "enlarge SLOTS");
            self.slots[slot] = self.entries.len() as u16;
        }
        self.entries[usize::from(self.slots[slot]) - 1]
            .forms
            .push(form);
    }
}

fn table() -> &'static Table {
    static TABLE: OnceLock<Table> = OnceLock::new();
    TABLE.get_or_init(|| {
        let mut table = Table {
            entries: Vec::new(),
            slots: vec![0; SLOTS],
        };
        for row in &instructions::ROWS {
            let orderings: &[(&str, u8)] = if row.operands.contains(&Operand::Ordering) {
                &[("", 0), (".aq", 2), (".rl", 1), (".aqrl", 3)]
            } else {
                &[("", 0)]
            };
            for (suffix, ordering) in orderings {
                table.add(
                    &format!("{}{suffix}", row.mnemonic),
                    Form::Real {
                        op: row.op,
                        ordering: *ordering,
                    },
                );
            }
        }
        for row in &compressed::ROWS {
            table.add(row.mnemonic, Form::Compressed(row.op));
        }
        for row in &pseudo::ROWS {
            table.add(row.mnemonic, Form::Pseudo(row));
        }
        table
    })
}

/// Every form of a mnemonic (in lower case), in the order to try them: the first whose extension is enabled and
/// whose operands agree is meant. Empty for an unknown one; see [`crate::unsupported`] for names of extensions that are
/// not supported.
pub fn lookup(mnemonic: &[u8]) -> &'static [Form] {
    let table = table();
    match table.slots[table.slot(mnemonic)] {
        0 => &[],
        n => &table.entries[usize::from(n) - 1].forms,
    }
}

/// Every mnemonic, once.
pub fn mnemonics() -> impl Iterator<Item = &'static str> {
    table().entries.iter().map(|entry| entry.mnemonic.as_str())
}
