//! Interned names. Every word of the source is hashed once; what it means as a register, as the
//! head of a statement and as a symbol is then a table lookup.

use crate::directives::Directive;
use rv32::Form;

/// Number of an interned name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(pub u32);

/// What a name means at the head of a statement.
#[derive(Clone, Copy)]
pub enum Head {
    /// Not looked up yet.
    Unresolved,
    /// Nothing known.
    Unknown,
    /// A directive.
    Directive(&'static Directive),
    /// An instruction or pseudo-instruction.
    Instruction(&'static [Form]),
    /// A macro of the source, by index.
    Macro(u32),
    /// A macro whose definition is wrong and was reported: its uses are passed over.
    Broken,
}

/// Everything known about a name.
pub struct Info {
    start: usize,
    len: u32,
    /// Symbol of that name, `u32::MAX` if none.
    pub symbol: u32,
    /// What it means at the head of a statement.
    pub head: Head,
}

/// The interner.
pub struct Names {
    bytes: Vec<u8>,
    infos: Vec<Info>,
    /// Open-addressed; its length is a power of two.
    table: Vec<Slot>,
}

/// A slot of the table. The hash beside the number tells most other names apart without a look at their bytes, and
/// lets the table grow without hashing again.
#[derive(Clone, Copy)]
struct Slot {
    hash: u32,
    /// Number + 1, 0 in an empty slot.
    name: u32,
}

const EMPTY: Slot = Slot { hash: 0, name: 0 };

/// Eight bytes, or fewer, as a number; every byte counts.
fn word(bytes: &[u8]) -> u64 {
    let n = bytes.len();
    match *bytes {
        [a, b, c, d, ..] => {
            let low = u32::from_le_bytes([a, b, c, d]);
            let high = u32::from_le_bytes([bytes[n - 4], bytes[n - 3], bytes[n - 2], bytes[n - 1]]);
            u64::from(low) | u64::from(high) << 32
        }
        [a, .., z] => u64::from(a) | u64::from(bytes[n / 2]) << 8 | u64::from(z) << 16,
        [a] => u64::from(a),
        [] => 0,
    }
}

/// Both halves of each product count, so that every byte reaches every bit: names that compilers number (`.LVU1234`)
/// differ in their last digits only.
fn hash(bytes: &[u8]) -> u32 {
    const K: u64 = 0x9e37_79b9_7f4a_7c15;
    let mix = |h: u64, word: u64| {
        let product = u128::from(h ^ word) * u128::from(K);
        product as u64 ^ (product >> 64) as u64
    };
    let mut h: u64 = bytes.len() as u64;
    let mut rest = bytes;
    while rest.len() > 8 {
        h = mix(h, word(&rest[..8]));
        rest = &rest[8..];
    }
    h = mix(h, word(rest)).wrapping_mul(K);
    (h >> 32) as u32
}

impl Names {
    /// An interner without names.
    pub fn new() -> Names {
        Names { bytes: Vec::new(), infos: Vec::new(), table: vec![EMPTY; 1024] }
    }

    /// The name of these bytes.
    pub fn intern(&mut self, text: &[u8]) -> Name {
        let hash = hash(text);
        let mask = self.table.len() - 1;
        let mut slot = hash as usize & mask;
        while self.table[slot].name != 0 {
            let name = Name(self.table[slot].name - 1);
            if self.table[slot].hash == hash && self.text(name) == text {
                return name;
            }
            slot = (slot + 1) & mask;
        }
        let name = Name(self.infos.len() as u32);
        self.infos.push(Info {
            start: self.bytes.len(),
            len: text.len() as u32,
            symbol: u32::MAX,
            head: Head::Unresolved,
        });
        self.bytes.extend_from_slice(text);
        self.table[slot] = Slot { hash, name: name.0 + 1 };
        if self.infos.len() * 2 > self.table.len() {
            self.grow();
        }
        name
    }

    fn grow(&mut self) {
        let mut table = vec![EMPTY; self.table.len() * 2];
        let mask = table.len() - 1;
        for &entry in self.table.iter().filter(|entry| entry.name != 0) {
            let mut slot = entry.hash as usize & mask;
            while table[slot].name != 0 {
                slot = (slot + 1) & mask;
            }
            table[slot] = entry;
        }
        self.table = table;
    }

    /// The bytes of a name.
    pub fn text(&self, name: Name) -> &[u8] {
        let info = &self.infos[name.0 as usize];
        &self.bytes[info.start..info.start + info.len as usize]
    }

    /// The name for people.
    pub fn show(&self, name: Name) -> String {
        String::from_utf8_lossy(self.text(name)).into_owned()
    }

    /// What is known about a name.
    pub fn info(&self, name: Name) -> &Info {
        &self.infos[name.0 as usize]
    }

    /// What is known about a name, to change.
    pub fn info_mut(&mut self, name: Name) -> &mut Info {
        &mut self.infos[name.0 as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_again_after_growth() {
        let mut names = Names::new();
        let all: Vec<_> = (0..5000).map(|i| names.intern(format!("label_number_{i}").as_bytes())).collect();
        for (i, &name) in all.iter().enumerate() {
            assert_eq!(names.text(name), format!("label_number_{i}").as_bytes());
            assert_eq!(names.intern(format!("label_number_{i}").as_bytes()), name);
        }
    }
}
