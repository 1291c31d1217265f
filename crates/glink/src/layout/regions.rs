//! Regions of `MEMORY` and how full they are.

use crate::plan::Output;
use crate::script::ast::Script;
use object::elf;

/// One region's use.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Use {
    /// First address.
    pub origin: u64,
    /// Bytes.
    pub length: u64,
    /// Next free address.
    pub next: u64,
    /// Output sections in it, with the bytes that they take.
    pub sections: Vec<(usize, u64)>,
}

/// All regions, in the script's order.
#[derive(Clone, Debug, Default)]
pub struct Regions {
    /// By the region's index in the script.
    pub uses: Vec<Use>,
}

impl Regions {
    pub(super) fn new(script: &Script) -> Regions {
        Regions { uses: vec![Use::default(); script.regions.len()] }
    }

    pub(super) fn start(&mut self, index: usize, origin: u64, length: u64) {
        self.uses[index] = Use { origin, length, next: origin, sections: Vec::new() };
    }

    /// The region of a name or an alias.
    pub(super) fn find(&self, script: &Script, name: &str) -> Option<usize> {
        let name = script.aliases.iter().find(|(alias, _)| alias == name).map_or(name, |(_, region)| region.as_str());
        script.regions.iter().position(|region| region.name == name)
    }

    /// First address and length of a region by its name or alias.
    pub fn bounds(&self, script: &Script, name: &str) -> Option<(u64, u64)> {
        self.find(script, name).map(|index| (self.uses[index].origin, self.uses[index].length))
    }

    /// The region of an output section: the one that the script names, else, unless it gives an
    /// address, the first whose attributes fit.
    pub(super) fn choose(&self, script: &Script, output: &Output<'_>, has_address: bool) -> Option<usize> {
        if let Some(name) = output.rule.and_then(|rule| rule.region.as_deref()) {
            return self.find(script, name);
        }
        if has_address {
            return None;
        }
        script.regions.iter().position(|region| attributes_fit(&region.attributes, output))
    }

    pub(super) fn next(&self, index: usize) -> u64 {
        self.uses[index].next
    }

    pub(super) fn advance(&mut self, index: usize, to: u64, output: usize, bytes: u64) {
        let region = &mut self.uses[index];
        region.next = region.next.max(to);
        region.sections.push((output, bytes));
    }

    pub(super) fn last_output(&self, index: usize) -> Option<usize> {
        self.uses[index].sections.last().map(|&(output, _)| output)
    }
}

/// `rx!w`: some attribute before the `!` holds and none behind it.
fn attributes_fit(attributes: &str, output: &Output<'_>) -> bool {
    let holds = |letter: char| match letter.to_ascii_lowercase() {
        'r' => !output.has(elf::SHF_WRITE),
        'w' => output.has(elf::SHF_WRITE),
        'x' => output.has(elf::SHF_EXECINSTR),
        'a' => output.is_allocated(),
        'i' | 'l' => output.kind != elf::SHT_NOBITS,
        _ => false,
    };
    let (wanted, refused) = attributes.split_once('!').unwrap_or((attributes, ""));
    wanted.chars().any(holds) && !refused.chars().any(holds)
}
