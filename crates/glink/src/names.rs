//! A hash map keyed by names, made for many short byte strings.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};

/// A map from names. Iterate over something else: its order is nobody's business.
pub type NameMap<'a, V> = HashMap<&'a [u8], V, BuildHasherDefault<NameHasher>>;
/// A set of names.
pub type NameSet<'a> = HashSet<&'a [u8], BuildHasherDefault<NameHasher>>;

/// Names with numbers from 0 in the order in which they were first seen. Compact, because there are many.
#[derive(Clone, Debug, Default)]
pub struct Numbering<'a> {
    names: Vec<&'a [u8]>,
    /// Open addressing; half of it stays empty. The hash saves most looks at names that differ.
    slots: Vec<Slot>,
}

#[derive(Clone, Copy, Debug)]
struct Slot {
    hash: u32,
    /// [`FREE`] in an empty slot.
    number: u32,
}

const FREE: u32 = u32::MAX;

impl<'a> Numbering<'a> {
    /// All names by their numbers.
    #[must_use]
    pub fn names(&self) -> &[&'a [u8]] {
        &self.names
    }

    /// The number of a name, if it has one.
    #[must_use]
    pub fn find(&self, name: &[u8]) -> Option<u32> {
        if self.slots.is_empty() {
            return None;
        }
        let number = self.slots[self.slot(hash(name), name)].number;
        (number != FREE).then_some(number)
    }

    /// The number of a name, which gets the next one if it has none.
    pub fn number(&mut self, name: &'a [u8]) -> u32 {
        if self.names.len() * 2 >= self.slots.len() {
            self.grow();
        }
        let hash = hash(name);
        let at = self.slot(hash, name);
        if self.slots[at].number == FREE {
            self.slots[at] = Slot { hash, number: self.names.len() as u32 };
            self.names.push(name);
        }
        self.slots[at].number
    }

    /// Where a name is or would be put.
    fn slot(&self, hash: u32, name: &[u8]) -> usize {
        let mask = self.slots.len() - 1;
        let mut at = hash as usize & mask;
        loop {
            let slot = self.slots[at];
            if slot.number == FREE || slot.hash == hash && self.names[slot.number as usize] == name {
                return at;
            }
            at = (at + 1) & mask;
        }
    }

    fn grow(&mut self) {
        let size = (self.slots.len() * 4).max(64);
        let old = std::mem::replace(&mut self.slots, vec![Slot { hash: 0, number: FREE }; size]);
        for slot in old.into_iter().filter(|slot| slot.number != FREE) {
            let mut at = slot.hash as usize & (size - 1);
            while self.slots[at].number != FREE {
                at = (at + 1) & (size - 1);
            }
            self.slots[at] = slot;
        }
    }
}

fn hash(name: &[u8]) -> u32 {
    let mut hasher = NameHasher(name.len() as u64);
    hasher.write(name);
    let hash = hasher.finish();
    (hash ^ hash >> 32) as u32
}

/// Folded multiplication, eight bytes at a time.
#[derive(Default)]
pub struct NameHasher(u64);

const SEED: u64 = 0x9e37_79b9_7f4a_7c15;

impl NameHasher {
    #[inline]
    fn mix(&mut self, word: u64) {
        let product = u128::from(self.0 ^ word ^ 0x2d35_8dcc_aa6c_78a5) * u128::from(SEED);
        self.0 = (product as u64) ^ ((product >> 64) as u64);
    }
}

impl Hasher for NameHasher {
    #[inline]
    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        for word in words {
            self.mix(u64::from_le_bytes(*word));
        }
        if !rest.is_empty() {
            let mut last = [0; 8];
            last[..rest.len()].copy_from_slice(rest);
            self.mix(u64::from_le_bytes(last));
        }
    }
    #[inline]
    fn write_usize(&mut self, value: usize) {
        self.mix(value as u64);
    }
    #[inline]
    fn write_u32(&mut self, value: u32) {
        self.mix(u64::from(value));
    }
    #[inline]
    fn write_u64(&mut self, value: u64) {
        self.mix(value);
    }
    #[inline]
    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_keep_their_numbers() {
        let names: Vec<String> = (0..10_000).map(|number| format!("name{}", number % 5000)).collect();
        let mut numbering = Numbering::default();
        assert_eq!(numbering.find(b"name0"), None);
        for (number, name) in names.iter().enumerate() {
            assert_eq!(numbering.number(name.as_bytes()), number as u32 % 5000);
        }
        assert_eq!(numbering.names().len(), 5000);
        assert_eq!(numbering.find(b"name4999"), Some(4999));
        assert_eq!(numbering.find(b"name5000"), None);
        // Zeros at the end count.
        assert_ne!(numbering.number(b"x\0"), numbering.number(b"x"));
    }
}
